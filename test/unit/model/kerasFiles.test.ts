import { unzlibSync, zipSync } from 'fflate';
import * as h5wasm from 'h5wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../src/analysis/backend/backend';
import { loadNetwork } from '../../../src/analysis/model/load';
import type { Network } from '../../../src/analysis/model/network';
import { WASM_FOLDER } from '../backend/support';
import { memoryFolder } from '../probe/memoryFolder';
import { hdf5, names, set, type Tree } from './hdf5File';
import { dense, float32, type Json, layer3, sequential, tfjsFolder, wave, weightsOf } from './savedFiles';

beforeAll(async () => {
  await startBackend(WASM_FOLDER);
  await h5wasm.ready;
});

const WEIGHTS = weightsOf({ 'first/kernel': [3, 4], 'first/bias': [4], 'second/kernel': [4, 2], 'second/bias': [2] });
const LAYERS = [dense('first', 4, { batch_input_shape: [null, 3], activation: 'relu' }), dense('second', 2)];
const TRAINING = { optimizer_config: { class_name: 'SGD', config: { lr: 0.25 } }, loss: 'mse' };

/** Values of all weights, by call. */
const valuesOf = (network: Network): number[][] =>
  network.calls.flatMap(({ weights }) => weights.map(({ value }) => Array.from(value.dataSync())));

const open = (bytes: Uint8Array, file: string) => loadNetwork(memoryFolder({ [file]: bytes }), file);

/** A Dense layer with float16 weights, the kernel little-endian and the bias big-endian, written by h5py; zlib, base64. */
const HALVES =
  'eNrr9HBx4+WS4mLm4GCAgf9QwCMB4RtAxV0uRt3x93AJYlJ4+oIjGxlXCAgwMIQxQpRZQZVzMTEARUSFGFgQRsKNtmNgYGbgZRABSebmp6TmxC' +
  'fn56VlpjNIMjIyAA0DY4iBHAxMQHI+hAkGYHGQIIMp35E+HE5iEkL2CwzgdZQRyFE8QFtEGBhyEitTi+LzEnNTixmEGSF2MjECAQOSG4AghY0H' +
  'xGFMmQAVEd3nk+bv7OGN3X42CZBqXoiXy1Mz0zNKig9DjfoSvtQST/huY4Io0yMmfG0g4Qv2CsQaJL+wQv0CNZABRqfoZ1sZpOgnWRmAzASBNR' +
  '/f3SYjfNn4QL5kBpr2BGo2VARo9AdmqG0mDGSBqweP38ETvtDYUIbaa680IwfsAaAgowrQq0yY3kanmUUYGAUV+KF8AQYuVgYufiCLFeg3Zi4O' +
  'oL0sjAzQvAHPNQsYBj341bOFBx4WItiTANjvivj9zgH1OwvM4A0MQw74yPRkMoyCUTDCgbuzvw8jA7S+RarW5kPpaqXknMTiYnDloWSloBScWl' +
  'iamleSmZijpKOgBKmzgeLVSjAFxSBxcOVZDORGo+t3Sc0rTsWhNQUkXpqXWQLSaQRkJyWWJGfEZ+YVlJbEF2ckFoBUReeV5uToKBjF1tYCEdwf' +
  'DvyjcTkKRsEoGAWjYBSMglEwCkbBKBgFo2AU4AQWDAdCTf9XMzDuYwAAdAkbbw==';

/** As Keras 2 stores the weights: a group per layer that lists them. */
const keras2Weights = (): Tree => ({
  first: {
    ...names('weight_names', ['first/kernel:0', 'first/bias:0']),
    first: { 'kernel:0': set([3, 4], 0), 'bias:0': set([4], 1) },
  },
  second: {
    ...names('weight_names', ['second/kernel:0', 'second/bias:0']),
    second: { 'kernel:0': set([4, 2], 2), 'bias:0': set([2], 3) },
  },
});

