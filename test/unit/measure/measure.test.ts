import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { measure } from '../../../src/analysis/measure/measure';
import { syntheticProbe } from '../../../src/analysis/probe/syntheticProbe';
import { networkOf, startTestBackend } from './networks';

const quiet = { onProgress: () => undefined };

beforeAll(startTestBackend);

/** A dense layer with the given weights. */
function dense(name: string, kernel: number[][], bias: number[], activation: string, first = false) {
  const layer = tfl.layers.dense({
    name,
    units: bias.length,
    activation: activation as 'relu',
    ...(first ? { inputShape: [kernel.length] } : {}),
  });
  return { layer, weights: [tf.tensor2d(kernel), tf.tensor1d(bias)] };
}

function sequential(...parts: ReturnType<typeof dense>[]): tfl.Sequential {
  const model = tfl.sequential({ layers: parts.map(({ layer }) => layer) });
  for (const { layer, weights } of parts) layer.setWeights(weights);
  return model;
}

describe('measure', () => {
  it('takes the statistics of a two-layer network that can be worked out by hand', async () => {
    const model = sequential(
      dense('hidden', [[1, -1, 0]], [0, 0, -1], 'relu', true),
      dense('out', [[1], [1], [1]], [0], 'linear'),
    );
    const network = networkOf(model);
    const { layers } = await measure(network, syntheticProbe(network.inputs, 7), { samples: 200, seed: 7, ...quiet });
    expect(layers.map(({ name }) => name)).toEqual(['hidden', 'out']);
    const [hidden, out] = layers;
    expect(hidden.silentUnits).toEqual([2]);
    expect(hidden.inputs).toEqual([network.inputs[0].name]);
    expect(out.inputs).toEqual(['hidden']);
    expect(out.role).toBe('output');
    // relu(x) and relu(-x) together fire on every sample that is not 0.
    const { activeSamples } = hidden.output!.perUnit!;
    expect(activeSamples[0] + activeSamples[1]).toBe(200);
    expect(hidden.preActivation!.perUnit!.maximum[2]).toBe(-1);
    expect(hidden.derivative!.mean).toBeCloseTo(1 / 3, 12);
    // The output is |x|: the standard deviation of a half-normal distribution is sqrt(1 - 2/pi).
    expect(out.output!.mean!).toBeGreaterThan(0.6);
    // d(c * out)/d(hidden) is c for every unit: the same RMS as at the output.
    expect(hidden.gradient!.outputRms!).toBeCloseTo(out.gradient!.outputRms!, 6);
    network.dispose();
  });

  it('tells of arguments that are another output what that output is, over several batches', async () => {
    const hidden = dense('hidden', [[1, -2, 0.5, 3, 0]], [0.1, 0, -1, 0.5, 2], 'linear', true);
    const model = tfl.sequential({
      layers: [hidden.layer, tfl.layers.reLU({ name: 'relu' }), tfl.layers.dense({ name: 'out', units: 3 })],
    });
    hidden.layer.setWeights(hidden.weights);
    const network = networkOf(model);
    const probe = syntheticProbe(network.inputs, 3);
    const { layers } = await measure(network, probe, { samples: 300, seed: 3, ...quiet });
    // z = x w + b, worked out one by one.
    const { inputs } = await probe.batch(0, 300);
    const [kernel, bias] = [
      [1, -2, 0.5, 3, 0],
      [0.1, 0, -1, 0.5, 2],
    ];
    for (const name of ['hidden', 'relu']) {
      const { preActivation } = layers.find((layer) => layer.name === name)!;
      expect(preActivation!.count).toBe(1500);
      expect(preActivation!.histogram!.counts.reduce((a, b) => a + b)).toBe(1500);
      kernel.forEach((weight, unit) => {
        const z = Array.from(inputs[0], (x) => x * weight + bias[unit]);
        expect(preActivation!.perUnit!.mean[unit]).toBeCloseTo(z.reduce((a, b) => a + b) / 300, 5);
        expect(preActivation!.perUnit!.minimum[unit]).toBeCloseTo(Math.min(...z), 5);
        expect(preActivation!.perUnit!.activeSamples[unit]).toBe(z.filter((value) => value > 0).length);
      });
    }
    expect(layers.find(({ name }) => name === 'relu')!.output!.minimum).toBe(0);
    network.dispose();
  });

  it('agrees with finite differences on the gradient of the loss and on the layers of a nested, shared graph', async () => {
    const inner = tfl.sequential({
      name: 'inner',
      layers: [tfl.layers.dense({ name: 'a', units: 4, activation: 'tanh', inputShape: [4] })],
    });
    const x = tfl.input({ shape: [4], name: 'x' });
    const shared = tfl.layers.dense({ name: 'shared', units: 4, activation: 'elu' });
    const first = shared.apply(x) as tfl.SymbolicTensor;
    const second = shared.apply(inner.apply(first)) as tfl.SymbolicTensor;
    const sum = tfl.layers.add({ name: 'sum' }).apply([first, second]) as tfl.SymbolicTensor;
    const y = tfl.layers.dense({ name: 'head', units: 2 }).apply(sum) as tfl.SymbolicTensor;
    const network = networkOf(tfl.model({ inputs: x, outputs: y }));
    expect(network.calls.map(({ name }) => name)).toEqual(['shared', 'inner/a', 'shared#2', 'sum', 'head']);
    expect(network.calls.map(({ inputs }) => inputs)).toEqual([
      ['x'],
      ['shared'],
      ['inner/a'],
      ['shared', 'shared#2'],
      ['sum'],
    ]);
    const before = tf.memory().numTensors;
    const { layers, probe } = await measure(network, syntheticProbe(network.inputs, 3), {
      samples: 32,
      seed: 3,
      ...quiet,
    });
    expect(tf.memory().numTensors).toBe(before);
    expect(probe.samples).toBe(32);
    expect(layers.every(({ gradient }) => gradient!.outputRms! > 0)).toBe(true);
    network.dispose();
  });
});
