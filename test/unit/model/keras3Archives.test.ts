/** `.keras` archives of layers that keep their weights in parts, beside the same network as TensorFlow.js has it. */

import * as tf from '@tensorflow/tfjs-core';
import { zipSync } from 'fflate';
import * as h5wasm from 'h5wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../src/analysis/backend/backend';
import { loadNetwork } from '../../../src/analysis/model/load';
import type { Network } from '../../../src/analysis/model/network';
import { seededRandom, WASM_FOLDER } from '../backend/support';
import { memoryFolder } from '../probe/memoryFolder';
import { hdf5, set, type Tree } from './hdf5File';
import { type Json, layer3, tfjsFolder, wave } from './savedFiles';

beforeAll(async () => {
  await startBackend(WASM_FOLDER);
  await h5wasm.ready;
});

const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

const archive = (model: Json, layers: Tree) =>
  memoryFolder({
    'model.keras': zipSync({
      'config.json': text(model),
      'metadata.json': text({ keras_version: '3.6.0' }),
      'model.weights.h5': hdf5({}, { layers }),
    }),
  });

function outputOf(network: Network): number[] {
  return tf.tidy(() => {
    const [{ shape }] = network.inputs;
    const full = [2, ...shape];
    const x = tf.tensor(seededRandom(5).normals(full.reduce((a, b) => a * b, 1)), full);
    const [{ tensor }] = network.trace([x], { preActivation: (_, z) => z, output: (_, a) => a });
    return Array.from(tensor.dataSync());
  });
}

/** A layer within a wrapper. */
const wrapped = (className: string, name: string, config: Json): Json => ({
  module: 'keras.layers',
  class_name: className,
  config: { name, trainable: true, dtype: 'float32', ...config },
  registered_name: null,
});

const tensor = (layer: string, node = 0): Json => ({
  class_name: '__keras_tensor__',
  config: { shape: [null, 4, 4], dtype: 'float32', keras_history: [layer, node, 0] },
});

const functional = (name: string, layers: readonly Json[], inputs: string, output: string): Json => ({
  module: 'keras.src.models.functional',
  class_name: 'Functional',
  registered_name: 'Functional',
  config: { name, layers, input_layers: [[inputs, 0, 0]], output_layers: [[output, 0, 0]] },
});

const LSTM = { units: 2, activation: 'tanh', recurrent_activation: 'sigmoid', return_sequences: true, use_bias: true };
const DENSE = { activation: 'tanh', use_bias: true };

/** Wrappers, attention, a layer that is called twice, and a model within the model that draws random numbers in training. */
const model = functional(
  'net',
  [
    layer3('InputLayer', 'in', { batch_shape: [null, 4, 3] }, []),
    layer3('TimeDistributed', 'steps', { layer: wrapped('Dense', 'each', { units: 4, ...DENSE }) }, [['in']]),
    layer3(
      'Bidirectional',
      'both',
      {
        merge_mode: 'concat',
        layer: wrapped('LSTM', 'forward_lstm', LSTM),
        backward_layer: wrapped('LSTM', 'backward_lstm', { ...LSTM, go_backwards: true }),
      },
      [['steps']],
      [null, 4, 4],
    ),
    {
      ...layer3('MultiHeadAttention', 'heads', { num_heads: 2, key_dim: 3, value_dim: 3, use_bias: true }, []),
      inbound_nodes: [{ args: [tensor('both'), tensor('both')], kwargs: { return_attention_scores: false } }],
    },
    layer3('Dense', 'shared', { units: 4, ...DENSE }, [['both'], ['heads']], [null, 4, 4]),
    layer3('Add', 'sum', {}, [[['shared', 0], ['shared', 1]]], [null, 4, 4]), // prettier-ignore
    layer3('GlobalAveragePooling1D', 'mean', { data_format: 'channels_last' }, [['sum']], [null, 4, 4]),
    {
      ...functional(
        'inner',
        [
          layer3('InputLayer', 'x', { batch_shape: [null, 4] }, []),
          layer3('Dropout', 'noise', { rate: 0.5 }, [['x']]),
          layer3('Dense', 'last', { units: 2, ...DENSE }, [['noise']]),
        ],
        'x',
        'last',
      ),
      name: 'inner',
      inbound_nodes: layer3('Functional', 'inner', {}, [['mean']]).inbound_nodes,
    },
  ],
  'in',
  'inner',
);

