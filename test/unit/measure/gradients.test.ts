import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { forwardBackward } from '../../../src/analysis/measure/pass';
import type { LayersNetwork } from '../../../src/analysis/model/layersNetwork';
import { mulberry32, normal } from '../../../src/analysis/probe/random';
import { networkOf, startTestBackend } from './networks';

beforeAll(startTestBackend);

const gaussianTensor = (shape: readonly number[], seed: number): tf.Tensor => {
  const draw = normal(mulberry32(seed));
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => draw());
  return tf.tensor(values, [...shape]);
};

/** Everything that one pass shows, by name: dLoss/da and dLoss/dz of every call, dLoss/dW of every weight, and values. */
interface Shown {
  readonly da: Map<string, Float32Array>;
  /** One per time step for layers that go step by step, the last step first. */
  readonly dz: Map<string, Float32Array[]>;
  readonly dW: Map<tf.Tensor, Float32Array>;
  readonly a: Map<string, Float32Array>;
  readonly loss: number;
}

/** dLoss of `sum_k sum c_k * output_k` with fixed standard normal c_k. */
function shown(network: LayersNetwork, inputs: readonly tf.Tensor[]): Shown {
  const [da, a] = [new Map<string, Float32Array>(), new Map<string, Float32Array>()];
  const dz = new Map<string, Float32Array[]>();
  const dW = new Map<tf.Tensor, Float32Array>();
  const before = tf.memory().numTensors;
  const loss = forwardBackward(
    network,
    inputs,
    ({ outputs }) => weightedSum(outputs),
    {
      output: (call, value) => void a.set(call.name, value.dataSync<'float32'>()),
      outputGradient: (call, dy) => void da.set(call.name, dy.dataSync<'float32'>()),
      preActivationGradient: (call, dy) =>
        void dz.set(call.name, [...(dz.get(call.name) ?? []), dy.dataSync<'float32'>()]),
    },
    (weight, gradient) => void dW.set(weight, gradient.dataSync<'float32'>()),
  );
  expectSameWithoutWeights(network, inputs, da, dz);
  expect(tf.memory().numTensors).toBe(before);
  return { da, dz, dW, a, loss };
}

/** What the observer is shown does not depend on whether the gradients of the weights are asked for. */
function expectSameWithoutWeights(
  network: LayersNetwork,
  inputs: readonly tf.Tensor[],
  da: Shown['da'],
  dz: Shown['dz'],
): void {
  const [outputs, steps] = [new Map<string, Float32Array>(), new Map<string, Float32Array[]>()];
  forwardBackward(
    network,
    inputs,
    (heads) => weightedSum(heads.outputs),
    {
      outputGradient: (call, dy) => void outputs.set(call.name, dy.dataSync<'float32'>()),
      preActivationGradient: (call, dy) =>
        void steps.set(call.name, [...(steps.get(call.name) ?? []), dy.dataSync<'float32'>()]),
    },
    null,
  );
  expect(outputs).toEqual(da);
  expect(steps).toEqual(dz);
}

const weightedSum = (outputs: readonly tf.Tensor[]): tf.Scalar =>
  outputs
    .map((output, k) => tf.sum(tf.mul(output, gaussianTensor(output.shape, 900 + k))))
    .reduce((x, y) => tf.add(x, y)) as tf.Scalar;

/** Largest difference over the largest magnitude of the reference. */
function expectClose(actual: ArrayLike<number>, reference: ArrayLike<number>, tolerance: number, what: string): void {
  expect(actual.length, what).toBe(reference.length);
  let [difference, magnitude] = [0, 0];
  for (let i = 0; i < reference.length; i++) {
    difference = Math.max(difference, Math.abs(actual[i] - reference[i]));
    magnitude = Math.max(magnitude, Math.abs(reference[i]));
  }
  expect(magnitude, `${what} must not vanish`).toBeGreaterThan(0);
  expect(difference / magnitude, what).toBeLessThan(tolerance);
}

