import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../src/analysis/backend/backend';
import type { Folder } from '../../../src/analysis/model/folder';
import { loadNetwork } from '../../../src/analysis/model/load';
import { DiagnosisError } from '../../../src/report/errors';
import { WASM_FOLDER } from '../backend/support';
import { memoryFolder } from '../probe/memoryFolder';
import { dense, float32, type Json, layer2, sequential, tfjsFolder, weightsOf } from './savedFiles';

beforeAll(() => startBackend(WASM_FOLDER));

const TOPOLOGY = sequential([dense('first', 4, { batch_input_shape: [null, 3] }), dense('second', 2)]);
const WEIGHTS = weightsOf({ 'first/kernel': [3, 4], 'first/bias': [4], 'second/kernel': [4, 2], 'second/bias': [2] });
const SPECS = WEIGHTS.map(({ name, shape }) => ({ name, shape, dtype: 'float32' }));
const BYTES = float32(...WEIGHTS.map(({ values }) => values));

function folderWith(json: unknown, files: Record<string, Uint8Array | string> = {}): Folder {
  return memoryFolder({ 'model.json': typeof json === 'string' ? json : JSON.stringify(json), ...files }, 'model');
}

const withPaths = (...paths: string[]): Json => ({
  modelTopology: TOPOLOGY,
  weightsManifest: [{ paths, weights: SPECS }],
});

/** The error of a load that fails, after a check that it left no tensor behind. */
async function problem(folder: Folder): Promise<DiagnosisError> {
  const tensors = tf.memory().numTensors;
  try {
    const network = await loadNetwork(folder, 'model.json');
    network.dispose();
  } catch (error) {
    if (!(error instanceof DiagnosisError)) throw error;
    expect(tf.memory().numTensors).toBe(tensors);
    return error;
  }
  throw new Error('The model was loaded.');
}

describe('model.json', () => {
  it.each<[string, string, Partial<DiagnosisError>]>([
    ['0 bytes', '', { code: 'file-empty', message: '"model.json" is empty (0 bytes).' }],
    [
      'cut off',
      '{"format": "layers-model",\n  "modelTopology": {"a": 1',
      { code: 'invalid-json', place: 'model.json, line 2, column 27' },
    ],
    [
      'a comma too many',
      '{\n  "format": "layers-model",\n}',
      { code: 'invalid-json', message: 'The file is not valid JSON: property name expected at line 3, column 1.' },
    ],
    [
      'a web page',
      '<!DOCTYPE html><html>',
      { code: 'invalid-json', message: 'The file is a web page or XML, not JSON.' },
    ],
    [
      'a Git LFS pointer',
      'version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 12\n',
      { code: 'not-a-model', remedy: 'Run "git lfs pull" in the repository.' },
    ],
    ['other JSON', '{"name": "package"}', { code: 'not-a-model' }],
    ['a number', '7', { code: 'not-a-model' }],
    ['no manifest', JSON.stringify({ modelTopology: TOPOLOGY }), { code: 'not-a-model' }],
    [
      'a manifest of another shape',
      JSON.stringify({ modelTopology: TOPOLOGY, weightsManifest: [{ paths: ['a'], weights: [{ name: 'w' }] }] }),
      { code: 'not-a-model', place: 'model.json, weightsManifest[0].weights[0].shape' },
    ],
    ['deeply nested', '['.repeat(200_000) + ']'.repeat(200_000), { code: 'not-a-model' }],
  ])('%s', async (_name, content, expected) => {
    expect((await problem(folderWith(content))).problem).toMatchObject(expected);
  });

  it('is not there', async () => {
    await expect(loadNetwork(memoryFolder({}), 'model.json')).rejects.toMatchObject({ code: 'file-not-found' });
  });

  it('holds NaN and Infinity as Python writes them', async () => {
    const text = JSON.stringify({ ...withPaths('w.bin'), userDefinedMetadata: { note: 'NaN, "Infinity"' } }).replace(
      '"use_bias":true',
      '"use_bias":true,"l2":NaN,"max":-Infinity',
    );
    const network = await loadNetwork(folderWith(text, { 'w.bin': BYTES }), 'model.json');
    expect(network.calls.map(({ name }) => name)).toEqual(['first', 'second']);
    network.dispose();
  });
});