const SHAPES: Readonly<Record<string, number[]>> = {
  'steps/each/kernel': [3, 4],
  'steps/each/bias': [4],
  'both/forward_lstm/kernel': [4, 8],
  'both/forward_lstm/recurrent_kernel': [2, 8],
  'both/forward_lstm/bias': [8],
  'both/backward_lstm/kernel': [4, 8],
  'both/backward_lstm/recurrent_kernel': [2, 8],
  'both/backward_lstm/bias': [8],
  'heads/query/kernel': [4, 2, 3],
  'heads/query/bias': [2, 3],
  'heads/key/kernel': [4, 2, 3],
  'heads/key/bias': [2, 3],
  'heads/value/kernel': [4, 2, 3],
  'heads/value/bias': [2, 3],
  'heads/attention_output/kernel': [2, 3, 4],
  'heads/attention_output/bias': [4],
  'shared/kernel': [4, 4],
  'shared/bias': [4],
  'inner/last/kernel': [4, 2],
  'inner/last/bias': [2],
};
const phase = (name: string): number => Object.keys(SHAPES).indexOf(name);
/** Variables of a part of the archive, numbered in the order of the names. */
const vars = (...names: string[]): Tree => ({
  vars: Object.fromEntries(names.map((name, i) => [String(i), set(SHAPES[name], phase(name))])),
});
const pair = (prefix: string): Tree => vars(`${prefix}/kernel`, `${prefix}/bias`);
const cell = (prefix: string): Tree => ({
  cell: vars(`${prefix}/kernel`, `${prefix}/recurrent_kernel`, `${prefix}/bias`),
});
const seed: Tree = { seed_generator: { vars: { '0': { shape: [2], values: [1, 2] } } } };

const LAYERS: Tree = {
  time_distributed: { layer: pair('steps/each') },
  bidirectional: { backward_layer: cell('both/backward_lstm'), forward_layer: cell('both/forward_lstm') },
  multi_head_attention: {
    key_dense: pair('heads/key'),
    output_dense: pair('heads/attention_output'),
    query_dense: pair('heads/query'),
    value_dense: pair('heads/value'),
    ...seed,
  },
  dense: pair('shared'),
  functional: { layers: { dense: pair('inner/last'), dropout: seed } },
};

describe('a .keras archive', () => {
  it('of wrappers, attention, a shared layer and a nested model is the same network as its twin', async () => {
    const network = await loadNetwork(archive(model, LAYERS), 'model.keras');
    const twin = await loadNetwork(
      tfjsFolder(
        { model_config: model, keras_version: '3.6.0' },
        Object.entries(SHAPES).map(([name, shape], i) => ({ name, shape, values: wave(shape, i) })),
      ),
      'model.json',
    );
    const output = outputOf(network);
    expect(output).toEqual(outputOf(twin));
    expect(output.every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
    expect(network.summary.file.notes).toEqual([]);
    expect(twin.summary.file.notes).toEqual([]);
    // Every weight is that of the name it has in the twin.
    const named = network.calls.flatMap(({ name, weights }) =>
      weights.map((weight) => [`${name}/${weight.name}`, Array.from(weight.value.dataSync())] as const),
    );
    expect(named.find(([name]) => name === 'heads/key/kernel')?.[1]).toEqual(
      wave([4, 2, 3], phase('heads/key/kernel')),
    );
    expect(
      named.find(([name]) => name === 'both/backward/recurrent_kernel' || /backward.*recurrent/.test(name))?.[1],
    ).toEqual(wave([2, 8], phase('both/backward_lstm/recurrent_kernel')));
    network.dispose();
    twin.dispose();
  });

  it.each<[string, unknown]>([
    ['by a policy', { class_name: 'QuantizedDTypePolicy', config: { mode: 'int8', source_name: 'float32' } }],
    ['by the name of a policy', 'int8_from_float32'],
  ])('with a layer that is quantised, %s, is refused', async (_name, dtype) => {
    const own = functional(
      'net',
      [
        layer3('InputLayer', 'in', { batch_shape: [null, 3] }, []),
        layer3('Dense', 'small', { units: 2, ...DENSE, dtype }, [['in']], [null, 3]),
      ],
      'in',
      'small',
    );
    const layers = { dense: { vars: { '0': set([3, 2], 0), '1': set([2], 1), '2': set([2], 2) } } };
    await expect(loadNetwork(archive(own, layers), 'model.keras')).rejects.toMatchObject({
      code: 'unsupported-format',
      message: expect.stringContaining('The layer "small" is quantised') as string,
    });
  });
});
