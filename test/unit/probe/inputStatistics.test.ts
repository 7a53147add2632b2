import { describe, expect, it } from 'vitest';
import { InputStatistics } from '../../../src/analysis/probe/inputStatistics';
import { mulberry32, normal } from '../../../src/analysis/probe/random';

describe('InputStatistics', () => {
  it('agrees with a second pass over all values, far from zero too', () => {
    const draw = normal(mulberry32(1));
    const values = Float32Array.from({ length: 3000 }, () => 1000 + draw());
    const statistics = new InputStatistics(3);
    for (let i = 0; i < 1000; i += 125) statistics.add(values.subarray(i * 3, (i + 125) * 3), i);
    const mean = values.reduce((a, b) => a + b, 0) / 3000;
    const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / 3000);
    expect(statistics.summary.mean).toBeCloseTo(mean, 9);
    expect(statistics.summary.standardDeviation).toBeCloseTo(deviation, 9);
    expect(statistics.summary.minimum).toBe(Math.min(...values));
    expect(statistics.summary.maximum).toBe(Math.max(...values));
  });

  it('counts a sample once when batches overlap or come again', () => {
    const statistics = new InputStatistics(1);
    statistics.add(Float32Array.of(1, 2, 3), 0);
    statistics.add(Float32Array.of(1, 2, 3), 0);
    statistics.add(Float32Array.of(3, 6), 2);
    expect(statistics.count).toBe(4);
    expect(statistics.summary.mean).toBe(3);
  });

  it('counts what is not finite and leaves it out of the rest', () => {
    const statistics = new InputStatistics(2);
    statistics.add(Float32Array.of(NaN, 1, Infinity, 3, -Infinity, 5), 0);
    expect(statistics.nonFinite).toBe(3);
    expect(statistics.summary).toEqual({ minimum: 1, maximum: 5, mean: 3, standardDeviation: Math.sqrt(8 / 3) });
    expect(statistics.box).toEqual({
      lower: Float32Array.of(-Infinity, 1),
      upper: Float32Array.of(Infinity, 5),
      source: 'observed',
    });
  });

  it('knows nothing before the first value', () => {
    expect(new InputStatistics(1).summary).toEqual({
      minimum: null,
      maximum: null,
      mean: null,
      standardDeviation: null,
    });
  });
});
