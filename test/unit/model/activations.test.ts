import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../src/analysis/backend/backend';
import { activationIdentifier } from '../../../src/analysis/model/activationIdentifier';
import { activationObject } from '../../../src/analysis/model/layers/activationObject';
import { activation } from '../../../src/report/activations';
import { WASM_FOLDER } from '../backend/support';

beforeAll(() => startBackend(WASM_FOLDER));

/** Away from the kinks of all functions. */
const POINTS = [-4.2, -2.7, -1.3, -0.45, -0.1, 0.1, 0.45, 1.2, 2.7, 4.2, 6.5];

/** Values and derivatives that tfjs computes for the activation as saved. */
function computed(saved: unknown, kerasVersion3 = false) {
  const object = activationObject(activationIdentifier(saved, [], kerasVersion3));
  return tf.tidy(() => {
    const z = tf.tensor1d(POINTS);
    const value = object.apply(z).dataSync();
    const derivative = tf
      .grad((x) => tf.sum(object.apply(x)))(z)
      .dataSync();
    return { name: object.getClassName(), value: Array.from(value), derivative: Array.from(derivative) };
  });
}

function expectFunction(
  saved: unknown,
  f: (z: number) => number,
  df: (z: number) => number,
  kerasVersion3 = false,
): void {
  const { value, derivative } = computed(saved, kerasVersion3);
  POINTS.forEach((z, i) => {
    expect(Math.abs(value[i] - f(z))).toBeLessThan(2e-6 * Math.max(1, Math.abs(f(z))));
    expect(Math.abs(derivative[i] - df(z))).toBeLessThan(5e-6 * Math.max(1, Math.abs(df(z))));
  });
}

describe('activations by their names in Keras files', () => {
  it.each([
    ['linear', 'linear'],
    ['relu', 'relu'],
    ['relu6', 'relu6'],
    ['elu', 'elu'],
    ['selu', 'selu'],
    ['sigmoid', 'sigmoid'],
    ['hard_sigmoid', 'hard_sigmoid'],
    ['tanh', 'tanh'],
    ['softplus', 'softplus'],
    ['softsign', 'softsign'],
    ['swish', 'silu'],
    ['silu', 'silu'],
    ['hard_swish', 'hard_silu'],
    ['hard_silu', 'hard_silu'],
    ['gelu', 'gelu'],
    ['mish', 'mish'],
    ['exponential', 'exponential'],
    ['celu', 'celu'],
  ])('%s', (saved, name) => {
    const closed = activation(name)!;
    expectFunction(
      saved,
      (z) => closed.value(z),
      (z) => closed.derivative(z),
    );
    // What the measurement looks the layer's activation up by.
    expect(activation(computed(saved).name)?.name).toBe(name);
  });

  const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
  it.each<[string, unknown, (z: number) => number, (z: number) => number, boolean]>([
    [
      'a function object of Keras 3',
      { module: 'builtins', class_name: 'function', config: 'relu' },
      (z) => Math.max(0, z),
      (z) => (z > 0 ? 1 : 0),
      true,
    ],
    [
      'a layer in place of a function',
      { class_name: 'LeakyReLU', config: { negative_slope: 0.1 } },
      (z) => (z > 0 ? z : 0.1 * z),
      (z) => (z > 0 ? 1 : 0.1),
      true,
    ],
    [
      'a layer with its default',
      { class_name: 'LeakyReLU', config: {} },
      (z) => (z > 0 ? z : 0.3 * z),
      (z) => (z > 0 ? 1 : 0.3),
      false,
    ],
    ['leaky_relu', 'leaky_relu', (z) => (z > 0 ? z : 0.2 * z), (z) => (z > 0 ? 1 : 0.2), false],
    [
      'hard_sigmoid of Keras 3',
      'hard_sigmoid',
      (z) => Math.min(1, Math.max(0, z / 6 + 0.5)),
      (z) => (Math.abs(z) < 3 ? 1 / 6 : 0),
      true,
    ],
    [
      'an ELU with a scale',
      { class_name: 'ELU', config: { alpha: 0.5 } },
      (z) => (z > 0 ? z : 0.5 * Math.expm1(z)),
      (z) => (z > 0 ? 1 : 0.5 * Math.exp(z)),
      false,
    ],
    ['log_sigmoid', 'log_sigmoid', (z) => Math.log(sigmoid(z)), (z) => sigmoid(-z), true],
    ['hard_tanh', 'hard_tanh', (z) => Math.min(1, Math.max(-1, z)), (z) => (Math.abs(z) < 1 ? 1 : 0), true],
    ['tanh_shrink', 'tanh_shrink', (z) => z - Math.tanh(z), (z) => Math.tanh(z) ** 2, true],
    [
      'soft_shrink',
      'soft_shrink',
      (z) => Math.sign(z) * Math.max(0, Math.abs(z) - 0.5),
      (z) => (Math.abs(z) > 0.5 ? 1 : 0),
      true,
    ],
    ['squareplus', 'squareplus', (z) => (z + Math.hypot(z, 2)) / 2, (z) => (1 + z / Math.hypot(z, 2)) / 2, true],
    ['nothing', null, (z) => z, () => 1, false],
  ])('%s', (_name, saved, f, df, kerasVersion3) => expectFunction(saved, f, df, kerasVersion3));

  it.each(['softmax', 'log_softmax'])('%s', (saved) => {
    const exps = POINTS.map((z) => Math.exp(z));
    const total = exps.reduce((a, b) => a + b, 0);
    const object = activationObject(activationIdentifier(saved, [], true));
    const values = tf.tidy(() => Array.from(object.apply(tf.tensor2d([POINTS])).dataSync()));
    values.forEach((value, i) => {
      const share = exps[i] / total;
      expect(Math.abs(value - (saved === 'softmax' ? share : Math.log(share)))).toBeLessThan(2e-6);
    });
  });

  it('says where an unknown one stands', () => {
    expect(() => activationIdentifier('my_own', ['config', 'layers', 0], true)).toThrow(
      expect.objectContaining({ code: 'unknown-layer', place: 'config.layers[0]' }),
    );
  });
});
