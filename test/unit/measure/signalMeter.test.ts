import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { UnitAccumulator } from '../../../src/analysis/backend/unitStatistics';
import { SignalMeter } from '../../../src/analysis/measure/signalMeter';
import { symmetricEigenvalues } from '../../../src/analysis/measure/symmetricEigenvalues';
import { mulberry32, normal } from '../../../src/analysis/probe/random';
import { startTestBackend } from './networks';

beforeAll(startTestBackend);

const draws = (length: number, seed: number): Float32Array => {
  const draw = normal(mulberry32(seed));
  return Float32Array.from({ length }, () => draw());
};

/** A meter that has seen these values, in batches of at most `cut` samples. */
function metered(values: Float32Array, shape: readonly number[], cut = Infinity): SignalMeter {
  const meter = new SignalMeter();
  const size = values.length / shape[0];
  for (let start = 0; start < shape[0]; start += cut) {
    const end = Math.min(shape[0], start + cut);
    const tensor = tf.tensor(values.slice(start * size, end * size), [end - start, ...shape.slice(1)]);
    meter.add(tensor);
    tensor.dispose();
  }
  return meter;
}

/** Orthonormal rows that are orthogonal to (1, …, 1): the rows of a discrete cosine transform without the first. */
const cosines = (length: number): number[][] =>
  Array.from({ length: length - 1 }, (_, k) =>
    Array.from({ length }, (_, i) => Math.sqrt(2 / length) * Math.cos((Math.PI * (k + 1) * (i + 0.5)) / length)),
  );

describe('variance across samples', () => {
  it('is the unbiased variance per feature, averaged, however the batch is cut', () => {
    const [samples, width] = [64, 10];
    // A mean a thousand times the deviation: differences of squares alone would lose all digits.
    const values = draws(samples * width, 1).map((value, i) => 1000 + (1 + (i % width)) * value);
    let expected = 0;
    for (let f = 0; f < width; f++) {
      const column = Array.from({ length: samples }, (_, s) => values[s * width + f]);
      const mean = column.reduce((a, b) => a + b, 0) / samples;
      expected += column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (samples - 1) / width;
    }
    const whole = metered(values, [samples, width]).variance!;
    expect(whole / expected).toBeCloseTo(1, 9);
    // Values are added one after another whatever the cut: not a bit may differ.
    for (const cut of [1, 7, 64]) expect(metered(values, [samples, width], cut).variance).toBe(whole);
  });

  it.each([
    ['of units', [40, 6]],
    ['of units at positions', [40, 3, 4, 2]],
  ])('is that of all samples when two meters are merged, with their rank: %s', (_, shape) => {
    const [samples] = shape;
    const size = shape.reduce((a, b) => a * b, 1) / samples;
    const units = shape[shape.length - 1];
    const values = draws(samples * size, 5).map((value, i) => 50 + (1 + (i % size)) * value);
    const parts = [0, 13].map((start) => {
      const end = start === 0 ? 13 : samples;
      const tensor = tf.tensor(values.slice(start * size, end * size), [end - start, ...shape.slice(1)]);
      const accumulator = new UnitAccumulator(units);
      accumulator.add(tensor, end - start);
      const meter = new SignalMeter();
      meter.add(tensor, accumulator);
      tensor.dispose();
      // What another thread gets.
      return structuredClone({ units: accumulator, signal: meter.state });
    });
    const all = new UnitAccumulator(units);
    const merged = new SignalMeter();
    for (const part of parts) {
      all.merge(part.units);
      merged.merge(part.signal, all);
    }
    const whole = metered(values, shape);
    expect(Math.abs(merged.variance! / whole.variance! - 1)).toBeLessThan(1e-7);
    expect(merged.effectiveRank()).toEqual(whole.effectiveRank());
  });

  it('is 0 where all samples are alike, however different their features', () => {
    const values = Float32Array.from({ length: 50 }, (_, i) => i % 5);
    expect(metered(values, [10, 5]).variance).toBe(0);
  });

  it('looks at every unit of a spatial output, at positions that are evenly spaced', () => {
    // Value = position: the features chosen out of 1,024 positions must represent them all.
    const [samples, positions, units] = [4, 1024, 2];
    const values = Float32Array.from({ length: samples * positions * units }, (_, i) => {
      const sample = Math.floor(i / (positions * units));
      const unit = i % units;
      return sample * (unit === 0 ? Math.floor(i / units) % positions : 3);
    });
    // Var over samples of s * p is p^2 Var(s), Var(0, 1, 2, 3) = 5/3: the mean over p of p^2, and 9 for the other unit.
    const expected = (5 / 3) * 0.5 * ((1023 * 1024 * 2047) / 6 / 1024 + 9);
    const measured = metered(values, [samples, positions, units]).variance!;
    expect(Math.abs(measured / expected - 1)).toBeLessThan(2e-3);
  });

  it('is null for one sample and for values that are not finite', () => {
    expect(metered(draws(5, 1), [1, 5]).variance).toBeNull();
    expect(new SignalMeter().variance).toBeNull();
    const values = draws(20, 2);
    values[7] = NaN;
    expect(metered(values, [4, 5]).variance).toBeNull();
    values[7] = Infinity;
    expect(metered(values, [4, 5]).variance).toBeNull();
    expect(metered(values, [4, 5]).effectiveRank()).toBeNull();
  });
});

