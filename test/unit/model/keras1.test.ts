/** Files of Keras 1 beside the network that Keras 2 makes of them. */

import * as tf from '@tensorflow/tfjs-core';
import * as h5wasm from 'h5wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../src/analysis/backend/backend';
import { loadNetwork } from '../../../src/analysis/model/load';
import type { Network } from '../../../src/analysis/model/network';
import { seededRandom, WASM_FOLDER } from '../backend/support';
import { memoryFolder } from '../probe/memoryFolder';
import { hdf5, names, type Tree } from './hdf5File';
import { type Json, layer2, sequential, tfjsFolder, type WeightFixture } from './savedFiles';

beforeAll(async () => {
  await startBackend(WASM_FOLDER);
  await h5wasm.ready;
});

interface Values {
  readonly shape: number[];
  readonly values: readonly number[];
}

/** An array whose value at every index `f` tells. */
function array(shape: number[], f: (...index: number[]) => number): Values {
  const indices = shape.reduce<number[][]>(
    (all, size) => all.flatMap((index) => [...new Array<number>(size).keys()].map((i) => [...index, i])),
    [[]],
  );
  return { shape, values: indices.map((index) => Math.fround(f(...index))) };
}

/** Irregular values in [-0.6, 0.6], another one for every index. */
const irregular = (...index: number[]): number =>
  0.6 * Math.sin(index.reduce((sum, i, k) => sum * 7 + i * (k + 1.3), 1));
const positive = (...index: number[]): number => 0.5 + Math.abs(irregular(...index));
const vector = (size: number, f = irregular): Values => array([size], f);

/** The weights of each layer, in the order of the file. */
type Weights = Readonly<Record<string, readonly Values[]>>;

/** A whole model as Keras 1.2 saves it; the weights are called as `weightNames` says. */
function keras1File(model: Json, weights: Weights, more: Json = {}): Uint8Array {
  const groups = Object.entries(weights).map(([layer, values]): [string, Tree] => {
    const own = values.map((_, i) => `${layer}_${['W', 'b', 'c', 'd'][i] ?? i}:0`);
    return [
      layer,
      { ...names('weight_names', own), ...Object.fromEntries(values.map((value, i) => [own[i], { ...value }])) },
    ];
  });
  const attributes = { model_config: JSON.stringify(model), keras_version: '1.2.2', ...more };
  return hdf5(attributes, {
    model_weights: { ...names('layer_names', Object.keys(weights)), ...Object.fromEntries(groups) },
  });
}

/** The twin of Keras 2, with its weights by name. */
const keras2Folder = (model: Json, weights: Readonly<Record<string, Values>>) =>
  tfjsFolder(
    { model_config: model, keras_version: '2.2.4' },
    Object.entries(weights).map(([name, { shape, values }]): WeightFixture => ({ name, shape, values })),
  );

function outputsOf(network: Network): number[][] {
  const random = seededRandom(5);
  return tf.tidy(() => {
    const inputs = network.inputs.map(({ shape, kind, limit }) => {
      const full = [3, ...shape];
      const size = full.reduce((a, b) => a * b, 1);
      return kind === 'indices'
        ? tf.tensor(
            Int32Array.from({ length: size }, () => random.integer(0, (limit ?? 2) - 1)),
            full,
            'int32',
          )
        : tf.tensor(random.normals(size), full);
    });
    const traced = network.trace(inputs, { preActivation: (_, z) => z, output: (_, a) => a });
    return traced.map(({ tensor }) => Array.from(tensor.dataSync()));
  });
}

/** The old file and its twin give out the same for the same inputs, and are described alike. */
async function expectTwins(file: Uint8Array, twin: ReturnType<typeof keras2Folder>): Promise<Network> {
  const network = await loadNetwork(memoryFolder({ 'model.h5': file }), 'model.h5');
  const other = await loadNetwork(twin, 'model.json');
  const outputs = outputsOf(network);
  expect(outputs).toEqual(outputsOf(other));
  expect(outputs.flat().every((value) => Number.isFinite(value))).toBe(true);
  expect(new Set(outputs.flat()).size).toBeGreaterThan(1);
  const described = ({ calls }: Network) =>
    calls.map(({ name, className, activation, outputShape, weights }) => ({
      name,
      className,
      activation,
      outputShape,
      weights: weights.map(({ name: weight, initializer, fanIn }) => ({ weight, initializer, fanIn })),
    }));
  expect(JSON.stringify(described(network))).toBe(JSON.stringify(described(other)));
  other.dispose();
  network.dispose();
  return network;
}

