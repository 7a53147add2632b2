/** Sums of squares of tensors, each taken once. */

import type { Tensor } from '@tensorflow/tfjs-core';
import { heapTensor, valuesOf } from './heap';

/** Of the values of a tensor. */
export interface Squares {
  /** Sum of squares of the finite values, in float64. */
  readonly sum: number;
  /** How many values are not finite. */
  readonly nonFinite: number;
}

/**
 * By data id, behind which values never change: what comes back to an activation is often what goes on to the layer before
 * it, and some kernels take the sum of what they write.
 */
const known = new WeakMap<object, Squares>();

let wanted = false;

/** Has the kernels take the squares of the gradients that they write while `run` runs. */
export function withSquares<T>(run: () => T): T {
  const before = wanted;
  wanted = true;
  try {
    return run();
  } finally {
    wanted = before;
  }
}

/**
 * Runs a routine that writes the values behind `dataId` and answers the sum of their squares if it is to: not finite where
 * one of the values is not.
 */
export function writeGradient(dataId: object, routine: (squares: boolean) => number): void {
  const sum = routine(wanted);
  if (wanted && Number.isFinite(sum)) known.set(dataId, { sum, nonFinite: 0 });
}

/** Of all values of the tensor: as a kernel has taken them, or taken now. */
export function squaresOf(tensor: Tensor): Squares {
  let squares = known.get(tensor.dataId);
  if (squares === undefined) {
    squares = sumSquares(tensor);
    known.set(tensor.dataId, squares);
  }
  return squares;
}

function sumSquares(tensor: Tensor): Squares {
  const heap = heapTensor(tensor);
  if (heap !== null) {
    let [sum, nonFinite] = [0, 0];
    heap.withScratch(16, (scratch) => {
      heap.kernels.sumSquares(heap.pointer, tensor.size, scratch);
      [sum, nonFinite] = heap.float64(scratch, 2);
    });
    return { sum, nonFinite };
  }
  const squares = { sum: 0, nonFinite: 0 };
  for (const value of valuesOf(tensor)) {
    if (Number.isFinite(value)) squares.sum += value * value;
    else squares.nonFinite++;
  }
  return squares;
}
