import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { activation } from '../../../src/report/activations';
import type { LayerReport } from '../../../src/report/report';
import { activeAtMost } from '../../../src/analysis/measure/callMeter';
import { measure } from '../../../src/analysis/measure/measure';
import { forward } from '../../../src/analysis/measure/pass';
import { timeDistributed } from '../../../src/analysis/model/layers/timeDistributed';
import type { Probe } from '../../../src/analysis/probe/probe';
import { mulberry32, normal } from '../../../src/analysis/probe/random';
import { syntheticProbe } from '../../../src/analysis/probe/syntheticProbe';
import { networkOf, startTestBackend } from './networks';

beforeAll(startTestBackend);

const draws = (length: number, seed: number): Float32Array => {
  const draw = normal(mulberry32(seed));
  return Float32Array.from({ length }, () => draw());
};

/** Gives every weight seeded values, kernels with variance 1/fan-in. */
function seeded(model: tfl.LayersModel, seed = 1): tfl.LayersModel {
  model.layers.forEach((layer, i) => {
    layer.setWeights(
      layer.getWeights().map((weight, j) => {
        const rows = weight.rank < 2 ? 4 : weight.size / weight.shape.at(-1)!;
        return tf.tensor(draws(weight.size, seed * 100 + 10 * i + j).map((value) => value / Math.sqrt(rows)), weight.shape); // prettier-ignore
      }),
    );
  });
  return model;
}

async function layersOf(model: tfl.LayersModel, samples: number, seed = 3): Promise<readonly LayerReport[]> {
  const network = networkOf(model);
  const tensors = tf.memory().numTensors;
  const probe = syntheticProbe(network.inputs, seed);
  const { layers, probe: summary } = await measure(network, probe, { samples, seed, onProgress: () => undefined });
  expect(summary.samples).toBe(samples);
  expect(tf.memory().numTensors).toBe(tensors);
  network.dispose();
  return layers;
}

const withoutWeightGradients = (layers: readonly LayerReport[]) =>
  layers.map(({ gradient, ...layer }) => ({ ...layer, gradient: { ...gradient!, weights: [] } }));

