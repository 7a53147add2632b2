import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { activation, type Activation, type ActivationParameters, normalCdf } from '../../../src/report/activations';
import { startTestBackend } from '../measure/networks';

/** Every activation with the arguments where it has kinks, and what tfjs computes for it. */
const CASES: readonly {
  readonly name: string;
  readonly parameters?: ActivationParameters;
  readonly kinks?: readonly number[];
  readonly tfjs: (z: tf.Tensor) => tf.Tensor;
}[] = [
  { name: 'linear', tfjs: (z) => tf.clone(z) },
  { name: 'relu', kinks: [0], tfjs: (z) => tf.relu(z) },
  { name: 'relu', parameters: { maximum: 6 }, kinks: [0, 6], tfjs: (z) => tf.relu6(z) },
  { name: 'relu', parameters: { alpha: 0.1 }, kinks: [0], tfjs: (z) => tf.leakyRelu(z, 0.1) },
  {
    name: 'relu',
    parameters: { threshold: 0.5, alpha: 0.25 },
    kinks: [0.5],
    tfjs: (z) => tf.where(tf.greaterEqual(z, 0.5), z, tf.mul(0.25, tf.sub(z, 0.5))),
  },
  { name: 'relu6', kinks: [0, 6], tfjs: (z) => tf.relu6(z) },
  { name: 'leaky_relu', kinks: [0], tfjs: (z) => tf.leakyRelu(z, 0.3) },
  { name: 'leaky_relu', parameters: { alpha: 0.01 }, kinks: [0], tfjs: (z) => tf.leakyRelu(z, 0.01) },
  { name: 'prelu', parameters: { alpha: 0.25 }, kinks: [0], tfjs: (z) => tf.prelu(z, tf.scalar(0.25)) },
  { name: 'thresholded_relu', kinks: [1], tfjs: (z) => tf.where(tf.greater(z, 1), z, tf.zerosLike(z)) },
  { name: 'elu', kinks: [0], tfjs: (z) => tf.elu(z) },
  {
    name: 'elu',
    parameters: { alpha: 2 },
    kinks: [0],
    tfjs: (z) => tf.where(tf.greater(z, 0), z, tf.mul(2, tf.expm1(tf.minimum(z, 0)))),
  },
  {
    name: 'celu',
    parameters: { alpha: 2 },
    kinks: [0],
    tfjs: (z) => tf.where(tf.greater(z, 0), z, tf.mul(2, tf.expm1(tf.div(tf.minimum(z, 0), 2)))),
  },
  { name: 'selu', kinks: [0], tfjs: (z) => tf.selu(z) },
  { name: 'sigmoid', tfjs: (z) => tf.sigmoid(z) },
  { name: 'hard_sigmoid', kinks: [-2.5, 2.5], tfjs: (z) => tf.clipByValue(tf.add(tf.mul(z, 0.2), 0.5), 0, 1) },
  {
    name: 'hard_sigmoid',
    parameters: { slope: 1 / 6 },
    kinks: [-3, 3],
    tfjs: (z) => tf.clipByValue(tf.add(tf.div(z, 6), 0.5), 0, 1),
  },
  { name: 'hard_tanh', kinks: [-1, 1], tfjs: (z) => tf.clipByValue(z, -1, 1) },
  { name: 'tanh', tfjs: (z) => tf.tanh(z) },
  { name: 'softsign', kinks: [0], tfjs: (z) => tf.div(z, tf.add(tf.abs(z), 1)) },
  { name: 'softplus', tfjs: (z) => tf.softplus(z) },
  { name: 'exponential', tfjs: (z) => tf.exp(z) },
  { name: 'gelu', tfjs: (z) => tf.mul(tf.mul(0.5, z), tf.add(1, tf.erf(tf.div(z, Math.SQRT2)))) },
  {
    name: 'gelu_tanh',
    tfjs: (z) =>
      tf.mul(
        tf.mul(0.5, z),
        tf.add(1, tf.tanh(tf.mul(Math.sqrt(2 / Math.PI), tf.add(z, tf.mul(0.044715, tf.pow(z, 3)))))),
      ),
  },
  { name: 'silu', tfjs: (z) => tf.mul(z, tf.sigmoid(z)) },
  { name: 'hard_silu', kinks: [-3, 3], tfjs: (z) => tf.div(tf.mul(z, tf.relu6(tf.add(z, 3))), 6) },
  { name: 'mish', tfjs: (z) => tf.mul(z, tf.tanh(tf.softplus(z))) },
];

