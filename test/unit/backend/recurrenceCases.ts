import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { heapTensor, newHeapTensor } from '../../../src/analysis/backend/heap';
import {
  recur,
  type CellActivation,
  type CellKind,
  type RecurrenceObserver,
} from '../../../src/analysis/backend/recurrence';
import { tap } from '../../../src/analysis/backend/tape';
import { seededRandom, type Random } from './support';

type Numbers = ArrayLike<number>;

const PHI: Readonly<Record<CellActivation, (z: number) => number>> = {
  linear: (z) => z,
  relu: (z) => Math.max(0, z),
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  tanh: Math.tanh,
  hardSigmoid: (z) => Math.min(1, Math.max(0, z / 5 + 0.5)),
  hard_sigmoid_3: (z) => Math.min(1, Math.max(0, z / 6 + 0.5)),
};
const ACTIVATIONS = Object.keys(PHI) as CellActivation[];
/** Between 0 and 1: others would make some states grow, and their rounding errors with them. */
const GATE_ACTIVATIONS: readonly CellActivation[] = ['sigmoid', 'hardSigmoid', 'hard_sigmoid_3'];
const VALUE_TOLERANCE = 4e-6;
const GRADIENT_TOLERANCE = 1e-5;
const GATES: Readonly<Record<CellKind, number>> = { simple: 1, lstm: 4, gru: 3, gruResetAfter: 3 };

interface Setting {
  readonly kind: CellKind;
  readonly activation: CellActivation;
  readonly gateActivation: CellActivation;
  readonly samples: number;
  readonly steps: number;
  readonly features: number;
  readonly units: number;
  readonly everyStep: boolean;
  readonly fromZeros: boolean;
}

type Name = 'x' | 'kernel' | 'recurrentKernel' | 'bias' | 'recurrentBias' | 'h0' | 'c0';
/** What a value within the layer is changed by: `argument`, or `after` and `before` a step one of the states. */
type Bump = (
  what: 'argument' | 'after' | 'before',
  step: number,
  which: number,
  sample: number,
  unit: number,
) => number;
const NONE: Bump = () => 0;

/** The cells by their definitions (Keras documentation), in float64. Answers with arguments, states and output. */
function reference(setting: Setting, values: Readonly<Record<Name, Numbers>>, bump = NONE) {
  const { kind, samples, steps, features, units, everyStep } = setting;
  const [phi, sigma] = [PHI[setting.activation], PHI[setting.gateActivation]];
  const columns = GATES[kind] * units;
  const product = (v: (k: number) => number, depth: number, matrix: Numbers, column: number): number => {
    let sum = 0;
    for (let k = 0; k < depth; k++) sum += v(k) * matrix[k * columns + column];
    return sum;
  };
  const argument: number[] = [];
  const states: number[][][] = Array.from({ length: steps }, () => [[], []]);
  const output: number[] = [];
  for (let n = 0; n < samples; n++) {
    let h = Array.from({ length: units }, (_, u) => values.h0[n * units + u]);
    let c = Array.from({ length: units }, (_, u) => values.c0[n * units + u]);
    for (let s = 0; s < steps; s++) {
      h = h.map((value, u) => value + bump('before', s, 0, n, u));
      c = c.map((value, u) => value + bump('before', s, 1, n, u));
      const input = (j: number): number =>
        product((k) => values.x[(n * steps + s) * features + k], features, values.kernel, j) + values.bias[j];
      const state = (j: number, v = h): number => product((k) => v[k], units, values.recurrentKernel, j);
      const z = (gate: number, u: number): number => input(gate * units + u) + state(gate * units + u);
      const shown = (which: number, u: number, value: number): number => {
        const applications = kind === 'lstm' ? 2 : 1;
        argument[((n * steps + s) * applications + which) * units + u] = value;
        return value + bump('argument', s, which, n, u);
      };
      const all = Array.from({ length: units }, (_, u) => u);
      const before = h;
      if (kind === 'simple') h = all.map((u) => phi(shown(0, u, z(0, u))));
      else if (kind === 'lstm') {
        const old = c;
        c = all.map((u) => sigma(z(1, u)) * old[u] + sigma(z(0, u)) * phi(shown(0, u, z(2, u))));
        h = all.map((u) => sigma(z(3, u)) * phi(shown(1, u, c[u])));
      } else {
        const after = kind === 'gruResetAfter';
        const own = (j: number): number => state(j) + (after ? values.recurrentBias[j] : 0);
        const update = all.map((u) => sigma(input(u) + own(u)));
        const reset = all.map((u) => sigma(input(units + u) + own(units + u)));
        const inner = (u: number): number =>
          after ? reset[u] * own(2 * units + u) : state(2 * units + u, before.map((value, k) => value * reset[k])); // prettier-ignore
        const candidate = all.map((u) => phi(shown(0, u, input(2 * units + u) + inner(u))));
        h = all.map((u) => update[u] * before[u] + (1 - update[u]) * candidate[u]);
      }
      h = h.map((value, u) => value + bump('after', s, 0, n, u));
      c = c.map((value, u) => value + bump('after', s, 1, n, u));
      states[s][0].push(...h);
      states[s][1].push(...c);
      if (everyStep || s === steps - 1) output.push(...h);
    }
  }
  return { argument, states, output };
}

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function shapesOf({ kind, samples, steps, features, units }: Setting): Record<Name, number[]> {
  const columns = GATES[kind] * units;
  return {
    x: [samples, steps, features],
    kernel: [features, columns],
    recurrentKernel: [units, columns],
    bias: [columns],
    recurrentBias: [columns],
    h0: [samples, units],
    c0: [samples, units],
  };
}