describe('an architecture with its weights beside it', () => {
  const keras2 = (): Uint8Array => hdf5({ layer_names: ['first', 'second'] }, keras2Weights());
  const keras3 = (): Uint8Array =>
    hdf5(
      {},
      {
        layers: {
          dense: { vars: { '0': set([3, 4], 0), '1': set([4], 1) } },
          dense_1: { vars: { '0': set([4, 2], 2), '1': set([2], 3) } },
        },
      },
    );
  const architecture = JSON.stringify({ ...sequential(LAYERS), keras_version: '2.3.1', backend: 'tensorflow' });
  const load = (files: Record<string, Uint8Array | string>) =>
    loadNetwork(memoryFolder({ 'model.json': architecture, ...files }), 'model.json');

  it.each<[string, string, () => Uint8Array]>([
    ['Keras 2', 'model.h5', keras2],
    ['Keras 2, under another name', 'best.hdf5', keras2],
    ['Keras 3', 'model.weights.h5', keras3],
  ])('is read: %s', async (_name, file, weights) => {
    const network = await load({ [file]: weights() });
    const twin = await loadNetwork(tfjsFolder({ model_config: sequential(LAYERS) }, WEIGHTS), 'model.json');
    expect(valuesOf(network)).toEqual(valuesOf(twin));
    expect(network.summary.file).toMatchObject({
      format: 'tfjs-layers',
      notes: [`The weights come from "${file}", which lies beside the architecture.`],
    });
    network.dispose();
    twin.dispose();
  });

  it('takes the file of its own name, of several', async () => {
    const network = await load({ 'model.h5': keras2(), 'model-old.h5': '', 'other.h5': '' });
    expect(network.summary.file.notes).toEqual([
      'The weights come from "model.h5", which lies beside the architecture.',
    ]);
    network.dispose();
  });

  it.each<[string, Record<string, Uint8Array | string>, string]>([
    ['no file beside it', {}, 'so the network has no weights.'],
    ['several', { 'a.h5': 'x', 'b.h5': 'y' }, 'Beside it lie "a.h5", "b.h5": none is certain to belong to it.'],
  ])('is an error with %s', async (_name, files, message) => {
    await expect(load(files)).rejects.toMatchObject({
      code: 'not-a-model',
      place: 'model.json',
      message: expect.stringContaining(message) as string,
    });
  });

  it('is an error with weights of another network', async () => {
    const other = hdf5({}, { layers: { dense: { vars: { '0': set([5, 4], 0), '1': set([4], 1) } } } });
    await expect(load({ 'model.weights.h5': other })).rejects.toMatchObject({ code: 'weights-mismatch' });
    await expect(load({ 'model.h5': hdf5({}, { things: {} }) })).rejects.toMatchObject({ code: 'not-a-model' });
  });
});

describe('Keras HDF5', () => {
  it('is read with weights of float16 in either byte order', async () => {
    const network = await open(unzlibSync(Uint8Array.from(Buffer.from(HALVES, 'base64'))), 'half.h5');
    expect(valuesOf(network)).toEqual([
      [0.5, -2, 0.333251953125, 65504],
      [2 ** -24, -1.5],
    ]);
    network.dispose();
  });

  const attributes = (model: Json) => ({
    model_config: JSON.stringify(model),
    training_config: JSON.stringify(TRAINING),
    keras_version: '2.15.0',
  });

  it('is the same network as its tfjs twin, but for the file', async () => {
    const bytes = hdf5(attributes(sequential(LAYERS)), {
      model_weights: { ...names('layer_names', ['first', 'second']), ...keras2Weights() },
    });
    const network = await open(bytes, 'model.h5');
    const twin = await loadNetwork(
      tfjsFolder({ model_config: sequential(LAYERS), training_config: TRAINING }, WEIGHTS),
      'model.json',
    );
    expect({ ...network.summary, file: null }).toEqual({ ...twin.summary, file: null });
    expect(network.summary.file).toEqual({
      path: 'model.h5',
      format: 'keras-hdf5',
      generatedBy: 'Keras 2.15.0',
      convertedBy: null,
      notes: [],
    });
    expect(network.summary.training).toEqual({ optimizer: 'SGD', learningRate: 0.25, losses: ['mean_squared_error'] });
    expect(valuesOf(network)).toEqual(valuesOf(twin));
    expect(network.calls.map(({ jsonPath }) => jsonPath)).toEqual(twin.calls.map(({ jsonPath }) => jsonPath));
    network.dispose();
    twin.dispose();
  });

  it('of Keras 3 leaves the layers out of the names of the weights', async () => {
    const bytes = hdf5(
      { ...attributes(sequential(LAYERS)), keras_version: '3.1.1' },
      {
        model_weights: {
          ...names('layer_names', ['first', 'second']),
          first: { ...names('weight_names', ['kernel', 'bias']), kernel: set([3, 4], 0), bias: set([4], 1) },
          second: { ...names('weight_names', ['kernel', 'bias']), kernel: set([4, 2], 2), bias: set([2], 3) },
        },
      },
    );
    const network = await open(bytes, 'model.h5');
    expect(valuesOf(network)).toEqual(WEIGHTS.map(({ values }) => values));
    expect(network.summary.file.notes).toEqual([]);
    network.dispose();
  });

  it.each<[string, Record<string, string | string[]>, Tree, string]>([
    [
      'only weights, Keras 2',
      { layer_names: ['first'], keras_version: '2.15.0' },
      {},
      '"w.h5" holds only weights: the description of the layers (model_config) is missing.',
    ],
    [
      'only weights, Keras 3',
      {},
      { layers: { dense: {} } },
      '"w.h5" holds only weights: the description of the layers (model_config) is missing.',
    ],
    [
      'no model',
      { title: 'measurements' },
      {},
      '"w.h5" is an HDF5 file, but not a Keras model: it has no model_config.',
    ],
  ])('%s', async (_name, attributes, tree, message) => {
    await expect(open(hdf5(attributes, tree), 'w.h5')).rejects.toMatchObject({ code: 'not-a-model', message });
  });

  it('cut off', async () => {
    const whole = hdf5(attributes(sequential(LAYERS)), {});
    await expect(open(whole.slice(0, 200), 'cut.h5')).rejects.toMatchObject({ code: 'not-a-model' });
  });

  it('with a weight listed that is not there', async () => {
    const bytes = hdf5(attributes(sequential(LAYERS)), {
      model_weights: { ...names('layer_names', ['first']), first: names('weight_names', ['first/kernel:0']) },
    });
    await expect(open(bytes, 'model.h5')).rejects.toMatchObject({ code: 'weights-mismatch' });
  });
});