/** -12 to 12 in steps of 1/64: holds every kink. */
const GRID = Float32Array.from({ length: 1537 }, (_, i) => -12 + i / 64);

const label = ({ name, parameters }: (typeof CASES)[number]): string =>
  parameters === undefined ? name : `${name} ${JSON.stringify(parameters)}`;
const made = ({ name, parameters }: (typeof CASES)[number]): Activation => activation(name, parameters)!;

describe('activations', () => {
  beforeAll(startTestBackend);

  describe.each(CASES.map((one) => ({ one, name: label(one) })))('$name', ({ one }) => {
    const phi = made(one);

    it('has the values that tfjs computes', () => {
      const values = tf.tidy(() => one.tfjs(tf.tensor1d(GRID)).dataSync());
      GRID.forEach((z, i) => {
        // tfjs computes in float32.
        const tolerance = 2e-6 * Math.max(1, Math.abs(phi.value(z)), Math.abs(z));
        expect(Math.abs(values[i] - phi.value(z)), `phi(${z})`).toBeLessThanOrEqual(tolerance);
      });
    });

    it('has the derivative that central differences give', () => {
      const h = 1e-5;
      for (const z of GRID) {
        if (one.kinks?.some((kink) => Math.abs(kink - z) < 2 * h)) continue;
        const difference = (phi.value(z + h) - phi.value(z - h)) / (2 * h);
        expect(Math.abs(phi.derivative(z) - difference), `phi'(${z})`).toBeLessThan(1e-7 * Math.max(1, difference));
      }
    });

    it('has one slope on its ramp and none beside it, where it has one', () => {
      if (phi.ramp === undefined) return;
      const [low, high] = phi.ramp;
      for (const z of GRID) expect(phi.derivative(z)).toBe(z > low && z < high ? phi.maximumDerivative : 0);
    });

    it('has the largest derivative and the range that a fine grid shows', () => {
      let [steepest, lowest, highest] = [-Infinity, Infinity, -Infinity];
      for (let i = -400_000; i <= 400_000; i++) {
        const z = i / 10_000;
        steepest = Math.max(steepest, phi.derivative(z));
        lowest = Math.min(lowest, phi.value(z));
        highest = Math.max(highest, phi.value(z));
      }
      if (phi.maximumDerivative === null) expect(steepest).toBeGreaterThan(1e10);
      else {
        expect(steepest).toBeLessThanOrEqual(phi.maximumDerivative * (1 + 1e-12));
        expect(steepest).toBeGreaterThan(phi.maximumDerivative * (1 - (one.kinks === undefined ? 1e-8 : 1e-4)));
      }
      const [infimum, supremum] = phi.range;
      // A bound is never crossed, and is reached as near as it goes: softsign tends to 1 only as 1/z.
      expect(lowest).toBeGreaterThanOrEqual(infimum);
      expect(highest).toBeLessThanOrEqual(supremum);
      if (infimum === -Infinity) expect(lowest).toBeLessThan(-0.1);
      else expect(lowest - infimum).toBeLessThan(phi.name === 'softsign' ? 0.03 : 1e-8);
      if (supremum === Infinity) expect(highest).toBeGreaterThanOrEqual(39);
      else expect(supremum - highest).toBeLessThan(phi.name === 'softsign' ? 0.03 : 1e-8);
    });
  });

  it('covers every function that has a derivative', () => {
    // Softmax and log-softmax mix units; nothing else may be left out.
    const covered = new Set(CASES.map((one) => made(one).name));
    const known = [
      'swish',
      'hardSigmoid',
      'hardTanh',
      'leakyReLU',
      'ThresholdedReLU',
      'GELU',
      'gelu_new',
      'mish',
      'celu',
    ];
    for (const name of known) expect(covered, name).toContain(activation(name)?.name);
    expect(activation('softmax')!.maximumDerivative).toBeNull();
    expect(activation('no_such_function')).toBeNull();
    expect(activation('constructor')).toBeNull();
  });

  it('has the distribution function of the normal distribution to twelve digits', () => {
    // Tables: Abramowitz and Stegun, 26.1.
    expect(normalCdf(0)).toBe(0.5);
    expect(Math.abs(normalCdf(1) - 0.841344746068543)).toBeLessThan(1e-12);
    expect(Math.abs(normalCdf(2) - 0.977249868051821)).toBeLessThan(1e-12);
    expect(Math.abs(normalCdf(-3) - 1.3498980316301e-3)).toBeLessThan(1e-12);
    expect(Math.abs(normalCdf(4.5) - 0.999996602326875)).toBeLessThan(1e-12);
  });
});
