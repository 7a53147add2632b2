import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../src/analysis/backend/backend';
import { WASM_FOLDER } from '../backend/support';
import { expectValues, type Input, OneLayer, type OneLayerOptions, randomInput } from './oneLayer';

beforeAll(() => startBackend(WASM_FOLDER));

interface Case {
  readonly name: string;
  readonly className: string;
  readonly config?: Record<string, unknown>;
  readonly inputs: readonly Input[];
  readonly shape: readonly number[];
  readonly expected: (layer: OneLayer, inputs: readonly Input[]) => readonly number[];
  readonly options?: OneLayerOptions;
  /** For piecewise constant layers there is nothing to differentiate. */
  readonly gradients?: false;
}

function check(cases: readonly Case[]): void {
  it.each(cases.map((item) => [item.name, item] as const))('%s', (_name, item) => {
    const layer = new OneLayer(item.className, item.config ?? {}, item.inputs, item.options);
    try {
      const output = layer.output();
      expect(output.shape).toEqual(item.shape);
      expectValues(output.values, item.expected(layer, item.inputs));
      if (item.gradients !== false) layer.expectGradients();
    } finally {
      layer.dispose();
    }
  });
}

const each =
  (f: (x: number) => number) =>
  (_layer: OneLayer, [{ values }]: readonly Input[]) =>
    values.map(f);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const range = (n: number): number[] => [...new Array<number>(n).keys()];
const image = randomInput([4, 4, 4]);
const flat = randomInput([5]);
/** Away from the kinks at 0, 0.3, 0.5 and 1. */
const smooth: Input = { shape: [2, 5], values: [-2, -0.7, -0.2, 0.1, 0.2, 0.45, 0.7, 0.9, 1.4, 3] };

describe('rectifiers', () => {
  check([
    { name: 'ReLU', className: 'ReLU', inputs: [smooth], shape: [2, 5], expected: each((x) => Math.max(0, x)) },
    {
      name: 'ReLU with a maximum',
      className: 'ReLU',
      config: { max_value: 0.5 },
      inputs: [smooth],
      shape: [2, 5],
      expected: each((x) => Math.min(0.5, Math.max(0, x))),
    },
    {
      name: 'ReLU with slope, threshold and maximum',
      className: 'ReLU',
      config: { max_value: 1, negative_slope: 0.1, threshold: 0.3 },
      inputs: [smooth],
      shape: [2, 5],
      expected: each((x) => (x >= 1 ? 1 : x >= 0.3 ? x : 0.1 * (x - 0.3))),
    },
    {
      name: 'ELU with a scale',
      className: 'ELU',
      config: { alpha: 0.5 },
      inputs: [smooth],
      shape: [2, 5],
      expected: each((x) => (x > 0 ? x : 0.5 * Math.expm1(x))),
    },
    {
      name: 'LeakyReLU of Keras 3',
      className: 'LeakyReLU',
      config: { negative_slope: 0.1 },
      inputs: [smooth],
      shape: [2, 5],
      expected: each((x) => (x > 0 ? x : 0.1 * x)),
    },
  ]);
});

describe('preprocessing', () => {
  const indices: Input = { shape: [2, 3], values: [0, 2, 2, 3, 1, 0] };
  check([
    {
      name: 'Rescaling',
      className: 'Rescaling',
      config: { scale: 1 / 127.5, offset: -1 },
      inputs: [flat],
      shape: [2, 5],
      expected: each((x) => x / 127.5 - 1),
    },
    {
      name: 'Rescaling by channel',
      className: 'Rescaling',
      config: { scale: [1, 2, 3, 4, 5], offset: [5, 4, 3, 2, 1] },
      inputs: [flat],
      shape: [2, 5],
      expected: (_layer, [{ values }]) => values.map((x, i) => x * ((i % 5) + 1) + 5 - (i % 5)),
    },
    {
      name: 'Normalization with adapted statistics',
      className: 'Normalization',
      config: { axis: [-1] },
      inputs: [flat],
      shape: [2, 5],
      expected: (layer, [{ values }]) =>
        values.map((x, i) => (x - layer.weight('mean')[i % 5]) / Math.sqrt(layer.weight('variance')[i % 5])),
    },
    {
      name: 'Normalization with given statistics',
      className: 'Normalization',
      config: { axis: -1, mean: 2, variance: 9 },
      inputs: [flat],
      shape: [2, 5],
      expected: each((x) => (x - 2) / 3),
    },
    {
      name: 'Normalization, inverted',
      className: 'Normalization',
      config: { axis: null, mean: 2, variance: 9, invert: true },
      inputs: [flat],
      shape: [2, 5],
      expected: each((x) => 2 + 3 * x),
    },
    {
      name: 'CategoryEncoding, multi-hot',
      className: 'CategoryEncoding',
      config: { num_tokens: 4, output_mode: 'multi_hot' },
      inputs: [indices],
      shape: [2, 4],
      expected: () => [1, 0, 1, 0, 1, 1, 0, 1],
      gradients: false,
    },
    {
      name: 'CategoryEncoding, counts',
      className: 'CategoryEncoding',
      config: { num_tokens: 4, output_mode: 'count' },
      inputs: [indices],
      shape: [2, 4],
      expected: () => [1, 0, 2, 0, 1, 1, 0, 1],
      gradients: false,
    },
    {
      name: 'CategoryEncoding, one-hot',
      className: 'CategoryEncoding',
      config: { num_tokens: 3, output_mode: 'one_hot' },
      inputs: [{ shape: [2, 1], values: [2, 0] }],
      shape: [2, 3],
      expected: () => [0, 0, 1, 1, 0, 0],
      gradients: false,
    },
    {
      name: 'Discretization',
      className: 'Discretization',
      config: { bin_boundaries: [0, 1], output_mode: 'int' },
      inputs: [{ shape: [2, 2], values: [-1, 0, 0.5, 1] }],
      shape: [2, 2],
      expected: () => [0, 1, 1, 2],
      gradients: false,
    },
  ]);
});