describe('weight files', () => {
  it('one is missing', async () => {
    const error = await problem(folderWith(withPaths('weights.bin')));
    expect(error.problem).toMatchObject({
      code: 'missing-shard',
      message: 'The weight file "weights.bin" (104 bytes) named in the model is not there.',
      place: 'weights.bin',
    });
  });

  it('one of several is missing', async () => {
    const error = await problem(folderWith(withPaths('a.bin', 'b.bin'), { 'a.bin': BYTES.slice(0, 50) }));
    expect(error.problem).toMatchObject({ code: 'missing-shard', place: 'b.bin' });
  });

  it.each([
    [100, 'truncated-shard'],
    [0, 'truncated-shard'],
    [108, 'weights-mismatch'],
  ])('%i bytes instead of 104', async (size, code) => {
    const bytes = new Uint8Array(size);
    const error = await problem(folderWith(withPaths('weights.bin'), { 'weights.bin': bytes }));
    expect(error.code).toBe(code);
    expect(error.message).toBe(`The weight file "weights.bin" should hold 104 bytes but holds ${size}.`);
  });

  it('one is a Git LFS pointer', async () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 104\n';
    const error = await problem(folderWith(withPaths('weights.bin'), { 'weights.bin': pointer }));
    expect(error.problem).toMatchObject({ place: 'weights.bin', remedy: 'Run "git lfs pull" in the repository.' });
  });

  it.each([
    '../x.bin',
    'sub/../../x.bin',
    '/etc/passwd',
    'C:\\x.bin',
    '..\\x.bin',
    'https://example.org/x.bin',
    'file:x.bin',
    'a\0b',
    '',
  ])('the path %j is refused and nothing of it read', async (path) => {
    const folder = memoryFolder({ 'model.json': JSON.stringify(withPaths(path)), [path]: BYTES });
    expect((await problem(folder)).code).toBe('path-outside-model');
    expect(folder.reads.map((read) => read.path)).toEqual(['model.json']);
  });

  it('are read from several shards and groups, in folders too', async () => {
    const json = {
      modelTopology: TOPOLOGY,
      weightsManifest: [
        { paths: ['a', './b'], weights: SPECS.slice(0, 3) },
        { paths: ['sub/c'], weights: SPECS.slice(3) },
      ],
    };
    const files = { a: BYTES.slice(0, 7), b: BYTES.slice(7, 96), 'sub/c': BYTES.slice(96) };
    const network = await loadNetwork(folderWith(json, files), 'model.json');
    const values = network.calls.flatMap(({ weights }) => weights.map(({ value }) => Array.from(value.dataSync())));
    expect(values).toEqual(WEIGHTS.map((weight) => weight.values));
    network.dispose();
  });

  it('one under another name is used when it is the only one of its size', async () => {
    const folder = folderWith(withPaths('weights.bin'), { 'weights (1).bin': BYTES, 'notes.txt': 'x' });
    const network = await loadNetwork(folder, 'model.json');
    expect(network.summary.file.notes).toEqual([
      'The weights "weights.bin" were read from "weights (1).bin", the only other file of the right size.',
    ]);
    network.dispose();
  });

  it('two candidates are one too many', async () => {
    const error = await problem(folderWith(withPaths('weights.bin'), { 'one.bin': BYTES, 'two.bin': BYTES }));
    expect(error.code).toBe('missing-shard');
  });

  it('of impossible size are refused before anything is allocated', async () => {
    const weights = [{ name: 'first/kernel', shape: [1e9, 1e9], dtype: 'float32' }];
    const json = { modelTopology: TOPOLOGY, weightsManifest: [{ paths: ['w.bin'], weights }] };
    expect((await problem(folderWith(json, { 'w.bin': BYTES }))).code).toBe('not-a-model');
    const large = [{ name: 'first/kernel', shape: [1e9], dtype: 'float32' }];
    const other = { modelTopology: TOPOLOGY, weightsManifest: [{ paths: ['w.bin'], weights: large }] };
    expect((await problem(folderWith(other, { 'w.bin': BYTES }))).code).toBe('truncated-shard');
  });
});