const randomSetting = (random: Random, kind: CellKind, index: number): Setting => ({
  kind,
  // The state of an LSTM with ReLU is often 0, where there is no derivative to compare with.
  activation: kind === 'lstm' && index % 6 === 1 ? 'tanh' : ACTIVATIONS[index % ACTIVATIONS.length],
  gateActivation: GATE_ACTIVATIONS[(index + (index >> 2)) % GATE_ACTIVATIONS.length],
  samples: random.integer(1, 5),
  steps: random.integer(1, 4),
  features: random.integer(1, 5),
  units: [1, 3, 4, 5, 9, 8][random.integer(0, 5)],
  everyStep: index % 2 === 0,
  fromZeros: index % 3 === 0,
});

/** Largest difference over the largest magnitude of the reference, or over 1 if that is larger. */
function expectClose(actual: Numbers, expected: Numbers, tolerance: number, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  let [difference, magnitude] = [0, 1];
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
    magnitude = Math.max(magnitude, Math.abs(expected[i]));
  }
  expect(difference / magnitude, what).toBeLessThan(tolerance);
}

/** Float32 values, a bit smaller than normal so that few gates saturate, at the shape of every input. */
function randomValues(random: Random, setting: Setting): Record<Name, Float32Array> {
  const shapes = shapesOf(setting);
  const draw = (name: Name): Float32Array => random.normals(size(shapes[name])).map((value) => 0.7 * value);
  const initial = (name: Name): Float32Array => (setting.fromZeros ? new Float32Array(size(shapes[name])) : draw(name));
  return {
    x: draw('x'),
    kernel: draw('kernel'),
    recurrentKernel: draw('recurrentKernel'),
    bias: draw('bias'),
    recurrentBias: draw('recurrentBias'),
    h0: initial('h0'),
    c0: initial('c0'),
  };
}

