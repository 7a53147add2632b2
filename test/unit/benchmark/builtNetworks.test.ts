import * as tf from '@tensorflow/tfjs-core';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildNetwork, type SavedNetwork } from '../../benchmark/diagnosis/buildNetwork';
import { checkLabels } from '../../benchmark/diagnosis/evidence';
import type { NetworkSpec } from '../../benchmark/diagnosis/networkSpec';
import { registerFastFilterGradient, usePlainBackend } from '../../benchmark/diagnosis/plainBackend';
import { collectQuantities } from '../../benchmark/diagnosis/quantities';
import { SPECS } from '../../benchmark/diagnosis/specs/specs';
import { drawSamples, TASKS } from '../../benchmark/diagnosis/tasks';

const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
const wasmFolder = `${path.dirname(wasm)}/`;
const specOf = (id: string): NetworkSpec => SPECS.find((spec) => spec.id === id)!;

const topologyOf = ({ json }: SavedNetwork): unknown => (JSON.parse(json) as { modelTopology: unknown }).modelTopology;

describe('a built network', () => {
  it.each(['trained-relu-sgd-4x32-s1', 'killed-residual-s3'])('%s is the same when it is built again', async (id) => {
    const spec = specOf(id);
    const [first, second] = [await buildNetwork(spec, wasmFolder), await buildNetwork(spec, wasmFolder)];
    expect(topologyOf(second)).toEqual(topologyOf(first));
    expect(Buffer.compare(second.weights, first.weights)).toBe(0);
  });

  it.each(['tiny-relu-2x6-s1', 'bias-16-one-layer-s1', 'one-nan-weight-s1', 'killed-adam-3x48-s1', 'sigmoid-8x32-s1'])(
    'bears out the labels of %s',
    async (id) => {
      const spec = specOf(id);
      const { evidence } = await checkLabels(spec, await buildNetwork(spec, wasmFolder), wasmFolder);
      expect(evidence.filter(({ holds }) => !holds)).toEqual([]);
    },
  );

  it('refutes labels that are wrong', async () => {
    const spec: NetworkSpec = {
      ...specOf('trained-relu-sgd-4x32-s1'),
      labels: {
        rules: ['dead-relu'],
        acceptable: [],
        cause: null,
        evidence: [
          { kind: 'silent', share: 0.5 },
          { kind: 'initially-silent', most: null, least: 0.5 },
          { kind: 'learned', score: 1.01 },
          { kind: 'does-not-learn', epochs: 1, score: 0.5 },
          { kind: 'non-finite' },
        ],
      },
    };
    const { evidence } = await checkLabels(spec, await buildNetwork(spec, wasmFolder), wasmFolder);
    expect(evidence.map(({ holds }) => holds)).toEqual([false, false, false, false, false]);
  });
});

describe('collectQuantities', () => {
  it('gives pre-activations that the activation turns into the activations, and gradients that lower the loss', async () => {
    const spec = specOf('trained-relu-sgd-4x32-s1');
    const initial: NetworkSpec = { ...spec, training: { ...spec.training, epochs: 0 } };
    const { layers, steps } = await collectQuantities(initial, await buildNetwork(initial, wasmFolder), wasmFolder);
    expect(layers).toHaveLength(5);
    for (const { activations, preActivations } of layers.slice(0, 4)) {
      expect(preActivations!.map((z) => Math.max(0, z))).toEqual(activations);
    }
    // Plain gradient descent: every update is the gradient times minus the rate.
    for (const { update, gradient } of steps[0].weights) {
      const error = update.map((change, i) => Math.abs(change + spec.training.learningRate * gradient[i]));
      expect(Math.max(...error)).toBeLessThan(1e-6);
    }
    expect(steps).toHaveLength(10);
    expect(steps[9].loss).toBeLessThan(steps[0].loss);
  });
});

describe('the filter gradient', () => {
  it.each([
    ['same', 1],
    ['same', 2],
    ['valid', 2],
  ] as const)('is that of tfjs for padding %s and strides of %d', async (pad, strides) => {
    await usePlainBackend('cpu', wasmFolder);
    const gradient = (): Float32Array =>
      tf.tidy(() => {
        const x = tf.randomNormal<tf.Rank.R4>([2, 7, 6, 3], 0, 1, 'float32', 5);
        const kernel = tf.randomNormal<tf.Rank.R4>([3, 2, 3, 4], 0, 1, 'float32', 6);
        const loss = (w: tf.Tensor): tf.Tensor => tf.sum(tf.square(tf.conv2d(x, w as tf.Tensor4D, strides, pad)));
        return tf.grad(loss)(kernel).dataSync<'float32'>().slice();
      });
    const stock = tf.getKernel(tf.Conv2DBackpropFilter, 'cpu');
    const expected = gradient();
    registerFastFilterGradient();
    const fast = gradient();
    tf.unregisterKernel(tf.Conv2DBackpropFilter, 'cpu');
    tf.registerKernel(stock);
    const largest = Math.max(...expected.map(Math.abs));
    expect(Math.max(...fast.map((value, i) => Math.abs(value - expected[i])))).toBeLessThan(1e-5 * largest);
  });
});

describe('the tasks', () => {
  it.each(Object.keys(TASKS) as (keyof typeof TASKS)[])(
    '%s: the same seed gives the same samples, and targets of every class',
    (task) => {
      const data = { task, scale: 1, shift: 0, constantFeatures: 0 };
      const [first, again, other] = [drawSamples(data, 200, 1), drawSamples(data, 200, 1), drawSamples(data, 200, 2)];
      expect(again).toEqual(first);
      expect(other.inputs).not.toEqual(first.inputs);
      const { outputs } = TASKS[task];
      const totals = Array.from({ length: outputs }, (_, k) =>
        first.targets.reduce((sum, value, i) => sum + (i % outputs === k ? value : 0), 0),
      );
      if (outputs > 1) expect(Math.min(...totals)).toBeGreaterThan(200 / outputs / 2);
      expect(first.inputs.every(Number.isFinite)).toBe(true);
    },
  );
});
