import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawInitial } from '../../../src/analysis/experiment/initializers';
import { fansOf, nominalStandardDeviation } from '../../../src/analysis/model/fans';
import { WeightStream } from '../../../src/analysis/experiment/weightStream';
import { startTestBackend } from '../measure/networks';

beforeAll(startTestBackend);

const DENSE = [200, 300];
const CONVOLUTION = [3, 3, 40, 60];

const moments = (values: ArrayLike<number>): { mean: number; deviation: number } => {
  const list = Array.from(values);
  const mean = list.reduce((a, b) => a + b, 0) / list.length;
  return { mean, deviation: Math.sqrt(list.reduce((a, b) => a + (b - mean) ** 2, 0) / list.length) };
};

const draw = (
  className: string,
  config: Record<string, unknown>,
  shape: readonly number[],
  truncation: 'corrected' | 'uncorrected' = 'uncorrected',
  seed = 1,
): Float32Array | null => {
  const tensors = tf.memory().numTensors;
  const drawn = drawInitial({ className, config }, shape, new WeightStream(seed), truncation);
  if (drawn !== null) expect(drawn.shape).toEqual(shape);
  const values = drawn?.dataSync<'float32'>().slice() ?? null;
  drawn?.dispose();
  expect(tf.memory().numTensors).toBe(tensors);
  return values;
};

/** Standard deviation that a standard normal distribution cut at two sigma keeps: 1 - 2 * 2 phi(2) / (2 Phi(2) - 1), rooted. */
const TRUNCATED = Math.sqrt(1 - (4 * 0.053990966513188) / 0.954499736103642);

/** Initialiser, its tfjs twin, and the standard deviation that tfjs realises for fans `in` and `out`. */
const CASES: readonly [
  name: string,
  config: Record<string, unknown>,
  tfjs: () => { apply(shape: number[]): { dataSync(): ArrayLike<number>; dispose(): void } },
  deviation: (fanIn: number, fanOut: number) => number,
][] = [
  ['GlorotUniform', {}, () => tfl.initializers.glorotUniform({ seed: 7 }), (i, o) => Math.sqrt(2 / (i + o))],
  ['GlorotNormal', {}, () => tfl.initializers.glorotNormal({ seed: 7 }), (i, o) => TRUNCATED * Math.sqrt(2 / (i + o))],
  ['HeUniform', {}, () => tfl.initializers.heUniform({ seed: 7 }), (i) => Math.sqrt(2 / i)],
  ['HeNormal', {}, () => tfl.initializers.heNormal({ seed: 7 }), (i) => TRUNCATED * Math.sqrt(2 / i)],
  ['LeCunUniform', {}, () => tfl.initializers.leCunUniform({ seed: 7 }), (i) => Math.sqrt(1 / i)],
  ['LecunNormal', {}, () => tfl.initializers.leCunNormal({ seed: 7 }), (i) => TRUNCATED * Math.sqrt(1 / i)],
  [
    'VarianceScaling',
    { scale: 3, mode: 'fanOut', distribution: 'uniform' },
    () => tfl.initializers.varianceScaling({ scale: 3, mode: 'fanOut', distribution: 'uniform', seed: 7 }),
    (_, o) => Math.sqrt(3 / o),
  ],
  [
    'VarianceScaling',
    { scale: 2, mode: 'fan_avg', distribution: 'truncated_normal' },
    () => tfl.initializers.varianceScaling({ scale: 2, mode: 'fanAvg', distribution: 'normal', seed: 7 }),
    (i, o) => TRUNCATED * Math.sqrt(4 / (i + o)),
  ],
  ['RandomNormal', { mean: 0.3, stddev: 2 }, () => tfl.initializers.randomNormal({ mean: 0.3, stddev: 2, seed: 7 }), () => 2], // prettier-ignore
  [
    'TruncatedNormal',
    { mean: -1, stddev: 0.5 },
    () => tfl.initializers.truncatedNormal({ mean: -1, stddev: 0.5, seed: 7 }),
    () => TRUNCATED * 0.5,
  ],
  [
    'RandomUniform',
    { minval: -1, maxval: 3 },
    () => tfl.initializers.randomUniform({ minval: -1, maxval: 3, seed: 7 }),
    () => 4 / Math.sqrt(12),
  ],
  ['Orthogonal', { gain: 1.5 }, () => tfl.initializers.orthogonal({ gain: 1.5, seed: 7 }), (i) => 1.5 / Math.sqrt(Math.max(i, 300))], // prettier-ignore
];

