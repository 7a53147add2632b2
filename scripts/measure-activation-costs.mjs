/**
 * Times every activation of tfjs relative to ReLU on the wasm backend and writes
 * `src/code/catalogue/activationCosts.json`, which hover tips show. Run it by hand on a quiet machine.
 *
 * Each is run on a tensor as it leaves a convolution; the fastest of many runs is what the machine's other work
 * disturbs least. Kernels of the wasm backend have finished when they return. A softmax is over rows of 1024.
 */
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { PROJECT } from './vscode-harness/cache.mjs';

const ROWS = 512;
const COLUMNS = 1024;
const ROUNDS = 100;

/** tfjs's names by those of the catalogue. */
const ACTIVATIONS = {
  relu: 'relu',
  relu6: 'relu6',
  elu: 'elu',
  selu: 'selu',
  gelu: 'gelu',
  silu: 'swish',
  mish: 'mish',
  sigmoid: 'sigmoid',
  hard_sigmoid: 'hardSigmoid',
  tanh: 'tanh',
  softplus: 'softplus',
  softsign: 'softsign',
  softmax: 'softmax',
};

const require = createRequire(import.meta.url);
setWasmPaths(`${path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'))}/dist/`);
setThreadsCount(1);
await tf.setBackend('wasm');

const input = tf.randomNormal([ROWS, COLUMNS], 0, 1, 'float32', 1);
const layers = {
  ...Object.fromEntries(
    Object.entries(ACTIVATIONS).map(([name, activation]) => [name, tf.layers.activation({ activation })]),
  ),
  leaky_relu: tf.layers.leakyReLU({ alpha: 0.3 }),
};
const fastest = Object.fromEntries(Object.keys(layers).map((name) => [name, Infinity]));
// In turns, so that a slow minute of the machine concerns all of them.
for (let round = 0; round < ROUNDS; round++)
  for (const [name, layer] of Object.entries(layers)) {
    const begin = performance.now();
    tf.tidy(() => layer.apply(input));
    fastest[name] = Math.min(fastest[name], performance.now() - begin);
  }
const costs = Object.fromEntries(
  Object.entries(fastest).map(([name, time]) => [name, Number((time / fastest.relu).toPrecision(2))]),
);
console.table(costs);
await writeFile(path.join(PROJECT, 'src/code/catalogue/activationCosts.json'), `${JSON.stringify(costs, null, 2)}\n`);
