import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// The samples' sickness is measured here with plain tfjs and its own cpu backend, never with the project's rules.

const ROOT = path.resolve(import.meta.dirname, '../../..');
const SAMPLES = path.join(ROOT, 'samples');
const PROBE_SAMPLES = 4096;

interface SavedModel {
  readonly modelTopology: object;
  readonly weightsManifest: readonly { readonly weights: tf.io.WeightsManifestEntry[] }[];
}

async function load(name: string): Promise<tf.LayersModel> {
  const saved = JSON.parse(readFileSync(path.join(SAMPLES, name, 'model.json'), 'utf8')) as SavedModel;
  const bytes = readFileSync(path.join(SAMPLES, name, 'weights.bin'));
  return tf.loadLayersModel(
    tf.io.fromMemory({
      modelTopology: saved.modelTopology,
      weightSpecs: saved.weightsManifest[0].weights.filter((weight) => weight.group !== 'optimizer'),
      weightData: new Uint8Array(bytes).buffer,
    }),
  );
}

/** The outputs of every layer on a standard normal probe. */
function outputs(model: tf.LayersModel): tf.Tensor2D[] {
  let a: tf.Tensor = tf.randomNormal([PROBE_SAMPLES, 8], 0, 1, 'float32', 5);
  return model.layers.map((layer) => (a = layer.apply(a) as tf.Tensor) as tf.Tensor2D);
}

/** Per layer, the number of samples on which each unit was above 0. */
const activity = (model: tf.LayersModel): number[][] =>
  outputs(model).map((a) => Array.from(a.greater(0).sum(0).dataSync()));

const silent = (counts: readonly number[]): number => counts.filter((count) => count === 0).length;

/** Variance across samples, averaged over units, per layer; in float64, as float32 squares would underflow. */
const variances = (model: tf.LayersModel): number[] =>
  outputs(model).map((a) => {
    const [rows, columns] = a.shape;
    const values = a.dataSync();
    let sum = 0;
    for (let j = 0; j < columns; j++) {
      let mean = 0;
      for (let i = 0; i < rows; i++) mean += values[i * columns + j] / rows;
      for (let i = 0; i < rows; i++) sum += (values[i * columns + j] - mean) ** 2 / rows;
    }
    return sum / columns;
  });

/** Euclidean norms of dLoss/dkernel per layer, for a random linear function of the logits. */
function kernelGradientNorms(model: tf.LayersModel): number[] {
  const kernels = model.layers.map((layer) => layer.trainableWeights[0].read() as tf.Variable);
  const biases = model.layers.map((layer) => layer.trainableWeights[1].read());
  const x = tf.randomNormal([256, 8], 0, 1, 'float32', 5);
  const cotangent = tf.randomNormal([256, 4], 0, 1, 'float32', 6);
  const { grads } = tf.variableGrads(() => {
    let a: tf.Tensor = x;
    model.layers.forEach((layer, i) => {
      const z = tf.add(tf.matMul(a as tf.Tensor2D, kernels[i] as unknown as tf.Tensor2D), biases[i]);
      const activation = (layer.getConfig() as { activation: string }).activation;
      a = activation === 'relu' ? tf.relu(z) : activation === 'sigmoid' ? tf.sigmoid(z) : z;
    });
    return tf.sum(tf.mul(a, cotangent)).asScalar();
  }, kernels);
  return kernels.map((kernel) => Math.hypot(...grads[kernel.name].dataSync()));
}

function accuracy(model: tf.LayersModel): number {
  const features = new Float32Array(new Uint8Array(readFileSync(path.join(SAMPLES, 'data/features.npy'))).buffer, 128);
  const classes = new Int32Array(new Uint8Array(readFileSync(path.join(SAMPLES, 'data/classes.npy'))).buffer, 128);
  const predicted = (model.predict(tf.tensor2d(features, [512, 8])) as tf.Tensor).argMax(1).dataSync();
  return classes.filter((label, i) => label === predicted[i]).length / classes.length;
}

const filesUnder = (folder: string): string[] =>
  (readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => statSync(path.join(folder, name)).isFile())
    .sort();

beforeAll(() => tf.setBackend('cpu'));

describe('sample models', () => {
  it('dead-relu: 40% to 90% of hidden_2 never fires, all of hidden_1 does', async () => {
    const model = await load('dead-relu');
    const [first, second] = activity(model);
    expect(silent(first)).toBe(0);
    expect(silent(second) / second.length).toBeGreaterThan(0.4);
    expect(silent(second) / second.length).toBeLessThan(0.9);
    expect(accuracy(model)).toBeLessThan(0.7);
  });

  it('deep-sigmoid: the first kernel gradient is a millionth of the last, and the samples become indistinguishable', async () => {
    const model = await load('deep-sigmoid');
    const norms = kernelGradientNorms(model);
    expect(norms[0] / norms[norms.length - 1]).toBeLessThan(1e-6);
    const variance = variances(model);
    expect(variance[11] / variance[0]).toBeLessThan(1e-9);
  });

  it('poor-init: every kernel deviates a fifth of what He asks for, and the signal vanishes', async () => {
    const model = await load('poor-init');
    for (const layer of model.layers.slice(1, 12)) {
      const kernel = layer.getWeights()[0];
      const deviation = tf.moments(kernel).variance.sqrt().dataSync()[0];
      expect(deviation / Math.sqrt(2 / 32)).toBeGreaterThan(0.18);
      expect(deviation / Math.sqrt(2 / 32)).toBeLessThan(0.22);
    }
    const variance = variances(model);
    expect(variance[11] / variance[0]).toBeLessThan(1e-12);
  });

  it('healthy: every unit fires on at least 1% of the samples, gradients are level, and it classifies well', async () => {
    const model = await load('healthy');
    for (const counts of activity(model)) expect(Math.min(...counts) / PROBE_SAMPLES).toBeGreaterThanOrEqual(0.01);
    const norms = kernelGradientNorms(model);
    expect(Math.max(...norms) / Math.min(...norms)).toBeLessThan(10);
    expect(accuracy(model)).toBeGreaterThan(0.9);
  });

  it('say what they were trained with', () => {
    for (const [name, learningRate] of [
      ['dead-relu', 1.5],
      ['healthy', 0.1],
    ] as const) {
      const saved: unknown = JSON.parse(readFileSync(path.join(SAMPLES, name, 'model.json'), 'utf8'));
      expect(saved).toMatchObject({
        trainingConfig: {
          loss: 'categorical_crossentropy',
          optimizer_config: { class_name: 'SGD', config: { learningRate } },
        },
      });
    }
  });

  describe('built again', () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(path.join(tmpdir(), 'samples-'));
      execFileSync(process.execPath, [path.join(ROOT, 'scripts/make-samples.mjs'), folder], { stdio: 'ignore' });
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it('are byte-identical to the committed files', () => {
      const names = filesUnder(folder);
      expect(filesUnder(SAMPLES)).toEqual([...names, 'README.md'].sort());
      for (const name of names) {
        expect(readFileSync(path.join(folder, name)).equals(readFileSync(path.join(SAMPLES, name))), name).toBe(true);
      }
    });

    it('take less than 300 KB together', () => {
      const bytes = filesUnder(SAMPLES).reduce((sum, name) => sum + statSync(path.join(SAMPLES, name)).size, 0);
      expect(bytes).toBeLessThan(300_000);
    });
  });
});
