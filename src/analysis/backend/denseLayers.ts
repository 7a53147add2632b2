import { engine, matMul, reshape, sum, tidy, _FusedMatMul, type Tensor } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { replaceGradient } from './gradients/gradient';

/** What the dense layers of tfjs keep to themselves. */
interface DenseLayer {
  readonly kernel: { read(): Tensor };
  readonly bias: { read(): Tensor } | null;
  readonly activation: { apply(z: Tensor): Tensor } | null;
  call: (this: DenseLayer, inputs: Tensor | Tensor[]) => Tensor;
}

/**
 * Lets dense layers run the fused kernel with a gradient of its own. That of the operation they take computes what nobody
 * asks for: the gradient at the network's input, which costs as much as all the first layer's other work but one product.
 */
export function speedDenseLayers(): void {
  replaceGradient({
    kernelName: _FusedMatMul,
    inputsToSave: ['a', 'b'],
    // Of what `call` below runs: a product of `a: [rows, depth]` and `b: [depth, columns]`, and a bias.
    gradFunc: (dy, saved) => {
      const [a, b] = saved;
      const gradient = dy as Tensor;
      return {
        a: () => matMul(gradient, b, false, true),
        b: () => matMul(a, gradient, true, false),
        bias: () => sum(gradient, 0),
      };
    },
  });
  const prototype = Object.getPrototypeOf(layers.dense({ units: 1 })) as DenseLayer;
  prototype.call = function (inputs) {
    return tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0] : inputs;
      const b = this.kernel.read();
      const bias = this.bias === null ? {} : { bias: this.bias.read() };
      const a = reshape(x, [-1, b.shape[0]]);
      const product: Tensor = engine().runKernel(_FusedMatMul, { a, b, ...bias }, { activation: 'linear' });
      const z = reshape(product, [...x.shape.slice(0, -1), b.shape[1]!]);
      return this.activation?.apply(z) ?? z;
    });
  };
}
