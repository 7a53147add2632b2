import { expect, test } from 'vitest';
import type { Tensor } from '@tensorflow/tfjs-core';
import { wasmHeap } from '../../../src/analysis/backend/heap';
import { fillNormal } from '../../../src/analysis/backend/normalDraws';
import { WeightStream } from '../../../src/analysis/experiment/weightStream';
import { mulberry32, MULBERRY_STEP, normal } from '../../../src/analysis/probe/random';

/** The error function: its Maclaurin series, and the continued fraction of its complement (Abramowitz and Stegun 7.1.5, 7.1.14). */
function erf(x: number): number {
  const size = Math.abs(x);
  if (size < 3) {
    let [sum, term] = [0, x];
    for (let n = 0; Math.abs(term) > 1e-18 && n < 200; n++) {
      sum += term / (2 * n + 1);
      term *= (-x * x) / (n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = size;
  for (let n = 60; n > 0; n--) fraction = size + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-x * x) / fraction / Math.sqrt(Math.PI));
}

/** The draws on (-1, 1), in steps of 2^-23, that mulberry32 makes from a seed. */
function uniformDraws(seed: number, count: number): number[] {
  const next = mulberry32(seed);
  return Array.from({ length: count }, () => (Math.floor(next() * 2 ** 24) + 0.5) / 2 ** 23 - 1);
}

/** The tensor's values, after which it is disposed. */
function valuesOf(tensor: Tensor): Float32Array {
  const values = tensor.dataSync<'float32'>().slice();
  tensor.dispose();
  return values;
}

/** Share of a standard normal distribution within two sigma of its mean. */
const WITHIN = erf(Math.SQRT2);

/** Largest distance between the values' distribution function and `cumulative` (Kolmogorov and Smirnov). */
function distance(values: Float32Array, cumulative: (x: number) => number): number {
  const sorted = values.slice().sort();
  return sorted.reduce((most, x, i) => {
    const expected = cumulative(x);
    const above = Math.abs((i + 1) / sorted.length - expected);
    return Math.max(most, above, Math.abs(i / sorted.length - expected));
  }, 0);
}

/** What the distance stays below with probability 0.999, for many draws. */
const farthest = (count: number): number => 1.95 / Math.sqrt(count);

const COUNTS = [0, 1, 2, 3, 4, 5, 7, 8, 130, 1001];
const SEEDS = [0, 1, -1, 2 ** 31 - 1, 123456789, 2 ** 40 + 5];

/** On every backend. */
export function distributionCases(): void {
  test.each([false, true])(
    'normal draws have the moments and the distribution of the closed form, truncated: %s',
    (truncated) => {
      const share = truncated ? WITHIN : 1;
      const count = 400_000;
      const values = valuesOf(new WeightStream(7).normal([count], 0, 1, truncated));
      const moment = (k: number): number => values.reduce((sum, x) => sum + x ** k, 0) / count;
      const variance = share === 1 ? 1 : 1 - (4 * Math.exp(-2)) / Math.sqrt(2 * Math.PI) / share;
      const fourth = share === 1 ? 3 : 3 * variance - (16 * Math.exp(-2)) / Math.sqrt(2 * Math.PI) / share;
      const eighth = 105;
      // Five standard errors.
      expect(Math.abs(moment(1))).toBeLessThan(5 * Math.sqrt(variance / count));
      expect(Math.abs(moment(2) - variance)).toBeLessThan(5 * Math.sqrt(2 / count));
      expect(Math.abs(moment(3))).toBeLessThan(5 * Math.sqrt(15 / count));
      expect(Math.abs(moment(4) - fourth)).toBeLessThan(5 * Math.sqrt(eighth / count));
      const cumulative = (x: number): number => 0.5 + erf(x / Math.SQRT2) / share / 2;
      expect(distance(values, cumulative)).toBeLessThan(farthest(count));
      const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      if (share < 1) expect(largest).toBeLessThanOrEqual(2);
      else expect(largest).toBeGreaterThan(4);
    },
  );

  test('uniform draws have the distribution of the closed form', () => {
    const values = valuesOf(new WeightStream(11).uniform([100_000], 2, 5));
    expect(distance(values, (x) => (x - 2) / 3)).toBeLessThan(farthest(values.length));
  });
}

/** On every backend. */
export function normalFillCases(): void {
  // The first of the last is 0, whose logarithm is not finite.
  test.each([...SEEDS, -MULBERRY_STEP])('an array is filled with the draws of Box and Muller, seed %i', (seed) => {
    const next = normal(mulberry32(seed));
    const draws = Array.from({ length: 20_000 }, next);
    for (const skip of [0, 1, 2, 7]) {
      for (const count of [...COUNTS, 19_990]) {
        const values = new Float32Array(count);
        fillNormal(values, seed, skip);
        // Rounded to float32 once, of values that are right to some units of 2^-52.
        const wrong = values.findIndex((x, i) => {
          const expected = draws[skip + i];
          return !(Math.abs(x - expected) < 2 ** -23.9 * Math.abs(expected) + 1e-14);
        });
        expect(wrong).toBe(-1);
      }
    }
  });
}

/** By the routines of the wasm backend. */
export function drawCases(): void {
  distributionCases();
  normalFillCases();

  test.each(SEEDS)('uniform draws are those of mulberry32, seed %i', (seed) => {
    for (const count of COUNTS) {
      const draws = valuesOf(new WeightStream(seed).uniform([count], -1, 1));
      expect([...draws]).toEqual(uniformDraws(seed, count));
      // Two roundings in float32, of values up to 5.
      const scaled = valuesOf(new WeightStream(seed).uniform([count], 2, 5));
      uniformDraws(seed, count).forEach((u, i) => expect(Math.abs(scaled[i] - (3.5 + 1.5 * u))).toBeLessThan(1e-6));
    }
  });

  test.each([false, true])('normal draws are the quantiles of uniform ones, truncated: %s', (truncated) => {
    const share = truncated ? WITHIN : 1;
    for (const count of [...COUNTS, 20_000]) {
      const draws = valuesOf(new WeightStream(count).normal([count], 0, 1, truncated));
      uniformDraws(count, count).forEach((u, i) => {
        const x = draws[i];
        // 1 - u² has a relative error of 2^-24 / (1 - |u|) in float32, the series one of 1e-6 of the value.
        const slope = Math.sqrt(2 / Math.PI) * Math.exp((-x * x) / 2);
        const rounding = 2 ** -23 + 1e-6 * slope * Math.abs(x);
        expect(Math.abs(erf(x / Math.SQRT2) - share * u)).toBeLessThan(rounding);
      });
    }
  });

  test('a mean and a deviation shift and stretch normal draws', () => {
    const standard = valuesOf(new WeightStream(3).normal([101], 0, 1));
    valuesOf(new WeightStream(3).normal([101], -4, 2.5)).forEach((x, i) =>
      expect(Math.abs(x - (2.5 * standard[i] - 4))).toBeLessThan(2e-6),
    );
  });

  test('a stream goes on where it ended, whatever was drawn', () => {
    const [whole, parts] = [new WeightStream(9), new WeightStream(9)];
    const all = valuesOf(whole.uniform([11], -1, 1));
    const drawn = [[5], [0, 3], [2, 3]].map((shape) => [...valuesOf(parts.uniform(shape, -1, 1))]);
    expect(drawn.flat()).toEqual([...all]);
    expect(valuesOf(parts.normal([6], 0, 1))).toEqual(valuesOf(whole.normal([6], 0, 1)));
  });

  test('nothing beyond the draws is written', () => {
    const { kernels, withScratch, float32 } = wasmHeap()!;
    for (const count of COUNTS) {
      withScratch(4 * (count + 4), (out) => {
        float32(out, count + 4).fill(42);
        kernels.drawUniform(out, count, 1, 0, 1);
        kernels.drawNormal(out, count, 1, 0, 1, 1);
        kernels.drawPairs(out, count >> 1, 1);
        expect([...float32(out, count + 4).subarray(count)]).toEqual([42, 42, 42, 42]);
      });
    }
  });
}