/** Runs a cell as a layer would, and compares all that is shown with the reference and its central differences. */
function check(random: Random, setting: Setting): void {
  const { kind, samples, steps, units, everyStep, fromZeros } = setting;
  const what = JSON.stringify(setting);
  const values = randomValues(random, setting);
  const shapes = shapesOf(setting);
  const expected = reference(setting, values);
  const stateCount = kind === 'lstm' ? 2 : 1;
  const weights = random.normals(expected.output.length);
  const stateWeights = [random.normals(samples * units), random.normals(samples * units)];
  const lossOf = ({ output, states }: ReturnType<typeof reference>): number => {
    let loss = 0;
    output.forEach((value, i) => (loss += value * weights[i]));
    const last = states[steps - 1].slice(0, stateCount);
    last.forEach((state, k) => state.forEach((value, i) => (loss += value * stateWeights[k][i])));
    return loss;
  };
  const difference = (changed: (by: number) => ReturnType<typeof reference>): number =>
    (lossOf(changed(1e-6)) - lossOf(changed(-1e-6))) / 2e-6;

  const names: Name[] = ['x', 'kernel', 'recurrentKernel', 'bias'];
  if (kind === 'gruResetAfter') names.push('recurrentBias');
  if (!fromZeros) names.push('h0');
  if (!fromZeros && kind === 'lstm') names.push('c0');
  const tensors = names.map((name) => tf.tensor(values[name], shapes[name]));
  let argument: Numbers = [];
  let dArgument: Numbers = [];
  const shown: Numbers[][] = [];
  const stateGradients = { before: [] as Numbers[][], after: [] as Numbers[][] };
  const observer: RecurrenceObserver = {
    argument: (z) => {
      argument = z.dataSync();
      return tap(z, (dy) => (dArgument = dy.dataSync()));
    },
    states: (step, states) => (shown[step] = states.map((state) => state.dataSync())),
    stateGradient: (step, place, dy) => (stateGradients[place][step] ??= []).push(dy.dataSync()),
  };
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const gradients = tf.grads((...given) => {
      const of = (name: Name): tf.Tensor | null => given[names.indexOf(name)] ?? null;
      const cell = {
        ...setting,
        kernel: of('kernel')!,
        recurrentKernel: of('recurrentKernel')!,
        bias: of('bias'),
        recurrentBias: of('recurrentBias'),
      };
      const initial = fromZeros ? null : [of('h0')!, ...(kind === 'lstm' ? [of('c0')!] : [])];
      const [output, ...states] = recur({ cell, x: of('x')!, initial, everyStep }, observer);
      expect(output.shape).toEqual(everyStep ? [samples, steps, units] : [samples, units]);
      expectClose(output.dataSync(), expected.output, VALUE_TOLERANCE, `output of ${what}`);
      expect(states).toHaveLength(stateCount);
      const terms = [output, ...states].map((value, k) =>
        tf.sum(tf.mul(value, tf.tensor(k === 0 ? weights : stateWeights[k - 1], value.shape))),
      );
      return terms.reduce((a, b) => tf.add(a, b));
    })(tensors);
    gradients.forEach((gradient, i) => {
      const differences = Array.from(values[names[i]], (_, at) =>
        difference((by) => {
          const changed = Float64Array.from(values[names[i]]);
          changed[at] += by;
          return reference(setting, { ...values, [names[i]]: changed });
        }),
      );
      expectClose(gradient.dataSync(), differences, GRADIENT_TOLERANCE, `gradient of ${names[i]} of ${what}`);
    });
  });
  expect(tf.memory().numTensors).toBe(before);
  expectClose(argument, expected.argument, VALUE_TOLERANCE, `arguments of ${what}`);
  const bumped = (place: Parameters<Bump>[0], step: number, which: number): number[] =>
    Array.from({ length: samples * units }, (_, i) =>
      difference((by) =>
        reference(setting, values, (...[where, s, k, n, u]) =>
          where === place && s === step && k === which && n * units + u === i ? by : 0,
        ),
      ),
    );
  for (let step = 0; step < steps; step++) {
    for (let k = 0; k < stateCount; k++) {
      expectClose(shown[step][k], expected.states[step][k], VALUE_TOLERANCE, `states of ${what}`);
      expectClose(
        stateGradients.after[step][k],
        bumped('after', step, k),
        GRADIENT_TOLERANCE,
        `gradient after ${step} of ${what}`,
      );
      if (step > 0)
        expectClose(stateGradients.before[step][k], bumped('before', step, k), GRADIENT_TOLERANCE, `gradient before ${step} of ${what}`); // prettier-ignore
      const applications = kind === 'lstm' ? 2 : 1;
      const rows = Array.from({ length: samples * units }, (_, i) => {
        const [n, u] = [Math.floor(i / units), i % units];
        return dArgument[((n * steps + step) * applications + k) * units + u];
      });
      expectClose(
        rows,
        bumped('argument', step, k),
        GRADIENT_TOLERANCE,
        `gradient of argument ${k} at ${step} of ${what}`,
      );
    }
  }
  expect(stateGradients.before[0]).toBeUndefined();
  tf.dispose(tensors);
}