/** Keras 1's configuration of a Dense layer, all of it. */
const dense1 = (name: string, units: number, more: Json = {}): Json => ({
  class_name: 'Dense',
  config: {
    W_constraint: null,
    W_regularizer: { l1: 0, name: 'WeightRegularizer', l2: 0.01 },
    activation: 'linear',
    activity_regularizer: null,
    b_constraint: null,
    b_regularizer: null,
    bias: true,
    init: 'he_normal',
    input_dim: 3,
    name,
    output_dim: units,
    trainable: true,
    ...more,
  },
});
const dense2 = (name: string, units: number, more: Json = {}): Json => ({
  class_name: 'Dense',
  config: { name, units, use_bias: true, activation: 'linear', kernel_initializer: { class_name: 'HeNormal', config: {} }, ...more }, // prettier-ignore
});

const list = (layers: readonly Json[]): Json => ({ class_name: 'Sequential', config: layers });

/** One layer of each generation at the beginning of a Sequential, the weights of the old one in the order of the file. */
interface Case {
  readonly name: string;
  readonly className: string;
  readonly shape: readonly (number | null)[];
  readonly old: Json;
  readonly new: Json;
  readonly newClass?: string;
  readonly oldWeights?: readonly Values[];
  readonly newWeights?: Readonly<Record<string, Values>>;
}

const [ROWS, COLUMNS, CHANNELS, FILTERS] = [3, 2, 4, 5];
const kernel = array([ROWS, COLUMNS, CHANNELS, FILTERS], irregular);
const kernelFirst = array([FILTERS, CHANNELS, ROWS, COLUMNS], (o, i, r, c) => irregular(r, c, i, o));
const bias = vector(FILTERS);
const convolution = {
  nb_filter: FILTERS,
  nb_row: ROWS,
  nb_col: COLUMNS,
  bias: true,
  activation: 'relu',
  init: 'uniform',
};
const convolution2 = {
  filters: FILTERS,
  kernel_size: [ROWS, COLUMNS],
  use_bias: true,
  activation: 'relu',
  kernel_initializer: { class_name: 'RandomUniform', config: {} },
};

/** Kernel, recurrent kernel and bias of a gate. */
const UNITS = 3;
const gate = (g: number): Values[] => [
  array([2, UNITS], (i, u) => irregular(g, i, u)),
  array([UNITS, UNITS], (v, u) => irregular(g + 4, v, u)),
  array([UNITS], (u) => irregular(g + 8, u)),
];
const recurrent = { output_dim: UNITS, init: 'glorot_uniform', inner_init: 'orthogonal', activation: 'tanh', inner_activation: 'hard_sigmoid', return_sequences: true, dropout_W: 0.2, dropout_U: 0.1, consume_less: 'cpu', input_dim: 2, input_length: null }; // prettier-ignore
const recurrent2 = { units: UNITS, kernel_initializer: 'glorot_uniform', recurrent_initializer: 'orthogonal', activation: 'tanh', recurrent_activation: 'hard_sigmoid', return_sequences: true }; // prettier-ignore
/** The gates that the columns of Keras 2's kernels belong to. */
const side = (gates: readonly number[]) => {
  const [at, unit] = [(j: number): number => gates[Math.floor(j / UNITS)], (j: number): number => j % UNITS];
  return {
    kernel: array([2, UNITS * gates.length], (i, j) => irregular(at(j), i, unit(j))),
    recurrent_kernel: array([UNITS, UNITS * gates.length], (v, j) => irregular(at(j) + 4, v, unit(j))),
    bias: array([UNITS * gates.length], (j) => irregular(at(j) + 8, unit(j))),
  };
};
/** Gates of the file: i = 0, c = 1, f = 2, o = 3, which Keras 2 has as i, f, c, o. */
const lstm1 = [0, 1, 2, 3].flatMap(gate);
const lstm2 = side([0, 2, 1, 3]);

const norm = { gamma: vector(CHANNELS, positive), beta: vector(CHANNELS), moving_mean: array([CHANNELS], (i) => irregular(9, i)), moving_variance: array([CHANNELS], (i) => positive(3, i)) }; // prettier-ignore

