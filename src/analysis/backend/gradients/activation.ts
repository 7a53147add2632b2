import {
  ClipByValue,
  engine,
  getBackend,
  getGradient,
  Relu,
  Relu6,
  Sigmoid,
  Tanh,
  type GradConfig,
  type NamedAttrMap,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { size, wasmKernel } from '../kernels/kernel';
import { writeGradient } from '../squares';
import { replaceGradient } from './gradient';

const INTERVAL_GRADIENT = 'IntervalGradient';
/** The smallest positive float32: `x >= SMALLEST_POSITIVE` is `x > 0`. */
const SMALLEST_POSITIVE = 2 ** -149;

/**
 * One kernel each instead of a chain: ReLU, ReLU6 and clipping pass the gradient where x lies in an interval, and those of
 * the logistic function and tanh follow from their values.
 */
export function registerActivationGradients(): void {
  wasmKernel<{ x: TensorInfo; dy: TensorInfo }, { low: number; high: number }>(INTERVAL_GRADIENT, (call) => {
    const { x, dy } = call.inputs;
    const { low, high } = call.attributes;
    const out = call.output(x.shape);
    const pointers = [x, dy, out].map((tensor) => call.pointer(tensor)) as [number, number, number];
    writeGradient(out.dataId, (squares) => call.heap.intervalGradient(...pointers, size(x), low, high, squares));
    return out;
  });

  // What a ReLU answers is positive where its argument is, and is kept for the next layer anyway.
  passInside(Relu, { outputsToSave: [true] }, () => [SMALLEST_POSITIVE, Infinity]);
  passInside(Relu6, { inputsToSave: ['x'] }, () => [SMALLEST_POSITIVE, 6]);
  fromValues(Sigmoid, 'SigmoidGradient', 'sigmoidGradient');
  fromValues(Tanh, 'TanhGradient', 'tanhGradient');
  passInside(ClipByValue, { inputsToSave: ['x'] }, ({ clipValueMin, clipValueMax }) => [
    clipValueMin as number,
    clipValueMax as number,
  ]);
}

/** @param saved the one tensor whose values are looked at. */
function passInside(
  kernelName: string,
  saved: Pick<GradConfig, 'inputsToSave' | 'outputsToSave'>,
  interval: (attributes: NamedAttrMap) => [number, number],
): void {
  const stock = getGradient(kernelName).gradFunc;
  replaceGradient({
    kernelName,
    ...saved,
    gradFunc: (dy, tensors, attributes) => {
      const [x] = tensors;
      if (x.dtype !== 'float32' || getBackend() !== 'wasm') return stock(dy, tensors, attributes);
      const [low, high] = interval(attributes);
      return { x: () => engine().runKernel(INTERVAL_GRADIENT, { x, dy: dy as Tensor }, { low, high }) };
    },
  });
}

function fromValues(kernelName: string, name: string, routine: 'sigmoidGradient' | 'tanhGradient'): void {
  wasmKernel<{ y: TensorInfo; dy: TensorInfo }, unknown>(name, (call) => {
    const { y, dy } = call.inputs;
    const out = call.output(y.shape);
    const pointers = [y, dy, out].map((tensor) => call.pointer(tensor)) as [number, number, number];
    writeGradient(out.dataId, (squares) => call.heap[routine](...pointers, size(y), squares));
    return out;
  });
  const stock = getGradient(kernelName).gradFunc;
  replaceGradient({
    kernelName,
    outputsToSave: [true],
    gradFunc: (dy, saved, attributes) => {
      if (getBackend() !== 'wasm') return stock(dy, saved, attributes);
      return { x: () => engine().runKernel(name, { y: saved[0], dy: dy as Tensor }) };
    },
  });
}