describe('topologies', () => {
  const load = (topology: unknown): Promise<DiagnosisError> => problem(tfjsFolder(topology, WEIGHTS));
  const input = layer2('InputLayer', 'in', { batch_input_shape: [null, 3], dtype: 'float32' }, []);
  const functional = (layers: unknown[], output = 'first'): Json => ({
    class_name: 'Model',
    config: { name: 'net', layers: [input, ...layers], input_layers: [['in', 0, 0]], output_layers: [[output, 0, 0]] },
  });
  const first = (inbound: [string][]): Json => layer2('Dense', 'first', { units: 4 }, inbound);

  it.each(['FancyLayer', 'Zeros', 'relu', 'constructor', '__proto__', 'toString'])(
    'the class "%s" is taken for one whose code is not in the file',
    async (className) => {
      const topology = sequential([
        { class_name: className, config: { name: 'x', batch_input_shape: [null, 3] } },
        dense('first', 4, {}),
      ]);
      const network = await loadNetwork(tfjsFolder({ model_config: topology }, WEIGHTS), 'model.json');
      expect(network.calls.map(({ name, role }) => [name, role])).toEqual([
        ['x', 'opaque'],
        ['first', 'output'],
      ]);
      expect(network.summary.file.notes.join()).toContain(
        `The code of the layer "x" (${className}) is not in the file`,
      );
      network.dispose();
    },
  );

  it('an unknown layer class names class, layer, place and remedy where its stand-in does not fit', async () => {
    const topology = sequential([
      { class_name: 'FancyLayer', config: { name: 'fancy', batch_input_shape: [null, 5] } },
      dense('first', 4, {}),
    ]);
    expect((await load({ model_config: topology })).problem).toEqual({
      code: 'unknown-layer',
      message: 'The layer "fancy" is of the class "FancyLayer", which neither TensorFlow.js nor this extension knows.',
      place: 'modelTopology.model_config.config.layers[0]',
      remedy: 'Save the model without the layer, or replace it by layers that Keras and TensorFlow.js have in common.',
    });
  });

  it('a layer on text names class, layer, place and remedy', async () => {
    const topology = sequential([
      { class_name: 'TextVectorization', config: { name: 'words' } },
      dense('first', 4, {}),
    ]);
    expect((await load({ model_config: topology })).problem).toEqual({
      code: 'unknown-layer',
      message:
        'The layer "words" of the class "TextVectorization" turns text into numbers, which is not measured here.',
      place: 'modelTopology.model_config.config.layers[0]',
      remedy: 'Save the model without the layer, so that it takes the numbers as its input.',
    });
  });

  it('an unknown activation', async () => {
    const topology = sequential([dense('first', 4, { batch_input_shape: [null, 3], activation: 'my_relu' })]);
    expect((await load(topology)).problem).toMatchObject({
      code: 'unknown-layer',
      place: 'modelTopology.config.layers[0].config.activation',
    });
  });

  it.each<[string, unknown]>([
    ['a cycle', functional([first([['second']]), layer2('Dense', 'second', { units: 2 }, [['first']])])],
    ['a layer that waits for itself', functional([first([['first']])])],
    ['an input that is not there', functional([first([['nobody']])])],
    ['an output that is not there', functional([first([['in']])], 'nobody')],
    ['two layers of one name', functional([first([['in']]), first([['in']])])],
    ['no layers', sequential([])],
    ['no input shape', sequential([dense('first', 4)])],
    ['layers that are not', sequential([{ nothing: 1 }])],
    [
      'a layer that does not fit',
      sequential([
        dense('first', 4, { batch_input_shape: [null, 3] }),
        { class_name: 'Conv2D', config: { name: 'c', filters: 1, kernel_size: [1, 1] } },
      ]),
    ],
    ['inbound nodes that are not', functional([{ ...first([['in']]), inbound_nodes: [[[1, 2]]] }])],
    ['a negative number of units', sequential([dense('first', -4, { batch_input_shape: [null, 3] })])],
  ])('%s', async (_name, topology) => {
    expect((await load(topology)).code).toBe('invalid-topology');
  });

  it('an absurd number of units is refused before anything is allocated', async () => {
    const error = await load(sequential([dense('first', 1e9, { batch_input_shape: [null, 3] })]));
    expect(error.problem).toMatchObject({
      code: 'weights-mismatch',
      message:
        'The layer "first" needs a kernel of shape [3, 1000000000], but the saved weights hold only 26 values in all.',
    });
  });

  it('an absurd output is refused before anything is allocated', async () => {
    const topology = sequential([
      dense('first', 4, { batch_input_shape: [null, 3] }),
      { class_name: 'RepeatVector', config: { name: 'repeat', n: 1e9 } },
    ]);
    expect((await load(topology)).code).toBe('invalid-topology');
  });

  it('models nested without end', async () => {
    let topology: Json = sequential([dense('first', 4, { batch_input_shape: [null, 3] })]);
    for (let i = 0; i < 200; i++) topology = sequential([topology], `nested_${i}`);
    expect((await load(topology)).code).toBe('invalid-topology');
  });

  it('keys and layer names of the language itself do no harm', async () => {
    const json = JSON.stringify({ modelTopology: TOPOLOGY, weightsManifest: [{ paths: ['w.bin'], weights: SPECS }] })
      .replace('"use_bias":true', '"use_bias":true,"__proto__":{"polluted":true},"constructor":{"polluted":true}')
      .replaceAll('second', 'toString');
    const network = await loadNetwork(folderWith(json, { 'w.bin': BYTES }), 'model.json');
    expect(network.calls.map(({ name }) => name)).toEqual(['first', 'toString']);
    expect(({} as Json)['polluted']).toBeUndefined();
    network.dispose();
  });
});