const CASES: readonly Case[] = [
  {
    name: 'Convolution2D, channels last',
    className: 'Convolution2D',
    newClass: 'Conv2D',
    shape: [6, 5, CHANNELS],
    old: { ...convolution, subsample: [2, 1], border_mode: 'same', dim_ordering: 'tf' },
    new: { ...convolution2, strides: [2, 1], padding: 'same', data_format: 'channels_last' },
    oldWeights: [kernel, bias],
    newWeights: { kernel, bias },
  },
  {
    name: 'Convolution2D, channels first',
    className: 'Convolution2D',
    newClass: 'Conv2D',
    shape: [CHANNELS, 6, 5],
    old: { ...convolution, subsample: [1, 2], border_mode: 'valid', dim_ordering: 'th' },
    new: { ...convolution2, strides: [1, 2], padding: 'valid', data_format: 'channels_first' },
    oldWeights: [kernelFirst, bias],
    newWeights: { kernel, bias },
  },
  {
    name: 'AtrousConvolution2D without bias',
    className: 'AtrousConvolution2D',
    newClass: 'Conv2D',
    shape: [7, 6, CHANNELS],
    old: { ...convolution, atrous_rate: [2, 2], border_mode: 'valid', dim_ordering: 'tf', bias: false },
    new: { ...convolution2, dilation_rate: [2, 2], padding: 'valid', use_bias: false },
    oldWeights: [kernel],
    newWeights: { kernel },
  },
  ...(['tf', 'th'] as const).map((ordering): Case => {
    const last = ordering === 'tf';
    const value = (r: number, c: number, o: number, i: number): number => irregular(r, c, o, i);
    return {
      name: `Deconvolution2D, ${ordering}`,
      className: 'Deconvolution2D',
      newClass: 'Conv2DTranspose',
      shape: last ? [3, 4, CHANNELS] : [CHANNELS, 3, 4],
      old: {
        ...convolution,
        subsample: [2, 2],
        border_mode: 'same',
        dim_ordering: ordering,
        output_shape: [null, 6, 8, FILTERS],
      },
      new: {
        ...convolution2,
        strides: [2, 2],
        padding: 'same',
        data_format: last ? 'channels_last' : 'channels_first',
      },
      // Keras 1 calls the first two axes filters and channels where they come first, but means them the other way about.
      oldWeights: [
        last
          ? array([ROWS, COLUMNS, CHANNELS, FILTERS], (r, c, i, o) => value(r, c, o, i))
          : array([FILTERS, CHANNELS, ROWS, COLUMNS], (o, i, r, c) => value(r, c, o, i)),
        bias,
      ],
      newWeights: { kernel: array([ROWS, COLUMNS, FILTERS, CHANNELS], value), bias },
    };
  }),
  ...[true, false].map((recent): Case => {
    const value = (t: number, i: number, o: number): number => irregular(t, i, o);
    return {
      name: `Convolution1D, ${recent ? 'since' : 'before'} Keras 1.1`,
      className: 'Convolution1D',
      newClass: 'Conv1D',
      shape: [7, CHANNELS],
      old: { nb_filter: FILTERS, filter_length: 3, subsample_length: 2, border_mode: 'valid', activation: 'tanh', init: 'uniform', bias: true, input_dim: CHANNELS, input_length: 7 }, // prettier-ignore
      new: { ...convolution2, kernel_size: [3], strides: [2], padding: 'valid', activation: 'tanh' },
      oldWeights: [
        recent
          ? array([3, 1, CHANNELS, FILTERS], (t, _, i, o) => value(t, i, o))
          : array([FILTERS, CHANNELS, 3, 1], (o, i, t) => value(t, i, o)),
        bias,
      ],
      newWeights: { kernel: array([3, CHANNELS, FILTERS], value), bias },
    };
  }),
  {
    name: 'Convolution3D, channels last',
    className: 'Convolution3D',
    newClass: 'Conv3D',
    shape: [3, 4, 3, 2],
    old: { nb_filter: 2, kernel_dim1: 2, kernel_dim2: 3, kernel_dim3: 1, border_mode: 'valid', subsample: [1, 1, 1], dim_ordering: 'tf', activation: 'linear', init: 'uniform', bias: true }, // prettier-ignore
    new: { ...convolution2, filters: 2, kernel_size: [2, 3, 1], strides: [1, 1, 1], padding: 'valid', activation: 'linear' }, // prettier-ignore
    oldWeights: [array([2, 3, 1, 2, 2], irregular), vector(2)],
    newWeights: { kernel: array([2, 3, 1, 2, 2], irregular), bias: vector(2) },
  },
  {
    name: 'SeparableConvolution2D',
    className: 'SeparableConvolution2D',
    newClass: 'SeparableConv2D',
    shape: [6, 5, CHANNELS],
    old: {
      ...convolution,
      init: 'glorot_uniform',
      depth_multiplier: 2,
      subsample: [1, 1],
      border_mode: 'valid',
      dim_ordering: 'tf',
    },
    new: { filters: FILTERS, kernel_size: [ROWS, COLUMNS], depth_multiplier: 2, padding: 'valid', activation: 'relu', depthwise_initializer: 'glorot_uniform', pointwise_initializer: 'glorot_uniform' }, // prettier-ignore
    oldWeights: [array([ROWS, COLUMNS, CHANNELS, 2], irregular), array([1, 1, 2 * CHANNELS, FILTERS], irregular), bias],
    newWeights: {
      depthwise_kernel: array([ROWS, COLUMNS, CHANNELS, 2], irregular),
      pointwise_kernel: array([1, 1, 2 * CHANNELS, FILTERS], irregular),
      bias,
    },
  },
  {
    name: 'MaxPooling2D',
    className: 'MaxPooling2D',
    shape: [2, 6, 6],
    old: { pool_size: [2, 2], strides: [3, 3], border_mode: 'same', dim_ordering: 'th' },
    new: { pool_size: [2, 2], strides: [3, 3], padding: 'same', data_format: 'channels_first' },
  },
  {
    name: 'AveragePooling1D',
    className: 'AveragePooling1D',
    shape: [8, 2],
    old: { pool_length: 3, stride: 2, border_mode: 'valid' },
    new: { pool_size: [3], strides: [2], padding: 'valid' },
  },
  {
    name: 'GlobalAveragePooling2D',
    className: 'GlobalAveragePooling2D',
    shape: [2, 3, 4],
    old: { dim_ordering: 'th' },
    new: { data_format: 'channels_first' },
  },
  { name: 'UpSampling1D', className: 'UpSampling1D', shape: [3, 2], old: { length: 3 }, new: { size: 3 } },
  {
    name: 'UpSampling2D',
    className: 'UpSampling2D',
    shape: [2, 3, 4],
    old: { size: [2, 3], dim_ordering: 'th' },
    new: { size: [2, 3], data_format: 'channels_first' },
  },
  {
    name: 'ZeroPadding2D of four sides',
    className: 'ZeroPadding2D',
    shape: [2, 3, 1],
    old: { padding: [1, 2, 0, 3], dim_ordering: 'tf' },
    new: { padding: [[1, 2], [0, 3]], data_format: 'channels_last' }, // prettier-ignore
  },
  {
    name: 'ZeroPadding2D of named sides',
    className: 'ZeroPadding2D',
    shape: [1, 2, 3],
    old: { padding: { top_pad: 1, right_pad: 2 }, dim_ordering: 'th' },
    new: { padding: [[1, 0], [0, 2]], data_format: 'channels_first' }, // prettier-ignore
  },
  {
    name: 'ZeroPadding1D of named sides',
    className: 'ZeroPadding1D',
    shape: [2, 3],
    old: { padding: { left_pad: 1, right_pad: 2 } },
    new: { padding: [1, 2] },
  },
  {
    name: 'Cropping2D',
    className: 'Cropping2D',
    shape: [5, 4, 2],
    old: { cropping: [[1, 2], [0, 1]], dim_ordering: 'tf' }, // prettier-ignore
    new: { cropping: [[1, 2], [0, 1]], data_format: 'channels_last' }, // prettier-ignore
  },
  {
    name: 'BatchNormalization',
    className: 'BatchNormalization',
    shape: [CHANNELS, 2, 3],
    old: {
      axis: 1,
      mode: 0,
      momentum: 0.99,
      epsilon: 0.01,
      beta_init: 'zero',
      gamma_init: 'one',
      gamma_regularizer: null,
    },
    new: { axis: 1, momentum: 0.99, epsilon: 0.01, beta_initializer: 'zeros', gamma_initializer: 'ones' },
    // What Keras 1 calls `running_std` is the variance.
    oldWeights: Object.values(norm),
    newWeights: norm,
  },
  {
    name: 'Embedding',
    className: 'Embedding',
    shape: [6],
    old: { input_dim: 7, output_dim: 4, init: 'uniform', input_length: 6, mask_zero: true, input_dtype: 'int32', dropout: 0.1, W_regularizer: null }, // prettier-ignore
    new: { input_dim: 7, output_dim: 4, embeddings_initializer: 'uniform', input_length: 6, mask_zero: true, dtype: 'int32' }, // prettier-ignore
    oldWeights: [array([7, 4], irregular)],
    newWeights: { embeddings: array([7, 4], irregular) },
  },
  {
    name: 'TimeDistributedDense',
    className: 'TimeDistributedDense',
    newClass: 'Dense',
    shape: [4, 3],
    old: { output_dim: 2, init: 'normal', activation: 'sigmoid', bias: true, input_dim: 3, input_length: 4 },
    new: { units: 2, kernel_initializer: 'random_normal', activation: 'sigmoid', use_bias: true },
    oldWeights: [array([3, 2], irregular), vector(2)],
    newWeights: { kernel: array([3, 2], irregular), bias: vector(2) },
  },
  {
    name: 'PReLU',
    className: 'PReLU',
    shape: [3],
    old: { init: 'zero' },
    new: { alpha_initializer: 'zeros' },
    oldWeights: [vector(3, positive)],
    newWeights: { alpha: vector(3, positive) },
  },
  {
    name: 'LSTM',
    className: 'LSTM',
    shape: [4, 2],
    old: { ...recurrent, forget_bias_init: 'one' },
    new: { ...recurrent2 },
    oldWeights: lstm1,
    newWeights: lstm2,
  },
  {
    name: 'LSTM with its gates side by side',
    className: 'LSTM',
    shape: [4, 2],
    old: { ...recurrent, consume_less: 'gpu', forget_bias_init: 'one' },
    new: { ...recurrent2 },
    oldWeights: Object.values(lstm2),
    newWeights: lstm2,
  },
  {
    name: 'GRU',
    className: 'GRU',
    shape: [4, 2],
    old: recurrent,
    new: recurrent2,
    oldWeights: [0, 1, 2].flatMap(gate),
    newWeights: side([0, 1, 2]),
  },
  {
    name: 'SimpleRNN',
    className: 'SimpleRNN',
    shape: [4, 2],
    old: { ...recurrent, inner_activation: undefined },
    new: { ...recurrent2, recurrent_activation: undefined },
    oldWeights: gate(0),
    newWeights: side([0]),
  },
];