describe('images', () => {
  const row: Input = { shape: [1, 1, 4, 1], values: [0, 1, 2, 3] };
  const pair: Input = { shape: [1, 1, 2, 1], values: [1, 2] };
  check([
    {
      // Values of tf.image.resize, half-pixel centres, no antialiasing.
      name: 'Resizing up, bilinear',
      className: 'Resizing',
      config: { height: 2, width: 4 },
      inputs: [pair],
      shape: [1, 2, 4, 1],
      expected: () => [1, 1.25, 1.75, 2, 1, 1.25, 1.75, 2],
    },
    {
      name: 'Resizing down, bilinear',
      className: 'Resizing',
      config: { height: 1, width: 2 },
      inputs: [row],
      shape: [1, 1, 2, 1],
      expected: () => [0.5, 2.5],
    },
    {
      name: 'Resizing, nearest',
      className: 'Resizing',
      config: { height: 1, width: 4, interpolation: 'nearest' },
      inputs: [pair],
      shape: [1, 1, 4, 1],
      expected: () => [1, 1, 2, 2],
    },
    {
      name: 'Resizing after a crop to its proportions',
      className: 'Resizing',
      config: { height: 1, width: 1, crop_to_aspect_ratio: true },
      inputs: [{ shape: [1, 1, 3, 1], values: [5, 7, 9] }],
      shape: [1, 1, 1, 1],
      expected: () => [7],
    },
    {
      name: 'CenterCrop',
      className: 'CenterCrop',
      config: { height: 2, width: 2 },
      inputs: [image],
      shape: [2, 2, 2, 4],
      expected: (_layer, [{ values }]) =>
        range(2).flatMap((n) =>
          [1, 2].flatMap((h) => [1, 2].flatMap((w) => range(4).map((c) => values[((n * 4 + h) * 4 + w) * 4 + c]))),
        ),
    },
    {
      name: 'Resizing, channels first',
      className: 'Resizing',
      config: { height: 1, width: 2, data_format: 'channels_first' },
      inputs: [{ shape: [1, 2, 1, 4], values: [0, 1, 2, 3, 10, 11, 12, 13] }],
      shape: [1, 2, 1, 2],
      expected: () => [0.5, 2.5, 10.5, 12.5],
    },
  ]);

  it.each([
    'RandomFlip',
    'RandomRotation',
    'RandomZoom',
    'GaussianNoise',
    'SpatialDropout2D',
    'Identity',
    'AlphaDropout',
  ])('%s passes its input on in inference', (className) => {
    const layer = new OneLayer(className, { rate: 0.5, stddev: 1, factor: 0.2, mode: 'horizontal' }, [image]);
    expect(layer.output()).toEqual({ shape: [...image.shape], values: image.values.map(Math.fround) });
    expect(layer.model.layers[1].getClassName()).toBe(className);
    layer.dispose();
  });
});

