import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { forward } from '../../../src/analysis/measure/pass';
import { type InputRange, provedDeadUnits } from '../../../src/analysis/measure/intervalBounds';
import { measure } from '../../../src/analysis/measure/measure';
import { mulberry32, normal, type Random } from '../../../src/analysis/probe/random';
import { syntheticProbe } from '../../../src/analysis/probe/syntheticProbe';
import type { LayersNetwork } from '../../../src/analysis/model/layersNetwork';
import { networkOf, startTestBackend } from './networks';

beforeAll(startTestBackend);

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Draws all weights anew: kernels N(0, 1/fan-in), biases and betas around `bias`, variances positive. */
function randomize(network: LayersNetwork, random: Random, bias: number): void {
  const gaussian = normal(random);
  for (const { value, name, fanIn } of network.calls.flatMap(({ weights }) => weights)) {
    const draw = (): number => {
      if (fanIn !== null) return gaussian() / Math.sqrt(fanIn);
      return /variance/.test(name) ? 0.5 + random() : bias + 0.5 * gaussian();
    };
    tf.tidy(() =>
      (value as tf.Variable).assign(
        tf.tensor(
          Array.from({ length: value.size }, () => draw()),
          value.shape,
        ),
      ),
    );
  }
}

function randomBox(shape: readonly number[], random: Random): InputRange {
  const lower = new Float32Array(size(shape));
  const upper = new Float32Array(size(shape));
  for (let i = 0; i < lower.length; i++) {
    const [a, b] = [2 * random() - 1, 2 * random() - 1];
    lower[i] = Math.min(a, b);
    upper[i] = Math.max(a, b);
  }
  return { lower, upper, shape };
}

/** Samples of the box: its two ends, corners drawn at random, and points inside. */
function samplesOf({ lower, upper, shape }: InputRange, count: number, random: Random): tf.Tensor {
  const width = lower.length;
  const values = new Float32Array(count * width);
  for (let s = 0; s < count; s++) {
    for (let i = 0; i < width; i++) {
      const share = s === 0 ? 0 : s === 1 ? 1 : s % 2 === 0 ? Math.round(random()) : random();
      values[s * width + i] = Math.min(upper[i], Math.max(lower[i], lower[i] + share * (upper[i] - lower[i])));
    }
  }
  return tf.tensor(values, [count, ...shape]);
}

/** Runs 10,000 samples of the box and lists the proved units that were not 0 on all of them. */
function survivors(
  network: LayersNetwork,
  ranges: readonly InputRange[],
  proved: ReadonlyMap<string, ReadonlySet<number>>,
  random: Random,
): string[] {
  const alive = new Set<string>();
  for (let part = 0; part < 10; part++) {
    const inputs = ranges.map((range) => samplesOf(range, 1000, random));
    forward(network, inputs, {
      output(call, a) {
        const units = proved.get(call.name);
        if (units === undefined || units.size === 0) return;
        const largest = tf.max(tf.reshape(a, [-1, call.units!]), 0).dataSync();
        for (const unit of units) if (largest[unit] > 0) alive.add(`${call.name} ${unit}: ${largest[unit]}`);
      },
    });
    tf.dispose(inputs);
  }
  return [...alive];
}

const relu = { activation: 'relu' as const };

