import { tensor, zeros, memory, type Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { sumDerivatives } from '../../../src/analysis/backend/derivatives';
import { Histogram } from '../../../src/analysis/backend/histogram';
import { SquareAccumulator, UnitAccumulator } from '../../../src/analysis/backend/unitStatistics';
import { SignalMeter } from '../../../src/analysis/measure/signalMeter';
import { centredSpectrum, countOf, symmetricEigenvalues } from '../../../src/analysis/measure/symmetricEigenvalues';
import { activation } from '../../../src/report/activations';
import { seededRandom } from './support';

/** Two-pass float64 statistics of one unit, straight from the definitions. */
function reference(data: Float32Array, shape: readonly [number, number, number], unit: number) {
  const [samples, positions, units] = shape;
  const all: number[] = [];
  let activeSamples = 0;
  for (let sample = 0; sample < samples; sample++) {
    let active = false;
    for (let position = 0; position < positions; position++) {
      const value = data[(sample * positions + position) * units + unit];
      all.push(value);
      active ||= Number.isFinite(value) && value > 0;
    }
    if (active) activeSamples++;
  }
  const finite = all.filter(Number.isFinite);
  const mean = finite.length === 0 ? 0 : finite.reduce((sum, value) => sum + value, 0) / finite.length;
  return {
    count: all.length,
    nonFinite: all.length - finite.length,
    zeros: finite.filter((value) => value === 0).length,
    positives: finite.filter((value) => value > 0).length,
    activeSamples,
    mean,
    m2: finite.reduce((sum, value) => sum + (value - mean) ** 2, 0),
    minimum: finite.reduce((a, b) => Math.min(a, b), Infinity),
    maximum: finite.reduce((a, b) => Math.max(a, b), -Infinity),
  };
}

function rowProducts(values: Float64Array, count: number, width: number): Float64Array {
  const products = new Float64Array(count * count);
  for (let i = 0; i < count; i++)
    for (let j = 0; j < count; j++)
      for (let f = 0; f < width; f++) products[i * count + j] += values[i * width + f] * values[j * width + f];
  return products;
}

function columnProducts(values: Float64Array, count: number, width: number): Float64Array {
  const products = new Float64Array(width * width);
  for (let f = 0; f < width; f++)
    for (let g = 0; g < width; g++)
      for (let i = 0; i < count; i++) products[f * width + g] += values[i * width + f] * values[i * width + g];
  return products;
}

function accumulate(tensors: readonly Tensor[], units: number): UnitAccumulator {
  const accumulator = new UnitAccumulator(units);
  for (const chunk of tensors) {
    accumulator.add(chunk, chunk.shape[0]);
    chunk.dispose();
  }
  return accumulator;
}

/** What is counted or compared, without rounding. */
const EXACT = ['count', 'nonFinite', 'zeros', 'positives', 'activeSamples', 'minimum', 'maximum'] as const;

const SHAPES: [number, number, number][] = [
  [5, 1, 1],
  [3, 7, 1],
  [64, 1, 3],
  [9, 5, 4],
  [17, 3, 7],
  [4, 49, 18],
  [33, 2, 64],
  [2, 1, 130],
  [1, 200, 35],
  // Rows of several blocks, whose mean the ones before tell.
  [300, 1, 8],
  [2, 333, 20],
  [1, 1500, 9],
];

/** N(mean, spread^2) with ReLU zeros and, where asked, non-finite values. */
function values(seed: number, size: number, mean: number, spread: number, kind: string): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: size }, () => {
    const value = mean + spread * random.normal();
    const draw = random.uniform();
    if (kind === 'non-finite' && draw < 0.2) return draw < 0.05 ? NaN : draw < 0.12 ? Infinity : -Infinity;
    return kind === 'relu' ? Math.max(0, value) : value;
  });
}

/** Relative errors that sums, and sums of squared deviations, may have. */
interface Tolerances {
  readonly sum: number;
  readonly m2: number;
}

