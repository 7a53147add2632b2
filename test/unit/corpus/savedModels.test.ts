import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/analysis/diagnose';
import { readKerasHdf5 } from '../../../src/analysis/model/kerasHdf5';
import { readKerasZip } from '../../../src/analysis/model/kerasZip';
import { readLayersModel } from '../../../src/analysis/model/layersModel';
import type { LoadedLayersModel } from '../../../src/analysis/model/layersNetwork';
import { detectFormat } from '../../../src/analysis/model/load';
import { disposeModel } from '../../../src/analysis/model/modelBuilder';
import { readModelFile } from '../../../src/analysis/model/modelFile';
import { NodeFolder } from '../../../src/analysis/model/nodeFolder';
import { WASM_FOLDER } from '../backend/support';
import { layersModelOf } from '../../../src/analysis/model/savedModel';
import { startTestBackend } from '../measure/networks';
import { corpusPresent, modelFolder } from './corpus';

const ROOT = path.dirname(path.dirname(modelFolder('any')));

interface SavedFile {
  readonly folder: string;
  readonly file: string;
}

function savedFiles(kind: 'models' | 'keras', pattern: RegExp): SavedFile[] {
  const parent = path.join(ROOT, kind);
  if (!existsSync(parent)) return [];
  return readdirSync(parent).flatMap((name) =>
    readdirSync(path.join(parent, name))
      .filter((file) => pattern.test(file))
      .map((file) => ({ folder: path.join(parent, name), file })),
  );
}

/** The loaded model; null for GraphModels. */
async function load({ folder: name, file }: SavedFile): Promise<LoadedLayersModel | null> {
  const folder = new NodeFolder(name);
  const detected = detectFormat(await readModelFile(folder, file), file);
  switch (detected.format) {
    case 'tfjs-layers':
      return layersModelOf(await readLayersModel(folder, file, detected.json));
    case 'keras-hdf5':
      return layersModelOf(await readKerasHdf5(detected.bytes, file));
    case 'keras-v3':
      return layersModelOf(await readKerasZip(detected.bytes, file));
    case 'tfjs-graph':
      return null;
  }
}

/** Whether the outputs for one sample are finite. */
function predictsFinite(model: LayersModel): boolean {
  return tf.tidy(() => {
    const inputs = model.inputs.map(({ shape }) =>
      tf.randomUniform([1, ...shape.slice(1).map((dim) => dim ?? 8)], 0, 1, 'float32', 1),
    );
    const outputs: tf.Tensor[] = [model.predict(inputs.length === 1 ? inputs[0] : inputs)].flat();
    return outputs.every((tensor) => tensor.dataSync().every((value) => Number.isFinite(value)));
  });
}

describe.skipIf(!corpusPresent)('real saved models load and predict', () => {
  beforeAll(startTestBackend);
  const files = [...savedFiles('models', /^model\.json$/), ...savedFiles('keras', /\.(?:h5|keras)$/)];

  it.each(files.map((file) => [path.basename(file.folder), file] as const))('%s', async (_name, file) => {
    const loaded = await load(file);
    if (loaded === null) return;
    expect(loaded.summary.file.notes).toEqual([]);
    expect(predictsFinite(loaded.model)).toBe(true);
    disposeModel(loaded.model);
  });

  it('the HDF5 twin of xor-tf0x is the same network but for the file', async () => {
    const twin = (await load({ folder: modelFolder('xor-tf0x'), file: 'model.json' }))!;
    const hdf5 = (await load({ folder: path.join(ROOT, 'keras/xor-h5'), file: 'keras.h5' }))!;
    expect({ ...hdf5.summary, file: null }).toEqual({ ...twin.summary, file: null });
    const values = ({ model }: LoadedLayersModel): unknown =>
      model.weights.map((weight) => [...weight.read().dataSync()]);
    expect(values(hdf5)).toEqual(values(twin));
    disposeModel(twin.model);
    disposeModel(hdf5.model);
  });

  it('the archive twin of moonflower-h5 is the same network but for the file', async () => {
    const archive = (await load({ folder: path.join(ROOT, 'keras/moonflower-keras'), file: 'mnist_model.keras' }))!;
    const hdf5 = (await load({ folder: path.join(ROOT, 'keras/moonflower-h5'), file: 'mnist_model.h5' }))!;
    expect({ ...archive.summary, file: null }).toEqual({ ...hdf5.summary, file: null });
    disposeModel(archive.model);
    disposeModel(hdf5.model);
  });

  it('the HDF5 twin of xor-tf0x has the same report but for the file', async () => {
    const report = async (folder: string, file: string): Promise<string> => {
      const request = {
        model: { folder: new NodeFolder(folder), file },
        data: [],
        labels: null,
        samples: null,
        seed: 0,
      };
      const whole = await diagnose(request, { wasmFolder: WASM_FOLDER, onProgress: () => undefined });
      return JSON.stringify({ ...whole, run: null, model: { ...whole.model, file: null } });
    };
    const twin = await report(modelFolder('xor-tf0x'), 'model.json');
    expect(await report(path.join(ROOT, 'keras/xor-h5'), 'keras.h5')).toBe(twin);
  });
});
