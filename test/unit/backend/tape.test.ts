import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { backPropagate, tap } from '../../../src/analysis/backend/tape';
import { mulberry32, normal } from '../../../src/analysis/probe/random';
import { startTestBackend } from '../measure/networks';

beforeAll(startTestBackend);

const gaussian = (shape: number[], seed: number): tf.Tensor => {
  const draw = normal(mulberry32(seed));
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => draw()),
    shape,
  );
};

/** Gradients by leaf, in the order of `leaves`; null for one that was not shown. */
function gradients(f: () => tf.Scalar, leaves: tf.Tensor[]): { value: number; of: (Float32Array | null)[] } {
  const of: (Float32Array | null)[] = leaves.map(() => null);
  const value = backPropagate(f, {
    leaves,
    taps: [],
    onGradient: (leaf, dy) => {
      expect(of[leaves.indexOf(leaf)], 'shown once').toBeNull();
      of[leaves.indexOf(leaf)] = dy.dataSync<'float32'>();
    },
  });
  return { value, of };
}

type Step = (values: tf.Tensor[], random: () => number) => tf.Tensor[];
const pick = (values: tf.Tensor[], random: () => number): tf.Tensor => values[Math.floor(random() * values.length)];

/** Operations on matrices of three rows and columns, some of which hand their gradients on, use an input twice or have several outputs. */
const STEPS: readonly Step[] = [
  (values, random) => [tf.matMul(pick(values, random), pick(values, random))],
  (values, random) => [tf.add(pick(values, random), pick(values, random))],
  (values, random) => [tf.mul(pick(values, random), pick(values, random))],
  (values, random) => [tf.tanh(pick(values, random))],
  (values, random) => [tf.relu(pick(values, random))],
  (values, random) => [tf.transpose(pick(values, random))],
  (values, random) => [tf.reshape(tf.reshape(pick(values, random), [9]), [3, 3])],
  (values, random) => [tf.clone(pick(values, random))],
  (values, random) => [tf.addN([pick(values, random), pick(values, random), pick(values, random)])],
  (values, random) => {
    // The third is not used.
    const [a, b] = tf.split(pick(values, random), 3);
    return [tf.concat([b, a, b]), tf.add(tf.eye(3), a)];
  },
];

/** A scalar of the leaves by way of so many random operations. */
function randomGraph(leaves: tf.Tensor[], seed: number): tf.Scalar {
  const random = mulberry32(seed);
  const values = [...leaves];
  for (let i = 0; i < 12; i++) {
    for (const value of STEPS[Math.floor(random() * STEPS.length)](values, random)) values.push(tf.mul(value, 0.7));
  }
  return tf.sum(tf.mul(values[values.length - 1], values[values.length - 2]));
}

