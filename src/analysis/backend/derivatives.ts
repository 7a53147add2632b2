import type { Tensor } from '@tensorflow/tfjs-core';
import type { Activation } from '../../report/activations';
import { heapTensor, valuesOf, type HeapTensor } from './heap';
import type { Pointer } from './heapKernels';

/** Derivatives over the finite values of a tensor. */
export interface DerivativeSum {
  readonly sum: number;
  /** Of the values that were looked at. */
  readonly count: number;
}

/** Activations whose derivative is `factor * s(scale z) s(-scale z)` with the logistic function s: `tanh(z) = 2 s(2z) - 1`. */
const LOGISTIC: Readonly<Record<string, { readonly scale: number; readonly factor: number }>> = {
  sigmoid: { scale: 1, factor: 1 },
  tanh: { scale: 2, factor: 4 },
};

/**
 * Sum of `phi'(z)`. The logistic function, tanh and ramps are summed over all values by ./assembly/sums.ts; of
 * others at most `limit` values are looked at, evenly thinned out.
 */
export function sumDerivatives(z: Tensor, activation: Activation, limit: number): DerivativeSum {
  const { name, ramp, maximumDerivative: slope } = activation;
  const logistic = LOGISTIC[name];
  const heap = heapTensor(z);
  if (heap !== null && logistic !== undefined) {
    const { scale, factor } = logistic;
    return sumOf(heap, factor, (out) => heap.kernels.sumLogisticDerivatives(heap.pointer, z.size, scale, out));
  }
  if (heap !== null && ramp !== undefined) {
    return sumOf(heap, slope!, (out) => heap.kernels.countWithin(heap.pointer, z.size, ...ramp, out));
  }
  const values = valuesOf(z);
  // An odd step meets every unit of a layer whose number of units is a power of two.
  const step = values.length <= limit ? 1 : Math.ceil(values.length / limit) | 1;
  let [sum, count] = [0, 0];
  for (let i = 0; i < values.length; i += step) {
    if (!Number.isFinite(values[i])) continue;
    sum += activation.derivative(values[i]);
    count++;
  }
  return { sum, count };
}

/** @param routine writes a sum, which is to be multiplied, and the number of finite values as float64. */
function sumOf({ withScratch, float64 }: HeapTensor, factor: number, routine: (out: Pointer) => void): DerivativeSum {
  let result: DerivativeSum = { sum: 0, count: 0 };
  withScratch(16, (out) => {
    routine(out);
    const [sum, count] = float64(out, 2);
    result = { sum: factor * sum, count };
  });
  return result;
}