describe('normalisations', () => {
  /** `(x - mean) / sqrt(variance + epsilon)` of the group that the value at `[n, position, c]` belongs to. */
  const grouped =
    (groups: number, epsilon: number) =>
    (layer: OneLayer, [{ values }]: readonly Input[]): number[] =>
      values.map((x, i) => {
        const c = i % 4;
        const n = Math.floor(i / 64);
        const mates = range(64)
          .filter((j) => Math.floor((j % 4) / (4 / groups)) === Math.floor(c / (4 / groups)))
          .map((j) => values[n * 64 + j]);
        const m = mean(mates);
        const variance = mean(mates.map((y) => (y - m) ** 2));
        return ((x - m) / Math.sqrt(variance + epsilon)) * layer.weight('gamma')[c] + layer.weight('beta')[c];
      });

  check([
    {
      name: 'GroupNormalization',
      className: 'GroupNormalization',
      config: { groups: 2, axis: -1, epsilon: 0.01 },
      inputs: [image],
      shape: [2, 4, 4, 4],
      expected: grouped(2, 0.01),
    },
    {
      name: 'GroupNormalization, a group for each channel',
      className: 'GroupNormalization',
      config: { groups: -1, epsilon: 0.01 },
      inputs: [image],
      shape: [2, 4, 4, 4],
      expected: grouped(4, 0.01),
    },
    {
      name: 'InstanceNormalization of TensorFlow Addons',
      className: 'Addons>InstanceNormalization',
      config: { axis: -1, epsilon: 0.01, groups: 3 },
      inputs: [image],
      shape: [2, 4, 4, 4],
      expected: grouped(4, 0.01),
    },
    {
      name: 'GroupNormalization over the first axis',
      className: 'GroupNormalization',
      config: { groups: 1, axis: 1, scale: false, center: false, epsilon: 0 },
      inputs: [{ shape: [1, 2, 2], values: [1, 2, 3, 6] }],
      shape: [1, 2, 2],
      expected: () => [1, 2, 3, 6].map((x) => (x - 3) / Math.sqrt(3.5)),
    },
    {
      name: 'UnitNormalization',
      className: 'UnitNormalization',
      config: { axis: -1 },
      inputs: [{ shape: [2, 2], values: [3, 4, -5, 12] }],
      shape: [2, 2],
      expected: () => [0.6, 0.8, -5 / 13, 12 / 13],
    },
    {
      name: 'RMSNormalization',
      className: 'RMSNormalization',
      config: { axis: -1, epsilon: 0.5 },
      inputs: [{ shape: [1, 2], values: [1, 3] }],
      shape: [1, 2],
      expected: (layer) => [1, 3].map((x, i) => (x / Math.sqrt(5.5)) * layer.weight('scale')[i]),
    },
  ]);
});

describe('shaping', () => {
  const steps: Input = { shape: [1, 3, 2], values: [1, 2, 3, 4, 5, 6] };
  const cube = randomInput([2, 2, 2, 3]);
  check([
    {
      name: 'ZeroPadding1D',
      className: 'ZeroPadding1D',
      config: { padding: [1, 2] },
      inputs: [steps],
      shape: [1, 6, 2],
      expected: () => [0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0],
    },
    {
      name: 'ZeroPadding3D',
      className: 'ZeroPadding3D',
      config: {
        padding: [
          [0, 0],
          [1, 0],
          [0, 0],
        ],
      },
      inputs: [{ shape: [1, 1, 1, 2, 1], values: [1, 2] }],
      shape: [1, 1, 2, 2, 1],
      expected: () => [0, 0, 1, 2],
    },
    {
      name: 'Cropping1D',
      className: 'Cropping1D',
      config: { cropping: [1, 1] },
      inputs: [steps],
      shape: [1, 1, 2],
      expected: () => [3, 4],
    },
    {
      name: 'Cropping3D',
      className: 'Cropping3D',
      config: {
        cropping: [
          [0, 0],
          [0, 0],
          [1, 0],
        ],
      },
      inputs: [{ shape: [1, 1, 1, 2, 1], values: [1, 2] }],
      shape: [1, 1, 1, 1, 1],
      expected: () => [2],
    },
    {
      name: 'UpSampling1D',
      className: 'UpSampling1D',
      config: { size: 2 },
      inputs: [steps],
      shape: [1, 6, 2],
      expected: () => [1, 2, 1, 2, 3, 4, 3, 4, 5, 6, 5, 6],
    },
    {
      name: 'UpSampling3D',
      className: 'UpSampling3D',
      config: { size: [1, 1, 2] },
      inputs: [{ shape: [1, 1, 1, 2, 1], values: [1, 2] }],
      shape: [1, 1, 1, 4, 1],
      expected: () => [1, 1, 2, 2],
    },
    {
      name: 'GlobalAveragePooling2D that keeps its axes',
      className: 'GlobalAveragePooling2D',
      config: { keepdims: true },
      inputs: [image],
      shape: [2, 1, 1, 4],
      expected: (_layer, [{ values }]) =>
        range(8).map((i) => mean(range(16).map((p) => values[Math.floor(i / 4) * 64 + p * 4 + (i % 4)]))),
    },
    {
      name: 'GlobalMaxPooling3D',
      className: 'GlobalMaxPooling3D',
      inputs: [cube],
      shape: [2, 3],
      expected: (_layer, [{ values }]) =>
        range(6).map((i) => Math.max(...range(8).map((p) => values[Math.floor(i / 3) * 24 + p * 3 + (i % 3)]))),
    },
    {
      name: 'Subtract',
      className: 'Subtract',
      inputs: [flat, randomInput([5], 2)],
      shape: [2, 5],
      expected: (_layer, [a, b]) => a.values.map((x, i) => x - b.values[i]),
    },
  ]);
});
