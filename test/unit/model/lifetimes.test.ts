import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { forward } from '../../../src/analysis/measure/pass';
import type { Network } from '../../../src/analysis/model/network';
import { networkOf, startTestBackend } from '../measure/networks';
import { loadGraph, node, type NodeFixture, placeholder } from './graphFile';
import { wave, weightsOf } from './savedFiles';

beforeAll(startTestBackend);

const { layers } = tfl;
const WIDTH = 16;

/** Most bytes of tensors at the moment when a layer's output is there, beyond those before the pass. */
function peakBytes(network: Network, samples = 8): number {
  const x = tf.tensor(wave([samples, ...network.inputs[0].shape], 0), [samples, ...network.inputs[0].shape]);
  const before = tf.memory().numBytes;
  let most = 0;
  forward(network, [x], { output: () => void (most = Math.max(most, tf.memory().numBytes - before)) });
  expect(tf.memory().numBytes).toBe(before);
  x.dispose();
  return most;
}

const stack = (depth: number): Promise<Network> =>
  Promise.resolve(
    networkOf(
      tfl.sequential({
        layers: Array.from({ length: depth }, () =>
          layers.dense({ units: WIDTH, activation: 'relu', inputShape: [WIDTH] }),
        ),
      }),
    ),
  );

function graph(depth: number): Promise<Network> {
  const names = Array.from({ length: depth }, (_, i) => `layer${i}`);
  return loadGraph(
    [
      placeholder('x', [-1, WIDTH]),
      ...names.flatMap((name, i) => [
        node(`${name}/product`, 'MatMul', [i === 0 ? 'x' : names[i - 1], 'kernel']),
        node(name, 'Relu', [`${name}/product`]),
      ]),
    ],
    weightsOf({ kernel: [WIDTH, WIDTH] }),
  );
}

describe.each([
  ['layers', stack],
  ['graph', graph],
])('a forward pass through %s', (_, make) => {
  it('holds two outputs at a time, however deep the network is', async () => {
    for (const depth of [3, 30]) {
      const network = await make(depth);
      // One that was read and one that was made of it; a bare activation's argument counts as one more.
      const outputs = peakBytes(network) / (8 * WIDTH * 4);
      expect(outputs).toBeGreaterThanOrEqual(2);
      expect(outputs).toBeLessThanOrEqual(3);
      network.dispose();
    }
  });
});

