import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../src/analysis/backend/backend';
import { loadNetwork } from '../../../src/analysis/model/load';
import { WASM_FOLDER } from '../backend/support';
import { expectValues, type Input, OneLayer, randomInput } from './oneLayer';
import { dense, type Json, layer3, tfjsFolder, weightsOf } from './savedFiles';

beforeAll(() => startBackend(WASM_FOLDER));

const input: Input = { shape: [2, 2, 3], values: [1, 2, -3, 4, 5, 6, -1, 0.5, 2, 3, 1.5, 7] };
const { values: x } = input;

interface Case {
  readonly call: string;
  readonly named?: Json;
  readonly shape: readonly number[];
  readonly expected: readonly number[];
}

const CASES: readonly Case[] = [
  { call: 'math.truediv', named: { y: 127.5, name: null }, shape: [2, 2, 3], expected: x.map((v) => v / 127.5) },
  { call: 'math.subtract', named: { y: 1 }, shape: [2, 2, 3], expected: x.map((v) => v - 1) },
  { call: '__operators__.add', named: { y: [1, 2, 3] }, shape: [2, 2, 3], expected: x.map((v, i) => v + (i % 3) + 1) },
  { call: 'math.multiply', named: { y: 1 / 6 }, shape: [2, 2, 3], expected: x.map((v) => v / 6) },
  { call: 'math.reduce_mean', named: { axis: -1 }, shape: [2, 2], expected: [0, 5, 0.5, 23 / 6] },
  {
    call: 'math.reduce_sum',
    named: { axis: [1], keepdims: true },
    shape: [2, 1, 3],
    expected: [5, 7, 3, 2, 2, 9],
  },
  { call: 'reshape', named: { shape: [-1, 6] }, shape: [2, 6], expected: x },
  { call: 'expand_dims', named: { axis: 1 }, shape: [2, 1, 2, 3], expected: x },
  { call: 'cast', named: { dtype: 'float32' }, shape: [2, 2, 3], expected: x },
  {
    call: 'transpose',
    named: { perm: [0, 2, 1] },
    shape: [2, 3, 2],
    expected: [1, 4, 2, 5, -3, 6, -1, 3, 0.5, 1.5, 2, 7],
  },
  { call: 'linalg.matmul', named: { b: [[1], [0], [2]] }, shape: [2, 2, 1], expected: [-5, 16, 3, 17] },
  {
    call: 'clip_by_value',
    named: { clip_value_min: -2.5, clip_value_max: 4.5 },
    shape: [2, 2, 3],
    expected: x.map((v) => Math.min(4.5, Math.max(-2.5, v))),
  },
];

describe('TFOpLambda', () => {
  it.each(CASES.map((item) => [item.call, item] as const))('%s', (_name, { call, named = {}, shape, expected }) => {
    const layer = new OneLayer('TFOpLambda', { function: call }, [input], { options: named });
    expect(layer.output().shape).toEqual(shape);
    expectValues(layer.output().values, expected);
    layer.expectGradients();
    expect(layer.notes).toEqual([]);
    layer.dispose();
  });

  it.each([
    ['the first step', [{ start: null, stop: null, step: null }, 0], [2, 3], [1, 2, -3, -1, 0.5, 2]],
    ['every other feature', ['...', { start: 0, stop: null, step: 2 }], [2, 2, 2], [1, -3, 4, 6, -1, 2, 3, 7]],
    [
      'all backwards',
      [
        { start: null, stop: null, step: null },
        { start: null, stop: null, step: null },
        { start: null, stop: null, step: -1 },
      ],
      [2, 2, 3],
      [-3, 2, 1, 6, 5, 4, 2, 0.5, -1, 7, 1.5, 3],
    ],
    [
      'the last two features with a new axis',
      [
        { start: null, stop: null, step: null },
        null,
        { start: null, stop: 1, step: null },
        { start: -2, stop: null, step: null },
      ],
      [2, 1, 1, 2],
      [2, -3, 0.5, 2],
    ],
  ])('takes %s', (_name, slice_spec, shape, expected) => {
    const config = { function: '__operators__.getitem' };
    const layer = new OneLayer('SlicingOpLambda', config, [input], { options: { slice_spec } });
    expect(layer.output().shape).toEqual(shape);
    expectValues(layer.output().values, expected);
    layer.expectGradients();
    layer.dispose();
  });

  it('joins a list of tensors', () => {
    const layer = new OneLayer('TFOpLambda', { function: 'concat' }, [input, randomInput([2, 1])], {
      options: { axis: -1 },
    });
    expect(layer.output().shape).toEqual([2, 2, 4]);
    layer.expectGradients();
    layer.dispose();
  });

  it('becomes an activation layer where it is one', () => {
    const layer = new OneLayer('TFOpLambda', { function: 'nn.leaky_relu' }, [input], { options: { alpha: 0.1 } });
    expect(layer.model.layers[1].getClassName()).toBe('Activation');
    expectValues(
      layer.output().values,
      x.map((v) => (v > 0 ? v : v * 0.1)),
    );
    layer.dispose();
  });

  it.each([
    ['an unknown function', 'signal.rfft', {}],
    ['a reduction over the batch', 'math.reduce_mean', {}],
    ['the first sample only', '__operators__.getitem', { slice_spec: 0 }],
    ['arguments that are not read', 'math.multiply', { y: 'text' }],
  ])('is opaque for %s', (_name, call, options) => {
    const layer = new OneLayer('TFOpLambda', { function: call }, [input], { options });
    expect(layer.output()).toEqual({ shape: [2, 2, 3], values: [...x] });
    expect(layer.notes).toEqual([expect.stringContaining(`"layer" (${call})`)]);
    layer.dispose();
  });
});