describe('gradients of a graph with two inputs, two outputs, a shared layer and a nested model', () => {
  // x -> shared -> +-> add -> head (softplus)          out1
  // y -> shared -> inner(tanh, relu) -+-> concat -> tail out2
  const WIDTH = 4;
  const SAMPLES = 3;

  function build() {
    const x = tfl.input({ shape: [WIDTH], name: 'x' });
    const y = tfl.input({ shape: [WIDTH], name: 'y' });
    const shared = tfl.layers.dense({ units: WIDTH, activation: 'elu', name: 'shared' });
    const inner = tfl.sequential({
      name: 'inner',
      layers: [
        tfl.layers.dense({ units: 5, activation: 'tanh', inputShape: [WIDTH], name: 'first' }),
        tfl.layers.dense({ units: WIDTH, activation: 'relu', name: 'second' }),
      ],
    });
    const left = shared.apply(x) as tfl.SymbolicTensor;
    const right = inner.apply(shared.apply(y)) as tfl.SymbolicTensor;
    const sum = tfl.layers.add({ name: 'sum' }).apply([left, right]) as tfl.SymbolicTensor;
    const joined = tfl.layers.concatenate({ name: 'joined' }).apply([right, sum]) as tfl.SymbolicTensor;
    const head = tfl.layers.dense({ units: 2, activation: 'softplus', name: 'head' }).apply(sum);
    const tail = tfl.layers.dense({ units: 3, name: 'tail' }).apply(joined);
    return tfl.model({ inputs: [x, y], outputs: [head as tfl.SymbolicTensor, tail as tfl.SymbolicTensor] });
  }

  type Matrix = readonly (readonly number[])[];
  type Bumps = Partial<Record<string, { row: number; unit: number; by: number }>>;

  const phi: Readonly<Record<string, (z: number) => number>> = {
    elu: (z) => (z > 0 ? z : Math.expm1(z)),
    tanh: Math.tanh,
    relu: (z) => Math.max(0, z),
    softplus: (z) => Math.log1p(Math.exp(z)),
    linear: (z) => z,
  };

  /** The whole network in float64; `bumps` change one element of a value (`a:call`, `z:call`) or of a weight (`W:layer/name`). */
  function lossInDoubles(
    weights: ReadonlyMap<string, { values: number[]; columns: number }>,
    x: Matrix,
    y: Matrix,
    bumps: Bumps,
  ): number {
    const bumped = (key: string, matrix: Matrix): Matrix => {
      const bump = bumps[key];
      if (bump === undefined) return matrix;
      return matrix.map((row, r) =>
        row.map((value, u) => (r === bump.row && u === bump.unit ? value + bump.by : value)),
      );
    };
    const dense = (call: string, layer: string, input: Matrix, activation: string): Matrix => {
      const { values, columns } = weights.get(`${layer}/kernel`)!;
      const kernel = bumped(`W:${layer}/kernel`, chunks(values, columns));
      const [bias] = bumped(`W:${layer}/bias`, [weights.get(`${layer}/bias`)!.values]);
      const z = input.map((row) =>
        bias.map((b, u) => row.reduce((total, value, i) => total + value * kernel[i][u], b)),
      );
      return bumped(`a:${call}`, bumped(`z:${call}`, z).map((row) => row.map(phi[activation]))); // prettier-ignore
    };
    const left = dense('shared', 'shared', x, 'elu');
    const first = dense('inner/first', 'first', dense('shared#2', 'shared', y, 'elu'), 'tanh');
    const right = dense('inner/second', 'second', first, 'relu');
    const sum = bumped('a:sum', left.map((row, r) => row.map((value, u) => value + right[r][u]))); // prettier-ignore
    const joined = bumped('a:joined', right.map((row, r) => [...row, ...sum[r]])); // prettier-ignore
    const outputs = [dense('head', 'head', sum, 'softplus'), dense('tail', 'tail', joined, 'linear')];
    return outputs.reduce((total, output, k) => {
      const c = gaussianTensor([SAMPLES, output[0].length], 900 + k).dataSync();
      return total + output.flat().reduce((partial, value, i) => partial + value * c[i], 0);
    }, 0);
  }

  const chunks = (values: readonly number[], columns: number): number[][] =>
    Array.from({ length: values.length / columns }, (_, r) => values.slice(r * columns, (r + 1) * columns));

  it('agree with central differences in float64', () => {
    const network = networkOf(build());
    const inputs = [gaussianTensor([SAMPLES, WIDTH], 1), gaussianTensor([SAMPLES, WIDTH], 2)];
    expect(network.calls.map(({ name }) => name).sort()).toEqual(
      ['shared', 'shared#2', 'inner/first', 'inner/second', 'sum', 'joined', 'head', 'tail'].sort(),
    );
    // The calls of a shared layer count in execution order.
    expect(network.calls.find(({ name }) => name === 'shared')!.inputs).toEqual(['x']);
    expect(network.calls.find(({ name }) => name === 'shared#2')!.inputs).toEqual(['y']);
    const { da, dz, dW, loss } = shown(network, inputs);

    const weights = new Map<string, { values: number[]; columns: number; tensor: tf.Tensor }>();
    for (const call of network.calls) {
      const layer = call.name.replace(/#\d+$/, '').split('/').pop()!;
      for (const { name, value } of call.weights) {
        const columns = value.shape[value.rank - 1];
        weights.set(`${layer}/${name}`, { values: Array.from(value.dataSync()), columns, tensor: value });
      }
    }
    const matrices = inputs.map((tensor) => chunks(Array.from(tensor.dataSync()), WIDTH));
    const evaluate = (bumps: Bumps): number => lossInDoubles(weights, matrices[0], matrices[1], bumps);
    expect(Math.abs(loss - evaluate({}))).toBeLessThan(1e-5 * Math.abs(loss) + 1e-5);
    const differences = (key: string, rows: number, columns: number): number[] => {
      const h = 1e-5;
      return Array.from({ length: rows * columns }, (_, i) => {
        const at = (by: number): number => evaluate({ [key]: { row: Math.floor(i / columns), unit: i % columns, by } });
        return (at(h) - at(-h)) / (2 * h);
      });
    };
    for (const [name, gradient] of da) {
      expectClose(gradient, differences(`a:${name}`, SAMPLES, gradient.length / SAMPLES), 1e-5, `da of ${name}`);
    }
    expect(da.size).toBe(8);
    for (const [name, [gradient]] of dz) {
      expectClose(gradient, differences(`z:${name}`, SAMPLES, gradient.length / SAMPLES), 1e-5, `dz of ${name}`);
    }
    // Every call but the two merges.
    expect(dz.size).toBe(6);
    for (const [name, { columns, tensor, values }] of weights) {
      expectClose(dW.get(tensor)!, differences(`W:${name}`, values.length / columns, columns), 1e-5, `dW of ${name}`);
    }
    expect(dW.size).toBe(weights.size);
    tf.dispose(inputs);
    network.dispose();
  });
});

/**
 * A model as a chain of layers, run by hand with plain tfjs: each layer applied to the value before, plus a zero whose
 * gradient is dLoss/da. Computed before the model is made a network, so that no hook is in place.
 */
function plainReference(layers: readonly tfl.layers.Layer[], input: tf.Tensor, masked: boolean) {
  const shapes: number[][] = [];
  const run = (zeros: readonly tf.Tensor[]): tf.Tensor => {
    let value = input;
    let mask: tf.Tensor | null = null;
    layers.forEach((layer, i) => {
      const kwargs: Record<string, unknown> = { training: false, ...(mask === null ? {} : { mask }) };
      const next: tf.Tensor = layer.apply(value, kwargs) as tf.Tensor;
      mask = masked && layer.supportsMasking ? (layer.computeMask(value, mask!) as tf.Tensor | null) : null;
      shapes[i] = next.shape;
      value = zeros.length === 0 ? next : tf.add(next, zeros[i]);
    });
    return value;
  };
  tf.engine().startScope();
  try {
    const output = run([]).dataSync<'float32'>();
    const zeros = shapes.map((shape) => tf.zeros(shape));
    const da = tf.grads((...taps: tf.Tensor[]) => weightedSum([run(taps)]))(zeros);
    const weights = layers.flatMap((layer) => layer.trainableWeights.map((weight) => weight.read() as tf.Variable));
    const { grads } = tf.variableGrads(() => weightedSum([run([])]), weights);
    return {
      output,
      da: da.map((gradient) => gradient.dataSync<'float32'>()),
      dW: new Map(weights.map((variable) => [variable as tf.Tensor, grads[variable.name].dataSync<'float32'>()])),
    };
  } finally {
    tf.engine().endScope();
  }
}

interface Chain {
  readonly layers: () => tfl.layers.Layer[];
  readonly input: () => tf.Tensor;
  readonly masked?: boolean;
}

const sequence = (): tf.Tensor =>
  tf.tensor2d([[3, 1, 4, 0, 0], [2, 5, 0, 0, 0], [1, 1, 2, 3, 5], [5, 0, 0, 0, 0]], [4, 5], 'int32'); // prettier-ignore

const CHAINS: Readonly<Record<string, Chain>> = {
  'convolution, batch normalisation, depthwise, separable and transposed convolution, pooling': {
    layers: () => [
      tfl.layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', inputShape: [8, 8, 2] }),
      tfl.layers.batchNormalization({ betaInitializer: 'randomNormal', gammaInitializer: 'randomUniform' }),
      tfl.layers.reLU(),
      tfl.layers.dropout({ rate: 0.5 }),
      tfl.layers.depthwiseConv2d({ kernelSize: 3, activation: 'relu', strides: 2, padding: 'same' }),
      tfl.layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, activation: 'tanh' }),
      tfl.layers.separableConv2d({ filters: 4, kernelSize: 2, activation: 'sigmoid' }),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      tfl.layers.averagePooling2d({ poolSize: 2 }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 3, activation: 'tanh' }),
    ],
    input: () => gaussianTensor([4, 8, 8, 2], 5),
  },
  'one-dimensional convolution, leaky rectifiers, layer normalisation': {
    layers: () => [
      tfl.layers.conv1d({ filters: 4, kernelSize: 3, inputShape: [9, 2] }),
      tfl.layers.leakyReLU({ alpha: 0.1 }),
      tfl.layers.layerNormalization(),
      tfl.layers.prelu({ alphaInitializer: 'randomUniform' }),
      tfl.layers.elu(),
      tfl.layers.globalAveragePooling1d({}),
      tfl.layers.dense({ units: 2, activation: 'selu' }),
    ],
    input: () => gaussianTensor([4, 9, 2], 6),
  },
  'embedding with a mask, LSTM, GRU': {
    layers: () => [
      tfl.layers.embedding({ inputDim: 6, outputDim: 4, maskZero: true, inputLength: 5, embeddingsInitializer: 'randomNormal' }), // prettier-ignore
      tfl.layers.lstm({ units: 5, returnSequences: true }),
      tfl.layers.gru({ units: 4, returnSequences: true }),
      tfl.layers.simpleRNN({ units: 3 }),
      tfl.layers.dense({ units: 2 }),
    ],
    input: sequence,
    masked: true,
  },
  'bidirectional and time-distributed layers': {
    layers: () => [
      tfl.layers.bidirectional({
        layer: tfl.layers.lstm({ units: 3, returnSequences: true }) as never,
        mergeMode: 'concat',
        inputShape: [5, 4],
      } as never),
      tfl.layers.timeDistributed({ layer: tfl.layers.dense({ units: 4, activation: 'tanh' }) }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 2 }),
    ],
    input: () => gaussianTensor([4, 5, 4], 8),
  },
};

