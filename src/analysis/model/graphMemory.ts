/** Keeps a hostile graph from taking more memory than there is: a few constants can ask for any number of values. */

import * as tf from '@tensorflow/tfjs-core';
import type { GraphNode } from './graphNode';
import { nodeOf } from './graphNode';
import type { Values } from './graphOps';

/** The heap of WebAssembly ends at 4 GB, and what is run afterwards needs its share. */
const MAXIMUM_BYTES = 2 ** 31;

/** Runs `work`, in which every kernel that would exceed the memory throws a RangeError before it allocates. */
export function withBoundedMemory<T>(work: () => T): T {
  const backend = tf.backend();
  const move = backend.move.bind(backend);
  // On WebAssembly every output of a kernel is made here.
  backend.move = (dataId, values, shape, dtype, references) => {
    checkMemory(tf.util.sizeFromShape(shape));
    move(dataId, values, shape, dtype, references);
  };
  try {
    return work();
  } finally {
    // The method lives on the prototype: what was put on the instance is taken off again.
    delete (backend as Partial<tf.KernelBackend>).move;
  }
}

function checkMemory(values: number): void {
  if (!(tf.memory().numBytes + 4 * values <= MAXIMUM_BYTES)) {
    throw new RangeError(`its output of ${values} values does not fit into memory`);
  }
}

const productOf = (tensor: tf.Tensor): number => tensor.dataSync<'float32'>().reduce((a, b) => a * b, 1);
const valueOf = (tensor: tf.Tensor): number => tensor.dataSync()[0];

/** Ops whose kernels fill an array of their own before the backend sees it: the number of its values. */
const SIZES: Readonly<Record<string, (...inputs: readonly tf.Tensor[]) => number>> = {
  Fill: (dims) => productOf(dims),
  BroadcastTo: (_x, shape) => productOf(shape),
  Tile: (x, multiples) => x.size * productOf(multiples),
  OneHot: (indices, depth) => indices.size * valueOf(depth),
  Range: (start, limit, delta) => Math.abs((valueOf(limit) - valueOf(start)) / valueOf(delta)),
  LinSpace: (_start, _stop, count) => valueOf(count),
  ScatterNd: (_indices, _updates, shape) => productOf(shape),
  SparseToDense: (_indices, shape) => productOf(shape),
};

/** Throws a RangeError if the node is one of those and asks for more values than fit. */
export function checkSize({ op, inputs }: GraphNode, values: Values): void {
  if (Object.hasOwn(SIZES, op)) checkMemory(SIZES[op](...inputs.map((source) => values[nodeOf(source)][0])));
}