describe('layers of Keras 1', () => {
  it.each(CASES)('$name', async ({ className, newClass = className, shape, old, new: twin, ...weights }) => {
    const input = { name: 'layer', batch_input_shape: [null, ...shape] };
    const file = keras1File(
      list([{ class_name: className, config: { ...input, trainable: true, ...old } }]),
      weights.oldWeights === undefined ? {} : { layer: weights.oldWeights },
    );
    const named = Object.entries(weights.newWeights ?? {}).map(([name, values]) => [`layer/${name}`, values]);
    await expectTwins(
      file,
      keras2Folder(
        sequential([{ class_name: newClass, config: { ...input, ...twin } }]),
        Object.fromEntries(named) as Record<string, Values>,
      ),
    );
  });
});

describe('kernels of Theano', () => {
  const input = (shape: readonly number[]): Json => ({ name: 'layer', batch_input_shape: [null, ...shape] });
  const turned = array([ROWS, COLUMNS, CHANNELS, FILTERS], (r, c, i, o) =>
    irregular(ROWS - 1 - r, COLUMNS - 1 - c, i, o),
  );
  const file = (more: Json): Uint8Array =>
    keras1File(
      list([
        {
          class_name: 'Convolution2D',
          config: { ...input([CHANNELS, 6, 5]), ...convolution, dim_ordering: 'th', border_mode: 'valid' },
        },
      ]),
      { layer: [kernelFirst, bias] },
      more,
    );
  const twin = (values: Values) =>
    keras2Folder(
      sequential([
        {
          class_name: 'Conv2D',
          config: { ...input([CHANNELS, 6, 5]), ...convolution2, data_format: 'channels_first', padding: 'valid' },
        },
      ]),
      { 'layer/kernel': values, 'layer/bias': bias },
    );

  it('are turned round where the file says what Keras ran on', async () => {
    const network = await expectTwins(file({ backend: 'theano' }), twin(turned));
    expect(network.summary.file.notes).toEqual([]);
    expect((await expectTwins(file({ backend: 'tensorflow' }), twin(kernel))).summary.file.notes).toEqual([]);
  });

  it('are taken as they are where it does not, with a note', async () => {
    const network = await expectTwins(file({}), twin(kernel));
    expect(network.summary.file.notes).toEqual([expect.stringContaining('does not say what Keras ran on')]);
  });

  it('in a file of Keras 2', async () => {
    const config = { ...input([6, 5, CHANNELS]), ...convolution2, padding: 'valid' };
    const model = sequential([{ class_name: 'Conv2D', config }]);
    const weights: Tree = {
      layer: {
        ...names('weight_names', ['layer/kernel', 'layer/bias']),
        layer: { kernel: { ...kernel }, bias: { ...bias } },
      },
    };
    const bytes = hdf5(
      { model_config: JSON.stringify(model), keras_version: '2.1.6', backend: 'theano' },
      { model_weights: { ...names('layer_names', ['layer']), ...weights } },
    );
    await expectTwins(bytes, keras2Folder(model, { 'layer/kernel': turned, 'layer/bias': bias }));
  });
});

