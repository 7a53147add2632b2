import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../src/analysis/backend/backend';
import { loadNetwork } from '../../../src/analysis/model/load';
import { WASM_FOLDER } from '../backend/support';
import { dense, type Json, layer3, sequential, tfjsFolder, type WeightFixture, weightsOf } from './savedFiles';

beforeAll(() => startBackend(WASM_FOLDER));

const load = (topology: unknown, weights: readonly WeightFixture[]) =>
  loadNetwork(tfjsFolder({ keras_version: '3.4.0', model_config: topology }, weights), 'model.json');

const around = (layer: Json, units: number): [Json, WeightFixture[]] => [
  sequential([dense('before', 4, { batch_input_shape: [null, 3] }), layer, dense('after', 2)]),
  weightsOf({ 'before/kernel': [3, 4], 'before/bias': [4], 'after/kernel': [units, 2], 'after/bias': [2] }),
];

const lambda = {
  class_name: 'Lambda',
  config: { name: 'code', function: ['4wEAAAAA', null, null], function_type: 'lambda' },
};

describe('layers whose code is not in the file', () => {
  it.each<[string, Json]>([
    ['a Lambda', lambda],
    ['a registered class of Keras 2', { class_name: 'Custom>Attention', config: { name: 'code', units: 3 } }],
    [
      'a class of Keras 3',
      { class_name: 'Dense', module: 'my.layers', registered_name: 'Dense', config: { name: 'code' } },
    ],
  ])('%s passes its input on, and the layers around it are read', async (_name, layer) => {
    const network = await load(...around(layer, 4));
    expect(network.calls.map(({ name, role, outputShape }) => [name, role, outputShape])).toEqual([
      ['before', 'hidden', [4]],
      ['code', 'opaque', [4]],
      ['after', 'output', [2]],
    ]);
    expect(network.summary.file.notes).toEqual([
      `The code of the layer "code" (${String(layer['class_name']).replace('Custom>', '')}) is not in the file; its input was passed on in place of its output.`,
    ]);
    network.dispose();
  });

  it('may be of a class that the file does not mark, and have weights of its own', async () => {
    const [topology, weights] = around({ class_name: 'Antirectifier', config: { name: 'code' } }, 4);
    const own = weightsOf({ 'code/scale': [4, 4] });
    const network = await load(topology, [...weights.slice(0, 2), ...own, ...weights.slice(2)]);
    expect(network.calls.map(({ name, role, weights: used }) => [name, role, used.length])).toEqual([
      ['before', 'hidden', 2],
      ['code', 'opaque', 0],
      ['after', 'output', 2],
    ]);
    network.dispose();
  });

  it('has the shape that the file tells of its output', async () => {
    const withShape = { ...lambda, config: { ...lambda.config, output_shape: [6] } };
    const network = await load(...around(withShape, 6));
    expect(network.calls.map(({ outputShape }) => outputShape)).toEqual([[4], [6], [2]]);
    network.dispose();
  });

  it('has the shape that its consumers tell in Keras 3', async () => {
    const [{ config }, weights] = around(lambda, 7) as [{ config: { layers: Json[] } }, WeightFixture[]];
    const [first, code, last] = config.layers.map(({ config }) => config as Json);
    const topology = {
      class_name: 'Functional',
      config: {
        name: 'net',
        layers: [
          layer3('InputLayer', 'in', { batch_shape: [null, 3] }, []),
          layer3('Dense', 'before', first, [['in']], [null, 3]),
          layer3('Lambda', 'code', code, [['before']], [null, 4]),
          layer3('Dense', 'after', last, [['code']], [null, 7]),
        ],
        input_layers: ['in', 0, 0],
        output_layers: ['after', 0, 0],
      },
    };
    const network = await load(topology, weights);
    expect(network.calls.map(({ outputShape }) => outputShape)).toEqual([[4], [7], [2]]);
    network.dispose();
  });

  it('is refused with a message where its shape is not known and does not fit', async () => {
    await expect(load(...around(lambda, 6))).rejects.toMatchObject({
      code: 'weights-mismatch',
      message: 'The weight "after/kernel" must have the shape [4, 2], but "after/kernel" in the file has [6, 2].',
    });
  });

  it('lets the indices through that the embedding behind it takes', async () => {
    const embedding = (name: string, words: number): Json => ({
      class_name: 'Embedding',
      name,
      config: { name, input_dim: words, output_dim: 2 },
      inbound_nodes: [[[name === 'positions' ? 'range' : 'in', 0, 0, {}]]],
    });
    const topology = {
      class_name: 'Model',
      config: {
        name: 'net',
        layers: [
          {
            class_name: 'InputLayer',
            name: 'in',
            config: { name: 'in', batch_input_shape: [null, 4], dtype: 'int32' },
            inbound_nodes: [],
          },
          { class_name: 'RangeLayer', name: 'range', config: { name: 'range' }, inbound_nodes: [[['in', 0, 0, {}]]] },
          embedding('words', 9),
          embedding('positions', 4),
          {
            class_name: 'Add',
            name: 'sum',
            config: { name: 'sum' },
            inbound_nodes: [
              [
                ['words', 0, 0, {}],
                ['positions', 0, 0, {}],
              ],
            ],
          },
        ],
        input_layers: [['in', 0, 0]],
        output_layers: [['sum', 0, 0]],
      },
    };
    const weights = weightsOf({ 'words/embeddings': [9, 2], 'positions/embeddings': [4, 2] });
    const network = await load(topology, weights);
    expect(network.inputs).toMatchObject([{ kind: 'indices', limit: 4 }]);
    network.dispose();
  });
});
