import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { agree, averaged, measureCopy } from '../../../src/analysis/experiment/copies';
import { Laboratory, type LaboratorySetup, type Trial } from '../../../src/analysis/experiment/laboratory';
import { ScratchWeights, weightsOf } from '../../../src/analysis/experiment/scratchWeights';
import { measure } from '../../../src/analysis/measure/measure';
import type { LayersNetwork } from '../../../src/analysis/model/layersNetwork';
import { syntheticProbe } from '../../../src/analysis/probe/syntheticProbe';
import { JobScheduler } from '../../../src/analysis/threads/jobScheduler';
import { networkOf, startTestBackend } from '../measure/networks';

beforeAll(startTestBackend);

function build(): LayersNetwork {
  const shared = tfl.layers.dense({ units: 6, activation: 'relu', name: 'shared' });
  const x = tfl.input({ shape: [6], name: 'x' });
  const hidden = shared.apply(shared.apply(x)) as tfl.SymbolicTensor;
  const normal = tfl.layers.batchNormalization().apply(hidden) as tfl.SymbolicTensor;
  const saturated = tfl.layers.dense({ units: 5, activation: 'sigmoid', name: 'saturated' }).apply(normal);
  const head = tfl.layers.dense({ units: 3, activation: 'softmax', name: 'head' }).apply(saturated);
  return networkOf(tfl.model({ inputs: x, outputs: head as tfl.SymbolicTensor }));
}

const setupWith = async (optimizer: string, network: LayersNetwork): Promise<LaboratorySetup> => ({
  seed: 3,
  batch: await syntheticProbe(network.inputs, 3).batch(0, 20),
  samples: 20,
  inputShapes: [[6]],
  labelShapes: null,
  optimizer,
});

const bits = (network: LayersNetwork): Uint8Array[] =>
  [...weightsOf(network).keys()].map((tensor) => new Uint8Array(tensor.dataSync<'float32'>().slice().buffer));

describe('scratch weights', () => {
  it('are put back bit for bit, values that equal nothing included', () => {
    const network = build();
    const variables = [...weightsOf(network).keys()] as tf.Variable[];
    // A shared layer's weights count once: two of its own, four of the normalisation, four of the rest.
    expect(variables).toHaveLength(10);
    tf.tidy(() => variables[1].assign(tf.tensor1d([NaN, -0, Infinity, 1e-45, 3.4e38, -1])));
    const before = bits(network);
    const tensors = tf.memory().numTensors;
    const ruin = (): void => tf.tidy(() => variables.forEach((variable) => variable.assign(tf.onesLike(variable))));
    const scratch = new ScratchWeights(network);
    for (const putBack of [() => scratch.restore(), () => scratch.dispose()]) {
      ruin();
      expect(bits(network)).not.toEqual(before);
      putBack();
      expect(bits(network)).toEqual(before);
    }
    expect(tf.memory().numTensors).toBe(tensors);
    network.dispose();
  });
});

describe('a laboratory', () => {
  it('makes every trial as if it were the only one, and puts the weights back', async () => {
    const network = build();
    const before = bits(network);
    const setup = await setupWith('momentum', network);
    const copy: Trial = { kind: 'copy', weights: 'fitting', copy: 1 };
    const trials: Trial[] = [copy, { kind: 'step' }, { kind: 'rate', rate: 0.3 }, copy, { kind: 'step' }];
    const alone = trials.map((trial) => {
      const laboratory = new Laboratory(network, setup);
      const result = laboratory.run(trial);
      laboratory.dispose();
      expect(bits(network)).toEqual(before);
      return result;
    });
    const laboratory = new Laboratory(network, setup);
    trials.forEach((trial, i) => expect(laboratory.run(trial)).toEqual(alone[i]));
    expect(bits(network)).not.toEqual(before);
    laboratory.dispose();
    expect(bits(network)).toEqual(before);
    // What the trials measured differs, so that one could be taken for another.
    expect(alone[1]).not.toEqual(alone[0]);
    network.dispose();
  });
});

describe('experiments', () => {
  it('leave the weights as they were where one of them fails', async () => {
    const network = build();
    const before = bits(network);
    const tensors = tf.memory().numTensors;
    const setup = await setupWith('unheard of', network);
    const trials: Trial[] = [
      { kind: 'copy', weights: 'fitting', copy: 0 },
      { kind: 'rate', rate: 0.1 },
    ];
    const seen: unknown[] = [];
    const changed: boolean[] = [];
    const running = new JobScheduler(network).experiment(setup, trials, { operations: 1, bytes: 1 }, (result) => {
      seen.push(result);
      changed.push(bits(network).some((weight, i) => weight.some((byte, j) => byte !== before[i][j])));
    });
    await expect(running).rejects.toThrow();
    expect(seen).toHaveLength(1);
    expect(changed).toEqual([true]);
    expect(bits(network)).toEqual(before);
    expect(tf.memory().numTensors).toBe(tensors);
    network.dispose();
  });
});