describe('statistics of a layer', () => {
  const convolutional = (batchSize: number | null): tfl.LayersModel =>
    seeded(
      tfl.sequential({
        layers: [
          tfl.layers.conv2d({ filters: 6, kernelSize: 3, activation: 'relu', batchInputShape: [batchSize, 8, 8, 2] }),
          tfl.layers.conv2d({ filters: 5, kernelSize: 3, activation: 'tanh' }),
          tfl.layers.flatten(),
          tfl.layers.dense({ units: 4, activation: 'softmax' }),
        ],
      }),
    );

  const recurrent = (batchSize: number | null): tfl.LayersModel =>
    seeded(
      tfl.sequential({
        layers: [
          tfl.layers.gru({ units: 5, batchInputShape: [batchSize, 6, 3], returnSequences: true }),
          tfl.layers.lstm({ units: 4 }),
          tfl.layers.dense({ units: 2 }),
        ],
      }),
    );

  it.each([
    ['convolutions', convolutional],
    ['recurrent layers', recurrent],
  ])('is the same however 64 samples are cut into batches, filled up where the size is fixed: %s', async (_, build) => {
    const whole = await layersOf(build(64), 64);
    for (const batchSize of [1, 7, 48, null, 100]) {
      const cut = await layersOf(build(batchSize), 64);
      // Sums over many values are rounded once per batch; counts and extremes may not differ at all.
      withoutWeightGradients(cut).forEach((layer, i) => {
        const other = withoutWeightGradients(whole)[i];
        expect(layer.silentUnits).toEqual(other.silentUnits);
        expect(layer.dead).toEqual(other.dead);
        expect(layer.output!.count).toBe(other.output!.count);
        expect(layer.output!.perUnit?.activeSamples).toEqual(other.output!.perUnit?.activeSamples);
        expect(layer.preActivation?.perUnit?.activeSamples).toEqual(other.preActivation?.perUnit?.activeSamples);
        expect(layer.output!.histogram).toEqual(other.output!.histogram);
        const numbers = (report: typeof layer): (number | null)[] => [
          report.output!.mean,
          report.output!.standardDeviation,
          report.signal!.variance,
          report.signal!.effectiveRank,
          report.derivative?.share ?? 1,
          report.gradient.outputRms,
          report.gradient.preActivationRms,
        ];
        numbers(layer).forEach((value, k) => {
          const expected = numbers(other)[k];
          if (expected === null) expect(value).toBeNull();
          else expect(Math.abs(value! - expected)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)));
        });
      });
    }
  });

  it('has weight gradients whose size does not depend on the cut, but for chance', async () => {
    const rms = async (batchSize: number): Promise<number[]> =>
      (await layersOf(convolutional(batchSize), 256)).flatMap(({ gradient }) =>
        gradient!.weights.filter(({ name }) => name === 'kernel').map(({ rms: value }) => value!),
      );
    const [small, large] = [await rms(1), await rms(128)];
    expect(small).toHaveLength(3);
    // Two sums of 128 random vectors against 256 single ones: chance is a few per cent per independent direction.
    small.forEach((value, i) => expect(large[i] / value).toBeGreaterThan(0.6));
    small.forEach((value, i) => expect(large[i] / value).toBeLessThan(1.6));
  });

  it('counts a sample once, however many time steps fire', async () => {
    const [gru] = await layersOf(recurrent(null), 20);
    const { activeSamples } = gru.preActivation!.perUnit!;
    expect(gru.preActivation!.count).toBe(20 * 6 * 5);
    expect(Math.max(...activeSamples)).toBeLessThanOrEqual(20);
    expect(Math.max(...activeSamples)).toBeGreaterThan(10);
  });

  it('moves with its units when they are permuted, and changes nothing else', async () => {
    const order = [3, 0, 4, 1, 2, 5];
    const build = (permuted: boolean): tfl.LayersModel => {
      const model = seeded(
        tfl.sequential({
          layers: [tfl.layers.dense({ units: 6, activation: 'relu', inputShape: [4] }), tfl.layers.dense({ units: 3 })],
        }),
      );
      const [hidden, out] = model.layers;
      const [kernel, bias] = hidden.getWeights();
      const silenced = tf.tensor1d([0, -9, 0, 0, -9, 0]);
      const [next, nextBias] = out.getWeights();
      const pick = (tensor: tf.Tensor, axis: number): tf.Tensor => (permuted ? tf.gather(tensor, tf.tensor1d(order, 'int32'), axis) : tensor); // prettier-ignore
      hidden.setWeights([pick(kernel, 1), pick(tf.add(bias, silenced), 0)]);
      out.setWeights([pick(next, 0), nextBias]);
      return model;
    };
    const [plain, permuted] = [await layersOf(build(false), 100), await layersOf(build(true), 100)];
    expect(plain[0].silentUnits).toEqual([1, 4]);
    expect(permuted[0].silentUnits).toEqual([order.indexOf(4), order.indexOf(1)].sort((a, b) => a - b));
    const { perUnit } = plain[0].output!;
    for (const key of ['activeSamples', 'mean', 'standardDeviation', 'minimum', 'maximum', 'zeroShare'] as const) {
      expect(permuted[0].output!.perUnit![key]).toEqual(order.map((unit) => perUnit![key][unit]));
    }
    expect(permuted[0].output!.mean).toBeCloseTo(plain[0].output!.mean!, 12);
    expect(permuted[0].signal!.variance! / plain[0].signal!.variance!).toBeCloseTo(1, 9);
    expect(permuted[0].signal!.effectiveRank! / plain[0].signal!.effectiveRank!).toBeCloseTo(1, 5);
    expect(permuted[0].gradient!.outputRms! / plain[0].gradient!.outputRms!).toBeCloseTo(1, 6);
    expect(permuted[1].output!.mean).toBeCloseTo(plain[1].output!.mean!, 6);
  });

  it('does not change when every sample is shown twice, but for what counts samples', async () => {
    const build = (): tfl.LayersModel =>
      seeded(
        tfl.sequential({
          layers: [
            tfl.layers.dense({ units: 8, activation: 'relu', inputShape: [3] }),
            tfl.layers.dense({ units: 8, activation: 'sigmoid' }),
            tfl.layers.dense({ units: 2 }),
          ],
        }),
      );
    const values = draws(40 * 3, 8);
    const report = async (times: number): Promise<readonly LayerReport[]> => {
      const network = networkOf(build());
      const probe: Probe = {
        ...syntheticProbe(network.inputs, 1),
        available: 40 * times,
        batch: (start, count) => {
          const end = Math.min(start + count, 40 * times);
          const rows = Array.from({ length: end - start }, (_, i) => ((start + i) % 40) * 3);
          const inputs = [Float32Array.from(rows.flatMap((row) => [...values.slice(row, row + 3)]))];
          return Promise.resolve({ samples: end - start, inputs, labels: null });
        },
      };
      const { layers, probe: summary } = await measure(network, probe, { samples: null, seed: 1, onProgress: () => undefined }); // prettier-ignore
      expect([summary.samples, summary.ended]).toEqual([40 * times, 'data']);
      network.dispose();
      return layers;
    };
    const [once, twice] = [await report(1), await report(2)];
    once.forEach((layer, i) => {
      const other = twice[i];
      expect(other.silentUnits).toEqual(layer.silentUnits);
      expect(other.output!.count).toBe(2 * layer.output!.count);
      expect(other.output!.perUnit!.activeSamples).toEqual(layer.output!.perUnit!.activeSamples.map((n) => 2 * n));
      expect(other.output!.perUnit!.zeroShare).toEqual(layer.output!.perUnit!.zeroShare);
      expect(Math.abs(other.output!.mean! / layer.output!.mean! - 1)).toBeLessThan(1e-7);
      expect(Math.abs(other.output!.standardDeviation! / layer.output!.standardDeviation! - 1)).toBeLessThan(1e-7);
      // Unbiased: (2n)/(2n - 1) in place of n/(n - 1).
      const factor = (80 / 79) * (39 / 40);
      expect(Math.abs(other.signal!.variance! / layer.signal!.variance! - factor)).toBeLessThan(2e-7);
      expect(other.signal!.effectiveRank! / layer.signal!.effectiveRank!).toBeCloseTo(1, 5);
      // Of this layer it follows from the variance of the outputs.
      expect(other.derivative!.mean / layer.derivative!.mean).toBeCloseTo(1, 7);
    });
  });

  it('has the mean derivative of its own pre-activations', async () => {
    for (const [name, gain] of [
      ['relu', 1],
      ['relu6', 1],
      ['relu6', 8],
      ['tanh', 0.1],
      ['tanh', 1],
      ['tanh', 20],
      ['sigmoid', 0.1],
      ['sigmoid', 1],
      ['sigmoid', 4],
      ['sigmoid', 40],
      ['elu', 1],
      ['selu', 1],
      ['softplus', 1],
      ['softsign', 1],
      ['gelu', 1],
      ['hardSigmoid', 1],
      ['swish', 1],
    ] as const) {
      const model = seeded(
        tfl.sequential({ layers: [tfl.layers.dense({ units: 7, activation: name, inputShape: [3] }), tfl.layers.dense({ units: 1 })] }), // prettier-ignore
      );
      const [weights, biases] = model.layers[0].getWeights();
      model.layers[0].setWeights([tf.mul(weights, gain), biases]);
      const [kernel, bias] = model.layers[0].getWeights().map((weight) => weight.dataSync());
      const network = networkOf(model);
      const probe = syntheticProbe(network.inputs, 4);
      const { inputs } = await probe.batch(0, 50);
      const { layers } = await measure(network, probe, { samples: 50, seed: 4, onProgress: () => undefined });
      const phi = activation(name)!;
      let total = 0;
      for (let s = 0; s < 50; s++) {
        for (let u = 0; u < 7; u++) {
          let z = bias[u];
          for (let i = 0; i < 3; i++) z += inputs[0][s * 3 + i] * kernel[i * 7 + u];
          total += phi.derivative(z) / 350;
        }
      }
      expect(layers[0].derivative!.mean / total, `${name} ${gain}`).toBeCloseTo(1, 6);
      if (name === 'relu6') expect(layers[0].preActivation!.maximum! > 6).toBe(gain > 1);
      expect(layers[0].derivative!.share).toBe(layers[0].derivative!.mean / phi.maximumDerivative!);
      network.dispose();
    }
  });

  it('has the mean derivative of its own pre-activations where its outputs are others than those of its activation', async () => {
    const { gru, lstm, simpleRNN, lstmCell, gruCell } = tfl.layers;
    const steps = (inner: tfl.layers.Layer): tfl.LayersModel => {
      const model = tfl.sequential({ layers: [tfl.layers.inputLayer({ inputShape: [2, 4, 5] })] });
      model.add(timeDistributed({ name: 'steps' }, inner));
      return model;
    };
    const alone = (layer: tfl.layers.Layer): tfl.LayersModel => tfl.sequential({ layers: [layer] });
    for (const model of [
      steps(gru({ units: 3, returnSequences: true })),
      steps(lstm({ units: 3, returnSequences: true })),
      steps(simpleRNN({ units: 3, returnSequences: true })),
      steps(tfl.layers.dense({ units: 3, activation: 'tanh' })),
      alone(gru({ units: 3, returnSequences: true, inputShape: [4, 5] })),
      alone(tfl.layers.rnn({ cell: [lstmCell({ units: 3 }), gruCell({ units: 3 })] as never, inputShape: [1, 5] })),
    ]) {
      const network = networkOf(model);
      const probe = syntheticProbe(network.inputs, 4);
      const { layers } = await measure(network, probe, { samples: 50, seed: 4, onProgress: () => undefined });
      const { inputs } = await probe.batch(0, 50);
      const x = tf.tensor(inputs[0], [50, ...probe.inputs[0].shape]);
      const arguments_: number[] = [];
      forward(network, [x], { preActivation: (_, z) => void arguments_.push(...z.dataSync()) });
      x.dispose();
      const phi = activation('tanh')!;
      const expected = arguments_.reduce((sum, z) => sum + phi.derivative(z) / arguments_.length, 0);
      expect(layers[0].derivative!.mean / expected, layers[0].className).toBeCloseTo(1, 6);
      network.dispose();
    }
  });

  it('counts the outputs of a rarely active GRU, which are seldom others than those of its ReLU', async () => {
    // Of 1,536 outputs every 25th is looked at: none of sample 24.
    const [samples, steps, units, active] = [64, 8, 3, 24];
    const gru = tfl.layers.gru({ units, activation: 'relu', returnSequences: true });
    const model = tfl.sequential({ layers: [tfl.layers.inputLayer({ inputShape: [1, steps, 1] })] });
    model.add(timeDistributed({ name: 'steps' }, gru));
    const alone = tfl.layers.gru({ units, activation: 'relu', returnSequences: true, inputShape: [steps, 1] }); // prettier-ignore
    for (const layers of [model, tfl.sequential({ layers: [alone] })]) {
      // The candidate is ReLU(x - 1), half of it is taken and half of the state kept: only one sample lets it rise, at first.
      const candidate = [0, 0, 1].flatMap((value) => new Array<number>(units).fill(value));
      layers.setWeights([
        tf.tensor2d([candidate]),
        tf.zeros([units, 3 * units]),
        tf.tensor1d(candidate.map((value) => -value)),
      ]);
      const network = networkOf(layers);
      const x = new Float32Array(samples * steps);
      x[active * steps] = 9;
      const probe: Probe = { ...syntheticProbe(network.inputs, 1), available: samples, batch: () => Promise.resolve({ samples, inputs: [x], labels: null }) }; // prettier-ignore
      const [{ output, preActivation }] = (await measure(network, probe, { samples, seed: 1, onProgress: () => undefined })).layers; // prettier-ignore
      expect(preActivation!.positiveShare).toBe(1 / (samples * steps));
      expect(output!.positiveShare).toBe(1 / samples);
      expect(output!.perUnit!.activeSamples).toEqual([1, 1, 1]);
      network.dispose();
    }
  });

  it('grades units by how many samples they fire on, and says nothing of those that are NaN at times', async () => {
    // Unit u fires where x > threshold u; its output is scaled by its slope.
    const thresholds = [5, 2.9, 0, 0, -9];
    const slopes = [1, 1, 1, 1e-3, 1];
    const model = tfl.sequential({
      layers: [tfl.layers.dense({ units: 5, activation: 'relu', inputShape: [1] }), tfl.layers.dense({ units: 1 })],
    });
    model.layers[0].setWeights([tf.tensor2d([slopes]), tf.tensor1d(thresholds.map((t, u) => -t * slopes[u]))]);
    const network = networkOf(model);
    const synthetic = syntheticProbe(network.inputs, 4);
    const probe: Probe = { ...synthetic, box: () => ({ lower: Float32Array.of(-9), upper: Float32Array.of(9), source: 'declared' }) }; // prettier-ignore
    const { layers } = await measure(network, probe, { samples: 1000, seed: 4, onProgress: () => undefined });
    const { dead, output, silentUnits } = layers[0];
    const firing = output!.perUnit!.activeSamples;
    expect(silentUnits).toEqual([0]);
    expect([firing[0], firing[4]]).toEqual([0, 1000]);
    expect(firing[1]).toBeGreaterThan(0);
    expect(firing[1]).toBeLessThan(10);
    expect(dead).toEqual({
      proved: [],
      confident: [0],
      suspected: [1],
      dormant: [3],
      activeAtMost: activeAtMost(1000, 1),
    });
    model.layers[0].setWeights([tf.tensor2d([[1, NaN, 1, 1, -1]]), tf.tensor1d([-20, 0, 0, 0, -20])]);
    const broken = await measure(network, probe, { samples: 100, seed: 4, onProgress: () => undefined });
    expect(broken.layers[0].silentUnits).toEqual([0, 4]);
    const { dead: grades, output: values, signal, gradient } = broken.layers[0];
    expect(grades).toMatchObject({ suspected: [], dormant: [] });
    expect([...grades!.proved, ...grades!.confident].sort()).toEqual([0, 4]);
    expect(values!.nonFinite).toBe(100);
    expect(values!.perUnit!.mean[1]).toBeNull();
    expect(signal!.meanSquare).toBeNull();
    expect(gradient!.nonFinite).toBe(0);
    network.dispose();
  });

  it('has the mean square and standard deviation of its values', async () => {
    const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 2, inputShape: [1] })] });
    model.layers[0].setWeights([tf.tensor2d([[2, 0]]), tf.tensor1d([1, 3])]);
    const network = networkOf(model);
    const { inputs } = await syntheticProbe(network.inputs, 6).batch(0, 30);
    const [layer] = await layersOf(model, 30, 6);
    const values = Array.from(inputs[0]).flatMap((x) => [2 * x + 1, 3]);
    const mean = values.reduce((a, b) => a + b, 0) / 60;
    expect(layer.signal!.meanSquare).toBeCloseTo(values.reduce((a, b) => a + b * b, 0) / 60, 5);
    expect(layer.output!.mean).toBeCloseTo(mean, 6);
    const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / 60);
    expect(layer.output!.standardDeviation).toBeCloseTo(deviation, 5);
  });
});

