import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { backendName, startBackend } from '../../../src/analysis/backend/backend';
import { distributionCases, normalFillCases } from './drawCases';
import { canRecur } from '../../../src/analysis/backend/recurrence';
import { intervalCases } from './intervalCases';
import { FLOAT64, statisticsCases } from './statisticsCases';
import { seededRandom, WASM_FOLDER } from './support';

const warn = vi.fn();

beforeAll(async () => {
  vi.stubGlobal('WebAssembly', undefined);
  Reflect.deleteProperty(globalThis, 'WebAssembly');
  vi.stubGlobal('console', { ...console, warn, log: warn });
  await startBackend(WASM_FOLDER);
});
afterAll(() => vi.unstubAllGlobals());

test('falls back to the cpu backend where WebAssembly is missing', () => {
  expect(backendName()).toBe('cpu');
  expect(canRecur()).toBe(false);
});

test.each([
  ['dense', (): tfl.layers.Layer => tfl.layers.dense({ units: 3 }), [2, 4]],
  ['conv2d', (): tfl.layers.Layer => tfl.layers.conv2d({ filters: 3, kernelSize: 2, padding: 'same' }), [2, 4, 3, 2]],
  ['layer normalisation', (): tfl.layers.Layer => tfl.layers.layerNormalization(), [2, 4]],
  ['batch normalisation', (): tfl.layers.Layer => tfl.layers.batchNormalization(), [2, 4]],
])('%s layers run there, with the gradient of differences', (_name, create, shape) => {
  const random = seededRandom(5);
  const size = shape.reduce((a, b) => a * b, 1);
  const layer = create();
  tf.tidy(() => {
    const x = tf.tensor(random.normals(size), shape);
    const y = layer.apply(x) as tf.Tensor;
    const cotangent = tf.tensor(random.normals(y.size), y.shape);
    const loss = (input: tf.Tensor): tf.Scalar => tf.sum(tf.mul(layer.apply(input) as tf.Tensor, cotangent));
    const gradient = tf.grad(loss)(x).dataSync();
    const values = x.dataSync();
    const step = 2 ** -6;
    for (let i = 0; i < size; i++) {
      const [above, below] = [step, -step].map((by) => {
        const moved = values.map((value, k) => (k === i ? value + by : value));
        return loss(tf.tensor(moved, shape)).dataSync()[0];
      });
      // The rest is of the order of the step's square, and of float32's rounding over the step.
      expect(Math.abs((above - below) / (2 * step) - gradient[i])).toBeLessThan(5e-3);
    }
  });
  layer.dispose();
});

describe('intervals', intervalCases);
describe('statistics', () => statisticsCases(FLOAT64));
describe('draws', distributionCases);
describe('draws into an array', normalFillCases);

test('writes no notices to the console', () => {
  expect(warn).not.toHaveBeenCalled();
});