/** One network or more for every kind of layer that bounds pass through. */
const NETWORKS: Readonly<Record<string, () => tfl.LayersModel>> = {
  'dense layers': () =>
    tfl.sequential({
      layers: [
        tfl.layers.dense({ units: 12, inputShape: [6], ...relu }),
        tfl.layers.dropout({ rate: 0.5 }),
        tfl.layers.dense({ units: 12, ...relu }),
        tfl.layers.dense({ units: 12 }),
        tfl.layers.reLU({}),
      ],
    }),
  'two-dimensional convolutions': () =>
    tfl.sequential({
      layers: [
        tfl.layers.conv2d({ filters: 8, kernelSize: 3, inputShape: [7, 7, 2], padding: 'same', strides: 2 }),
        tfl.layers.batchNormalization(),
        tfl.layers.reLU({ maxValue: 6 }),
        tfl.layers.maxPooling2d({ poolSize: 2, strides: 1, padding: 'same' }),
        tfl.layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same', ...relu }),
        tfl.layers.separableConv2d({ filters: 8, kernelSize: 2, depthMultiplier: 2, ...relu }),
        tfl.layers.averagePooling2d({ poolSize: 2, strides: 1, padding: 'same' }),
        tfl.layers.permute({ dims: [2, 1, 3] }),
        tfl.layers.globalAveragePooling2d({}),
        tfl.layers.dense({ units: 8, ...relu }),
      ],
    }),
  'one-dimensional convolutions': () =>
    tfl.sequential({
      layers: [
        tfl.layers.conv1d({ filters: 8, kernelSize: 3, inputShape: [9, 3], dilationRate: 2, ...relu }),
        tfl.layers.averagePooling1d({ poolSize: 2 }),
        tfl.layers.conv1d({ filters: 8, kernelSize: 2, padding: 'same', activation: 'tanh' }),
        tfl.layers.maxPooling1d({ poolSize: 2, strides: 1 }),
        tfl.layers.conv1d({ filters: 8, kernelSize: 1, ...relu }),
        tfl.layers.globalMaxPooling1d({}),
        tfl.layers.repeatVector({ n: 2 }),
        tfl.layers.flatten(),
        tfl.layers.dense({ units: 8, ...relu }),
      ],
    }),
  'transposed convolutions': () =>
    tfl.sequential({
      layers: [
        tfl.layers.dense({ units: 16, inputShape: [4], activation: 'sigmoid' }),
        tfl.layers.reshape({ targetShape: [2, 2, 4] }),
        tfl.layers.conv2dTranspose({ filters: 6, kernelSize: 3, strides: 2, padding: 'same', ...relu }),
        tfl.layers.zeroPadding2d({ padding: 1 }),
        tfl.layers.upSampling2d({ size: [2, 2] }),
        tfl.layers.cropping2D({ cropping: [[1, 1], [0, 2]] }), // prettier-ignore
        tfl.layers.conv2d({ filters: 8, kernelSize: 3, activation: 'elu' }),
        tfl.layers.rescaling({ scale: -2, offset: 0.5 }),
        tfl.layers.conv2d({ filters: 8, kernelSize: 1, ...relu }),
      ],
    }),
  'three-dimensional convolutions': () =>
    tfl.sequential({
      layers: [
        tfl.layers.conv3d({ filters: 5, kernelSize: 2, inputShape: [4, 4, 4, 1], ...relu }),
        tfl.layers.averagePooling3d({ poolSize: 2, strides: 1 }),
        tfl.layers.conv3d({ filters: 5, kernelSize: 2, activation: 'softplus' }),
        tfl.layers.flatten(),
        tfl.layers.dense({ units: 6, ...relu }),
      ],
    }),
  'merges of two inputs, a shared layer and a nested model': () => {
    const x = tfl.input({ shape: [5], name: 'x' });
    const y = tfl.input({ shape: [5], name: 'y' });
    const shared = tfl.layers.dense({ units: 6, activation: 'gelu' });
    const inner = tfl.sequential({ layers: [tfl.layers.dense({ units: 6, inputShape: [6], activation: 'swish' })] });
    const a = shared.apply(x) as tfl.SymbolicTensor;
    const b = inner.apply(shared.apply(y)) as tfl.SymbolicTensor;
    const merged = [
      tfl.layers.add().apply([a, b]),
      tfl.layers.average().apply([a, b]),
      tfl.layers.maximum().apply([a, b]),
      tfl.layers.minimum().apply([a, b]),
      tfl.layers.softmax({}).apply(b),
    ] as tfl.SymbolicTensor[];
    const joined = tfl.layers.concatenate().apply(merged) as tfl.SymbolicTensor;
    const leaky = tfl.layers.leakyReLU({ alpha: 0.2 }).apply(joined) as tfl.SymbolicTensor;
    const hidden = tfl.layers.dense({ units: 20, ...relu }).apply(leaky) as tfl.SymbolicTensor;
    const head = tfl.layers.thresholdedReLU({ theta: 0.5 }).apply(tfl.layers.dense({ units: 20 }).apply(hidden));
    return tfl.model({ inputs: [x, y], outputs: head as tfl.SymbolicTensor });
  },
};