describe('the bound on the activity of silent units', () => {
  it('is the probability at which silence in all samples has a chance of 5 % over the number of units', () => {
    for (const [samples, units] of [
      [1, 1],
      [100, 1],
      [1000, 20],
      [4096, 512],
    ]) {
      // prettier-ignore
      const p = activeAtMost(samples, units);
      expect((1 - p) ** samples).toBeCloseTo(0.05 / units, 10);
    }
    // "Rule of three": about 3/n for one unit.
    expect(activeAtMost(1000, 1)).toBeCloseTo(2.995732 / 1000, 5);
  });
});

describe('a measurement that is interrupted', () => {
  it('leaves no tensor behind', async () => {
    const network = networkOf(
      tfl.sequential({
        layers: [tfl.layers.gru({ units: 3, inputShape: [4, 2] }), tfl.layers.dense({ units: 2, activation: 'relu' })],
      }),
    );
    const tensors = tf.memory().numTensors;
    const probe = syntheticProbe(network.inputs, 1);
    const broken: Probe = {
      ...probe,
      batch: (start, count) => (start > 0 ? Promise.reject(new Error('no more')) : probe.batch(start, count)),
    };
    await expect(measure(network, broken, { samples: 1000, seed: 1, onProgress: () => undefined })).rejects.toThrow('no more'); // prettier-ignore
    expect(tf.memory().numTensors).toBe(tensors);
    const wrong: Probe = { ...probe, inputs: [{ ...probe.inputs[0], shape: [4, 3] }], batch: () => Promise.resolve({ samples: 2, inputs: [new Float32Array(24)], labels: null }) }; // prettier-ignore
    await expect(measure(network, wrong, { samples: 2, seed: 1, onProgress: () => undefined })).rejects.toThrow();
    expect(tf.memory().numTensors).toBe(tensors);
    network.dispose();
  });
});