describe('effective rank', () => {
  const [samples, width] = [17, 40];

  /** Samples whose centred matrix has these singular values: sum_k s_k u_k v_k', plus a mean. */
  function withSpectrum(singular: readonly number[]): Float32Array {
    const [u, v] = [cosines(samples), cosines(width)];
    const values = new Float32Array(samples * width);
    for (let i = 0; i < samples; i++) {
      for (let j = 0; j < width; j++) {
        values[i * width + j] = 3 + singular.reduce((sum, s, k) => sum + s * u[k][i] * v[k][j], 0);
      }
    }
    return values;
  }

  const rankOf = (singular: readonly number[]): number => metered(withSpectrum(singular), [samples, width]).effectiveRank()!.rank; // prettier-ignore

  it('is full for equal singular values and 1 for one of them', () => {
    const full = metered(withSpectrum(new Array<number>(samples - 1).fill(2)), [samples, width]).effectiveRank()!;
    expect(full.rank).toBeCloseTo(samples - 1, 4);
    expect(full.maximum).toBe(samples - 1);
    // float32 leaves traces of other directions.
    expect(rankOf([5])).toBeCloseTo(1, 3);
  });

  it('is exp of the entropy of a known spectrum', () => {
    const singular = [8, 4, 2, 1, 1];
    const entropy = -singular.reduce((sum, s) => sum + (s / 16) * Math.log(s / 16), 0);
    expect(rankOf(singular)).toBeCloseTo(Math.exp(entropy), 4);
    // 1.875 ln 2, worked out by hand.
    expect(entropy).toBeCloseTo(1.875 * Math.LN2, 12);
    // It has no unit; a power of two changes no digit.
    const scaled = metered(withSpectrum(singular).map((value) => value / 1024), [samples, width]); // prettier-ignore
    expect(scaled.effectiveRank()!.rank).toBeCloseTo(rankOf(singular), 10);
  });

  it('is the same from the side of the samples and of the features', () => {
    const few = draws(20 * 6, 3);
    const transposed = Float32Array.from(few, (_, i) => few[(i % 20) * 6 + Math.floor(i / 20)]);
    // Centring differs between the two, so take values that are centred both ways.
    const centred = (values: Float32Array, rows: number, columns: number): Float32Array =>
      values.map((value, i) => {
        const [r, c] = [Math.floor(i / columns), i % columns];
        const mean = (get: (k: number) => number, n: number): number => Array.from({ length: n }, (_, k) => get(k)).reduce((a, b) => a + b, 0) / n; // prettier-ignore
        const row = mean((k) => values[r * columns + k], columns);
        const column = mean((k) => values[k * columns + c], rows);
        return value - row - column + mean((k) => values[k], rows * columns);
      });
    const a = metered(centred(few, 20, 6), [20, 6]).effectiveRank()!;
    const b = metered(centred(transposed, 6, 20), [6, 20]).effectiveRank()!;
    expect(a.rank).toBeCloseTo(b.rank, 4);
    expect([a.maximum, b.maximum]).toEqual([6, 5]);
  });

  it('is 0 where nothing varies, and asking does not change what is added later', () => {
    const meter = metered(Float32Array.of(1, 2, 1, 2), [2, 2]);
    expect(meter.effectiveRank()).toEqual({ rank: 0, maximum: 1 });
    const more = tf.tensor2d([[4, 2]]);
    meter.add(more);
    more.dispose();
    const all = metered(Float32Array.of(1, 2, 1, 2, 4, 2), [3, 2]);
    expect(meter.effectiveRank()).toEqual(all.effectiveRank());
    expect(all.effectiveRank()!.rank).toBeCloseTo(1, 12);
  });
});

describe('eigenvalues of symmetric matrices', () => {
  const sorted = (values: Float64Array): number[] => [...values].sort((a, b) => a - b);

  it('are those of the second difference, 2 - 2 cos(k pi / (n + 1))', () => {
    for (const n of [1, 2, 3, 10, 65, 128]) {
      const matrix = new Float64Array(n * n);
      for (let i = 0; i < n; i++) {
        matrix[i * n + i] = 2;
        if (i > 0) matrix[i * n + i - 1] = matrix[(i - 1) * n + i] = -1;
      }
      const expected = Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)));
      sorted(symmetricEigenvalues(matrix, n)).forEach((value, k) => expect(value).toBeCloseTo(expected[k], 12));
    }
  });

  it('are those that a dense matrix was made of, repeated ones and zeros included', () => {
    const n = 40;
    const spectrum = Float64Array.from({ length: n }, (_, k) => (k < 10 ? 0 : k < 20 ? 3 : k < 39 ? -k : 1e6));
    // A Householder reflection of a diagonal matrix: (I - 2vv') D (I - 2vv').
    const raw = draws(n, 4);
    const length = Math.hypot(...raw);
    const v = Array.from(raw, (value) => value / length);
    const reflection = (i: number, j: number): number => (i === j ? 1 : 0) - 2 * v[i] * v[j];
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        for (let k = 0; k < n; k++) matrix[i * n + j] += reflection(i, k) * spectrum[k] * reflection(j, k);
      }
    }
    const expected = sorted(spectrum);
    sorted(symmetricEigenvalues(matrix, n)).forEach((value, k) => expect(Math.abs(value - expected[k])).toBeLessThan(1e-8)); // prettier-ignore
  });

  it('are the diagonal of a diagonal matrix, and 0 of no matrix', () => {
    expect(sorted(symmetricEigenvalues(Float64Array.of(3, 0, 0, 0, -1, 0, 0, 0, 2), 3))).toEqual([-1, 2, 3]);
    expect(sorted(symmetricEigenvalues(new Float64Array(9), 3))).toEqual([0, 0, 0]);
    expect(symmetricEigenvalues(new Float64Array(0), 0)).toHaveLength(0);
  });
});
