/** What is measured within recurrent layers, against closed forms and finite differences. */

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { measure } from '../../../src/analysis/measure/measure';
import { forwardBackward } from '../../../src/analysis/measure/pass';
import { dataProbe } from '../../../src/analysis/probe/dataProbe';
import { syntheticProbe } from '../../../src/analysis/probe/syntheticProbe';
import type { LayerReport } from '../../../src/report/report';
import { seededRandom } from '../backend/support';
import { memoryFolder } from '../probe/memoryFolder';
import { npyFloats } from '../probe/npyFile';
import { networkOf, startTestBackend } from './networks';

beforeAll(startTestBackend);

const STEPS = 6;
const UNITS = 3;
const quiet = { samples: 4, seed: 1, onProgress: () => undefined };

/** A layer whose recurrent kernel is `factor` times the identity, fed with 1 at the first step and with 0 from then on. */
async function powersOf(
  factor: number,
  over: Partial<Parameters<typeof tfl.layers.simpleRNN>[0]>,
): Promise<LayerReport> {
  const network = networkOf(
    tfl.sequential({
      layers: [
        tfl.layers.simpleRNN({
          name: 'rnn',
          units: UNITS,
          activation: 'linear',
          kernelInitializer: 'ones',
          recurrentInitializer: tfl.initializers.identity({ gain: factor }),
          inputShape: [STEPS, 2],
          ...over,
        }),
        tfl.layers.dense({ units: 2, kernelInitializer: tfl.initializers.glorotNormal({ seed: 3 }) }),
      ],
    }),
  );
  try {
    const values = Array.from({ length: 4 * STEPS * 2 }, (_, i) => (i % (STEPS * 2) < 2 ? 1 : 0));
    const folder = memoryFolder({ 'x.npy': npyFloats([4, STEPS, 2], Float32Array.from(values)) });
    const probe = await dataProbe(network.inputs, [{ input: null, folder, file: 'x.npy' }], null, [], {
      seed: 1,
      samples: 4,
      scale: null,
      columns: null,
      declared: [],
    });
    const { layers } = await measure(network, probe, quiet);
    return layers.find(({ name }) => name === 'rnn')!;
  } finally {
    network.dispose();
  }
}

describe('a recurrent kernel that is a multiple of the identity', () => {
  it.each([
    { factor: 2, over: {} },
    { factor: 0.5, over: {} },
    { factor: 3, over: { activation: 'relu' as const } },
    { factor: 2, over: { returnSequences: true } },
    { factor: 0.25, over: { returnSequences: true, goBackwards: false } },
  ])('multiplies state and gradient by $factor at every step: $over', async ({ factor, over }) => {
    const { recurrence } = await powersOf(factor, over);
    expect(recurrence?.steps).toBe(STEPS);
    // Both inputs of 1 go into every unit.
    expect(recurrence?.state?.first).toBeCloseTo(2, 5);
    expect(recurrence?.state?.last).toBeCloseTo(2 * factor ** (STEPS - 1), 5);
    expect(recurrence?.gradient?.log10Change).toBeCloseTo((STEPS - 1) * Math.log10(factor), 5);
    expect(recurrence?.gradient?.perStep).toBeCloseTo(factor, 5);
  });

  it('keeps nothing where it is 0', async () => {
    const { recurrence } = await powersOf(0, {});
    expect(recurrence?.gradient).toEqual({ log10Change: null, perStep: 0 });
  });

  it('is not measured where the state becomes infinite', async () => {
    const { recurrence } = await powersOf(1e30, {});
    expect(recurrence?.state).toBeNull();
  });
});