describe('units proved dead by interval bounds', () => {
  it.each(Object.keys(NETWORKS))('stay silent on 10,000 inputs of the box: %s', (kind) => {
    const network = networkOf(NETWORKS[kind]());
    let provedDeep = 0;
    for (let seed = 0; seed < 3; seed++) {
      const random = mulberry32(seed + 100);
      // The lower the biases, the more units die; a third each of few, some and most.
      randomize(network, random, -0.6 * seed);
      const ranges = network.inputs.map(({ shape }) => randomBox(shape, random));
      const tensors = tf.memory().numTensors;
      const proved = provedDeadUnits(network, ranges);
      expect(tf.memory().numTensors).toBe(tensors);
      const rectifiers = network.calls.filter(({ activation }) => activation?.family === 'relu');
      expect([...proved.keys()]).toEqual(rectifiers.map(({ name }) => name));
      expect(survivors(network, ranges, proved, random)).toEqual([]);
      provedDeep += [...proved.values()].at(-1).size;
    }
    // The last rectifier too, so that bounds have come through the whole network and are of use.
    expect(provedDeep).toBeGreaterThan(0);
    network.dispose();
  });

  it('are in the first layer exactly those with W+ u + W- l + b <= 0', () => {
    const network = networkOf(NETWORKS['dense layers']());
    const first = network.calls[0];
    for (let seed = 0; seed < 20; seed++) {
      const random = mulberry32(seed);
      randomize(network, random, -1);
      const [kernel, bias] = first.weights.map(({ value }) => value.dataSync());
      const range = randomBox([6], random);
      const proved = provedDeadUnits(network, [range]).get(first.name)!;
      const expected = Array.from(bias, (_, unit) => unit).filter((unit) => {
        let upper = bias[unit];
        for (let i = 0; i < 6; i++) {
          const w = kernel[i * 12 + unit];
          upper += w * (w > 0 ? range.upper[i] : range.lower[i]);
        }
        // Nearer to 0 than this, rounding would decide.
        expect(Math.abs(upper)).toBeGreaterThan(1e-5);
        return upper <= 0;
      });
      expect([...proved]).toEqual(expected);
    }
    network.dispose();
  });

  it('include those that reach exactly 0 at the edge of the box', () => {
    const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 3, inputShape: [2], ...relu })] });
    // Never above 0, exactly 0 at the origin; 0 whatever the input; above 0 just inside the box.
    model.layers[0].setWeights([tf.tensor2d([[-0.1, 0, 1e-20], [-0.7, 0, -0.3]]), tf.tensor1d([0, 0, 0])]); // prettier-ignore
    const network = networkOf(model);
    const box = { lower: Float32Array.of(0, 0), upper: Float32Array.of(1, 1), shape: [2] };
    expect([...provedDeadUnits(network, [box]).get(network.calls[0].name)!]).toEqual([0, 1]);
    network.dispose();
  });

  it('are never claimed of a unit that rounding alone brings above 0', () => {
    const width = 4096;
    const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 1, inputShape: [width], ...relu })] });
    const network = networkOf(model);
    const point = new Float32Array(width).fill(1);
    const output = (): number => tf.tidy(() => (model.predict(tf.ones([1, width])) as tf.Tensor).dataSync()[0]);
    for (let seed = 0; seed < 20; seed++) {
      const random = mulberry32(seed);
      const kernel = tf.tensor2d(Float32Array.from({ length: width }, () => random() - 0.5), [width, 1]); // prettier-ignore
      const sum = tf.tidy(() => tf.matMul(tf.ones([1, width]), kernel).dataSync()[0]);
      // What the network adds up comes out just above 0; added up in another order it would as often be below.
      let bias = -sum;
      do model.layers[0].setWeights([kernel, tf.tensor1d([(bias += Math.abs(sum) * 2 ** -22)])]);
      while (output() === 0);
      kernel.dispose();
      const proved = provedDeadUnits(network, [{ lower: point, upper: point, shape: [width] }]);
      expect([...proved.get(network.calls[0].name)!]).toEqual([]);
    }
    network.dispose();
  });

  it('are not claimed behind layers without bounds, nor on a box without ends', () => {
    const model = tfl.sequential({
      layers: [
        tfl.layers.dense({ units: 4, inputShape: [3, 2], ...relu }),
        tfl.layers.lstm({ units: 4 }),
        tfl.layers.dense({ units: 4, ...relu }),
      ],
    });
    const network = networkOf(model);
    randomize(network, mulberry32(1), -50);
    const box = randomBox([3, 2], mulberry32(2));
    expect([...provedDeadUnits(network, [box]).keys()]).toEqual([network.calls[0].name]);
    box.upper[3] = Infinity;
    expect(provedDeadUnits(network, [box]).size).toBe(0);
    network.dispose();
  });

  it('are looked for only where they are asked about, with the same answer', () => {
    const network = networkOf(NETWORKS['two-dimensional convolutions']());
    randomize(network, mulberry32(4), -1.2);
    const ranges = network.inputs.map(({ shape }) => randomBox(shape, mulberry32(5)));
    const all = provedDeadUnits(network, ranges);
    const executed: string[] = [];
    const execute = network.execute.bind(network);
    network.execute = (call, inputs) => {
      executed.push(call.name);
      return execute(call, inputs);
    };
    for (const [name, units] of all) {
      executed.length = 0;
      expect([...provedDeadUnits(network, ranges, (call) => call.name === name)]).toEqual([[name, units]]);
      const last = network.calls.findIndex((call) => call.name === name);
      const behind = network.calls.slice(last + 1).map((call) => call.name);
      expect(executed.filter((called) => behind.includes(called))).toEqual([]);
    }
    expect([...all.values()].some((units) => units.size > 0)).toBe(true);
    executed.length = 0;
    expect(provedDeadUnits(network, ranges, () => false).size).toBe(0);
    expect(executed).toEqual([]);
    network.dispose();
  });

  it('leave the weights as they were, bit for bit, and reach the report', async () => {
    const network = networkOf(NETWORKS['dense layers']());
    randomize(network, mulberry32(3), -1);
    const weights = (): Float32Array[] =>
      network.calls.flatMap((call) => call.weights.map(({ value }) => value.dataSync<'float32'>().slice()));
    const before = weights();
    const probe = syntheticProbe(network.inputs, 5);
    const { layers } = await measure(network, probe, { samples: 64, seed: 5, onProgress: () => undefined });
    expect(weights()).toEqual(before);
    const proved = provedDeadUnits(network, [{ ...probe.box(0), shape: [6] }]);
    expect(proved.size).toBe(3);
    for (const [name, units] of proved) {
      const { dead, silentUnits } = layers.find((layer) => layer.name === name)!;
      expect(dead!.proved).toEqual([...units]);
      expect([...dead!.proved, ...dead!.confident].sort((a, b) => a - b)).toEqual(silentUnits);
    }
    expect([...proved.values()].some((units) => units.size > 0)).toBe(true);
    network.dispose();
  });
});