describe('the measurement of a copy', () => {
  it('shows what the measurement of the network shows on the same batch', async () => {
    const network = build();
    const tensors = tf.memory().numTensors;
    const probe = syntheticProbe(network.inputs, 9);
    const { layers } = await measure(network, probe, { samples: 50, seed: 9, onProgress: () => undefined });
    const { inputs } = await probe.batch(0, 50);
    const batch = tf.tensor2d(inputs[0] as Float32Array, [50, 6]);
    const copy = measureCopy(network, [batch], 9);
    batch.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
    expect([...copy.keys()]).toEqual(layers.map(({ name }) => name));
    for (const { name, silentUnits, signal, gradient, activation } of layers) {
      const { silentUnits: silent, variance, gradientRms } = copy.get(name)!;
      if (activation !== null) expect(silent).toBe(silentUnits.length);
      expect(variance! / signal!.variance!).toBeCloseTo(1, 9);
      if (name === 'head') expect([gradientRms, gradient!.outputRms]).toEqual([null, null]);
      else expect(gradientRms! / gradient!.outputRms!).toBeCloseTo(1, 6);
    }
    network.dispose();
  });

  it('replaces activations where it is asked to', () => {
    const network = build();
    const batch = tf.randomNormal([40, 6], 0, 1, 'float32', 4);
    // Arguments far below 0, where sigmoid is small and ReLU is 0.
    const { weights } = network.calls.find(({ name }) => name === 'saturated')!;
    (weights.find(({ name }) => name === 'bias')!.value as tf.Variable).assign(tf.fill([5], -50));
    const rectified = measureCopy(network, [batch], 1, ({ name }) => (name === 'saturated' ? 'relu' : null));
    expect(rectified.get('saturated')).toMatchObject({ silentUnits: 5, variance: 0 });
    expect(measureCopy(network, [batch], 1).get('saturated')).toMatchObject({ silentUnits: 0 });
    batch.dispose();
    network.dispose();
  });

  it('counts channels where they come first', () => {
    const model = tfl.sequential({
      layers: [
        tfl.layers.conv2d({ filters: 3, kernelSize: 1, activation: 'relu', dataFormat: 'channelsFirst', inputShape: [2, 4, 5] }), // prettier-ignore
        tfl.layers.flatten(),
        tfl.layers.dense({ units: 2 }),
      ],
    });
    const [kernel] = model.layers[0].getWeights();
    model.layers[0].setWeights([kernel, tf.tensor1d([0, -99, 0])]);
    const network = networkOf(model);
    expect(network.calls[0].units).toBe(3);
    const batch = tf.randomNormal([30, 2, 4, 5], 0, 1, 'float32', 4);
    expect(measureCopy(network, [batch], 1).get(network.calls[0].name)).toMatchObject({ silentUnits: 1 });
    batch.dispose();
    network.dispose();
  });

  it('is averaged by the mean of counts and the geometric mean of what spans decades', () => {
    const network = build();
    const copy = (silentUnits: number, variance: number | null, gradientRms: number | null) =>
      new Map(network.calls.map(({ name }) => [name, { silentUnits, variance, gradientRms }]));
    const [first] = averaged(network, [copy(2, 1e-2, 4), copy(3, 1e-4, null)]);
    expect(first).toMatchObject({ name: 'shared', silentUnits: 2.5, gradientRms: null });
    expect(first.variance).toBeCloseTo(1e-3, 12);
    expect(averaged(network, [copy(0, 0, 1), copy(0, 1, 1)])[0]).toMatchObject({ variance: 0, gradientRms: 1 });
    network.dispose();
  });

  it('agrees with another where no layer is more than half a decade off', () => {
    const copy = (variance: number | null, gradientRms: number | null) =>
      new Map([
        ['same', { silentUnits: 0, variance: 1, gradientRms: 1 }],
        ['other', { silentUnits: 0, variance, gradientRms }],
      ]);
    expect(agree([copy(1e-20, 2), copy(3.1e-20, 0.7)])).toBe(true);
    expect(agree([copy(1e-20, 2), copy(3.2e-20, 2)])).toBe(false);
    expect(agree([copy(1, 2), copy(1, 0.6)])).toBe(false);
    expect(agree([copy(1, 2), copy(1, 2), copy(4, 2)])).toBe(false);
    expect(agree([copy(0, null), copy(0, null)])).toBe(true);
    expect(agree([copy(0, 1), copy(1e-30, 1)])).toBe(false);
    expect(agree([copy(1e-30, 1), copy(0, 1)])).toBe(false);
    expect(agree([copy(1, null), copy(1, 1)])).toBe(false);
    expect(agree([])).toBe(true);
  });
});
