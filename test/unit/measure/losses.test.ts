import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { lossNamed } from '../../../src/analysis/measure/losses';
import { measure } from '../../../src/analysis/measure/measure';
import type { Probe } from '../../../src/analysis/probe/probe';
import { mulberry32, normal } from '../../../src/analysis/probe/random';
import type { TrainingConfig } from '../../../src/report/report';
import { networkOf, startTestBackend } from './networks';

beforeAll(startTestBackend);

const CLASSES = 4;
const SAMPLES = 10;
const FEATURES = 3;

/** What each loss is usually fed: the last activation and the kind of labels. */
const LOSSES: Readonly<
  Record<string, { activation: string; labels: 'real' | 'positive' | 'one-hot' | 'binary' | 'sign' }>
> = {
  meanSquaredError: { activation: 'linear', labels: 'real' },
  meanAbsoluteError: { activation: 'linear', labels: 'real' },
  meanAbsolutePercentageError: { activation: 'linear', labels: 'real' },
  meanSquaredLogarithmicError: { activation: 'softplus', labels: 'positive' },
  squaredHinge: { activation: 'tanh', labels: 'sign' },
  hinge: { activation: 'tanh', labels: 'sign' },
  categoricalHinge: { activation: 'tanh', labels: 'one-hot' },
  logcosh: { activation: 'linear', labels: 'real' },
  categoricalCrossentropy: { activation: 'softmax', labels: 'one-hot' },
  binaryCrossentropy: { activation: 'sigmoid', labels: 'binary' },
  kullbackLeiblerDivergence: { activation: 'softmax', labels: 'one-hot' },
  poisson: { activation: 'softplus', labels: 'positive' },
  cosineProximity: { activation: 'linear', labels: 'real' },
};

const draws = (length: number, seed: number): Float32Array => {
  const draw = normal(mulberry32(seed));
  return Float32Array.from({ length }, () => draw());
};

function labelsOf(kind: (typeof LOSSES)[string]['labels']): Float32Array {
  const real = draws(SAMPLES * CLASSES, 2);
  switch (kind) {
    case 'real':
      return real;
    case 'positive':
      return real.map(Math.abs);
    case 'sign':
      return real.map(Math.sign);
    case 'binary':
      return real.map((value) => (value > 0 ? 1 : 0));
    case 'one-hot':
      return real.map((_, i) => ((i % CLASSES) === (Math.floor(i / CLASSES) * 7) % CLASSES ? 1 : 0)); // prettier-ignore
  }
}

/** Ten samples with labels. */
function probeOf(input: string, labels: Float32Array): Probe {
  const values = draws(SAMPLES * FEATURES, 1);
  return {
    available: SAMPLES,
    inputs: [{ name: input, shape: [FEATURES], source: 'data', file: 'x.npy' }],
    labelShapes: [[CLASSES]],
    labelRanges: () => null,
    batch: (start, count) => {
      const end = Math.min(start + count, SAMPLES);
      return Promise.resolve({
        samples: end - start,
        inputs: [values.slice(start * FEATURES, end * FEATURES)],
        labels: [labels.slice(start * CLASSES, end * CLASSES)],
      });
    },
    summary: () => [],
    box: () => ({ lower: new Float32Array(FEATURES), upper: new Float32Array(FEATURES), source: 'observed' }),
    limits: [],
  };
}

const training = (losses: TrainingConfig['losses']): TrainingConfig => ({
  optimizer: null,
  learningRate: null,
  losses,
});

const build = (activation: string, batchSize: number | null = null): tfl.LayersModel =>
  tfl.sequential({
    layers: [
      tfl.layers.dense({ units: 5, activation: 'tanh', batchInputShape: [batchSize, FEATURES] }),
      tfl.layers.dense({ units: CLASSES, activation: activation as 'tanh' }),
    ],
  });

const norm = (values: Float32Array): number => Math.hypot(...values);

