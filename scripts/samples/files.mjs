import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';

/** Writes `model.json` and `weights.bin` as tfjs's own file handler does, with the optimiser, so that its rate is known. */
export async function saveModel(model, folder) {
  const handler = tf.io.withSaveHandler(async ({ weightSpecs, weightData, ...description }) => {
    const json = { ...description, weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }] };
    await writeFile(path.join(folder, 'model.json'), `${JSON.stringify(json, null, 1)}\n`);
    await writeFile(path.join(folder, 'weights.bin'), new Uint8Array(weightData));
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
  });
  await model.save(handler, { includeOptimizer: true });
}

const NPY_TYPES = new Map([
  [Float32Array, '<f4'],
  [Int32Array, '<i4'],
]);

/** Writes numbers as a NumPy array of format version 1.0. */
export async function saveNpy(file, numbers, shape) {
  const dimensions = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const header = `{'descr': '${NPY_TYPES.get(numbers.constructor)}', 'fortran_order': False, 'shape': (${dimensions}), }`;
  // Magic, version and header length take 10 bytes; the header ends in a line feed at a multiple of 64.
  const padded = `${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`;
  const start = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1');
  start.writeUInt16LE(padded.length, 8);
  const values = Buffer.alloc(numbers.byteLength);
  const write = numbers instanceof Int32Array ? 'writeInt32LE' : 'writeFloatLE';
  numbers.forEach((value, i) => values[write](value, 4 * i));
  await writeFile(file, Buffer.concat([start, Buffer.from(padded, 'latin1'), values]));
}