describe('models of Keras 1', () => {
  const dense = (inputs: number, units: number, seed: number): readonly [Values, Values] => [
    array([inputs, units], (i, u) => irregular(seed, i, u)),
    array([units], (u) => irregular(seed, u)),
  ];
  const named = (layers: Weights): Record<string, Values> =>
    Object.fromEntries(
      Object.entries(layers).flatMap(([name, [w, b]]) => [
        [`${name}/kernel`, w] as const,
        [`${name}/bias`, b] as const,
      ]),
    );
  const input = (name: string, shape: readonly number[]): Json =>
    layer2('InputLayer', name, { batch_input_shape: [null, ...shape], input_dtype: 'float32' }, []);
  const functional = (layers: readonly Json[], inputs: readonly string[], outputs: readonly string[]): Json => ({
    class_name: 'Model',
    config: {
      name: 'net',
      layers,
      input_layers: inputs.map((name) => [name, 0, 0]),
      output_layers: outputs.map((name) => [name, 0, 0]),
    },
  });
  const first = { batch_input_shape: [null, 3] };

  it.each<[string, Json, string, Json]>([
    ['sum', {}, 'Add', {}],
    ['mul', {}, 'Multiply', {}],
    ['ave', {}, 'Average', {}],
    ['max', {}, 'Maximum', {}],
    ['concat', { concat_axis: 1 }, 'Concatenate', { axis: 1 }],
    ['dot', { dot_axes: [1, 1] }, 'Dot', { axes: [1, 1], normalize: false }],
    ['cos', { dot_axes: 1 }, 'Dot', { axes: 1, normalize: true }],
  ])('merged by %s', async (mode, more, className, twin) => {
    const weights = { a: dense(3, 4, 1), b: dense(3, 4, 2) };
    const model = (dense_: typeof dense1, merge: Json): Json =>
      functional(
        [
          input('in', [3]),
          { ...dense_('a', 4), name: 'a', inbound_nodes: [[['in', 0, 0]]] },
          { ...dense_('b', 4), name: 'b', inbound_nodes: [[['in', 0, 0]]] },
          merge,
        ],
        ['in'],
        ['m'],
      );
    const raw = { mode, mode_type: 'raw', concat_axis: -1, dot_axes: -1, output_shape: null, output_shape_type: 'raw', arguments: {} }; // prettier-ignore
    await expectTwins(
      keras1File(model(dense1, layer2('Merge', 'm', { ...raw, ...more }, [['a', 'b']])), weights),
      keras2Folder(model(dense2, layer2(className, 'm', twin, [['a', 'b']])), named(weights)),
    );
  });

  it('merged by a function of the author are opaque', async () => {
    const mode = { mode: ['4wEAAAA=', null, null], mode_type: 'lambda', output_shape: [4], output_shape_type: 'raw' };
    const model = functional(
      [
        input('in', [3]),
        { ...dense1('a', 4), name: 'a', inbound_nodes: [[['in', 0, 0]]] },
        layer2('Merge', 'm', mode, [['a', 'in']]),
      ],
      ['in'],
      ['m'],
    );
    const file = keras1File(model, { a: dense(3, 4, 1) });
    const network = await loadNetwork(memoryFolder({ 'model.h5': file }), 'model.h5');
    expect(network.calls.map(({ outputShape }) => outputShape)).toEqual([[4], [4]]);
    expect(network.summary.file.notes).toEqual([expect.stringContaining('The code of the layer "m"')]);
    network.dispose();
  });

  it('a Sequential that begins with a Merge of others is a graph with an input for each branch', async () => {
    const merge = (mode: string, name: string, layers: readonly Json[]): Json => ({
      class_name: 'Merge',
      config: { name, mode, mode_type: 'raw', concat_axis: -1, dot_axes: -1, layers },
    });
    const model = list([
      merge('concat', 'outer', [
        list([merge('sum', 'inner', [list([dense1('a', 4, first)]), list([dense1('b', 4, first), dense1('c', 4)])])]),
        list([dense1('d', 2, first)]),
        functional([input('e_in', [3]), { ...dense1('e', 2), name: 'e', inbound_nodes: [[['e_in', 0, 0]]] }], ['e_in'], ['e']), // prettier-ignore
      ]),
      dense1('f', 2, { activation: 'softmax' }),
    ]);
    const weights = {
      a: dense(3, 4, 1),
      b: dense(3, 4, 2),
      c: dense(4, 4, 3),
      d: dense(3, 2, 4),
      e: dense(3, 2, 5),
      f: dense(8, 2, 6),
    };
    const on = (layer: Json, name: string, ...from: string[]): Json => ({
      ...layer,
      name,
      inbound_nodes: [from.map((source) => [source, 0, 0])],
    });
    const inner = functional([input('e_in', [3]), on(dense2('e', 2), 'e', 'e_in')], ['e_in'], ['e']);
    const twin = functional(
      [
        input('a_input', [3]),
        on(dense2('a', 4), 'a', 'a_input'),
        input('b_input', [3]),
        on(dense2('b', 4), 'b', 'b_input'),
        on(dense2('c', 4), 'c', 'b'),
        layer2('Add', 'inner', {}, [['a', 'c']]),
        input('d_input', [3]),
        on(dense2('d', 2), 'd', 'd_input'),
        input('net_e_in', [3]),
        on(inner, 'net', 'net_e_in'),
        layer2('Concatenate', 'outer', { axis: -1 }, [['inner', 'd', 'net']]),
        on(dense2('f', 2, { activation: 'softmax' }), 'f', 'outer'),
      ],
      ['a_input', 'b_input', 'd_input', 'net_e_in'],
      ['f'],
    );
    const network = await expectTwins(keras1File(model, weights), keras2Folder(twin, named(weights)));
    expect(network.inputs.map(({ name }) => name)).toEqual(['a_input', 'b_input', 'd_input', 'net_e_in']);
    expect(network.calls.find(({ name }) => name === 'c')?.jsonPath).toEqual(
      ['modelTopology', 'model_config', 'config', 0, 'config', 'layers', 0, 'config', 0, 'config', 'layers', 1, 'config', 1], // prettier-ignore
    );
  });

  it('a model within the model has its weights in one group, those that learn first', async () => {
    const batchNorm = { class_name: 'BatchNormalization', config: { name: 'dense_bn', axis: -1, mode: 0, epsilon: 0.001, gamma_init: 'one', beta_init: 'zero' } }; // prettier-ignore
    const twinNorm = { class_name: 'BatchNormalization', config: { name: 'dense_bn', axis: -1, epsilon: 0.001 } };
    const model = (dense_: typeof dense1, bn: Json, wrap: (layers: readonly Json[]) => Json): Json =>
      functional(
        [
          input('in', [3]),
          {
            ...wrap([dense_('dense', CHANNELS, first), bn, dense_('dense_x', 2)]),
            name: 'inner',
            inbound_nodes: [[['in', 0, 0]]],
          },
        ],
        ['in'],
        ['inner'],
      );
    const [a, b] = [dense(3, CHANNELS, 1), dense(CHANNELS, 2, 2)];
    const { gamma, beta, moving_mean, moving_variance } = norm;
    const own = ['dense_W', 'dense_b', 'dense_bn_gamma', 'dense_bn_beta', 'dense_x_W', 'dense_x_b', 'dense_bn_running_mean', 'dense_bn_running_std']; // prettier-ignore
    const values = [...a, gamma, beta, ...b, moving_mean, moving_variance];
    const bytes = hdf5(
      { model_config: JSON.stringify(model(dense1, batchNorm, list)), keras_version: '1.1.0' },
      {
        model_weights: {
          ...names('layer_names', ['inner']),
          inner: {
            ...names('weight_names', own),
            ...Object.fromEntries(own.map((name, i) => [name, { ...values[i] }])),
          },
        },
      },
    );
    const named2 = Object.entries(norm).map(([name, value]) => [`dense_bn/${name}`, value] as const);
    const wrap = (layers: readonly Json[]): Json => sequential(layers, 'inner');
    await expectTwins(
      bytes,
      keras2Folder(model(dense2, twinNorm, wrap), {
        ...named({ dense: a, dense_x: b }),
        ...Object.fromEntries(named2),
      }),
    );
  });

  it('halves of a Bidirectional keep their weights in one list', async () => {
    const shape = { batch_input_shape: [null, 4, 2] };
    const both = (layer: Json): Json => ({
      class_name: 'Bidirectional',
      config: { name: 'both', merge_mode: 'concat', layer: { class_name: 'LSTM', config: layer }, ...shape },
    });
    const at = (half: string, values: Readonly<Record<string, Values>>): [string, Values][] =>
      Object.entries(values).map(([name, value]) => [`both/${half}_lstm/${name}`, value]);
    await expectTwins(
      keras1File(list([both({ ...recurrent, name: 'lstm' })]), { both: [...lstm1, ...[4, 5, 6, 7].flatMap(gate)] }),
      keras2Folder(
        sequential([both({ ...recurrent2, name: 'lstm' })]),
        Object.fromEntries([...at('forward', lstm2), ...at('backward', side([4, 6, 5, 7]))]),
      ),
    );
  });

  it('a model at every step keeps its weights in one list', async () => {
    const shape = { batch_input_shape: [null, 7, CHANNELS] };
    const old = {
      class_name: 'Convolution1D',
      config: { name: 'conv', nb_filter: FILTERS, filter_length: 3, ...shape },
    };
    const recent = { class_name: 'Conv1D', config: { name: 'conv', filters: FILTERS, kernel_size: [3], ...shape } };
    const steps = (layer: Json): Json => ({
      class_name: 'TimeDistributed',
      config: { name: 'steps', layer, batch_input_shape: [null, 2, 7, CHANNELS] },
    });
    const own = {
      'conv_W:0': array([FILTERS, CHANNELS, 3, 1], (o, i, t) => irregular(t, i, o)),
      'conv_b:0': bias,
      'dense_W:0': array([FILTERS, 2], irregular),
      'dense_b:0': vector(2),
    };
    const bytes = hdf5(
      { model_config: JSON.stringify(list([steps(list([old, dense1('dense', 2)]))])), keras_version: '1.0.8' },
      {
        model_weights: {
          ...names('layer_names', ['steps']),
          steps: { ...names('weight_names', Object.keys(own)), ...(own as unknown as Tree) },
        },
      },
    );
    await expectTwins(
      bytes,
      keras2Folder(sequential([steps(sequential([recent, dense2('dense', 2)], 'inner'))]), {
        'steps/conv/kernel': array([3, CHANNELS, FILTERS], irregular),
        'steps/conv/bias': bias,
        'steps/dense/kernel': own['dense_W:0'],
        'steps/dense/bias': own['dense_b:0'],
      }),
    );
  });

  it('an architecture with its weights beside it, neither with a version', async () => {
    const weights = { a: dense(3, 4, 1), b: dense(4, 2, 2) };
    const layers = [dense1('a', 4, { ...first, activation: 'relu' }), { class_name: 'Dropout', config: { name: 'd', p: 0.5 } }, dense1('b', 2)]; // prettier-ignore
    const tree = Object.entries(weights).map(([name, [w, b]]): [string, Tree] => [
      name,
      { ...names('weight_names', [`${name}_W`, `${name}_b`]), [`${name}_W`]: { ...w }, [`${name}_b`]: { ...b } },
    ]);
    const file = hdf5({ layer_names: ['a', 'd', 'b'] }, { ...Object.fromEntries(tree), d: names('weight_names', []) });
    const network = await loadNetwork(
      memoryFolder({ 'model.json': JSON.stringify(list(layers)), 'model.h5': file }),
      'model.json',
    );
    const values = network.calls.flatMap((call) => call.weights.map(({ value }) => Array.from(value.dataSync())));
    expect(values).toEqual([...weights.a, ...weights.b].map(({ values: list_ }) => list_));
    network.dispose();
  });

  it('tells its optimiser and loss', async () => {
    const training = { optimizer_config: { class_name: 'Adadelta', config: { lr: 0.5, rho: 0.95, epsilon: 1e-8 } }, loss: 'mse', metrics: ['accuracy'], sample_weight_mode: null, loss_weights: null }; // prettier-ignore
    const file = keras1File(list([dense1('a', 2, first)]), { a: dense(3, 2, 1) }, { training_config: JSON.stringify(training) }); // prettier-ignore
    const network = await loadNetwork(memoryFolder({ 'm.h5': file }), 'm.h5');
    expect(network.summary.training).toEqual({ optimizer: 'Adadelta', learningRate: 0.5, losses: ['mean_squared_error'] }); // prettier-ignore
    expect(network.summary.file.generatedBy).toBe('Keras 1.2.2');
    network.dispose();
  });

  it('refuses an architecture of Keras 0', async () => {
    const layer = { name: 'Dense', output_dim: 2, input_dim: 3, init: 'uniform', activation: 'linear' };
    const file = JSON.stringify({ name: 'Sequential', layers: [layer], loss: 'mse' });
    await expect(loadNetwork(memoryFolder({ 'model.json': file }), 'model.json')).rejects.toMatchObject({
      code: 'unsupported-format',
      message: expect.stringContaining('as Keras 0 saved it') as string,
    });
  });

  it('refuses normalisation by statistics that are not saved', async () => {
    const layer = { class_name: 'BatchNormalization', config: { name: 'bn', mode: 2, axis: -1, ...first } };
    const file = keras1File(list([layer]), { bn: Object.values(norm) });
    await expect(loadNetwork(memoryFolder({ 'm.h5': file }), 'm.h5')).rejects.toMatchObject({
      code: 'unsupported-format',
      message: expect.stringContaining('The layer "bn" is a BatchNormalization of mode 2') as string,
    });
  });
});