describe('gradients of chains of layers', () => {
  it.each(Object.keys(CHAINS))('agree with plain tfjs: %s', (kind) => {
    const { layers, input, masked = false } = CHAINS[kind];
    const model = tfl.sequential({ layers: layers() });
    const x = input();
    const reference = plainReference(model.layers, x, masked);
    const network = networkOf(model);
    // A second pass must see nothing of the first: no masks, no states.
    const other = tf.tidy(() => (x.dtype === 'int32' ? tf.onesLike(x) : tf.mul(x, 3)));
    shown(network, [other]);
    const { da, dz, dW, a } = shown(network, [x]);
    model.layers.forEach(({ name }, i) => {
      expectClose(da.get(name)!, reference.da[i], 2e-5, `da of ${name}`);
    });
    const last = model.layers.at(-1).name;
    expectClose(a.get(last)!, reference.output, 1e-6, 'output');
    for (const [weight, gradient] of reference.dW) {
      expectClose(dW.get(weight)!, gradient, 2e-5, `dW of shape ${weight.shape.join()}`);
    }
    expect([...dW.keys()].filter((weight) => !reference.dW.has(weight))).toEqual([]);
    // dz = da * phi'(z), with phi' told from a; the output of a recurrent layer is made of more than z.
    for (const call of network.calls.filter(({ className }) => !/RNN|LSTM|GRU/.test(className))) {
      const slope = call.activation === null ? undefined : SLOPES[call.activation.name];
      const [gradient, ...more] = dz.get(call.name) ?? [];
      if (slope === undefined || more.length > 0) continue;
      const values = a.get(call.name)!;
      const expected = da.get(call.name)!.map((dy, i) => dy * slope(values[i]));
      expectClose(gradient, expected, 2e-5, `dz of ${call.name}`);
    }
    tf.dispose([x, other]);
    network.dispose();
  });
});