describe('the loss on given labels', () => {
  it.each(Object.keys(LOSSES))('%s has the value and gradients of tfjs', async (name) => {
    const { activation, labels: kind } = LOSSES[name];
    const labels = labelsOf(kind);
    const model = build(activation);
    const probe = probeOf(model.inputs[0].sourceLayer.name, labels);
    const [x, y] = [tf.tensor2d(draws(SAMPLES * FEATURES, 1), [SAMPLES, FEATURES]), tf.tensor2d(labels, [SAMPLES, CLASSES])]; // prettier-ignore
    model.compile({ optimizer: 'sgd', loss: name });
    const evaluated = (model.evaluate(x, y) as tf.Scalar).dataSync()[0];
    const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    // One step of gradient descent at rate 1 shows what tfjs itself takes the gradient to be.
    const before = variables.map((variable) => variable.dataSync<'float32'>());
    const saved = variables.map((variable) => variable.clone());
    model.compile({ optimizer: tf.train.sgd(1), loss: name });
    await model.fit(x, y, { batchSize: SAMPLES, epochs: 1, verbose: 0 });
    const expected = variables.map((variable, i) => norm(before[i].map((w, j) => w - variable.dataSync()[j])));
    variables.forEach((variable, i) => variable.assign(saved[i]));

    const network = networkOf(model, training([name]));
    const { layers, probe: summary } = await measure(network, probe, { samples: null, seed: 0, onProgress: () => undefined }); // prettier-ignore
    expect(Math.abs(summary.backward.loss!.value! - evaluated)).toBeLessThan(2e-6 * Math.max(1, Math.abs(evaluated)));
    const measured = layers.flatMap(({ gradient }) => gradient!.loss!.weights.map((weight) => weight.norm!));
    expect(measured).toHaveLength(4);
    // The step is a difference of float32 numbers.
    measured.forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(1e-5 * Math.max(1, expected[i])));
    expect(Math.max(...measured)).toBeGreaterThan(0.01);
    tf.dispose([x, y, saved]);
    network.dispose();
  });

  it('is the same however the samples are cut into batches', async () => {
    const labels = labelsOf('one-hot');
    const reports = [];
    for (const batchSize of [null, 1, 3, 4, 10, 16]) {
      const model = build('softmax', batchSize);
      model.layers.forEach((layer, i) => {
        layer.setWeights(
          layer.getWeights().map((weight, j) => tf.tensor(draws(weight.size, 10 * i + j), weight.shape)),
        );
      });
      const network = networkOf(model, training(['categorical_crossentropy']));
      const probe = probeOf(network.inputs[0].name, labels);
      const { layers, probe: summary } = await measure(network, probe, { samples: null, seed: 0, onProgress: () => undefined }); // prettier-ignore
      expect(summary.samples).toBe(SAMPLES);
      reports.push({ loss: summary.backward.loss!.value, layers: layers.map(({ gradient }) => gradient!.loss!) });
      network.dispose();
    }
    const [whole, ...cut] = reports;
    for (const { loss, layers } of cut) {
      expect(loss).toBeCloseTo(whole.loss!, 6);
      layers.forEach(({ outputRms, weights }, i) => {
        expect(outputRms! / whole.layers[i].outputRms!).toBeCloseTo(1, 5);
        weights.forEach(({ norm: length }, k) => expect(length! / whole.layers[i].weights[k].norm!).toBeCloseTo(1, 5));
      });
    }
  });

  it('is left out, with the reason, where it is not known', async () => {
    const limitsOf = async (losses: TrainingConfig['losses']): Promise<readonly string[]> => {
      const network = networkOf(build('softmax'), training(losses));
      const probe = probeOf(network.inputs[0].name, labelsOf('one-hot'));
      const { layers, probe: summary } = await measure(network, probe, { samples: null, seed: 0, onProgress: () => undefined }); // prettier-ignore
      expect(summary.backward.loss).toBeNull();
      expect(layers.every(({ gradient }) => gradient!.loss === null)).toBe(true);
      network.dispose();
      return summary.limits;
    };
    expect((await limitsOf(['huber_of_my_own'])).join()).toContain('huber_of_my_own');
    expect((await limitsOf([null])).join()).toContain('does not say which loss');
  });

  it('takes a cross-entropy on a linear output from its logits', async () => {
    for (const [name, activation] of [
      ['categoricalCrossentropy', 'softmax'],
      ['binary_crossentropy', 'sigmoid'],
    ]) {
      // prettier-ignore
      const [linear, activated] = [build('linear'), build(activation)];
      activated.setWeights(linear.getWeights());
      const values: number[][] = [];
      for (const model of [linear, activated]) {
        const network = networkOf(model, training([name]));
        const probe = probeOf(network.inputs[0].name, labelsOf('one-hot'));
        const { layers, probe: summary } = await measure(network, probe, { samples: null, seed: 0, onProgress: () => undefined }); // prettier-ignore
        values.push([summary.backward.loss!.value!, layers[0].gradient!.loss!.outputRms!]);
        network.dispose();
      }
      values[0].forEach((value, i) => expect(value / values[1][i]).toBeCloseTo(1, 5));
    }
  });

  it('is found under every name that Keras has for it', () => {
    const same = (a: string, b: string): void => expect(lossNamed(a)).toBe(lossNamed(b));
    same('mse', 'meanSquaredError');
    same('MeanSquaredError', 'mean_squared_error');
    same('KLDivergence', 'kullback_leibler_divergence');
    same('LogCosh', 'logcosh');
    same('CosineSimilarity', 'cosine_proximity');
    same('sparse_categorical_crossentropy', 'CategoricalCrossentropy');
    for (const name of Object.keys(LOSSES)) expect(lossNamed(name), name).not.toBeNull();
    expect(lossNamed('constructor')).toBeNull();
  });
});

describe('huber, which tfjs lacks', () => {
  it('is quadratic up to an error of 1 and linear beyond', () => {
    const predictions = tf.tensor2d([[0.5, -3]]);
    const loss = lossNamed('Huber')!;
    const [value] = loss(tf.zeros([1, 2]), predictions).dataSync();
    expect(value).toBeCloseTo((0.5 * 0.5 ** 2 + (3 - 0.5)) / 2, 6);
    const slopes = tf
      .grad((p) => loss(tf.zeros([1, 2]), p))(predictions)
      .dataSync();
    expect([...slopes]).toEqual([0.25, -0.5]);
  });

  it('is quadratic up to another delta and linear beyond', () => {
    // Keras 3 reference: delta * |e| - delta ** 2 / 2 beyond delta.
    const loss = lossNamed('huber(2)')!;
    const [value] = loss(tf.zeros([1, 3]), tf.tensor2d([[0.5, -3, 2]])).dataSync();
    expect(value).toBeCloseTo((0.5 * 0.5 ** 2 + (2 * 3 - 2) + 0.5 * 2 ** 2) / 3, 6);
    for (const name of ['huber(0)', 'huber(-1)', 'huber(x)', 'huber()']) expect(lossNamed(name)).toBeNull();
  });
});
