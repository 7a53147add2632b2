import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { startBackend } from '../../../src/analysis/backend/backend';
import { seededRandom, WASM_FOLDER } from './support';

beforeAll(() => startBackend(WASM_FOLDER));

/** Position of each axis of the entry with that row-major index. */
function places(index: number, shape: readonly number[]): number[] {
  const result: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    result.unshift(index % shape[axis]);
    index = Math.floor(index / shape[axis]);
  }
  return result;
}

const indexOf = (at: readonly number[], shape: readonly number[]): number =>
  at.reduce((index, place, axis) => index * shape[axis] + place, 0);

test('slices of every rank hold the entries at their places', () => {
  const random = seededRandom(5);
  for (let run = 0; run < 60; run++) {
    const rank = 1 + (run % 6);
    const shape = Array.from({ length: rank }, () => random.integer(1, 5));
    const begin = shape.map((length) => random.integer(0, length - 1));
    // Whole axes are common, and take a path of their own.
    const size = shape.map((length, axis) =>
      random.integer(0, 2) === 0 ? length - begin[axis] : random.integer(0, length - begin[axis]),
    );
    const dtype = run % 2 === 0 ? 'float32' : 'int32';
    const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => i + 1);
    const x = tf.tensor(values, shape, dtype);
    const y = tf.slice(x, begin, size);
    expect(y.shape).toEqual(size);
    expect(y.dtype).toBe(dtype);
    const expected = Array.from({ length: tf.util.sizeFromShape(size) }, (_, i) => {
      const at = places(i, size).map((place, axis) => place + begin[axis]);
      return values[indexOf(at, shape)];
    });
    expect([...y.dataSync()]).toEqual(expected);
    tf.dispose([x, y]);
  }
});

test('steps and splits of every rank along every axis hold the entries at their places', () => {
  const random = seededRandom(8);
  for (let run = 0; run < 60; run++) {
    const rank = 2 + (run % 5);
    const shape = Array.from({ length: rank }, () => random.integer(1, 4));
    const axis = random.integer(0, rank - 1);
    const dtype = run % 2 === 0 ? 'float32' : 'int32';
    const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => i + 1);
    const x = tf.tensor(values, shape, dtype);
    const entry = (at: number[], start: number): number =>
      values[
        indexOf(
          at.map((place, k) => (k === axis ? place + start : place)),
          shape,
        )
      ];
    const steps = tf.unstack(x, run % 3 === 0 ? axis - rank : axis);
    expect(steps).toHaveLength(shape[axis]);
    steps.forEach((step, index) => {
      const without = shape.filter((_, k) => k !== axis);
      expect(step.shape).toEqual(without);
      expect(step.dtype).toBe(dtype);
      const expected = Array.from({ length: step.size }, (_, i) => {
        const at = places(i, without);
        at.splice(axis, 0, 0);
        return entry(at, index);
      });
      expect([...step.dataSync()]).toEqual(expected);
    });
    const first = random.integer(0, shape[axis]);
    const parts = tf.split(x, [first, shape[axis] - first], axis);
    parts.forEach((part, k) => {
      const expectedShape = shape.map((length, i) => (i !== axis ? length : k === 0 ? first : length - first));
      expect(part.shape).toEqual(expectedShape);
      const expected = Array.from({ length: part.size }, (_, i) =>
        entry(places(i, expectedShape), k === 0 ? 0 : first),
      );
      expect([...part.dataSync()]).toEqual(expected);
    });
    tf.dispose([x, ...steps, ...parts]);
  }
});

test('slices of texts are texts', () => {
  expect(tf.slice(tf.tensor1d(['a', 'b', 'c']), 1, 2).dataSync()).toEqual(['b', 'c']);
});

test('the gradient of tiling is the sum over the copies', () => {
  const random = seededRandom(6);
  for (let run = 0; run < 40; run++) {
    const rank = 1 + (run % 4);
    const shape = Array.from({ length: rank }, () => random.integer(1, 4));
    const repetitions = Array.from({ length: rank }, () => random.integer(1, 3));
    const tiled = shape.map((length, axis) => length * repetitions[axis]);
    const weights = random.normals(tf.util.sizeFromShape(tiled));
    const x = tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
    const gradient = tf.grad((t: tf.Tensor) => tf.sum(tf.mul(tf.tile(t, repetitions), tf.tensor(weights, tiled))))(x);
    const expected = new Float64Array(x.size);
    weights.forEach((weight, i) => {
      expected[
        indexOf(
          places(i, tiled).map((place, axis) => place % shape[axis]),
          shape,
        )
      ] += weight;
    });
    expect(gradient.shape).toEqual(shape);
    gradient.dataSync().forEach((value, i) => expect(value).toBeCloseTo(expected[i], 4));
    tf.dispose([x, gradient]);
  }
});

test('the gradient of taking apart puts the parts together, one part too', () => {
  const random = seededRandom(8);
  for (const shape of [
    [3, 1],
    [1, 4],
    [2, 3],
  ]) {
    const weights = random.normals(tf.util.sizeFromShape(shape));
    const w = tf.tensor(weights, shape);
    const x = tf.tensor(random.normals(weights.length), shape);
    for (const axis of [0, 1]) {
      const total = (parts: tf.Tensor[], others: tf.Tensor[]) =>
        parts.map((part, i): tf.Scalar => tf.sum(tf.mul(part, others[i]))).reduce((a, b) => tf.add(a, b));
      const apart = tf.grad((t: tf.Tensor) => total(tf.unstack(t, axis), tf.unstack(w, axis)))(x);
      const cut = tf.grad((t: tf.Tensor) => total(tf.split(t, shape[axis], axis), tf.split(w, shape[axis], axis)))(x);
      for (const gradient of [apart, cut]) {
        expect(gradient.shape).toEqual(shape);
        expect([...gradient.dataSync()]).toEqual([...w.dataSync()]);
      }
    }
    tf.dispose([w, x]);
  }
});
