import {
  ClipByValue,
  engine,
  getBackend,
  getGradient,
  Relu,
  Relu6,
  type NamedAttrMap,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { size, wasmKernel } from '../kernels/kernel';
import { replaceGradient } from './gradient';

const INTERVAL_GRADIENT = 'IntervalGradient';
/** The smallest positive float32: `x >= SMALLEST_POSITIVE` is `x > 0`. */
const SMALLEST_POSITIVE = 2 ** -149;

/** ReLU, ReLU6 and clipping pass the gradient where x lies in an interval: one kernel instead of a chain of masks. */
export function registerActivationGradients(): void {
  wasmKernel<{ x: TensorInfo; dy: TensorInfo }, { low: number; high: number }>(INTERVAL_GRADIENT, (call) => {
    const { x, dy } = call.inputs;
    const { low, high } = call.attributes;
    const out = call.output(x.shape);
    call.heap.intervalGradient(call.pointer(x), call.pointer(dy), call.pointer(out), size(x), low, high);
    return out;
  });

  passInside(Relu, () => [SMALLEST_POSITIVE, Infinity]);
  passInside(Relu6, () => [SMALLEST_POSITIVE, 6]);
  passInside(ClipByValue, ({ clipValueMin, clipValueMax }) => [clipValueMin as number, clipValueMax as number]);
}

function passInside(kernelName: string, interval: (attributes: NamedAttrMap) => [number, number]): void {
  const stock = getGradient(kernelName).gradFunc;
  replaceGradient({
    kernelName,
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attributes) => {
      const [x] = saved;
      if (x.dtype !== 'float32' || getBackend() !== 'wasm') return stock(dy, saved, attributes);
      const [low, high] = interval(attributes);
      return { x: () => engine().runKernel(INTERVAL_GRADIENT, { x, dy: dy as Tensor }, { low, high }) };
    },
  });
}
