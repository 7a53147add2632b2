/** Times a bare forward and backward pass of stock tfjs: a line `step` in, a line of JSON out. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { npyFloats } from './npyFloats';
import { serve } from './serve';

const [wasmFolder, modelFolder, backend] = process.argv.slice(2);

async function main(): Promise<void> {
  setWasmPaths(wasmFolder + path.sep);
  await tf.setBackend(backend);
  const description = JSON.parse(await readFile(path.join(modelFolder, 'model.json'), 'utf8')) as tf.io.ModelJSON;
  const weights = await readFile(path.join(modelFolder, 'weights.bin'));
  const model = await tf.loadLayersModel({
    load: () =>
      Promise.resolve({
        modelTopology: description.modelTopology,
        weightSpecs: description.weightsManifest[0].weights,
        weightData: new Uint8Array(weights).buffer,
      }),
  });
  const { shape, values } = npyFloats(await readFile(path.join(modelFolder, 'probe.npy')));
  const input = tf.tensor(values, shape);

  await serve({
    step: () => {
      const start = performance.now();
      tf.tidy(() => {
        const { value } = tf.variableGrads(() => {
          const output = model.apply(input, { training: false }) as tf.Tensor;
          return tf.sum(tf.mul(output, tf.randomNormal(output.shape, 0, 1, 'float32', 1)));
        });
        value.dataSync();
      });
      return performance.now() - start;
    },
  });
}

void main();
