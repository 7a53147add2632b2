import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { intervalSum, orderedEnds } from '../../../src/analysis/backend/kernels/intervals';
import { seededRandom } from './support';

/** Rounded to float32, and outwards by at most as much again: 2^-23 and half a unit in the last place. */
const ROUNDING = 2 ** -23 + 2 ** -24;

/** Compares bounds with float64 sums straight from the definition: neither too narrow nor wider than is said. */
export function intervalCases(): void {
  test.each([
    ['one kernel, of numbers that are not negative', 2, 2],
    ['one kernel', 2, 4],
    ['two kernels', 4, 4],
  ])('the sum of the images of %s', (_name, count, ends) => {
    const random = seededRandom(count + ends);
    const shape = [3, 5];
    const size = 15;
    const slack = { error: 1e-3, smallest: 1e-2 };
    const images = Array.from({ length: count }, (_, i) => {
      const values = random.normals(ends * size);
      // One unit that nothing leads to.
      for (let end = 0; end < ends; end++) values[end * size] = 0;
      return { values, turned: i % 2 === 1, ends: tf.tensor(values, [ends, ...shape]) };
    });
    const constants = random.normals(size);
    constants[0] = 0;
    const bias = tf.tensor(constants, [1, ...shape]);
    const bounds = intervalSum(images, bias, slack);
    expect(bounds.shape).toEqual([2, ...shape]);
    const found = bounds.dataSync();
    for (let i = 0; i < size; i++) {
      for (const end of [0, 1]) {
        let [sum, magnitude] = [constants[i], Math.abs(constants[i])];
        for (const { values, turned } of images) {
          const row = turned ? 1 - end : end;
          sum += values[row * size + i];
          magnitude += Math.abs(values[(ends === 4 ? 2 + row : row) * size + i]);
        }
        const widened = magnitude === 0 ? 0 : slack.error * magnitude + slack.smallest;
        const exact = end === 0 ? sum - widened : sum + widened;
        const outwards = end === 0 ? exact - found[end * size + i] : found[end * size + i] - exact;
        expect(outwards).toBeGreaterThanOrEqual(0);
        expect(outwards).toBeLessThanOrEqual(2 * ROUNDING * Math.abs(exact));
      }
    }
    expect([found[0], found[size]].map(Math.abs)).toEqual([0, 0]);
    tf.dispose([bounds, bias, ...images.map((image) => image.ends)]);
  });

  test('the lower of two ends comes first', () => {
    const size = 11;
    const values = seededRandom(3).normals(2 * size);
    values[2] = values[size + 2];
    values[5] = NaN;
    values[size + 9] = NaN;
    const ends = tf.tensor(values, [2, size]);
    const ordered = orderedEnds(ends);
    const found = ordered.dataSync();
    for (let i = 0; i < size; i++) {
      expect([found[i], found[size + i]]).toEqual([
        Math.min(values[i], values[size + i]),
        Math.max(values[i], values[size + i]),
      ]);
    }
    tf.dispose([ends, ordered]);
  });
}
