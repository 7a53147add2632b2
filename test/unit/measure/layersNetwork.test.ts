import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { measure } from '../../../src/analysis/measure/measure';
import { forward, forwardBackward } from '../../../src/analysis/measure/pass';
import type { LayersNetwork } from '../../../src/analysis/model/layersNetwork';
import { timeDistributed } from '../../../src/analysis/model/layers/timeDistributed';
import { dataProbe } from '../../../src/analysis/probe/dataProbe';
import { syntheticProbe } from '../../../src/analysis/probe/syntheticProbe';
import { memoryFolder } from '../probe/memoryFolder';
import { npyFloats } from '../probe/npyFile';
import { networkOf, startTestBackend } from './networks';

beforeAll(startTestBackend);

/** The values of the network's outputs. */
function outputsOf(network: LayersNetwork, inputs: readonly tf.Tensor[]): Float32Array[] {
  tf.engine().startScope();
  try {
    const traced = network.trace(inputs, { preActivation: (_, z) => z, output: (_, a) => a });
    return traced.map(({ tensor }) => tensor.dataSync<'float32'>().slice());
  } finally {
    tf.engine().endScope();
  }
}

const quiet = { onProgress: () => undefined };
const sequence = (): tf.Tensor => tf.tensor2d([[3, 1, 4, 0, 0], [2, 0, 0, 0, 0], [1, 1, 2, 3, 5]], [3, 5], 'int32'); // prettier-ignore

const embedding = (): tfl.layers.Layer =>
  tfl.layers.embedding({ inputDim: 6, outputDim: 4, maskZero: true, inputLength: 5, embeddingsInitializer: 'randomNormal' }); // prettier-ignore
const lstm = (returnSequences = false): tfl.layers.Layer => tfl.layers.lstm({ units: 4, returnSequences });

