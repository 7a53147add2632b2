import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel as loadWithTfjs } from '@tensorflow/tfjs-layers';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startBackend } from '../../../src/analysis/backend/backend';
import type { Folder } from '../../../src/analysis/model/folder';
import { readLayersModel } from '../../../src/analysis/model/layersModel';
import { weightsOf as layerWeights } from '../../../src/analysis/model/layerFacts';
import { disposeModel } from '../../../src/analysis/model/modelBuilder';
import type { LoadedLayersModel } from '../../../src/analysis/model/layersNetwork';
import { layersModelOf } from '../../../src/analysis/model/savedModel';
import { WASM_FOLDER } from '../backend/support';
import {
  dense,
  float32,
  type Json,
  layer2,
  layer3,
  sequential,
  tfjsFolder,
  type WeightFixture,
  weightsOf,
} from './savedFiles';

beforeAll(() => startBackend(WASM_FOLDER));

let tensorsBefore = 0;
let loaded: LoadedLayersModel[] = [];
beforeEach(() => void (tensorsBefore = tf.memory().numTensors));
afterEach(() => {
  for (const { model } of loaded) disposeModel(model);
  loaded = [];
  expect(tf.memory().numTensors, 'every tensor is released').toBe(tensorsBefore);
});

async function load(folder: Folder): Promise<LoadedLayersModel> {
  const json: unknown = JSON.parse(new TextDecoder().decode(await folder.read('model.json')));
  const model = layersModelOf(await readLayersModel(folder, 'model.json', json));
  loaded.push(model);
  return model;
}

/** The outputs for inputs of a fixed pattern. */
function outputs(model: LayersModel): number[][] {
  return tf.tidy(() => {
    const inputs = model.inputs.map(({ shape }, i) => {
      const dims = [3, ...shape.slice(1).map((dim) => dim ?? 5)];
      const size = dims.reduce((a, b) => a * b, 1);
      return tf.tensor(
        Float32Array.from({ length: size }, (_, j) => Math.cos(0.9 * j + i)),
        dims,
      );
    });
    const result = model.predict(inputs);
    return [result].flat().map((tensor) => Array.from(tensor.dataSync()));
  });
}

function expectClose(actual: number[][], expected: number[][], tolerance = 1e-6): void {
  expect(actual.map((list) => list.length)).toEqual(expected.map((list) => list.length));
  actual.flat().forEach((value, i) => expect(Math.abs(value - expected.flat()[i])).toBeLessThanOrEqual(tolerance));
}

/** What plain tfjs gives for the same topology and weights. */
async function reference(topology: Json, weights: readonly WeightFixture[]): Promise<number[][]> {
  const model = await loadWithTfjs({
    load: () =>
      Promise.resolve({
        modelTopology: structuredClone(topology),
        weightSpecs: weights.map(({ name, shape }) => ({ name, shape: [...shape], dtype: 'float32' as const })),
        weightData: float32(...weights.map(({ values }) => values)).buffer as ArrayBuffer,
      }),
  });
  const result = outputs(model);
  disposeModel(model);
  return result;
}

const TWO_LAYERS = sequential([
  dense('first', 4, { batch_input_shape: [null, 3], activation: 'relu' }),
  dense('second', 2),
]);
const TWO_LAYERS_WEIGHTS = weightsOf({
  'first/kernel': [3, 4],
  'first/bias': [4],
  'second/kernel': [4, 2],
  'second/bias': [2],
});