describe('the gradient of a state', () => {
  const STEP = 2;
  const initializers = {
    kernelInitializer: tfl.initializers.glorotNormal({ seed: 1 }),
    recurrentInitializer: tfl.initializers.glorotNormal({ seed: 2 }),
  };
  const build = (kind: 'simpleRNN' | 'lstm' | 'gru', returnSequences: boolean): tfl.LayersModel =>
    tfl.sequential({
      layers: [tfl.layers[kind]({ ...initializers, units: UNITS, returnSequences, inputShape: [STEPS, 2] })],
    });

  it.each([
    ['simpleRNN', false],
    ['simpleRNN', true],
    ['lstm', true],
    ['gru', false],
  ] as const)('is what a change of the state before a step does to the loss: %s, sequences %s', (kind, sequences) => {
    const model = build(kind, sequences);
    const network = networkOf(model);
    const random = seededRandom(5);
    const x = tf.tensor(random.normals(STEPS * 2), [1, STEPS, 2]);
    const size = sequences ? STEPS * UNITS : UNITS;
    const weights = tf.tensor(random.normals(size), sequences ? [1, STEPS, UNITS] : [1, UNITS]);
    const lossOf = (outputs: readonly tf.Tensor[]): tf.Scalar => tf.sum(tf.mul(outputs[0], weights));
    const gradients: number[][] = [];
    forwardBackward(
      network,
      [x],
      ({ outputs }) => lossOf(outputs),
      {
        stateGradient(_call, step, place, dy) {
          if (step === STEP && place === 'before') gradients.push(Array.from(dy.dataSync()));
        },
      },
      () => undefined,
    );
    expect(gradients).toHaveLength(kind === 'lstm' ? 2 : 1);
    const [{ cell }] = model.layers as unknown as {
      cell: { call(inputs: tf.Tensor[], options: object): tf.Tensor[] };
    }[];
    const perturbed = (which: number, unit: number, change: number): number =>
      tf.tidy(() => {
        const bump = tf.mul(tf.oneHot(tf.tensor1d([unit], 'int32'), UNITS), change);
        let states = gradients.map((): tf.Tensor => tf.zeros([1, UNITS]));
        const outputs = tf.unstack(x, 1).map((input, step) => {
          if (step === STEP) states = states.map((state, i) => (i === which ? tf.add(state, bump) : state));
          const [output, ...left] = cell.call([input, ...states], {});
          states = left;
          return output;
        });
        return lossOf([sequences ? tf.stack(outputs, 1) : outputs[STEPS - 1]]).dataSync()[0];
      });
    const differences = gradients.map(
      (_, which) =>
      Array.from({ length: UNITS }, (_unit, unit) => (perturbed(which, unit, 0.01) - perturbed(which, unit, -0.01)) / 0.02), // prettier-ignore
    );
    // The states of an LSTM back-propagate in no certain order: the better match of the two counts.
    const farthest = (rows: readonly number[][]): number =>
      Math.max(...rows.flatMap((row, i) => row.map((value, unit) => Math.abs(value - differences[i][unit]))));
    expect(Math.min(farthest(gradients), farthest([...gradients].reverse()))).toBeLessThan(5e-4);
    expect(Math.max(...differences.flat().map(Math.abs))).toBeGreaterThan(0.05);
    tf.dispose([x, weights]);
    network.dispose();
  });
});

describe('recurrent layers in a network', () => {
  const recurrenceOf = async (layers: tfl.layers.Layer[]): Promise<Record<string, number | null>> => {
    const network = networkOf(tfl.sequential({ layers }));
    const measured = await measure(network, syntheticProbe(network.inputs, 1), quiet);
    network.dispose();
    return Object.fromEntries(measured.layers.map(({ name, recurrence }) => [name, recurrence?.steps ?? null]));
  };

  it('are measured one by one, halves of a bidirectional layer too', async () => {
    const lstm = tfl.layers.lstm({ units: 3, name: 'lstm' });
    expect(
      await recurrenceOf([
        tfl.layers.bidirectional({ name: 'both', layer: lstm, inputShape: [5, 4], mergeMode: 'concat' } as never),
        tfl.layers.dense({ units: 2, name: 'head' }),
      ]),
    ).toEqual({ 'both/forward_lstm': 5, 'both/backward_lstm': 5, both: null, head: null });
  });

  it('are not measured where samples skip steps', async () => {
    expect(
      await recurrenceOf([
        tfl.layers.masking({ maskValue: 0, inputShape: [5, 4], name: 'masking' }),
        tfl.layers.gru({ units: 3, name: 'gru' }),
      ]),
    ).toEqual({ masking: null, gru: null });
  });
});
