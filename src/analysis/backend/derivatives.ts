import type { Tensor } from '@tensorflow/tfjs-core';
import type { Activation } from '../../report/activations';
import { heapTensor, valuesOf, type HeapTensor } from './heap';

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
 * Sum of `phi'(z)`. The logistic function and tanh are summed over all values by ./assembly/statistics.ts; of others at most
 * `limit` values are looked at, evenly thinned out.
 */
export function sumDerivatives(z: Tensor, activation: Activation, limit: number): DerivativeSum {
  const logistic = LOGISTIC[activation.name];
  const heap = logistic === undefined ? null : heapTensor(z);
  if (heap !== null) return sumLogistic(heap, z.size, logistic.scale, logistic.factor);
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

function sumLogistic(heap: HeapTensor, size: number, scale: number, factor: number): DerivativeSum {
  let result: DerivativeSum = { sum: 0, count: 0 };
  heap.withScratch(16, (scratch) => {
    heap.kernels.sumLogisticDerivatives(heap.pointer, size, scale, scratch);
    const [sum, count] = heap.float64(scratch, 2);
    result = { sum: factor * sum, count };
  });
  return result;
}