describe('a forward pass', () => {
  const shared = (): tfl.layers.Layer => layers.dense({ units: WIDTH, activation: 'tanh' });
  const handingThrough = (): tfl.LayersModel => {
    const x = tfl.input({ shape: [WIDTH] });
    return tfl.model({ inputs: x, outputs: [x, shared().apply(x) as tfl.SymbolicTensor] });
  };
  const models: Record<string, (x: tfl.SymbolicTensor) => tfl.SymbolicTensor | tfl.SymbolicTensor[]> = {
    'read far behind': (x) => {
      const first = shared().apply(x) as tfl.SymbolicTensor;
      const second = shared().apply(shared().apply(first)) as tfl.SymbolicTensor;
      return layers.concatenate().apply([x, second, first]) as tfl.SymbolicTensor;
    },
    'read twice by one layer': (x) => {
      const first = shared().apply(x) as tfl.SymbolicTensor;
      return layers.add().apply([first, first]) as tfl.SymbolicTensor;
    },
    'read by a layer that is called twice': (x) => {
      const layer = shared();
      return layer.apply(layer.apply(x)) as tfl.SymbolicTensor;
    },
    'an output that is read on the way': (x) => {
      const first = shared().apply(x) as tfl.SymbolicTensor;
      return [first, shared().apply(first) as tfl.SymbolicTensor];
    },
    'handed through by a nested model': (x) => {
      const first = shared().apply(x) as tfl.SymbolicTensor;
      const [same, other] = handingThrough().apply(first) as tfl.SymbolicTensor[];
      return layers.concatenate().apply([shared().apply(same) as tfl.SymbolicTensor, other, same, first]) as tfl.SymbolicTensor; // prettier-ignore
    },
    'handed through within a nested model, and read behind it': (x) => {
      const inner = tfl.input({ shape: [WIDTH] });
      const [same] = handingThrough().apply(inner) as tfl.SymbolicTensor[];
      const nested = tfl.model({ inputs: inner, outputs: shared().apply(same) as tfl.SymbolicTensor });
      const first = shared().apply(x) as tfl.SymbolicTensor;
      return layers.add().apply([nested.apply(first) as tfl.SymbolicTensor, first]) as tfl.SymbolicTensor;
    },
    'the input of a nested model that is read behind it': (x) => {
      const nested = tfl.sequential({ layers: [layers.dense({ units: WIDTH, inputShape: [WIDTH] }), shared()] });
      const first = layers.dropout({ rate: 0.5 }).apply(shared().apply(x)) as tfl.SymbolicTensor;
      return layers.add().apply([nested.apply(first) as tfl.SymbolicTensor, first]) as tfl.SymbolicTensor;
    },
  };

  it.each(Object.keys(models))('keeps what is still needed: %s', (name) => {
    const x = tfl.input({ shape: [WIDTH] });
    const model = tfl.model({ inputs: x, outputs: models[name](x) });
    const network = networkOf(model);
    const batch = tf.tensor(wave([5, WIDTH], 0), [5, WIDTH]);
    const before = tf.memory().numTensors;
    const valuesOf = (tensors: readonly tf.Tensor[]): number[][] => tensors.map((tensor) => [...tensor.dataSync()]);
    const expected = tf.tidy(() => valuesOf([model.predict(batch)].flat()));
    const found = tf.tidy(() => {
      const traced = network.trace([batch], { preActivation: (_, z) => z, output: (_, a) => a });
      return valuesOf(traced.map(({ tensor }) => tensor));
    });
    expect(found).toEqual(expected);
    expect(tf.memory().numTensors).toBe(before);
    expect(batch.isDisposed).toBe(false);
    batch.dispose();
    network.dispose();
  });

  const dense = (name: string, input: string) => [
    node(`${name}/product`, 'MatMul', [input, 'kernel']),
    node(name, 'Relu', [`${name}/product`]),
  ];
  /** The output of the graph by the values of `x` and `kernel`. */
  const graphs: Record<string, [NodeFixture[], (x: tf.Tensor2D, kernel: tf.Tensor2D) => tf.Tensor]> = {
    'read far behind and twice by one node': [
      [
        ...dense('first', 'x'),
        ...dense('second', 'first'),
        ...dense('third', 'second'),
        node('square', 'Mul', ['first', 'first']),
        node('y', 'AddV2', ['third', 'square']),
      ],
      (x, kernel) => {
        const layer = (input: tf.Tensor2D): tf.Tensor2D => tf.relu(tf.matMul<tf.Tensor2D>(input, kernel));
        return tf.add<tf.Tensor>(layer(layer(layer(x))), tf.square(layer(x)));
      },
    ],
    'one of several outputs': [
      [
        ...dense('first', 'x'),
        node('halves', 'Split', ['axis', 'first'], { num_split: { i: '2' } }),
        node('sum', 'AddV2', ['halves', 'halves:1']),
        node('y', 'Mul', ['sum', 'halves:1']),
      ],
      (x, kernel) => {
        const [low, high] = tf.split<tf.Tensor>(tf.relu(tf.matMul(x, kernel)), 2, 1);
        return tf.mul(tf.add(low, high), high);
      },
    ],
  };

  it.each(Object.keys(graphs))('keeps what is still needed in a graph: %s', async (name) => {
    const [nodes, plain] = graphs[name];
    const kernel = wave([WIDTH, WIDTH], 1);
    const weights = [
      { name: 'kernel', shape: [WIDTH, WIDTH], values: kernel },
      { name: 'axis', shape: [], values: [1] },
    ];
    const network = await loadGraph([placeholder('x', [-1, WIDTH]), ...nodes], weights, {}, new Set(['axis']));
    const batch = tf.tensor2d(wave([5, WIDTH], 0), [5, WIDTH]);
    const before = tf.memory().numTensors;
    const [found, expected] = tf.tidy(() => {
      const [{ tensor }] = network.trace([batch], { preActivation: (_, z) => z, output: (_, a) => a });
      return [[...tensor.dataSync()], [...plain(batch, tf.tensor2d(kernel, [WIDTH, WIDTH])).dataSync()]];
    });
    found.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
    expect(found.some((value) => value !== 0)).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
    batch.dispose();
    network.dispose();
  });

  it('does without the nodes of an activation that another is put in place of', async () => {
    const kernel = wave([WIDTH, WIDTH], 1);
    const network = await loadGraph(
      [
        placeholder('x', [-1, WIDTH]),
        node('z', 'MatMul', ['x', 'kernel']),
        node('gate', 'Sigmoid', ['z']),
        node('swish', 'Mul', ['z', 'gate']),
        node('y', 'MatMul', ['swish', 'kernel']),
      ],
      [{ name: 'kernel', shape: [WIDTH, WIDTH], values: kernel }],
    );
    const batch = tf.tensor2d(wave([5, WIDTH], 0), [5, WIDTH]);
    const [found, expected] = tf.tidy(() => {
      const [{ tensor }] = network.trace([batch], {
        preActivation: (_, z) => z,
        output: (_, a) => a,
        substitute: ({ activation }) => (activation?.name === 'silu' ? 'relu' : null),
      });
      const weight = tf.tensor2d(kernel, [WIDTH, WIDTH]);
      return [[...tensor.dataSync()], [...tf.matMul(tf.relu(tf.matMul(batch, weight)), weight).dataSync()]];
    });
    found.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
    batch.dispose();
    network.dispose();
  });
});