describe('TensorFlowOpLayer', () => {
  const graphOp = (op: string, constants: Json, attr: Json = {}) =>
    new OneLayer('TensorFlowOpLayer', { node_def: { name: op, op, input: [], attr }, constants }, [input]);

  it.each<[string, Json, Json, number[]]>([
    ['RealDiv', { '1': 2 }, {}, x.map((v) => v / 2)],
    ['Sub', { '0': 1 }, {}, x.map((v) => 1 - v)],
    ['ExpandDims', { '1': 1 }, {}, [...x]],
    ['Mean', { '1': [2] }, { keep_dims: { b: true } }, [0, 5, 0.5, 23 / 6]],
  ])('%s', (op, constants, attr, expected) => {
    const layer = graphOp(op, constants, attr);
    expectValues(layer.output().values, expected);
    layer.expectGradients();
    layer.dispose();
  });
});

describe('a network of calls', () => {
  const keras2 = (className: string, name: string, config: Json, inbound_nodes: unknown) => ({
    class_name: className,
    name,
    config: { name, ...config },
    inbound_nodes,
  });
  const op3 = (className: string, name: string, args: unknown[], config: Json = {}) => ({
    ...layer3(className, name, config, []),
    module: 'keras.src.ops.numpy',
    inbound_nodes: [{ args, kwargs: {} }],
  });
  const tensor = (name: string) => ({
    class_name: '__keras_tensor__',
    config: { shape: [null, 4], dtype: 'float32', keras_history: [name, 0, 0] },
  });
  const model = (layers: unknown[], output: string) => ({
    class_name: 'Functional',
    config: { name: 'net', layers, input_layers: [['in', 0, 0]], output_layers: [[output, 0, 0]] },
  });
  const weights = weightsOf({ 'first/kernel': [3, 4], 'first/bias': [4], 'last/kernel': [4, 2], 'last/bias': [2] });
  const units = (name: string) => dense(name, name === 'first' ? 4 : 2)['config'] as Json;

  it('of Keras 2 and of Keras 3 is the same: a hard swish from its parts, with a constant first', async () => {
    const two = model(
      [
        keras2('InputLayer', 'in', { batch_input_shape: [null, 3] }, []),
        keras2('Dense', 'first', units('first'), [[['in', 0, 0, {}]]]),
        keras2('TFOpLambda', 'shift', { function: '__operators__.add' }, [['first', 0, 0, { y: 3, name: null }]]),
        keras2('TFOpLambda', 'bound', { function: 'nn.relu6' }, [['shift', 0, 0, { name: null }]]),
        keras2('TFOpLambda', 'scale', { function: 'math.multiply' }, [
          ['_CONSTANT_VALUE', -1, 0.5, { y: ['bound', 0, 0] }],
        ]),
        keras2('TFOpLambda', 'gate', { function: 'math.multiply' }, [['first', 0, 0, { y: ['scale', 0, 0] }]]),
        keras2('Dense', 'last', units('last'), [[['gate', 0, 0, {}]]]),
      ],
      'last',
    );
    const three = model(
      [
        layer3('InputLayer', 'in', { batch_shape: [null, 3] }, []),
        layer3('Dense', 'first', units('first'), [['in']], [null, 3]),
        op3('Add', 'shift', [tensor('first'), 3]),
        { ...op3('Relu6', 'bound', [tensor('shift')]), module: 'keras.src.ops.nn' },
        op3('Multiply', 'scale', [0.5, tensor('bound')]),
        op3('Multiply', 'gate', [tensor('first'), tensor('scale')]),
        layer3('Dense', 'last', units('last'), [['gate']]),
      ],
      'last',
    );
    const networks = await Promise.all([
      loadNetwork(tfjsFolder({ keras_version: '2.11.0', model_config: two }, weights), 'model.json'),
      loadNetwork(tfjsFolder({ keras_version: '3.4.0', model_config: three }, weights), 'model.json'),
    ]);
    for (const { summary, calls } of networks) {
      expect(summary.file.notes).toEqual([]);
      expect(calls.map(({ name, role, activation }) => [name, role, activation?.name ?? null])).toEqual([
        ['first', 'hidden', 'linear'],
        ['shift', 'hidden', null],
        ['bound', 'hidden', 'relu6'],
        ['scale', 'hidden', null],
        ['gate', 'hidden', null],
        ['last', 'output', 'linear'],
      ]);
      expect(calls.map(({ inputs }) => inputs)).toEqual([
        ['in'],
        ['first'],
        ['shift'],
        ['bound'],
        ['first', 'scale'],
        ['gate'],
      ]);
    }
    for (const network of networks) network.dispose();
  });

  it.each([
    ['split', 'split', { num_or_size_splits: 2, axis: -1 }, 'hidden', 2],
    ['an opaque call', 'signal.parts', {}, 'opaque', 4],
  ])('takes the outputs of %s apart', async (_name, call, options, role, size) => {
    const topology = model(
      [
        keras2('InputLayer', 'in', { batch_input_shape: [null, 3] }, []),
        keras2('Dense', 'first', units('first'), [[['in', 0, 0, {}]]]),
        keras2('TFOpLambda', 'parts', { function: call }, [['first', 0, 0, options]]),
        keras2('Multiply', 'product', {}, [
          [
            ['parts', 0, 0, {}],
            ['parts', 0, 1, {}],
          ],
        ]),
        keras2('Dense', 'last', units('last'), [[['product', 0, 0, {}]]]),
      ],
      'last',
    );
    const shapes = weightsOf({ 'first/kernel': [3, 4], 'first/bias': [4], 'last/kernel': [size, 2], 'last/bias': [2] });
    const network = await loadNetwork(tfjsFolder({ model_config: topology }, shapes), 'model.json');
    expect(network.calls.map(({ outputShape }) => outputShape)).toEqual([[4], [size], [size], [2]]);
    expect(network.calls[1].role).toBe(role);
    network.dispose();
  });

  it('of Keras 3 indexes, and keeps an unknown operation as opaque with the network around it', async () => {
    const slices = {
      class_name: '__tuple__',
      items: [
        { class_name: '__slice__', config: { start: null, stop: null, step: null } },
        { class_name: '__slice__', config: { start: 1, stop: 3, step: null } },
      ],
    };
    const network = await loadNetwork(
      tfjsFolder(
        {
          keras_version: '3.4.0',
          model_config: model(
            [
              layer3('InputLayer', 'in', { batch_shape: [null, 3] }, []),
              layer3('Dense', 'first', units('first'), [['in']], [null, 3]),
              op3('Erfinv', 'strange', [tensor('first')]),
              op3('GetItem', 'part', [tensor('strange'), slices]),
              op3('Mean', 'average', [tensor('part')], { axis: -1, keepdims: true }),
              op3('Concatenate', 'all', [[tensor('part'), tensor('average'), tensor('average')]], { axis: -1 }),
              layer3('Dense', 'last', units('last'), [['all']]),
            ],
            'last',
          ),
        },
        weights,
      ),
      'model.json',
    );
    expect(network.calls.map(({ name, role, outputShape }) => [name, role, outputShape])).toEqual([
      ['first', 'hidden', [4]],
      ['strange', 'opaque', [4]],
      ['part', 'hidden', [2]],
      ['average', 'hidden', [1]],
      ['all', 'hidden', [4]],
      ['last', 'output', [2]],
    ]);
    expect(network.summary.file.notes).toEqual([
      'The code of the layer "strange" (Erfinv) is not in the file; its input was passed on in place of its output.',
    ]);
    network.dispose();
  });

  describe('constants among the inputs of ordinary layers', () => {
    const constant = { class_name: '__tensor__', config: { value: [1, -2, 0.5, 3], dtype: 'float32' } };
    const { value } = constant.config;
    const load = (layer: unknown, version: 2 | 3) => {
      const name = (layer as { name: string }).name;
      const layers =
        version === 3
          ? [
              layer3('InputLayer', 'in', { batch_shape: [null, 3] }, []),
              layer3('Dense', 'first', units('first'), [['in']], [null, 3]),
              layer,
              layer3('Dense', 'last', units('last'), [[name]]),
            ]
          : [
              keras2('InputLayer', 'in', { batch_input_shape: [null, 3] }, []),
              keras2('Dense', 'first', units('first'), [[['in', 0, 0, {}]]]),
              layer,
              keras2('Dense', 'last', units('last'), [[[name, 0, 0, {}]]]),
            ];
      const topology = { keras_version: version === 3 ? '3.4.0' : '2.11.0', model_config: model(layers, 'last') };
      return loadNetwork(tfjsFolder(topology, weights), 'model.json');
    };
    const merge3 = (className: string, ...constants: unknown[]) => ({
      ...layer3(className, 'merge', {}, []),
      inbound_nodes: [{ args: [[tensor('first'), ...constants]], kwargs: {} }],
    });

    it.each<[string, (x: number, c: number) => number]>([
      ['Add', (a, c) => a + c],
      ['Subtract', (a, c) => a - c],
      ['Multiply', (a, c) => a * c],
      ['Average', (a, c) => (a + c) / 2],
      ['Maximum', Math.max],
      ['Minimum', Math.min],
    ])('%s merges with them, in Keras 2 and Keras 3', async (className, merge) => {
      const two = keras2(className, 'merge', {}, [
        [
          ['first', 0, 0, {}],
          ['_CONSTANT_VALUE', -1, value, {}],
        ],
      ]);
      for (const network of [await load(two, 2), await load(merge3(className, constant), 3)]) {
        const seen: Record<string, number[]> = {};
        tf.tidy(() => {
          network.trace([tf.tensor2d([[0.2, -0.4, 1]])], {
            preActivation: (_call, z) => z,
            output(call, a) {
              seen[call.name] = [...a.dataSync()];
              return a;
            },
          });
        });
        expect(seen['merge']).toHaveLength(4);
        seen['merge'].forEach((own, i) => expect(own).toBeCloseTo(merge(seen['first'][i], value[i]), 6));
        expect(network.calls[1]).toMatchObject({ name: 'merge', role: 'hidden', inputs: ['first'] });
        expect(network.summary.file.notes).toEqual([]);
        network.dispose();
      }
    });

    it('adds several', async () => {
      const network = await load(merge3('Add', constant, { ...constant, class_name: '__numpy__' }, 2), 3);
      expect(network.calls[1].outputShape).toEqual([4]);
      network.dispose();
    });

    it.each([
      ['a layer that does not merge', merge3('Concatenate', constant)],
      [
        'an argument by name',
        {
          ...layer3('MultiHeadAttention', 'merge', { num_heads: 1, key_dim: 2 }, []),
          inbound_nodes: [{ args: [tensor('first'), tensor('first')], kwargs: { attention_mask: constant } }],
        },
      ],
    ])('are an error that names the layer with %s', async (_name, layer) => {
      await expect(load(layer, 3)).rejects.toMatchObject({
        code: 'unsupported-format',
        message: expect.stringContaining('The layer "merge" of class') as string,
        place: expect.stringContaining('layers[2]') as string,
      });
    });
  });
});