describe('backPropagate', () => {
  it('answers what tfjs does, on random graphs', () => {
    for (let seed = 0; seed < 60; seed++) {
      const leaves = [gaussian([3, 3], 3 * seed), gaussian([3, 3], 3 * seed + 1), gaussian([3, 3], 3 * seed + 2)];
      const before = tf.memory().numTensors;
      const expected = tf.tidy(() => {
        const { value, grads } = tf.engine().gradients(() => randomGraph(leaves, seed), leaves, undefined, true);
        return { value: value.dataSync()[0], of: grads.map((dy) => dy?.dataSync<'float32'>() ?? null) };
      });
      const actual = gradients(() => randomGraph(leaves, seed), leaves);
      expect(actual.value).toBe(expected.value);
      actual.of.forEach((own, i) => {
        expect(own === null, `leaf ${i} of graph ${seed}`).toBe(expected.of[i] === null);
        own?.forEach((dy, k) => expect(dy).toBeCloseTo(expected.of[i][k], 4));
      });
      expect(tf.memory().numTensors).toBe(before);
      tf.dispose(leaves);
    }
  });

  it('takes gradients that are handed on twice, saved, or of somebody else', () => {
    const [x, y, constant] = [gaussian([4], 1), gaussian([4], 2), gaussian([4], 3)];
    const odd = (answer: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor[]) => {
      const operation = tf.customGrad((...args) => {
        const [a, b, save] = args as unknown as [tf.Tensor, tf.Tensor, tf.GradSaveFunc];
        save([b]);
        return { value: tf.add(a, b), gradFunc: answer };
      });
      const before = tf.memory().numTensors;
      const { of } = gradients(() => tf.sum(tf.mul(operation(x, y), constant)), [x, y]);
      expect(tf.memory().numTensors).toBe(before);
      return of.map((dy) => Array.from(dy!));
    };
    const [ofX, ofY, ofC] = [x, y, constant].map((tensor) => Array.from(tensor.dataSync()));
    expect(odd((dy) => [dy, dy])).toEqual([ofC, ofC]);
    expect(odd((_dy, [saved]) => [saved, saved])).toEqual([ofY, ofY]);
    expect(odd(() => [x, constant])).toEqual([ofX, ofC]);
    const twice = odd((dy) => {
      const own = tf.mul(dy, 2);
      return [own, own];
    });
    expect(twice[0]).toEqual(ofC.map((value) => 2 * value));
    expect(twice[1]).toEqual(twice[0]);
    for (const tensor of [x, y, constant]) expect(tensor.isDisposed).toBe(false);
    tf.dispose([x, y, constant]);
  });

  it('shows a tap the sum over all uses, and ends there when asked to', () => {
    const x = gaussian([3, 3], 5);
    const shown: string[] = [];
    const taps: tf.Tensor[] = [];
    let dTapped: number[] = [];
    const f = (): tf.Scalar => {
      const before = tap(tf.mul(x, 2), () => shown.push('before'));
      const tapped = tap(tf.square(before), (dy) => {
        shown.push('tapped');
        dTapped = Array.from(dy.dataSync());
      });
      taps.push(tapped);
      const aside = tap(tf.mul(x, 5), () => shown.push('aside'));
      return tf.sum(tf.addN([tapped, tf.mul(tapped, 3), aside]));
    };
    const onGradient = (): void => expect.unreachable();
    expect(backPropagate(f, { leaves: [], taps, onGradient })).toBeCloseTo(
      tf.tidy(() => tf.sum(tf.add(tf.mul(tf.square(x), 16), tf.mul(x, 5))).dataSync()[0]),
      3,
    );
    expect(shown).toEqual(['tapped']);
    expect(dTapped).toEqual(Array(9).fill(4));
    shown.length = 0;
    backPropagate(f, { leaves: [x], taps: [], onGradient: () => undefined });
    expect(shown.sort()).toEqual(['aside', 'before', 'tapped']);
    x.dispose();
  });

  it('shows nothing of leaves that the answer does not depend on', () => {
    const [x, unused] = [gaussian([2], 1), gaussian([2], 2)];
    const f = (): tf.Scalar => {
      tf.mul(unused, x);
      return tf.sum(x);
    };
    expect(gradients(f, [x, unused]).of).toEqual([Float32Array.of(1, 1), null]);
    tf.dispose([x, unused]);
  });

  it('holds less and less on its way back', () => {
    const size = 10_000;
    const x = gaussian([size], 1);
    const held: number[] = [];
    const f = (): tf.Scalar => {
      let value = x;
      // tanh saves what it answers.
      for (let i = 0; i < 20; i++) value = tf.tanh(tap(value, () => held.push(tf.memory().numDataBuffers)));
      return tf.sum(value);
    };
    backPropagate(f, { leaves: [x], taps: [], onGradient: () => undefined });
    expect(held).toHaveLength(20);
    for (let i = 1; i < held.length; i++) expect(held[i - 1] - held[i]).toBe(1);
    x.dispose();
  });

  it.each(['lead from no leaf', 'lead nowhere'])('keeps nothing of operations that %s', (where) => {
    const [x, aside] = [gaussian([100], 1), gaussian([100], 2)];
    let held = 0;
    const f = (): tf.Scalar => {
      const shown = tap(x, () => (held = tf.memory().numDataBuffers));
      const nowhere = where === 'lead nowhere';
      let value = nowhere ? x : aside;
      for (let i = 0; i < 20; i++) value = tf.tanh(value);
      return tf.sum(nowhere ? shown : tf.add(shown, value));
    };
    const before = tf.memory().numDataBuffers;
    backPropagate(f, { leaves: [x], taps: [], onGradient: () => undefined });
    expect(held - before).toBeLessThan(5);
    tf.dispose([x, aside]);
  });

  it('names an operation without a gradient, and one whose gradient does not fit, and leaves nothing behind', () => {
    const x = gaussian([4], 1);
    const before = tf.memory();
    const wrongShape = tf.customGrad((input) => ({
      value: tf.tanh(input as tf.Tensor),
      gradFunc: () => tf.zeros([3]),
    }));
    const failing: [RegExp, () => tf.Scalar][] = [
      // By then, the gradient of the tanh has arrived.
      [/Cumprod/, () => tf.sum(tf.add(tf.tanh(x), tf.cumprod(tf.sigmoid(x))))],
      [/float32 \[3\]/, () => tf.sum(wrongShape(tf.sigmoid(x)))],
      [
        /refused/,
        () => {
          tf.tanh(x);
          throw new Error('refused');
        },
      ],
    ];
    for (const [message, f] of failing) {
      expect(() => gradients(f, [x])).toThrow(message);
      expect(tf.memory().numTensors).toBe(before.numTensors);
      expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
      expect(tf.engine().state.activeTape).toBeNull();
    }
    const refuse = (): void => {
      throw new Error('refused');
    };
    const f = (): tf.Scalar => tf.sum(tf.tanh(x));
    expect(() => backPropagate(f, { leaves: [x], taps: [], onGradient: refuse })).toThrow('refused');
    expect(tf.memory().numTensors).toBe(before.numTensors);
    // The next run is not disturbed.
    expect(gradients(() => tf.sum(x), [x]).of).toEqual([Float32Array.of(1, 1, 1, 1)]);
    x.dispose();
  });
});