describe('a layers model as a network', () => {
  it('computes what the model predicts, masks included, into and out of nested models', () => {
    const models: (() => tfl.LayersModel)[] = [
      () => tfl.sequential({ layers: [embedding(), lstm(true), lstm(), tfl.layers.dense({ units: 2 })] }),
      () =>
        tfl.sequential({
          layers: [embedding(), tfl.sequential({ layers: [tfl.layers.gru({ units: 4, inputShape: [5, 4] })] })],
        }),
      () => tfl.sequential({ layers: [tfl.sequential({ layers: [embedding(), lstm(true)] }), lstm()] }),
      () => tfl.sequential({ layers: [embedding(), tfl.layers.dropout({ rate: 0.9 }), lstm()] }),
    ];
    for (const build of models) {
      const model = build();
      const x = sequence();
      const masked = tf.tidy(() => (model.predict(x) as tf.Tensor).dataSync());
      // The masks matter: without padding the answer is another one.
      const full = tf.tidy(() => (model.predict(tf.onesLike(x)) as tf.Tensor).dataSync());
      expect([...masked]).not.toEqual([...full]);
      const network = networkOf(model);
      const [first] = outputsOf(network, [x]);
      outputsOf(network, [tf.tidy(() => tf.onesLike(x))]);
      const [again] = outputsOf(network, [x]);
      expect(again).toEqual(first);
      first.forEach((value, i) => expect(value).toBeCloseTo(masked[i], 6));
      x.dispose();
      network.dispose();
    }
  });

  it('names the halves of a bidirectional layer, which consumes them, in execution order', () => {
    const network = networkOf(
      tfl.sequential({
        layers: [
          tfl.layers.bidirectional({
            name: 'both',
            layer: tfl.layers.lstm({ units: 3, name: 'lstm' }) as never,
            mergeMode: 'concat',
            inputShape: [5, 4],
          } as never),
          tfl.layers.dense({ units: 2, name: 'head' }),
        ],
      }),
    );
    const input = network.inputs[0].name;
    expect(network.calls.map(({ name, inputs, units, role }) => ({ name, inputs, units, role }))).toEqual([
      { name: 'both/forward_lstm', inputs: [input], units: 3, role: 'hidden' },
      { name: 'both/backward_lstm', inputs: [input], units: 3, role: 'hidden' },
      { name: 'both', inputs: ['both/forward_lstm', 'both/backward_lstm'], units: null, role: 'hidden' },
      { name: 'head', inputs: ['both'], units: 2, role: 'output' },
    ]);
    // Every weight once: kernel, recurrent kernel and bias of each half, kernel and bias of the head.
    expect(network.calls.map(({ weights }) => weights.length)).toEqual([3, 3, 0, 2]);
    expect(network.calls.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(
      2 * 4 * 3 * (4 + 3 + 1) + 6 * 2 + 2,
    );
    network.dispose();
  });

  it('shows the arguments of all steps of a TimeDistributed layer at once, and their gradients', () => {
    const inner = tfl.layers.dense({ units: 3, activation: 'relu', kernelInitializer: 'ones' });
    const model = tfl.sequential();
    model.add(tfl.layers.inputLayer({ inputShape: [2, 4] }));
    model.add(timeDistributed({ name: 'steps' }, inner));
    const network = networkOf(model);
    const x = tf.tensor3d([[[1, 2, 3, 4], [-1, -1, -1, -1]]], [1, 2, 4]); // prettier-ignore
    const seen: Record<string, readonly [readonly number[], readonly number[]]> = {};
    const keep = (name: string) => (_call: unknown, tensor: tf.Tensor) =>
      void (seen[name] = [tensor.shape, Array.from(tensor.dataSync())]);
    forwardBackward(
      network,
      [x],
      ({ outputs }) => tf.sum<tf.Scalar>(tf.mul(outputs[0], tf.tensor3d([[[1, 2, 3], [4, 5, 6]]]))), // prettier-ignore
      { preActivation: keep('z'), preActivationGradient: keep('dz'), output: keep('a') },
      () => undefined,
    );
    expect(seen).toEqual({
      z: [[1, 2, 3], [10, 10, 10, -4, -4, -4]], // prettier-ignore
      a: [[1, 2, 3], [10, 10, 10, 0, 0, 0]], // prettier-ignore
      dz: [[1, 2, 3], [1, 2, 3, 0, 0, 0]], // prettier-ignore
    });
    x.dispose();
    network.dispose();
  });

  it('starts recurrent layers that keep their state afresh for every batch', () => {
    const model = tfl.sequential({
      layers: [tfl.layers.simpleRNN({ units: 3, stateful: true, batchInputShape: [2, 4, 2] }), tfl.layers.dense({ units: 1 })], // prettier-ignore
    });
    const network = networkOf(model);
    const x = tf.randomNormal([2, 4, 2], 0, 1, 'float32', 3);
    const [first] = outputsOf(network, [x]);
    expect(outputsOf(network, [x])[0]).toEqual(first);
    x.dispose();
    network.dispose();
  });

  it('looks at the logits of an output behind its activation and what reshapes it', () => {
    const network = networkOf(
      tfl.sequential({
        layers: [
          tfl.layers.dense({ units: 4, activation: 'relu', inputShape: [3], name: 'hidden' }),
          tfl.layers.dense({ units: 4, name: 'scores' }),
          tfl.layers.softmax({ name: 'probabilities' }),
          tfl.layers.reshape({ targetShape: [2, 2], name: 'shape' }),
        ],
      }),
    );
    expect(network.calls.map(({ role }) => role)).toEqual(['hidden', 'output', 'output', 'output']);
    const x = tf.randomNormal([5, 3], 0, 1, 'float32', 3);
    let scores: number[] = [];
    forwardBackward(
      network,
      [x],
      ({ logits, outputs, calls }) => {
        expect(calls.map((call) => call?.name)).toEqual(['shape']);
        expect(outputs[0].shape).toEqual([5, 2, 2]);
        expect(Array.from(logits[0]!.dataSync())).toEqual(scores);
        return tf.sum(logits[0]!);
      },
      { output: ({ name }, a) => void (name === 'scores' && (scores = Array.from(a.dataSync()))) },
      () => undefined,
    );
    expect(scores).toHaveLength(20);
    x.dispose();
    network.dispose();
  });

  it('observes the activation of a layer once, though two models share the layer', () => {
    const shared = tfl.layers.dense({ units: 3, activation: 'relu', inputShape: [3], name: 'shared' });
    const inner = tfl.sequential({ layers: [shared], name: 'inner' });
    const x = tfl.input({ shape: [3] });
    const y = shared.apply(inner.apply(x)) as tfl.SymbolicTensor;
    const network = networkOf(tfl.model({ inputs: x, outputs: y }));
    const seen: string[] = [];
    const batch = tf.ones([2, 3]);
    forward(network, [batch], { preActivation: ({ name }) => void seen.push(name) });
    expect(seen).toEqual(['inner/shared', 'shared']);
    batch.dispose();
    network.dispose();
  });

  it('runs one layer alone, without its activation and with its weights of the moment', () => {
    const network = networkOf(
      tfl.sequential({ layers: [tfl.layers.dense({ units: 2, activation: 'relu', inputShape: [2] }), tfl.layers.reLU()] }), // prettier-ignore
    );
    const [dense, rectifier] = network.calls;
    tf.tidy(() => {
      (dense.weights[0].value as tf.Variable).assign(tf.tensor2d([[1, 0], [0, -1]])); // prettier-ignore
      const x = tf.tensor2d([[2, 3]]);
      expect([...network.execute(dense, [x]).dataSync()]).toEqual([2, -3]);
      // A layer that is all activation is executed as it is.
      expect([...network.execute(rectifier, [tf.tensor2d([[-1, 4]])]).dataSync()]).toEqual([0, 4]);
    });
    network.dispose();
  });
});

describe('inputs with free dimensions', () => {
  it('take the size of the data, and the report shows it', async () => {
    const model = tfl.sequential({
      layers: [
        tfl.layers.conv1d({ filters: 3, kernelSize: 2, activation: 'relu', inputShape: [null, 2] }), // prettier-ignore
        tfl.layers.globalAveragePooling1d({}),
        tfl.layers.dense({ units: 1 }),
      ],
    });
    const network = networkOf(model);
    const values = Float32Array.from({ length: 4 * 9 * 2 }, (_, i) => Math.sin(i));
    const source = { folder: memoryFolder({ 'x.npy': npyFloats([4, 9, 2], values) }), file: 'x.npy', input: null };
    const declared = [{ name: network.inputs[0].name, shape: [null, null, 2], dtype: 'float32' }];
    const probe = await dataProbe(network.inputs, [source], null, [], { seed: 1, samples: 4, scale: null, declared });
    const { layers } = await measure(network, probe, { samples: 4, seed: 1, ...quiet });
    expect(layers[0].outputShape).toEqual([8, 3]);
    expect(layers[0].output!.count).toBe(4 * 8 * 3);
    expect(layers[0].dead!.proved).toEqual([]);
    network.dispose();
  });

  it('of integers without an embedding have no known limit, and those with one have', () => {
    const build = (dtype: 'int32' | 'float32', first: tfl.layers.Layer): LayersNetwork => {
      const x = tfl.input({ shape: [3], dtype });
      return networkOf(tfl.model({ inputs: x, outputs: first.apply(x) as tfl.SymbolicTensor }));
    };
    const integers = build('int32', tfl.layers.repeatVector({ n: 2 }));
    expect(integers.inputs[0]).toMatchObject({ kind: 'indices', limit: null, dtype: 'int32' });
    expect(syntheticProbe(integers.inputs, 1).limits.join()).toContain('range of the integers');
    const looked = build('float32', tfl.layers.embedding({ inputDim: 7, outputDim: 2 }));
    expect(looked.inputs[0]).toMatchObject({ kind: 'indices', limit: 7 });
    const plain = build('float32', tfl.layers.dense({ units: 2 }));
    expect(plain.inputs[0]).toMatchObject({ kind: 'features', limit: null, batchSize: null });
    [integers, looked, plain].forEach((network) => network.dispose());
  });
});
