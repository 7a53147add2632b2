import { add, matMul, reshape, tidy, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';

/** What the dense layers of tfjs keep to themselves. */
interface DenseLayer {
  readonly kernel: { read(): Tensor2D };
  readonly bias: { read(): Tensor } | null;
  readonly activation: { apply(z: Tensor): Tensor } | null;
  call: (this: DenseLayer, inputs: Tensor | Tensor[]) => Tensor;
}

/**
 * Has dense layers multiply by the plain matrix product. tfjs takes the fused one, which back-propagates to the kernel even
 * where only the gradient of the input is asked for: half of the backward pass of a network of dense layers.
 */
export function simplifyDenseLayers(): void {
  const prototype = Object.getPrototypeOf(layers.dense({ units: 1 })) as DenseLayer;
  prototype.call = function (inputs) {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    return tidy(() => {
      const product = multiply(x, this.kernel.read());
      const z = this.bias === null ? product : add(product, this.bias.read());
      return this.activation === null ? z : this.activation.apply(z);
    });
  };
}

/** `[..., n] x [n, units] -> [..., units]`. */
function multiply(x: Tensor, kernel: Tensor2D): Tensor {
  if (x.rank === 2) return matMul(x, kernel);
  const [depth, units] = kernel.shape;
  return reshape(matMul(reshape(x, [-1, depth]), kernel), [...x.shape.slice(0, -1), units]);
}