const SLOPES: Readonly<Record<string, (a: number) => number>> = {
  relu: (a) => (a > 0 ? 1 : 0),
  tanh: (a) => 1 - a * a,
  sigmoid: (a) => a * (1 - a),
  linear: () => 1,
};

describe('a pass that is interrupted', () => {
  it('leaves no tensor behind and the network as it was', () => {
    const network = networkOf(
      tfl.sequential({
        layers: [
          tfl.layers.bidirectional({
            layer: tfl.layers.lstm({ units: 3, returnSequences: true }),
            inputShape: [5, 4],
          }),
          tfl.layers.flatten(),
          tfl.layers.dense({ units: 2, activation: 'softmax' }),
        ],
      }),
    );
    const x = gaussianTensor([4, 5, 4], 8);
    const { da, loss } = shown(network, [x]);
    const before = tf.memory().numTensors;
    const refuse = (when: string) => (call: { name: string }) => {
      if (call.name.includes(when)) throw new Error('refused');
    };
    const failing = [
      { output: refuse('forward') },
      { output: refuse('dense') },
      { preActivation: refuse('backward') },
      { preActivation: refuse('dense') },
      { outputGradient: refuse('forward') },
      { preActivationGradient: refuse('dense') },
    ];
    for (const observer of failing) {
      const run = (): number => forwardBackward(network, [x], ({ logits }) => weightedSum([logits[0]!]), observer, () => undefined); // prettier-ignore
      expect(run).toThrow('refused');
      expect(tf.memory().numTensors).toBe(before);
    }
    const again = shown(network, [x]);
    expect(again.loss).toBe(loss);
    expect(again.da).toEqual(da);
    x.dispose();
    network.dispose();
  });
});
