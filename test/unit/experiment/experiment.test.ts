import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { experiment, type Questions } from '../../../src/analysis/experiment/experiment';
import { measure } from '../../../src/analysis/measure/measure';
import type { LayersNetwork } from '../../../src/analysis/model/layersNetwork';
import { syntheticProbe } from '../../../src/analysis/probe/syntheticProbe';
import type { Experiments } from '../../../src/report/report';
import { networkOf, startTestBackend } from '../measure/networks';

beforeAll(startTestBackend);

/** Sigmoid layers, in twelve of which a signal vanishes unless they are replaced. */
function build(units = 16, depth = 12): LayersNetwork {
  const hidden = (inputShape?: number[]): tfl.layers.Layer =>
    tfl.layers.dense({ units, activation: 'sigmoid', ...(inputShape === undefined ? {} : { inputShape }) });
  const layers = [
    hidden([units]),
    ...Array.from({ length: depth - 1 }, () => hidden()),
    tfl.layers.dense({ units: 2 }),
  ];
  return networkOf(tfl.sequential({ layers }));
}

const NOTHING: Questions = { dead: false, flow: false, zeroGradient: false, rate: false };

async function answered(questions: Partial<Questions>, network = build()): Promise<Experiments> {
  const tensors = tf.memory().numTensors;
  const probe = syntheticProbe(network.inputs, 5);
  const answers = await experiment(
    network,
    probe,
    { ...NOTHING, ...questions },
    { seed: 5, onProgress: () => undefined },
  );
  expect(tf.memory().numTensors).toBe(tensors);
  network.dispose();
  return answers;
}

describe('the experiments', () => {
  it('are none where no question is open', async () => {
    expect(await answered({})).toMatchObject({ samples: 0, fresh: null, learningRates: null });
  });

  it('take few samples and copies where only the size of a signal is asked for', async () => {
    const { samples, fresh, fitting, rectified, learningRates } = await answered({ flow: true });
    expect(samples).toBe(16);
    expect([fresh, fitting, rectified].map((copies) => copies?.count)).toEqual([3, 3, 3]);
    expect(learningRates).toBeNull();
    const change = (copies: Experiments['fresh']): number =>
      Math.log10(copies!.layers[11].variance! / copies!.layers[0].variance!);
    // Each layer multiplies the variance by a sixteenth at most: the derivative of a sigmoid is at most 1/4.
    expect(change(fresh)).toBeLessThan(-8);
    expect(Math.abs(change(rectified))).toBeLessThan(1.5);
  });

  it('make a third copy only where two disagree, as those of a narrow network do', async () => {
    const { fresh, fitting, rectified } = await answered({ flow: true }, build(128, 3));
    expect([fresh, fitting, rectified].map((copies) => copies?.count)).toEqual([2, 2, 2]);
    // The variance of half a sigmoid's argument of unit variance, within what two copies of 16 samples tell.
    expect(fresh!.layers[0].variance).toBeGreaterThan(0.01);
    expect(fresh!.layers[0].variance).toBeLessThan(0.1);
  });

  it('make one fresh copy only where it shows what the saved network does', async () => {
    const countsAround = async (factor: number, network = build(128, 3)): Promise<number[]> => {
      const kernel = network.calls[1].weights[0].value as tf.Variable;
      kernel.assign(tf.tidy(() => tf.mul(kernel, factor)));
      const probe = syntheticProbe(network.inputs, 5);
      const options = { seed: 5, onProgress: () => undefined };
      const { layers } = await measure(network, probe, { ...options, samples: 256 });
      const { fresh, fitting, rectified } = await experiment(
        network,
        probe,
        { ...NOTHING, flow: true },
        { ...options, saved: layers },
      );
      network.dispose();
      return [fresh, fitting, rectified].map((copies) => copies!.count);
    };
    expect(await countsAround(1)).toEqual([1, 2, 2]);
    // A hundred times the variance at the second layer.
    expect(await countsAround(0.1)).toEqual([2, 2, 2]);
    // Copies of a narrow network disagree with each other, too.
    expect(await countsAround(0.1, build())).toEqual([3, 3, 3]);
  });

  it('take more where units are dead or steps are to be tried', async () => {
    const dead = await answered({ dead: true, flow: true });
    expect([dead.samples, dead.fresh?.count, dead.rectified?.count]).toEqual([128, 4, 4]);
    expect(dead.learningRates?.rates).toHaveLength(12);
    // No unit of the ReLU family can fall silent.
    expect(dead.learningRates).toMatchObject({ unitsAtRisk: 0, highestSafeRate: 3 });
    expect((await answered({ zeroGradient: true, flow: true })).samples).toBe(128);
  });

  it('are the same for the same seed', async () => {
    const network = build();
    const weights = network.calls.flatMap((call) => call.weights.map(({ value }) => value.dataSync().slice()));
    const probe = syntheticProbe(network.inputs, 5);
    const options = { seed: 5, onProgress: () => undefined };
    const [first, second] = [
      await experiment(network, probe, { ...NOTHING, flow: true }, options),
      await experiment(network, probe, { ...NOTHING, flow: true }, options),
    ];
    expect(first).toEqual(second);
    expect(network.calls.flatMap((call) => call.weights.map(({ value }) => value.dataSync().slice()))).toEqual(weights);
    network.dispose();
  });
});