const KINDS: readonly CellKind[] = ['simple', 'lstm', 'gru', 'gruResetAfter'];

/** Registers tests of ./assembly/recurrence.ts against the definitions of the cells, and gradients against differences. */
export function recurrenceCases(): void {
  test.each(KINDS)('runs along a sequence and back: %s', (kind) => {
    const random = seededRandom(KINDS.indexOf(kind) + 21);
    for (let i = 0; i < 18; i++) check(random, randomSetting(random, kind, i));
  });

  test('adds up long and wide products', () => {
    const random = seededRandom(31);
    const setting = { ...randomSetting(random, 'lstm', 3), activation: 'tanh', gateActivation: 'sigmoid' } as const;
    const wide = { ...setting, samples: 2, steps: 2, features: 300, units: 150, everyStep: true, fromZeros: false };
    const values = randomValues(random, wide);
    const scaled = { ...values, kernel: values.kernel.map((w) => w / 17), recurrentKernel: values.recurrentKernel.map((w) => w / 12) }; // prettier-ignore
    const shapes = shapesOf(wide);
    tf.tidy(() => {
      const of = (name: Name): tf.Tensor => tf.tensor(scaled[name], shapes[name]);
      const cell = { ...wide, kernel: of('kernel'), recurrentKernel: of('recurrentKernel'), bias: of('bias'), recurrentBias: null }; // prettier-ignore
      const call = { cell, x: of('x'), initial: [of('h0'), of('c0')], everyStep: true };
      const [output] = recur(call, { argument: (z) => z });
      expectClose(output.dataSync(), reference(wide, scaled).output, VALUE_TOLERANCE, 'output');
    });
  });

  test('keeps what is not a number', () => {
    tf.tidy(() => {
      const weight = (...shape: number[]): tf.Tensor => tf.fill(shape, 0.5);
      const cell = { kind: 'lstm', activation: 'tanh', gateActivation: 'sigmoid', kernel: weight(1, 8), recurrentKernel: weight(2, 8), bias: null, recurrentBias: null } as const; // prettier-ignore
      const x = tf.tensor3d([[[1], [NaN], [1]], [[1], [1], [1]]]); // prettier-ignore
      const [output] = recur({ cell, x, initial: null, everyStep: true }, { argument: (z) => z });
      expect(Array.from(output.dataSync(), Number.isNaN)).toEqual([
        ...[false, false, true, true, true, true],
        ...[false, false, false, false, false, false],
      ]);
    });
  });

  test.each(ACTIVATIONS)('applies %s as exactly as float32 allows', (name) => {
    const random = seededRandom(41);
    const special = [0, -0, 1e-30, -1e-30, 0.625, -0.625, 9, -9, 90, -90, 1e30, -1e30, Infinity, -Infinity, NaN];
    const z = Float32Array.from([
      ...special,
      ...Array.from({ length: 2000 }, () => random.normal() * 10 ** random.integer(-4, 1)),
    ]);
    tf.tidy(() => {
      const [from, to] = [tf.tensor1d(z), newHeapTensor([z.length])];
      const [source, target] = [from, to].map((tensor) => heapTensor(tensor)!);
      source.kernels.activate(ACTIVATIONS.indexOf(name), source.pointer, target.pointer, z.length);
      const y = to.dataSync();
      z.forEach((value, i) => {
        const expected = PHI[name](value);
        if (Number.isNaN(value)) expect(y[i]).toBeNaN();
        else if (Number.isFinite(expected)) {
          const scale = /hard/i.test(name) ? 1 : Math.abs(expected);
          // Below the smallest normal number exp is taken for 0.
          expect(Math.abs(y[i] - expected)).toBeLessThanOrEqual(2 ** -22 * scale + 2 ** -126);
        } else expect(y[i]).toBe(expected);
      });
    });
  });
}