describe('topologies of every generation', () => {
  it.each<[string, unknown]>([
    ['tf.keras, under model_config', { keras_version: '2.15.0', backend: 'tensorflow', model_config: TWO_LAYERS }],
    ['tfjs, not under model_config', { ...TWO_LAYERS, keras_version: 'tfjs-layers 4.22.0', backend: 'tensor_flow.js' }],
    [
      'Keras 2.0, a Sequential whose configuration is a list',
      { model_config: { class_name: 'Sequential', config: (TWO_LAYERS['config'] as Json)['layers'] } },
    ],
    ['the topology as text', { model_config: JSON.stringify(TWO_LAYERS) }],
  ])('%s', async (_name, topology) => {
    const { model } = await load(tfjsFolder(topology, TWO_LAYERS_WEIGHTS));
    expectClose(outputs(model), await reference(TWO_LAYERS, TWO_LAYERS_WEIGHTS));
  });

  it('reads initialisers, regularisers and constraints under all their names', async () => {
    const config = {
      kernel_initializer: {
        module: 'keras.initializers',
        class_name: 'LecunNormal',
        config: { seed: null },
        registered_name: null,
      },
      bias_initializer: 'zeros',
      kernel_regularizer: { class_name: 'L2', config: { l2: 0.01 } },
      bias_regularizer: { class_name: 'L1', config: { l1: 0.02 } },
      activity_regularizer: { class_name: 'L1L2', config: { l1: 0.1, l2: 0.2 } },
      kernel_constraint: { class_name: 'MaxNorm', config: { max_value: 0.001, axis: 0 } },
      bias_constraint: { class_name: 'UnitNorm', config: { axis: 0 } },
    };
    const topology = sequential([dense('first', 4, { batch_input_shape: [null, 3], ...config })]);
    const weights = TWO_LAYERS_WEIGHTS.slice(0, 2);
    const { model } = await load(tfjsFolder(topology, weights));
    const layer = model.getLayer('first') as unknown as Record<string, { getConfig(): Json }>;
    expect(layer['kernelRegularizer'].getConfig()).toEqual({ l1: 0, l2: 0.01 });
    expect(layer['biasRegularizer'].getConfig()).toEqual({ l1: 0.02, l2: 0 });
    expect(layer['kernelInitializer'].getConfig()).toMatchObject({ scale: 1, mode: 'fanIn', distribution: 'normal' });
    // Constraints act when the optimiser updates, not on what was saved.
    expect(Array.from(model.weights[0].read().dataSync())).toEqual(weights[0].values);
  });

  it('reads the pointwise initialiser of a separable convolution, which tfjs takes from the depthwise one', async () => {
    const layer = {
      class_name: 'SeparableConv2D',
      config: {
        name: 'separable',
        batch_input_shape: [null, 4, 4, 2],
        filters: 3,
        kernel_size: [3, 3],
        use_bias: false,
        depthwise_initializer: { class_name: 'HeUniform', config: {} },
        pointwise_initializer: { class_name: 'RandomNormal', config: { mean: 0, stddev: 0.03 } },
      },
    };
    const zeros = (name: string, shape: number[]) => ({
      name: `separable/${name}`,
      shape,
      values: new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(0),
    });
    const weights = [zeros('depthwise_kernel', [3, 3, 2, 1]), zeros('pointwise_kernel', [1, 1, 2, 3])];
    const { model } = await load(tfjsFolder(sequential([layer]), weights));
    expect(layerWeights(model.getLayer('separable')).map(({ name, initializer }) => [name, initializer])).toEqual([
      ['depthwise_kernel', { className: 'HeUniform', config: {} }],
      ['pointwise_kernel', { className: 'RandomNormal', config: { mean: 0, stddev: 0.03 } }],
    ]);
  });

  it('takes an unknown initialiser for what it is, and not for another', async () => {
    const topology = sequential([
      dense('first', 4, { batch_input_shape: [null, 3], kernel_initializer: { class_name: 'MyInit', config: {} } }),
    ]);
    const { model } = await load(tfjsFolder(topology, TWO_LAYERS_WEIGHTS.slice(0, 2)));
    const layer = model.getLayer('first') as unknown as { kernelInitializer: { getClassName(): string } };
    expect(layer.kernelInitializer.getClassName()).toBe('UnknownInitializer');
  });

  it('takes names that tfjs refuses for weights', async () => {
    const topology = sequential([dense('größe 1', 4, { batch_input_shape: [null, 3] })]);
    const [kernel, bias] = TWO_LAYERS_WEIGHTS;
    const weights = [
      { ...kernel, name: 'größe 1/kernel' },
      { ...bias, name: 'größe 1/bias' },
    ];
    const { model, summary } = await load(tfjsFolder(topology, weights));
    expect(model.layers.map(({ name }) => name)).toContain('größe 1');
    expect(summary.file.notes).toEqual([]);
    expect(Array.from(model.weights[0].read().dataSync())).toEqual(kernel.values);
  });
});