describe('Keras 3 archives', () => {
  const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const functional = {
    module: 'keras.src.models.functional',
    class_name: 'Functional',
    registered_name: 'Functional',
    config: {
      name: 'net',
      layers: [
        layer3('InputLayer', 'in', { batch_shape: [null, 3] }, []),
        layer3('Dense', 'b', { units: 4, activation: 'relu' }, [['in']], [null, 3]),
        {
          ...layer3('Sequential', 'inner', {}, [['b']]),
          config: {
            name: 'inner',
            layers: [
              layer3('InputLayer', 'x', { batch_shape: [null, 4] }, []),
              layer3('Dense', 'z', { units: 2, activation: 'linear' }, []),
              layer3('BatchNormalization', 'n', { axis: -1 }, []),
            ],
          },
        },
        layer3('Dense', 'a', { units: 2, activation: 'linear' }, [['inner']]),
      ],
      input_layers: [['in', 0, 0]],
      output_layers: [['a', 0, 0]],
    },
    compile_config: { optimizer: 'adam', loss: 'mse' },
  };
  const metadata = { keras_version: '3.4.0', date_saved: '2024-01-01@00:00:00' };

  /** Groups are named after classes, and numbered in the order of the layers; variables have numbers. */
  const weights = (): Uint8Array =>
    hdf5(
      {},
      {
        layers: {
          dense: { vars: { '0': set([3, 4], 0), '1': set([4], 1) } },
          sequential: {
            layers: {
              dense: { vars: { '0': set([4, 2], 2), '1': set([2], 3) } },
              batch_normalization: {
                vars: { '0': set([2], 4), '1': set([2], 5), '2': set([2], 6), '3': set([2], 7) },
              },
            },
          },
          dense_1: { vars: { '0': set([2, 2], 8), '1': set([2], 9) } },
        },
        optimizer: { vars: { '0': set([], 0), '1': { shape: [], values: [0.125] } } },
      },
    );

  it('finds every weight by the class and the place of its layer', async () => {
    const archive = zipSync({
      'config.json': text(functional),
      'metadata.json': text(metadata),
      'model.weights.h5': weights(),
    });
    const network = await open(archive, 'model.keras');
    const shapes = [[3, 4], [4], [4, 2], [2], [2], [2], [2], [2], [2, 2], [2]];
    expect(valuesOf(network)).toEqual(shapes.map((shape, i) => wave(shape, i)));
    expect(network.calls.map(({ name }) => name)).toEqual(['b', 'inner/z', 'inner/n', 'a']);
    expect(network.summary.file).toEqual({
      path: 'model.keras',
      format: 'keras-v3',
      generatedBy: 'Keras 3.4.0',
      convertedBy: null,
      notes: [],
    });
    expect(network.summary.training).toEqual({
      optimizer: 'Adam',
      learningRate: 0.125,
      losses: ['mean_squared_error'],
    });
    network.dispose();
  });

  it.each<[string, Record<string, Uint8Array>, string]>([
    [
      'without weights',
      { 'config.json': text(functional), 'metadata.json': text(metadata) },
      '"a.keras" is a zip archive, but not a whole Keras model: it holds no model.weights.h5.',
    ],
    [
      'of something else',
      { 'readme.txt': text('') },
      '"a.keras" is a zip archive, but not a whole Keras model: it holds no config.json.',
    ],
  ])('%s', async (_name, files, message) => {
    await expect(open(zipSync(files), 'a.keras')).rejects.toMatchObject({ code: 'not-a-model', message });
  });

  it('cut off', async () => {
    const archive = zipSync({ 'config.json': text(functional) });
    await expect(open(archive.slice(0, -40), 'a.keras')).rejects.toMatchObject({ code: 'not-a-model' });
  });

  it('that would unpack to more than memory holds is refused before', async () => {
    const archive = zipSync({ 'config.json': text(functional) }, { level: 9 });
    // The size in the central directory, 24 bytes into its entry.
    const view = new DataView(archive.buffer, archive.byteOffset);
    const directory = view.getUint32(archive.length - 6, true);
    view.setUint32(directory + 24, 0xfffffff0, true);
    await expect(open(archive, 'bomb.keras')).rejects.toMatchObject({ code: 'not-a-model' });
  });

  it('is recognised by its content and not by its name', async () => {
    await expect(open(float32([1, 2, 3]), 'model.keras')).rejects.toMatchObject({ code: 'invalid-json' });
  });
});
