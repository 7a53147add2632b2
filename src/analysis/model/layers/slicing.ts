/** Indexing as in Python, `x[:, 0, ..., ::2]`, from operations that have gradients in TensorFlow.js. */

import * as tf from '@tensorflow/tfjs-core';
import { get, isRecord } from '../json';

interface Range {
  readonly start: unknown;
  readonly stop: unknown;
  readonly step: unknown;
}

/** `{start, stop, step}` of Keras 2, or `{class_name: '__slice__', config: {…}}` of Keras 3. */
function asRange(item: unknown): Range | null {
  const found = get(item, 'class_name') === '__slice__' ? get(item, 'config') : item;
  if (!isRecord(found) || !('start' in found && 'stop' in found)) return null;
  return { start: found['start'], stop: found['stop'], step: found['step'] };
}

const isEllipsis = (item: unknown): boolean =>
  item === '...' || item === 'Ellipsis' || get(item, 'class_name') === '__ellipsis__';

/** One element for each axis, `null` for a new axis. Throws for anything but numbers, slices, `None` and `...`. */
export function sliced(x: tf.Tensor, spec: unknown): tf.Tensor {
  const tuple = get(spec, 'class_name') === '__tuple__' ? get(spec, 'items') : spec;
  const items: unknown[] = Array.isArray(tuple) ? tuple : [tuple];
  const consumed = items.filter((item) => item !== null && !isEllipsis(item)).length;
  if (consumed > x.rank || items.filter(isEllipsis).length > 1) throw new Error('more indices than axes');
  let result = x;
  let axis = 0;
  for (const item of items) {
    const range = asRange(item);
    if (item === null) result = tf.expandDims(result, axis++);
    else if (isEllipsis(item)) axis += x.rank - consumed;
    else if (range !== null) result = ranged(result, range, axis++);
    else if (Number.isInteger(item)) {
      const size = result.shape[axis];
      const index = (item as number) < 0 ? (item as number) + size : (item as number);
      if (index < 0 || index >= size) throw new Error('an index outside of its axis');
      result = tf.squeeze(part(result, axis, index, 1), [axis]);
    } else throw new Error('an index that is not a number or a slice');
  }
  return result;
}

function part(x: tf.Tensor, axis: number, start: number, size: number): tf.Tensor {
  const begin = x.shape.map((_, i) => (i === axis ? start : 0));
  return tf.slice(
    x,
    begin,
    x.shape.map((dim, i) => (i === axis ? size : dim)),
  );
}

function ranged(x: tf.Tensor, { start, stop, step }: Range, axis: number): tf.Tensor {
  const size = x.shape[axis];
  const whole = (value: unknown, standard: number): number => {
    if (value === null || value === undefined) return standard;
    if (!Number.isInteger(value)) throw new Error('a slice that is not of whole numbers');
    return value as number;
  };
  const stride = whole(step, 1);
  if (stride === 0) throw new Error('a slice with step 0');
  const [lowest, highest] = stride > 0 ? [0, size] : [-1, size - 1];
  const bound = (value: unknown, standard: number): number => {
    const given = whole(value, standard);
    const fromEnd = value !== null && value !== undefined && given < 0 ? given + size : given;
    return Math.min(highest, Math.max(lowest, fromEnd));
  };
  const first = bound(start, stride > 0 ? 0 : size - 1);
  const end = bound(stop, stride > 0 ? size : -1);
  const count = Math.max(0, Math.ceil((end - first) / stride));
  if (count === 0) throw new Error('an empty slice');
  if (stride === 1) return count === size ? x : part(x, axis, first, count);
  const indices = Array.from({ length: count }, (_, i) => first + i * stride);
  return tf.gather(x, tf.tensor1d(indices, 'int32'), axis);
}
