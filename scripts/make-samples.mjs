/**
 * Builds the sample models under samples/, or under the folder given as the only argument. Each build gives the same
 * bytes; the tests compare them with the committed files.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { saveModel, saveNpy } from './samples/files.mjs';
import { deadRelu, deepSigmoid, healthy, poorInit } from './samples/models.mjs';
import { FEATURES, drawSamples } from './samples/task.mjs';

const DATA_SAMPLES = 512;
const DATA_SEED = 2;

const target = process.argv[2] ?? fileURLToPath(new URL('../samples', import.meta.url));
await tf.setBackend('cpu');
for (const [name, build] of Object.entries({
  'dead-relu': deadRelu,
  'deep-sigmoid': deepSigmoid,
  'poor-init': poorInit,
  healthy,
})) {
  const folder = path.join(target, name);
  await mkdir(folder, { recursive: true });
  await saveModel(await build(), folder);
}

// Samples that no network was trained on, for `--data` and `--labels`.
const folder = path.join(target, 'data');
await mkdir(folder, { recursive: true });
const { features, classes } = drawSamples(DATA_SAMPLES, DATA_SEED);
await saveNpy(path.join(folder, 'features.npy'), features, [DATA_SAMPLES, FEATURES]);
await saveNpy(path.join(folder, 'classes.npy'), classes, [DATA_SAMPLES]);