/** Without SIMD all is summed in float64. */
export const FLOAT64: Tolerances = { sum: 1e-12, m2: 1e-10 };
/** With it blocks are summed in float32, and their mean may account for seven eighths of a block's squares. */
export const FLOAT32: Tolerances = { sum: 3e-7, m2: 1e-6 };

/** Compares the accumulators with two-pass float64 references, on whichever backend runs. */
export function statisticsCases(tolerances: Tolerances): void {
  describe.each(SHAPES)('statistics of [%i, %i, %i]', (samples, positions, units) => {
    const shape = [samples, positions, units] as const;
    const size = samples * positions * units;

    test.each([
      ['standard normal', 0, 1, 'plain'],
      ['mean 1e3, deviation 1', 1e3, 1, 'plain'],
      ['tiny', 0, 1e-30, 'plain'],
      ['within the squares of float32 at times', 0, 3e-16, 'relu'],
      ['huge', 0, 1e37, 'plain'],
      ['after a ReLU', -0.5, 1, 'relu'],
      ['rarely active', -2, 1, 'relu'],
      ['with NaN and infinities', 0, 1, 'non-finite'],
    ])('%s', (_name, mean, spread, kind) => {
      const data = values(7 + size, size, mean, spread, kind);
      const statistics = accumulate([tensor(data, [...shape])], units);
      for (let unit = 0; unit < units; unit++) {
        const expected = reference(data, shape, unit);
        for (const exact of EXACT) {
          expect(statistics[exact][unit], `${exact} of unit ${unit}`).toBe(expected[exact]);
        }
        expect(Math.abs(statistics.mean[unit] - expected.mean)).toBeLessThanOrEqual(
          tolerances.sum * spread + 1e-12 * Math.abs(mean),
        );
        expect(Math.abs(statistics.m2[unit] - expected.m2)).toBeLessThanOrEqual(tolerances.m2 * expected.m2);
      }
    });

    test('do not depend on how the batch is cut', () => {
      const data = values(size, size, 1e3, 1, 'non-finite');
      const whole = accumulate([tensor(data, [...shape])], units);
      for (const cut of [1, 2, 3].filter((cut) => cut < samples)) {
        const split = cut * positions * units;
        const chunks = () => [
          tensor(data.subarray(0, split), [cut, positions, units]),
          tensor(data.subarray(split), [samples - cut, positions, units]),
        ];
        const [first, second] = chunks().map((chunk) => accumulate([chunk], units));
        first.merge(second);
        for (const pieces of [accumulate(chunks(), units), first]) {
          for (const exact of EXACT) {
            expect(pieces[exact], exact).toEqual(whole[exact]);
          }
          const [mean, m2] = [pieces.mean, pieces.m2];
          whole.mean.forEach((value, unit) => {
            expect(Math.abs(mean[unit] - value)).toBeLessThanOrEqual(tolerances.sum);
          });
          whole.m2.forEach((value, unit) =>
            expect(Math.abs(m2[unit] - value)).toBeLessThanOrEqual(tolerances.m2 * value + 1e-25),
          );
        }
      }
    });

    test('pooled equals the statistics of all units together', () => {
      const data = values(3 * size, size, 0.3, 2, 'non-finite');
      const pooled = accumulate([tensor(data, [...shape])], units).pooled();
      const expected = reference(data, [samples, positions * units, 1], 0);
      for (const exact of ['count', 'nonFinite', 'zeros', 'positives', 'minimum', 'maximum'] as const) {
        expect(pooled[exact]).toBe(expected[exact]);
      }
      expect(Math.abs(pooled.mean - expected.mean)).toBeLessThanOrEqual(tolerances.sum);
      expect(Math.abs(pooled.m2 - expected.m2)).toBeLessThanOrEqual(tolerances.m2 * expected.m2);
    });
  });

  describe.each([
    ...SHAPES,
    // Several blocks.
    [3, 1700, 40],
    [1500, 2, 31],
  ] as [number, number, number][])('outputs of a rectifier, [%i, %i, %i]', (samples, positions, units) => {
    test.each([
      ['within the bins of their arguments', 0, 1, Infinity],
      ['clipped above', 1, 3, 6],
      ['in narrower bins', -2, 1, Infinity],
      ['never active', -9, 1, Infinity],
      ['always active and far from 0', 1e3, 1, Infinity],
      ['tiny', 0, 1e-30, 6],
      ['within the squares of float32 at times', 0, 3e-16, 6],
      ['huge', 0, 1e37, Infinity],
    ])('%s', (_name, mean, spread, ceiling) => {
      const shape = [2 * samples, positions, units] as const;
      const data = values(5, 2 * samples * positions * units, mean, spread, 'plain');
      // A unit that is constant, and one of deviations that cancel, and have no squares in float32.
      for (let i = 0; i < data.length; i += units) {
        data[i + units - 1] = [2, 3, 1][(i / units) % 3] * 2 ** -100;
        if (units > 1) data[i] = 1;
      }
      const clipped = data.map((value) => Math.min(Math.max(value, 0), ceiling));
      const [known, outputs] = [new UnitAccumulator(units), new UnitAccumulator(units)];
      const [argumentBins, bins, expectedBins] = [new Histogram(), new Histogram(), new Histogram()];
      for (const half of [0, 1]) {
        const part = (all: Float32Array): Tensor =>
          tensor(all.subarray((half * all.length) / 2, ((half + 1) * all.length) / 2), [samples, positions, units]);
        const [z, a] = [part(data), part(clipped)];
        known.add(z, samples, argumentBins);
        outputs.addClipped(a, samples, bins, { statistics: known, histogram: argumentBins, ceiling });
        new UnitAccumulator(units).add(a, samples, expectedBins);
        z.dispose();
        a.dispose();
      }
      expect(bins.bins()).toEqual(expectedBins.bins());
      for (let unit = 0; unit < units; unit++) {
        const expected = reference(clipped, shape, unit);
        for (const exact of EXACT) expect(outputs[exact][unit], `${exact} of unit ${unit}`).toBe(expected[exact]);
        expect(Math.abs(outputs.mean[unit] - expected.mean)).toBeLessThanOrEqual(
          tolerances.sum * spread + 1e-12 * Math.abs(mean),
        );
        expect(Math.abs(outputs.m2[unit] - expected.m2)).toBeLessThanOrEqual(tolerances.m2 * expected.m2);
      }
    });
  });

  test('an outlier in first place costs no accuracy', () => {
    const data = values(11, 1000, 0, 1, 'plain');
    data[0] = 1e30;
    const statistics = accumulate([tensor(data, [1000, 1])], 1);
    const expected = reference(data, [1000, 1, 1], 0);
    expect(statistics.mean[0] / expected.mean).toBeCloseTo(1, 12);
    expect(statistics.m2[0] / expected.m2).toBeCloseTo(1, 9);
  });

  test('a unit that was never finite has no mean, minimum or maximum', () => {
    const statistics = accumulate([tensor([NaN, 1, Infinity, 2], [2, 2])], 2);
    expect(statistics.pooled()).toEqual({
      count: 4,
      nonFinite: 2,
      zeros: 0,
      positives: 2,
      mean: 1.5,
      m2: 0.5,
      minimum: 1,
      maximum: 2,
    });
    expect([statistics.mean[0], statistics.m2[0]]).toEqual([0, 0]);
    expect([statistics.minimum[0], statistics.maximum[0]]).toEqual([Infinity, -Infinity]);
  });

  test('integer and empty tensors are counted too, wrong shapes are refused', () => {
    const statistics = accumulate([tensor([1, 0, 3, -4], [2, 2], 'int32'), zeros([0, 2])], 2);
    expect(Array.from(statistics.mean)).toEqual([2, -2]);
    const wrong = zeros([2, 3]);
    expect(() => statistics.add(wrong, 2)).toThrow(RangeError);
    wrong.dispose();
  });

  describe('histogram', () => {
    const fill = (...chunks: ArrayLike<number>[]): Histogram => {
      const histogram = new Histogram();
      for (const chunk of chunks) {
        const values = tensor(Float32Array.from(chunk));
        new UnitAccumulator(1).add(values, values.size, histogram);
        values.dispose();
      }
      return histogram;
    };

    test.each([
      ['normal', 0, 1, 'plain'],
      ['far from 0', 1e3, 1, 'plain'],
      ['tiny', 0, 1e-20, 'plain'],
      ['huge', 0, 1e37, 'plain'],
      ['rectified', 0, 1, 'relu'],
      ['partly non-finite', 1e3, 1, 'non-finite'],
    ])('%s values fall into the right bins', (_name, mean, spread, kind) => {
      const data = values(5, 3001, mean, spread, kind);
      const bins = fill(data).bins()!;
      const finite = data.filter(Number.isFinite);
      const width = (bins.maximum - bins.minimum) / bins.counts.length;
      expect(Number.isInteger(Math.log2(width))).toBe(true);
      expect(bins.minimum).toBeLessThanOrEqual(Math.min(...finite));
      expect(bins.maximum).toBeGreaterThan(Math.max(...finite));
      expect(bins.counts.length).toBeGreaterThan(15);
      expect(bins.counts.length).toBeLessThanOrEqual(32);
      bins.counts.forEach((count, bin) => {
        const lower = bins.minimum + bin * width;
        expect(count).toBe(finite.filter((value) => value >= lower && value < lower + width).length);
      });
    });

    test.each([
      [[3, 1700, 40], 'grown'],
      [[2, 7000, 12], 'grown'],
      [[9000, 1, 20], 'grown'],
      [[900, 9, 16], 'grown'],
      [[2, 7000, 12], 'non-finite at last'],
      [[900, 9, 16], 'non-finite at first'],
    ] as const)('counts large tensors block after block: %j, %s', ([samples, positions, units], kind) => {
      const size = samples * positions * units;
      const data = values(11, size, 0.5, 1, 'plain').map((value, i) => value * (1 + (8 * i) / size));
      if (kind === 'non-finite at first') data.set([NaN, Infinity], 5);
      if (kind === 'non-finite at last') data.set([NaN, -Infinity], size - 30);
      const [histogram, accumulator, whole] = [new Histogram(), new UnitAccumulator(units), tensor(data)];
      accumulator.add(whole, samples, histogram);
      whole.dispose();
      const { minimum, maximum, counts } = histogram.bins()!;
      const width = (maximum - minimum) / counts.length;
      const expected = new Array<number>(counts.length).fill(0);
      for (const value of data) if (Number.isFinite(value)) expected[Math.floor((value - minimum) / width)]++;
      expect(counts).toEqual(expected);
      for (let unit = 0; unit < units; unit++) {
        const wanted = reference(data, [samples, positions, units], unit);
        for (const exact of ['activeSamples', 'nonFinite', 'zeros', 'positives', 'minimum', 'maximum'] as const) {
          expect(accumulator[exact][unit], exact).toBe(wanted[exact]);
        }
        const deviation = Math.sqrt(wanted.m2 / (samples * positions));
        expect(Math.abs(accumulator.mean[unit] - wanted.mean)).toBeLessThan(tolerances.sum * deviation);
        expect(Math.abs(accumulator.m2[unit] / wanted.m2 - 1)).toBeLessThan(tolerances.m2);
      }
    });

    test.each([
      ['normal', 0, 1],
      ['mostly positive', 2, 1],
      ['mostly negative', -2, 1],
      ['never positive', -9, 1],
      ['always positive', 9, 1],
      ['tiny', 0, 1e-30],
      ['huge', 0, 1e37],
    ])('of clipped values follows from that of %s ones, or is left alone', (_name, mean, spread) => {
      const told = { yes: 0, no: 0 };
      for (let seed = 0; seed < 12; seed++) {
        for (const ceiling of [Infinity, 6 * spread, spread]) {
          const data = values(seed, 500, mean * spread, spread * (1 + (seed % 4)), 'plain');
          if (seed % 3 === 0) data.set([0, -0, spread, 6 * spread]);
          const clipped = data.map((value) => Math.min(Math.max(value, 0), Math.fround(ceiling)));
          const histogram = fill([1]);
          const done = histogram.setClipped(fill(data), Math.fround(ceiling));
          told[done ? 'yes' : 'no']++;
          expect(histogram.bins()).toEqual((done ? fill(clipped) : fill([1])).bins());
          if (!done) continue;
          // Its bins may be wider than its own values need, and what is merged with it narrower or wider.
          for (const others of [clipped.map((value) => value / 64), values(seed, 40, 3, 200, 'plain')]) {
            const merged = fill(others);
            merged.merge(histogram);
            expect(merged.bins()).toEqual(fill([...others, ...clipped]).bins());
            histogram.merge(fill(others));
            expect(histogram.bins()).toEqual(merged.bins());
            histogram.setClipped(fill(data), Math.fround(ceiling));
          }
        }
      }
      if (mean === -9) expect(told.yes).toBe(0);
      else expect(told.yes).toBeGreaterThan(4);
      if (mean === -2) expect(told.no).toBeGreaterThan(3);
    });

    test('depends neither on chunks nor on their order', () => {
      const small = values(1, 100, 0, 1e-3, 'plain');
      const middle = values(2, 501, 5, 1, 'plain');
      const large = values(3, 77, -100, 20, 'plain');
      const whole = fill([...small, ...middle, ...large]);
      expect(fill(small, middle, large)).toEqual(whole);
      expect(fill(large, small, middle)).toEqual(whole);
      const merged = fill(middle);
      merged.merge(fill(large));
      merged.merge(fill([NaN]));
      merged.merge(fill(small));
      expect(merged).toEqual(whole);
    });

    test('of constants has one bin, of nothing finite none', () => {
      expect(fill([0, 0, 0]).bins()!.counts).toEqual([3]);
      expect(fill([-7.25, -7.25]).bins()).toMatchObject({ minimum: -7.25, counts: [2] });
      expect(
        fill([0, 0], [3])
          .bins()!
          .counts.reduce((a, b) => a + b),
      ).toBe(3);
      expect(fill([NaN, Infinity]).bins()).toBeNull();
    });
  });

  test.each([
    ['ordinary', 1, 3, 'non-finite'],
    ['finite', 0, 1, 'plain'],
    ['tiny', 0, 1e-30, 'relu'],
    ['within the squares of float32 at times', 0, 3e-16, 'relu'],
    ['huge', 0, 1e37, 'plain'],
  ])('sum of squares of the finite entries, %s', (_name, mean, spread, kind) => {
    const squares = new SquareAccumulator();
    expect(squares.rootMeanSquare).toBeNull();
    const data = values(9, 1003, mean, spread, kind);
    data.fill(0, 100, 400);
    const finite = data.filter(Number.isFinite);
    const other = new SquareAccumulator();
    const [first, second] = [tensor(data.subarray(0, 500)), tensor(data.subarray(500))];
    squares.add(first);
    other.add(second);
    squares.merge(other);
    first.dispose();
    second.dispose();
    const expected = finite.reduce((sum, value) => sum + value * value, 0);
    expect([squares.count, squares.nonFinite]).toEqual([data.length, data.length - finite.length]);
    expect(Math.abs(squares.sum / expected - 1)).toBeLessThan(tolerances.sum);
    expect(Math.abs(squares.rootMeanSquare! / Math.sqrt(expected / finite.length) - 1)).toBeLessThan(tolerances.sum);
  });

  describe('derivatives of activations', () => {
    test.each(['sigmoid', 'tanh', 'gelu', 'relu6', 'hard_sigmoid', 'hard_tanh', 'thresholded_relu'])(
      'of %s add up to the closed form',
      (name) => {
        const phi = activation(name)!;
        for (const [size, spread, kind] of [
          [1, 1, 'non-finite'],
          [7, 1, 'non-finite'],
          [64, 5, 'non-finite'],
          [1003, 0.1, 'non-finite'],
          [1000, 30, 'non-finite'],
          [64, 5, 'plain'],
          [1003, 0.1, 'plain'],
          [1000, 30, 'plain'],
          [331, 2, 'non-finite in one block'],
        ] as const) {
          // prettier-ignore
          const data = values(size, size, 0, spread, kind);
          if (kind === 'non-finite in one block') data.set([NaN, -Infinity, Infinity], 100);
          const finite = data.filter(Number.isFinite);
          const z = tensor(data);
          const { sum, count } = sumDerivatives(z, phi, Infinity);
          z.dispose();
          expect(count).toBe(finite.length);
          const expected = finite.reduce((total, value) => total + phi.derivative(value), 0);
          expect(Math.abs(sum - expected)).toBeLessThanOrEqual(3e-7 * expected);
        }
      },
    );

    test.each(['sigmoid', 'tanh'])('of %s keep their digits where they are small, and vanish far out', (name) => {
      const phi = activation(name)!;
      for (const value of [0, -0, 1e-30, 3, -9, 17, 43]) {
        // Alone and in a block of 64: both ways of computing it.
        for (const size of [1, 64]) {
          const z = tensor(new Float32Array(size).fill(value));
          const ratio = sumDerivatives(z, phi, Infinity).sum / (size * phi.derivative(value));
          z.dispose();
          expect(Math.abs(ratio - 1)).toBeLessThan(1e-6);
        }
      }
      const far = [1e4, -1e30, 3e38, -200, 500];
      for (const data of [far, Array.from({ length: 64 }, (_, i) => far[i % 5])]) {
        const z = tensor(data);
        const { sum, count } = sumDerivatives(z, phi, Infinity);
        z.dispose();
        expect(count).toBe(data.length);
        expect(sum).toBeLessThan(1e-38);
      }
    });

    test('others are thinned out', () => {
      const z = zeros([1000]);
      expect(sumDerivatives(z, activation('elu')!, 100)).toEqual({ sum: 91, count: 91 });
      z.dispose();
    });
  });

  test('eigenvalues are those that a matrix was made of', () => {
    for (const n of [1, 2, 3, 4, 5, 6, 7, 13, 64, 127]) {
      const random = seededRandom(n);
      const spectrum = Float64Array.from({ length: n }, () => random.normal());
      const matrix = new Float64Array(n * n);
      spectrum.forEach((value, i) => (matrix[i * n + i] = value));
      // Three reflections H A H, each with H = I - 2 v v' / v'v, which mix all directions.
      for (let reflection = 0; reflection < 3; reflection++) {
        const v = Float64Array.from({ length: n }, () => random.normal());
        const vv = v.reduce((sum, value) => sum + value * value, 0);
        for (const [step, stride] of [
          [1, n],
          [n, 1],
        ] as const) {
          // prettier-ignore
          for (let i = 0; i < n; i++) {
            const product = v.reduce((sum, value, j) => sum + value * matrix[i * stride + j * step], 0);
            v.forEach((value, j) => (matrix[i * stride + j * step] -= (2 * product * value) / vv));
          }
        }
      }
      const found = [...symmetricEigenvalues(matrix, n)].sort((a, b) => a - b);
      [...spectrum].sort((a, b) => a - b).forEach((value, i) => expect(Math.abs(found[i] - value)).toBeLessThan(1e-12 * n)); // prettier-ignore
    }
  });

  test('eigenvalues of matrices with zero, equal and widely spread ones are right to the spacing at the largest', () => {
    const n = 33;
    for (const spectrum of [
      (k: number) => (k < 10 ? 0 : 3),
      (k: number) => 10 ** (-k / 2),
      (k: number) => (k === n - 1 ? 1 : 0),
    ]) {
      // H D H with H = I - 2 v v' / v'v.
      const v = Float64Array.from({ length: n }, (_, i) => Math.cos(i * i));
      const vv = v.reduce((sum, value) => sum + value * value, 0);
      const reflection = (i: number, j: number): number => Number(i === j) - (2 * v[i] * v[j]) / vv;
      const matrix = new Float64Array(n * n);
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++)
          for (let k = 0; k < n; k++) matrix[i * n + j] += reflection(i, k) * spectrum(k) * reflection(k, j);
      const found = symmetricEigenvalues(matrix, n).sort();
      const expected = Float64Array.from({ length: n }, (_, k) => spectrum(k)).sort();
      expected.forEach((value, k) => expect(Math.abs(found[k] - value)).toBeLessThan(1e-14 * n));
    }
  });

  test('the squares of singular values are the eigenvalues of all dot products of rows less their mean', () => {
    for (const [count, width] of [
      [2, 1],
      [2, 3],
      [3, 7],
      [5, 4],
      [6, 33],
      [17, 2],
      [18, 13],
      [33, 130],
    ] as const) {
      const random = seededRandom(count * 100 + width);
      const rows = Float32Array.from({ length: count * width }, () => 3 + random.normal());
      const mean = (f: number): number =>
        rows.reduce((sum, value, i) => sum + (i % width === f ? value / count : 0), 0);
      const means = Array.from({ length: width }, (_, f) => mean(f));
      const differences = Float64Array.from(rows, (value, i) => value - means[i % width]);
      const [order, products] = count <= width ? [count, rowProducts] : [width, columnProducts];
      const expected = symmetricEigenvalues(products(differences, count, width), order).sort();
      const blocks = [rows.subarray(0, width), rows.subarray(width)];
      const found = centredSpectrum({ width, blocks })!.sort();
      expect(found).toHaveLength(order);
      expected.forEach((value, i) => expect(Math.abs(found[i] - value)).toBeLessThan(1e-12 * count * width));
    }
  });

  test('there are no singular values of what is not finite', () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      const blocks = [Float32Array.of(1, 2, 3, 4, value, 6)];
      expect(centredSpectrum({ width: 2, blocks })).toBeNull();
      expect(centredSpectrum({ width: 3, blocks })).toBeNull();
    }
    const largest = Float32Array.of(3e38, 1, -3e38, 1);
    expect(centredSpectrum({ width: 2, blocks: [largest] })!.sort()[1] / 1.8e77).toBeCloseTo(1, 6);
    const smallest = Float32Array.of(1e-38, 0, -1e-38, 0);
    expect(centredSpectrum({ width: 2, blocks: [smallest] })!.sort()[1] / 2e-76).toBeCloseTo(1, 6);
  });

  // Units in whole vectors and not, positions that are all looked at and not, features of more samples than are looked at together.
  test.each([
    [30, 49, 6],
    [30, 90, 3],
    [90, 150, 102],
    [90, 2, 4104],
  ])('the signal of %d samples of %d positions of %d units', (samples, positions, units) => {
    const random = seededRandom(units);
    const draws = random.normals(samples);
    const scale = (unit: number): number => 1 + (unit % 3);
    const values = Float32Array.from({ length: samples * positions * units }, (_, i) => {
      const [unit, position] = [i % units, Math.floor(i / units) % positions];
      // What differs between places and not between samples says nothing, unless places are mixed up.
      return draws[Math.floor(i / (positions * units))] * scale(unit) + ((position * 31 + unit * 17) % 13);
    });
    const meter = new SignalMeter();
    const output = tensor(values, [samples, positions, units]);
    meter.add(output);
    output.dispose();
    const mean = draws.reduce((sum, x) => sum + x / samples, 0);
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2 / (samples - 1), 0);
    const squares = Array.from({ length: units }, (_, unit) => scale(unit) ** 2 / units);
    expect(Math.abs(meter.variance! / variance / squares.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-6);
    expect(meter.effectiveRank()!.rank).toBeCloseTo(1, 3);
    expect(countOf(meter.state.rows)).toBe(samples);
  });

  test('nothing is left on the heap', () => {
    expect(memory().numTensors).toBe(0);
    expect(memory().numDataBuffers).toBe(0);
  });
}