describe('weights drawn anew', () => {
  it.each(CASES)('have the moments of the closed form and of tfjs: %s %j', (className, config, tfjs, deviation) => {
    const own = moments(draw(className, config, DENSE)!);
    const twin = tfjs().apply([...DENSE]);
    const theirs = moments(twin.dataSync());
    twin.dispose();
    const expected = deviation(DENSE[0], DENSE[1]);
    // 60,000 draws: the relative standard error of the deviation is at most 1/sqrt(2n) = 0.3 %.
    for (const { deviation: measured } of [own, theirs]) expect(Math.abs(measured / expected - 1)).toBeLessThan(0.012);
    expect(Math.abs(own.mean - theirs.mean)).toBeLessThan((6 * expected) / Math.sqrt(DENSE[0] * DENSE[1]));
    const convolution = draw(className, config, CONVOLUTION);
    const [fanIn, fanOut] = [9 * 40, 9 * 60];
    const target = className === 'Orthogonal' ? 1.5 / Math.sqrt(fanIn) : deviation(fanIn, fanOut);
    expect(Math.abs(moments(convolution!).deviation / target - 1)).toBeLessThan(0.012);
  });

  it('have the nominal variance where the library corrects for truncation, as Keras does', () => {
    for (const [className, nominal] of [
      ['HeNormal', Math.sqrt(2 / 200)],
      ['GlorotNormal', Math.sqrt(2 / 500)],
    ] as const) {
      // prettier-ignore
      expect(nominalStandardDeviation({ className, config: {} }, DENSE)).toBeCloseTo(nominal, 12);
      const values = draw(className, {}, DENSE, 'corrected')!;
      expect(Math.abs(moments(values).deviation / nominal - 1)).toBeLessThan(0.012);
      // Cut at two sigma of the wider distribution.
      expect(Math.max(...values) / nominal).toBeLessThanOrEqual(2 / TRUNCATED + 1e-6);
      expect(Math.max(...values) / nominal).toBeGreaterThan(2.2);
    }
    const untruncated = draw(
      'VarianceScaling',
      { scale: 1, mode: 'fan_in', distribution: 'untruncated_normal' },
      DENSE,
    )!;
    expect(Math.max(...untruncated) * Math.sqrt(200)).toBeGreaterThan(3.5);
  });

  it('are orthogonal where they are said to be', () => {
    for (const shape of [
      [8, 8],
      [5, 20],
      [20, 5],
      [3, 3, 2, 7],
    ]) {
      // prettier-ignore
      const values = draw('Orthogonal', { gain: 2 }, shape)!;
      const columns = shape.at(-1);
      const rows = values.length / columns;
      const at = (i: number, j: number): number =>
        rows <= columns ? values[i * columns + j] : values[j * columns + i];
      const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
      for (let a = 0; a < count; a++) {
        for (let b = 0; b <= a; b++) {
          let dot = 0;
          for (let k = 0; k < length; k++) dot += at(a, k) * at(b, k);
          expect(Math.abs(dot - (a === b ? 4 : 0))).toBeLessThan(1e-6);
        }
      }
    }
    // Too large to orthogonalise in passing, and a vector, which has no columns.
    expect(draw('Orthogonal', {}, [4096, 4096])).toBeNull();
    expect(draw('Orthogonal', {}, [16])).toBeNull();
  });

  it('are constant where they are said to be', () => {
    expect([...draw('Zeros', {}, [2, 2])!]).toEqual([0, 0, 0, 0]);
    expect([...draw('Ones', {}, [3])!]).toEqual([1, 1, 1]);
    expect([...draw('Constant', { value: 0.5 }, [2])!]).toEqual([0.5, 0.5]);
    expect([...draw('Identity', { gain: 2 }, [2, 2])!]).toEqual([2, 0, 0, 2]);
  });

  it('are the same for the same seed only, and not drawn for what is not known', () => {
    expect(draw('HeNormal', {}, [50], 'corrected', 3)).toEqual(draw('HeNormal', {}, [50], 'corrected', 3));
    expect(draw('HeNormal', {}, [50], 'corrected', 3)).not.toEqual(draw('HeNormal', {}, [50], 'corrected', 4));
    expect(draw('MyInitializer', {}, [5])).toBeNull();
    expect(draw('constructor', {}, [5])).toBeNull();
    expect(drawInitial(null, [5], new WeightStream(1), 'corrected')).toBeNull();
  });
});

describe('fans', () => {
  it('are the products into an output and the outputs of an input', () => {
    expect(fansOf([64, 10])).toEqual({ fanIn: 64, fanOut: 10 });
    expect(fansOf([3, 3, 16, 32])).toEqual({ fanIn: 144, fanOut: 288 });
    expect(fansOf([5, 8, 4])).toEqual({ fanIn: 40, fanOut: 20 });
    expect(fansOf([3, 3, 32, 16], 'transposed')).toEqual({ fanIn: 144, fanOut: 288 });
    expect(fansOf([3, 3, 16, 2], 'depthwise')).toEqual({ fanIn: 9, fanOut: 18 });
    expect(fansOf([10])).toBeNull();
  });

  it('give the spread that an initialiser asks for, or none', () => {
    const asked = (className: string, config: Record<string, unknown>, shape: readonly number[]): number | null =>
      nominalStandardDeviation({ className, config }, shape);
    expect(asked('HeUniform', {}, [3, 3, 16, 32])).toBeCloseTo(Math.sqrt(2 / 144), 12);
    expect(asked('VarianceScaling', { scale: 2, mode: 'fanOut' }, [10, 40])).toBeCloseTo(Math.sqrt(2 / 40), 12);
    expect(asked('Zeros', {}, [4, 4])).toBe(0);
    expect(asked('TruncatedNormal', { stddev: 1 }, [4, 4])).toBeCloseTo(TRUNCATED, 7);
    expect(asked('VarianceScaling', { scale: -1 }, [4, 4])).toBeNull();
    expect(asked('RandomUniform', { minval: -1e308, maxval: 1e308 }, [4, 4])).toBeNull();
    expect(asked('toString', {}, [4, 4])).toBeNull();
    expect(nominalStandardDeviation(null, [4, 4])).toBeNull();
  });
});
