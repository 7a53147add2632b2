import { engine, FusedConv2D, pad, tidy, transpose, type Tensor, type Tensor3D } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';

/** What the convolution layers of tfjs keep to themselves. */
interface ConvolutionLayer {
  readonly rank: number;
  readonly kernelSize: number[];
  readonly strides: [number, number];
  readonly padding: 'valid' | 'same' | 'causal';
  readonly dataFormat: 'channelsFirst' | 'channelsLast';
  readonly dilationRate: number[];
  readonly kernel: { read(): Tensor };
  readonly bias: { read(): Tensor } | null;
  readonly activation: { apply(z: Tensor): Tensor } | null;
  call: (this: ConvolutionLayer, inputs: Tensor | Tensor[], kwargs: object) => Tensor;
  computeOutputShape: (this: ConvolutionLayer, inputShape: unknown) => unknown;
}

let enabled = false;

/**
 * Teaches tfjs's convolution layers causal padding (Conv1D), which is zeros before the sequence, and lets Conv2D layers
 * run the kernel with the gradient of ./gradients/convolution.ts. That of the operation they take has no dilations, and
 * computes what nobody asks for: the gradient at the network's input.
 */
export function completeConvolutionLayers(): void {
  if (enabled) return;
  enabled = true;
  const example = layers.conv1d({ filters: 1, kernelSize: 1 }) as unknown as ConvolutionLayer;
  const prototype = definer(example, 'computeOutputShape');
  const { call, computeOutputShape } = prototype;

  prototype.call = function (inputs, kwargs) {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    if (this.rank === 1 && this.padding === 'causal') {
      return tidy(() => call.call(withPadding(this, 'valid'), padBefore(this, x), kwargs));
    }
    return this.rank === 2 ? tidy(() => convolve(this, x)) : call.call(this, inputs, kwargs);
  };

  prototype.computeOutputShape = function (inputShape) {
    // Zeros before the sequence leave its length as it was, which is what 'same' padding does too.
    return computeOutputShape.call(this.padding === 'causal' ? withPadding(this, 'same') : this, inputShape);
  };
}

/** The prototype that defines a method for this and its sibling classes. */
function definer(layer: ConvolutionLayer, method: keyof ConvolutionLayer): ConvolutionLayer {
  let prototype = Object.getPrototypeOf(layer) as ConvolutionLayer;
  while (!Object.hasOwn(prototype, method)) prototype = Object.getPrototypeOf(prototype) as ConvolutionLayer;
  return prototype;
}

/** The layer as it is, but for its padding. */
function withPadding(layer: ConvolutionLayer, padding: 'valid' | 'same'): ConvolutionLayer {
  return Object.create(layer, { padding: { value: padding } }) as ConvolutionLayer;
}

function padBefore({ kernelSize, dilationRate, dataFormat }: ConvolutionLayer, x: Tensor): Tensor {
  const zeros: [number, number] = [dilationRate[0] * (kernelSize[0] - 1), 0];
  const steps = dataFormat === 'channelsFirst' ? 2 : 1;
  return pad(
    x as Tensor3D,
    [0, 1, 2].map((axis): [number, number] => (axis === steps ? zeros : [0, 0])),
  );
}

function convolve(layer: ConvolutionLayer, input: Tensor): Tensor {
  const { strides, padding, dataFormat, dilationRate, kernel, bias, activation } = layer;
  const channelsFirst = dataFormat === 'channelsFirst';
  const x = channelsFirst ? transpose(input, [0, 2, 3, 1]) : input;
  const z: Tensor = engine().runKernel(
    FusedConv2D,
    { x, filter: kernel.read(), ...(bias === null ? {} : { bias: bias.read() }) },
    { strides, pad: padding, dilations: dilationRate, dataFormat: 'NHWC', activation: 'linear' },
  );
  const y = channelsFirst ? transpose(z, [0, 3, 1, 2]) : z;
  return activation?.apply(y) ?? y;
}
