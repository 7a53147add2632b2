import {
  engine,
  getBackend,
  ones,
  reshape,
  sum,
  tidy,
  util,
  zeros,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { replaceGradient } from './gradients/gradient';
import { size, wasmKernel } from './kernels/kernel';

const LAYER_NORM = 'LayerNorm';
const INPUT_GRADIENT = 'LayerNormGradient';
const SCALE_GRADIENT = 'LayerNormScaleGradient';

interface Attributes {
  readonly epsilon: number;
}

/** What the layers keep to themselves. */
interface LayerNormalization {
  /** Resolved, once the layer is built. */
  readonly axis: readonly number[];
  readonly epsilon: number;
  readonly gamma: { read(): Tensor } | null;
  readonly beta: { read(): Tensor } | null;
  call: (this: LayerNormalization, inputs: Tensor | Tensor[], kwargs: object) => Tensor;
}

/**
 * Layer normalisation of the last axes by kernels of its own. The layer of tfjs repeats moments to the size of its input
 * and gives all of that to batch normalisation, forward and back: some twenty operations on tensors of that size.
 */
export function speedLayerNormalization(): void {
  const prototype = Object.getPrototypeOf(layers.layerNormalization()) as LayerNormalization;
  const { call: stock } = prototype;
  prototype.call = function (inputs, kwargs) {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    const first = x.rank - this.axis.length;
    const last = this.axis.every((axis, i) => axis === first + i);
    if (!last || getBackend() !== 'wasm') return stock.call(this, inputs, kwargs);
    return tidy(() => {
      const shape = x.shape.slice(first);
      const scale = this.gamma?.read() ?? ones(shape);
      const offset = this.beta?.read() ?? zeros(shape);
      return engine().runKernel(LAYER_NORM, { x, scale, offset }, { epsilon: this.epsilon });
    });
  };
  replaceGradient({
    kernelName: LAYER_NORM,
    inputsToSave: ['x', 'scale'],
    gradFunc: (gradient, [x, scale], attributes) => {
      const dy = gradient as Tensor;
      return {
        x: () => engine().runKernel(INPUT_GRADIENT, { x, dy, scale }, attributes),
        scale: () => engine().runKernel(SCALE_GRADIENT, { x, dy, scale }, attributes),
        offset: () => reshape(sum(reshape(dy, [-1, scale.size]), 0), scale.shape),
      };
    },
  });
}

/** Registers what the layers run. */
export function registerLayerNormKernels(): void {
  wasmKernel<Record<'x' | 'scale' | 'offset', TensorInfo>, Attributes>(LAYER_NORM, (call) => {
    const { x, scale, offset } = call.inputs;
    const out = call.output(x.shape);
    const [from, scales, offsets, to] = [x, scale, offset, out].map((info) => call.pointer(info));
    call.heap.layerNorm(from, scales, offsets, to, ...matrixOf(x, scale), call.attributes.epsilon);
    return out;
  });
  wasmKernel<Record<'x' | 'dy' | 'scale', TensorInfo>, Attributes>(INPUT_GRADIENT, (call) => {
    const { x, dy, scale } = call.inputs;
    const out = call.output(x.shape);
    const [from, gradients, scales, to] = [x, dy, scale, out].map((info) => call.pointer(info));
    call.heap.layerNormGradient(from, gradients, scales, to, ...matrixOf(x, scale), call.attributes.epsilon);
    return out;
  });
  wasmKernel<Record<'x' | 'dy' | 'scale', TensorInfo>, Attributes>(SCALE_GRADIENT, (call) => {
    const { x, dy, scale } = call.inputs;
    const out = call.output(scale.shape);
    const [from, gradients, to] = [x, dy, out].map((info) => call.pointer(info));
    call.heap.layerNormScaleGradient(from, gradients, to, ...matrixOf(x, scale), call.attributes.epsilon);
    return out;
  });
}

/** Rows and width of what is normalised. */
function matrixOf(x: TensorInfo, scale: TensorInfo): [rows: number, width: number] {
  const width = size(scale);
  return [width === 0 ? 0 : util.sizeFromShape(x.shape) / width, width];
}