describe('weights whose names are not those of the layers', () => {
  const named = (...names: string[]): WeightFixture[] =>
    TWO_LAYERS_WEIGHTS.map((weight, i) => ({ ...weight, name: names[i] }));

  it('finds the layer inside a longer name', async () => {
    const weights = named('net/first/kernel', 'net/first/bias', 'net/second/kernel', 'net/second/bias').reverse();
    const { model, summary } = await load(tfjsFolder(TWO_LAYERS, weights));
    expectClose(outputs(model), await reference(TWO_LAYERS, TWO_LAYERS_WEIGHTS));
    expect(summary.file.notes).toEqual([]);
  });

  it('goes by order and shape where the names say nothing, and says so', async () => {
    const { model, summary } = await load(tfjsFolder(TWO_LAYERS, named('a', 'b', 'c', 'd')));
    expectClose(outputs(model), await reference(TWO_LAYERS, TWO_LAYERS_WEIGHTS));
    expect(summary.file.notes).toEqual([
      '4 of the weights have names that do not occur in the topology; they were matched by the order of the layers and by shape.',
    ]);
  });

  it('leaves what no layer takes, and says so', async () => {
    const extra = { name: 'gone/kernel', shape: [2], values: [1, 2] };
    const { summary } = await load(tfjsFolder(TWO_LAYERS, [...TWO_LAYERS_WEIGHTS, extra]));
    expect(summary.file.notes).toEqual(['1 saved weight is not used by any layer that was built: "gone/kernel".']);
  });

  it('refuses a weight of another shape, naming both', async () => {
    const weights = TWO_LAYERS_WEIGHTS.map((weight) =>
      weight.name === 'second/bias' ? { ...weight, shape: [1, 2] } : weight,
    );
    await expect(load(tfjsFolder(TWO_LAYERS, weights))).rejects.toMatchObject({
      code: 'weights-mismatch',
      message: 'The weight "second/bias" must have the shape [2], but "second/bias" in the file has [1, 2].',
    });
  });

  it('refuses a model with weights missing, naming them', async () => {
    await expect(load(tfjsFolder(TWO_LAYERS, TWO_LAYERS_WEIGHTS.slice(0, 3)))).rejects.toMatchObject({
      code: 'weights-mismatch',
      message: '1 of 4 weights are not in the file: "second/bias" [2].',
    });
  });
});

/**
 * Two inputs through one shared layer, then each through one shared nested model, side by side; a branch around; a
 * nested Sequential at the end; two outputs.
 */
const WEIGHTS = weightsOf({
  'shared/kernel': [4, 4],
  'shared/bias': [4],
  'inner_1/kernel': [4, 6],
  'inner_1/bias': [6],
  'inner_2/kernel': [6, 4],
  'inner_2/bias': [4],
  'branch/kernel': [8, 4],
  'branch/bias': [4],
  'norm/gamma': [4],
  'norm/beta': [4],
  'head_1/kernel': [4, 3],
  'head_1/bias': [3],
});

const DENSE = (units: number, activation: string): Json => ({ units, activation, use_bias: true });

const KERAS_2 = {
  class_name: 'Functional',
  config: {
    name: 'net',
    layers: [
      layer2('InputLayer', 'a', { batch_input_shape: [null, 4], dtype: 'float32', sparse: false }, []),
      layer2('InputLayer', 'b', { batch_input_shape: [null, 4], dtype: 'float32', sparse: false }, []),
      layer2('Dense', 'shared', DENSE(4, 'relu'), [['a'], ['b']]),
      {
        class_name: 'Functional',
        name: 'encoder',
        config: {
          name: 'encoder',
          layers: [
            layer2('InputLayer', 'inner_0', { batch_input_shape: [null, 4], dtype: 'float32', sparse: false }, []),
            layer2('Dense', 'inner_1', DENSE(6, 'tanh'), [['inner_0']]),
            layer2('Dense', 'inner_2', DENSE(4, 'linear'), [['inner_1']]),
          ],
          input_layers: [['inner_0', 0, 0]],
          output_layers: [['inner_2', 0, 0]],
        },
        // Keras 2 counts the construction of a nested model as its call 0.
        inbound_nodes: [[['shared', 0, 0, {}]], [['shared', 1, 0, {}]]],
      },
      layer2('Concatenate', 'both', { axis: -1 }, [
        [
          ['encoder', 1],
          ['encoder', 2],
        ],
      ]),
      layer2('Dense', 'branch', DENSE(4, 'swish'), [['both']]),
      layer2('Add', 'sum', {}, [['branch', ['shared', 1]]]),
      layer2('LayerNormalization', 'norm', { axis: [1], epsilon: 0.001, center: true, scale: true }, [['sum']]),
      {
        class_name: 'Sequential',
        name: 'head',
        config: {
          name: 'head',
          layers: [
            { class_name: 'InputLayer', config: { batch_input_shape: [null, 4], dtype: 'float32', name: 'head_0' } },
            dense('head_1', 3, { activation: 'softmax' }),
          ],
        },
        inbound_nodes: [[['norm', 0, 0, {}]]],
      },
    ],
    input_layers: [
      ['a', 0, 0],
      ['b', 0, 0],
    ],
    output_layers: [
      ['head', 1, 0],
      ['both', 0, 0],
    ],
  },
};

const KERAS_3 = {
  module: 'keras.src.models.functional',
  class_name: 'Functional',
  registered_name: 'Functional',
  config: {
    name: 'net',
    trainable: true,
    layers: [
      layer3('InputLayer', 'a', { batch_shape: [null, 4], sparse: false, ragged: false }, []),
      layer3('InputLayer', 'b', { batch_shape: [null, 4], sparse: false, ragged: false }, []),
      layer3('Dense', 'shared', DENSE(4, 'relu'), [['a'], ['b']]),
      {
        ...layer3('Functional', 'encoder', {}, [[['shared', 0]], [['shared', 1]]]),
        config: {
          name: 'encoder',
          trainable: true,
          layers: [
            layer3('InputLayer', 'inner_0', { batch_shape: [null, 4], sparse: false }, []),
            layer3('Dense', 'inner_1', DENSE(6, 'tanh'), [['inner_0']]),
            layer3('Dense', 'inner_2', DENSE(4, 'linear'), [['inner_1']]),
          ],
          // Keras 3 leaves out the list around a single one.
          input_layers: ['inner_0', 0, 0],
          output_layers: ['inner_2', 0, 0],
        },
      },
      layer3('Concatenate', 'both', { axis: -1 }, [
        [
          ['encoder', 1],
          ['encoder', 2],
        ],
      ]),
      layer3('Dense', 'branch', DENSE(4, 'silu'), [['both']]),
      layer3('Add', 'sum', {}, [['branch', ['shared', 1]]]),
      layer3('LayerNormalization', 'norm', { axis: -1, epsilon: 0.001, center: true, scale: true }, [['sum']]),
      {
        ...layer3('Sequential', 'head', {}, [['norm']]),
        config: {
          name: 'head',
          trainable: true,
          layers: [
            layer3('InputLayer', 'head_0', { batch_shape: [null, 4], sparse: false }, []),
            layer3('Dense', 'head_1', DENSE(3, 'softmax'), []),
          ],
          build_input_shape: [null, 4],
        },
      },
    ],
    input_layers: [
      ['a', 0, 0],
      ['b', 0, 0],
    ],
    output_layers: [
      ['head', 0, 0],
      ['both', 0, 0],
    ],
  },
};

describe('functional models with branches, shared layers and nested models', () => {
  it('Keras 2 gives what plain tfjs gives', async () => {
    const built = await load(tfjsFolder({ model_config: KERAS_2 }, WEIGHTS));
    const { model, summary } = built;
    expectClose(outputs(model), await reference(KERAS_2, WEIGHTS));
    expect(summary).toMatchObject({
      name: 'net',
      parameters: 137,
      inputs: [{ name: 'a' }, { name: 'b' }],
      outputs: [
        { name: 'head', shape: [null, 3] },
        { name: 'both', shape: [null, 8] },
      ],
    });
    const encoder = model.getLayer('encoder') as unknown as typeof model;
    expect(built.jsonPath(encoder.getLayer('inner_2'))).toEqual([
      'modelTopology',
      'model_config',
      'config',
      'layers',
      3,
      'config',
      'layers',
      2,
    ]);
  });

  it('Keras 3 gives the same as its Keras 2 twin to 1e-6', async () => {
    const twin = await load(tfjsFolder({ model_config: KERAS_2 }, WEIGHTS));
    const { model, summary } = await load(
      tfjsFolder({ keras_version: '3.4.0', model_config: KERAS_3 }, WEIGHTS, { format: 'layers-model' }),
    );
    expectClose(outputs(model), outputs(twin.model), 1e-6);
    expect(summary.file.notes).toEqual([]);
    expect({ ...summary, file: null }).toEqual({ ...twin.summary, file: null });
  });

  it('gives the same when the weights are named by their path in the model', async () => {
    const twin = await load(tfjsFolder({ model_config: KERAS_3 }, WEIGHTS));
    const path = (name: string): string =>
      name.startsWith('inner') ? `net/encoder/${name}` : name.startsWith('head') ? `net/head/${name}` : `net/${name}`;
    const renamed = WEIGHTS.map((weight) => ({ ...weight, name: path(weight.name) })).reverse();
    const { model } = await load(tfjsFolder({ model_config: KERAS_3 }, renamed));
    expectClose(outputs(model), outputs(twin.model), 0);
  });
});
