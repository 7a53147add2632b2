import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { activation } from '../../../src/report/activations';
import { measure } from '../../../src/analysis/measure/measure';
import { forwardBackward } from '../../../src/analysis/measure/pass';
import type { Network } from '../../../src/analysis/model/network';
import { syntheticProbe } from '../../../src/analysis/probe/syntheticProbe';
import { startTestBackend } from '../measure/networks';
import { convolution, fused, loadGraph, node, type NodeFixture, placeholder } from './graphFile';
import { wave, type WeightFixture, weightsOf } from './savedFiles';

beforeAll(startTestBackend);

interface Seen {
  readonly z: Record<string, number[]>;
  readonly a: Record<string, number[]>;
  readonly outputs: number[][];
}

const inputsOf = (network: Network, samples: number): tf.Tensor[] =>
  network.inputs.map(({ shape }, i) => tf.tensor(wave([samples, ...shape], i + 0.4), [samples, ...shape]));

/** Everything that a trace of samples with `wave` values shows. */
function seen(network: Network, samples = 2): Seen {
  const z: Seen['z'] = {};
  const a: Seen['a'] = {};
  return tf.tidy(() => {
    const outputs = network.trace(inputsOf(network, samples), {
      preActivation(call, tensor) {
        z[call.name] = [...tensor.dataSync()];
        return tensor;
      },
      output(call, tensor) {
        a[call.name] = [...tensor.dataSync()];
        return tensor;
      },
    });
    return { z, a, outputs: outputs.map(({ tensor }) => [...tensor.dataSync()]) };
  });
}

const byName = (network: Network, name: string) => network.calls.find((call) => call.name === name)!;

describe('fused nodes', () => {
  const steps: readonly [string, NodeFixture['attr'], readonly WeightFixture[]][] = [
    ['Relu', {}, []],
    ['Relu6', {}, []],
    ['Elu', {}, []],
    ['Sigmoid', {}, []],
    ['Tanh', {}, []],
    ['LeakyRelu', { leakyrelu_alpha: { f: 0.3 } }, []],
    ['Prelu', {}, [{ name: 'alpha', shape: [3], values: [0.25, 0.25, 0.25] }]],
  ];
  const products: readonly [string, string, readonly number[], readonly number[], NodeFixture['attr']][] = [
    ['_FusedMatMul', 'MatMul', [-1, 2], [2, 3], {}],
    ['_FusedConv2D', 'Conv2D', [-1, 4, 4, 2], [3, 3, 2, 3], convolution],
    ['FusedDepthwiseConv2dNative', 'DepthwiseConv2dNative', [-1, 4, 4, 3], [3, 3, 3, 1], convolution],
  ];
  const cases = products.flatMap((product) => steps.map((step) => [product[0], step[0], product, step] as const));

  it.each(cases)('%s with %s shows the same as its plain nodes, and a = phi(z)', async (_p, _s, product, step) => {
    const [op, plain, input, kernel, attr] = product;
    const [name, stepAttr, extra] = step;
    const weights = [...weightsOf({ kernel, bias: [3] }), ...extra];
    const own = extra.map((weight) => weight.name);
    const together = await loadGraph(
      [
        placeholder('x', input),
        fused(op, 'y', ['x', 'kernel', 'bias', ...own], ['BiasAdd', name], { ...attr, ...stepAttr }),
      ],
      weights,
    );
    const apart = await loadGraph(
      [
        placeholder('x', input),
        node('product', plain, ['x', 'kernel'], attr),
        node('sum', 'BiasAdd', ['product', 'bias']),
        node('y', name, ['sum', ...own], { alpha: { f: 0.3 } }),
      ],
      weights,
    );
    const { z, a } = seen(together);
    expect({ z, a }).toEqual({ z: seen(apart).z, a: seen(apart).a });
    const facts = ({ calls }: Network) =>
      calls.map(({ jsonPath: _, weights, ...call }) => ({
        ...call,
        weights: weights.map((w) => w.name),
        activation: call.activation?.name,
      }));
    expect(facts(together)).toEqual(facts(apart));
    expect(together.calls).toMatchObject([{ name: 'y', className: plain, units: 3, role: 'output' }]);
    const phi = byName(together, 'y').activation!;
    expect(phi.name).toBe(activation(name)?.name ?? name.toLowerCase());
    z['y'].forEach((value, i) => expect(a['y'][i]).toBeCloseTo(phi.value(value), 5));
    // z itself: the fused node without its activation, computed by the converter's own op for it.
    const linear = await loadGraph(
      [placeholder('x', input), fused(op, 'y', ['x', 'kernel', 'bias'], ['BiasAdd'], attr)],
      weights.slice(0, 2),
    );
    expect(seen(linear).a['y']).toEqual(z['y']);
    for (const network of [together, apart, linear]) network.dispose();
  });
});

describe('gradients', () => {
  const nodes = [
    placeholder('x', [-1, 3]),
    fused('_FusedMatMul', 'hidden', ['x', 'w1', 'b1'], ['BiasAdd', 'LeakyRelu'], { leakyrelu_alpha: { f: 0.25 } }),
    node('scaled', 'Mul', ['hidden', 'gamma']),
    node('shifted', 'AddV2', ['scaled', 'beta']),
    node('bounded', 'Tanh', ['shifted']),
    node('gated', 'Sigmoid', ['bounded']),
    node('swish', 'Mul', ['bounded', 'gated']),
    node('joined', 'AddV2', ['swish', 'hidden']),
    node('y', 'MatMul', ['joined', 'w2'], { transpose_b: { b: true } }),
  ];
  const weights = weightsOf({ w1: [3, 4], b1: [4], gamma: [4], beta: [4], w2: [2, 4] });
  const samples = 3;
  const cotangent = wave([samples, 2], 2.2);

  /** The same in float64, written out: sum of cotangent times output. */
  function total(values: Readonly<Record<string, readonly number[]>>): number {
    const { w1, b1, gamma, beta, w2 } = values;
    const x = wave([samples, 3], 0.4);
    let sum = 0;
    for (let n = 0; n < samples; n++) {
      for (let j = 0; j < 4; j++) {
        let z = b1[j];
        for (let i = 0; i < 3; i++) z += x[3 * n + i] * w1[4 * i + j];
        const hidden = z > 0 ? z : 0.25 * z;
        const bounded = Math.tanh(hidden * gamma[j] + beta[j]);
        const joined = bounded / (1 + Math.exp(-bounded)) + hidden;
        for (let k = 0; k < 2; k++) sum += cotangent[2 * n + k] * joined * w2[4 * k + j];
      }
    }
    return sum;
  }

  it('are those of central differences in float64', async () => {
    const network = await loadGraph(nodes, weights);
    const measured = new Map<string, number[]>();
    const names = new Map(
      network.calls.flatMap((call) => call.weights.map(({ name, value }) => [value, `${call.name} ${name}`] as const)),
    );
    const inputs = inputsOf(network, samples);
    const value = forwardBackward(
      network,
      inputs,
      ({ outputs }) => tf.sum(tf.mul(outputs[0], tf.tensor(cotangent, [samples, 2]))),
      {},
      (weight, gradient) => measured.set(names.get(weight)!, [...gradient.dataSync()]),
    );
    const plain = Object.fromEntries(weights.map(({ name, values }) => [name, [...values]]));
    expect(value).toBeCloseTo(total(plain), 5);
    const places = {
      w1: 'hidden kernel',
      b1: 'hidden bias',
      gamma: 'bounded gamma',
      beta: 'bounded bias',
      w2: 'y kernel',
    };
    expect([...measured.keys()].sort()).toEqual(Object.values(places).sort());
    for (const [name, place] of Object.entries(places)) {
      plain[name].forEach((weight, i) => {
        const step = 1e-5;
        const at = (offset: number): number =>
          total({ ...plain, [name]: plain[name].map((v, k) => (k === i ? weight + offset : v)) });
        expect(measured.get(place)![i]).toBeCloseTo((at(step) - at(-step)) / (2 * step), 4);
      });
    }
    tf.dispose(inputs);
    network.dispose();
  });

  it('makes one call of a scale, its offset and its activation, and of x * sigmoid(x)', async () => {
    const network = await loadGraph(nodes, weights);
    expect(
      network.calls.map(({ name, className, inputs, activation: phi, units, role, structural }) => [
        name,
        className,
        inputs,
        phi?.name,
        units,
        role,
        structural,
      ]),
    ).toEqual([
      ['hidden', 'MatMul', ['x'], 'leaky_relu', 4, 'hidden', false],
      ['bounded', 'Mul', ['hidden'], 'tanh', 4, 'hidden', false],
      ['swish', 'Mul', ['bounded'], 'silu', 4, 'hidden', false],
      ['joined', 'AddV2', ['swish', 'hidden'], undefined, null, 'hidden', true],
      ['y', 'MatMul', ['joined'], 'linear', 2, 'output', false],
    ]);
    const [kernel, bias] = byName(network, 'hidden').weights;
    expect([kernel.name, kernel.fanIn, kernel.fanOut, bias.name, bias.fanIn]).toEqual(['kernel', 3, 4, 'bias', null]);
    // Stored the other way around.
    expect(byName(network, 'y').weights).toMatchObject([{ name: 'kernel', fanIn: 4, fanOut: 2, initializer: null }]);
    expect(byName(network, 'bounded').jsonPath).toEqual(['modelTopology', 'node', 5 + 4]);
    network.dispose();
  });

  it('start before an op that has none, and what lies behind it says so', async () => {
    const network = await loadGraph(
      [
        placeholder('x', [-1, 3]),
        node('hidden', 'MatMul', ['x', 'w']),
        node('running', 'Cumprod', ['hidden', 'axis']),
        node('end', 'Relu', ['running']),
        node('axis', 'Size', ['one']),
      ],
      weightsOf({ w: [3, 4], one: [1] }),
      { signature: { outputs: { end: { name: 'end:0' } } } },
    );
    expect(network.differentiable).toBeNull();
    expect(network.summary.file.notes).toEqual([expect.stringContaining('Cumprod')]);
    expect(byName(network, 'hidden')).toMatchObject({ role: 'output', unknown: [] });
    expect(byName(network, 'end').unknown).toEqual([expect.stringContaining('Cumprod')]);
    const { a, outputs } = seen(network);
    expect(a['end']).toHaveLength(2 * 4);
    expect(outputs).toEqual([a['hidden']]);
    network.dispose();
  });
});

describe('what cannot be run', () => {
  const dense = [placeholder('x', [-1, 3]), fused('_FusedMatMul', 'dense', ['x', 'w', 'b'], ['BiasAdd', 'Relu'])];
  const weights = weightsOf({ w: [3, 4], b: [4], v: [4, 2] });

  it('is named, and what comes before it is measured', async () => {
    const network = await loadGraph(
      [
        ...dense,
        node('loop', 'While', ['dense'], { cond: { func: { name: 'c' } }, body: { func: { name: 'b' } } }),
        node('late', 'MatMul', ['loop', 'v']),
        node('end', 'Softmax', ['late']),
      ],
      weights,
    );
    expect(byName(network, 'dense')).toMatchObject({ role: 'output', units: 4, unknown: [] });
    for (const name of ['late', 'end']) {
      expect(byName(network, name)).toMatchObject({ role: 'opaque', structural: true, units: null });
      expect(byName(network, name).unknown).toEqual([
        'The node "loop" (While) was not run: loops, branches and lists are not run in a diagnosis.',
      ]);
    }
    expect(byName(network, 'end').inputs).toEqual(['late']);
    expect(network.summary.file.notes).toEqual([expect.stringMatching(/^3 nodes were not run\..*While/)]);
    expect(network.differentiable).toBeNull();
    const { outputs, a } = seen(network);
    expect(outputs).toEqual([a['dense']]);
    network.dispose();
  });

  it('may go round in loops, as the graphs of the first converters do', async () => {
    const network = await loadGraph(
      [
        ...dense,
        node('enter', 'Enter', ['dense']),
        node('merge', 'Merge', ['enter', 'next']),
        node('body', 'Relu', ['merge']),
        node('next', 'NextIteration', ['body']),
      ],
      weights,
      { signature: { outputs: { y: { name: 'body' } } } },
    );
    expect(byName(network, 'dense').unknown).toEqual([]);
    expect(byName(network, 'body').unknown).toEqual([expect.stringContaining('loops are not run')]);
    network.dispose();
  });

  it.each([
    ['MadeUpOp', {}, 'TensorFlow.js knows'],
    ['RandomStandardNormal', { dtype: { type: 'DT_FLOAT' } }, 'RandomStandardNormal'],
    ['Conv2D', { strides: 7, padding: {} }, 'Conv2D'],
    ['Conv2D', { strides: { list: { i: 'one' } }, dilations: null, padding: { s: 3 } }, 'Conv2D'],
  ])('the op %s with attributes %j is an error that says so where nothing else is there', async (op, attr, named) => {
    const loading = loadGraph([placeholder('x', [-1, 3]), node('y', op, ['x', 'w'], attr)], weights.slice(0, 1));
    await expect(loading).rejects.toMatchObject({
      name: 'DiagnosisError',
      code: 'unsupported-format',
      message: expect.stringContaining(named) as string,
    });
  });

  it.each([
    [[node('huge', 'Fill', ['dims', 'one'])], { dims: [1e6, 1e6] }],
    [
      [
        node('row', 'Fill', ['dims', 'one']),
        node('column', 'Reshape', ['row', 'tall']),
        node('huge', 'Mul', ['row', 'column']),
      ],
      { dims: [1e6], tall: [1e6, 1] },
    ],
  ])('an output larger than memory is not computed', async (makers, shapes) => {
    const constants: WeightFixture[] = [{ name: 'one', shape: [], values: [1] }];
    for (const [name, values] of Object.entries(shapes)) constants.push({ name, shape: [values.length], values });
    const before = tf.memory().numTensors;
    const network = await loadGraph(
      [
        ...dense,
        ...makers.map((maker) => ({
          ...maker,
          input: maker.input!.map((name) => (name in shapes ? `${name}/integer` : name)),
        })),
        ...Object.keys(shapes).map((name) => node(`${name}/integer`, 'Cast', [name], { DstT: { type: 'DT_INT32' } })),
        node('sum', 'AddV2', ['dense', 'huge']),
        node('end', 'Relu', ['sum']),
      ],
      [...weights.slice(0, 2), ...constants],
    );
    expect(byName(network, 'end').unknown).toEqual([
      expect.stringContaining('1000000000000 values does not fit into memory'),
    ]);
    network.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('inputs', () => {
  it('are indices below the size of the table that they are looked up in', async () => {
    const network = await loadGraph(
      [
        placeholder('word', [-1, 5], 'DT_INT32'),
        placeholder('image', [-1, 16, 16, 3]),
        node('cast', 'Cast', ['word'], { DstT: { type: 'DT_INT32' } }),
        node('lookup', 'GatherV2', ['table', 'cast', 'axis']),
        node('axis', 'Rank', ['one']),
        node('flat', 'Mean', ['image', 'axes'], { keep_dims: { b: false } }),
        node('axes', 'Cast', ['dims'], { DstT: { type: 'DT_INT32' } }),
        node('dense', 'MatMul', ['flat', 'w']),
      ],
      [
        { name: 'one', shape: [], values: [1] },
        { name: 'dims', shape: [2], values: [1, 2] },
        ...weightsOf({ table: [7, 4], w: [3, 4] }),
      ],
    );
    expect(network.inputs).toEqual([
      { name: 'word', shape: [5], dtype: 'int32', batchSize: null, kind: 'indices', range: null, limit: 7 },
      {
        name: 'image',
        shape: [16, 16, 3],
        dtype: 'float32',
        batchSize: null,
        kind: 'image',
        range: [0, 1],
        limit: null,
      },
    ]);
    expect(byName(network, 'lookup')).toMatchObject({ inputs: ['word'], units: 4, outputShape: [5, 4] });
    network.dispose();
  });

  it('come one by one where the graph was saved for a batch of one without saying so', async () => {
    const network = await loadGraph(
      [
        placeholder('x', [-1, 2, 2]),
        node('shape', 'Cast', ['dims'], { DstT: { type: 'DT_INT32' } }),
        node('flat', 'Reshape', ['x', 'shape']),
        node('y', 'MatMul', ['flat', 'w']),
      ],
      [{ name: 'dims', shape: [2], values: [1, 4] }, ...weightsOf({ w: [4, 3] })],
    );
    expect(network.inputs[0].batchSize).toBe(1);
    expect(seen(network, 1).a['y']).toHaveLength(3);
    network.dispose();
  });

  it('do not count the flag that tells training from inference', async () => {
    const network = await loadGraph([
      placeholder('x', [-1, 3]),
      placeholder('training', [], 'DT_BOOL'),
      node('a', 'Relu', ['x']),
      node('b', 'Tanh', ['x']),
      node('y', 'SelectV2', ['training', 'a', 'b']),
    ]);
    expect(network.inputs.map(({ name }) => name)).toEqual(['x']);
    const { a } = seen(network);
    expect(a['y']).toEqual(a['b']);
    network.dispose();
  });
});

it('releases all tensors, also those of a graph that cannot be diagnosed', async () => {
  const before = tf.memory().numTensors;
  const nodes = [placeholder('x', [-1, 3]), node('y', 'MatMul', ['x', 'w']), node('z', 'Relu', ['y'])];
  const network = await loadGraph(nodes, weightsOf({ w: [3, 4] }));
  network.dispose();
  await expect(
    loadGraph([placeholder('x', [-1, 3]), node('y', 'If', ['x', 'w'])], weightsOf({ w: [3, 4] })),
  ).rejects.toThrow();
  expect(tf.memory().numTensors).toBe(before);
});

describe('one number per sample', () => {
  const [kernel, scale] = weightsOf({ kernel: [3, 1], scale: [1] });
  const graph = (batch: number): NodeFixture[] => [
    placeholder('x', [batch, 3]),
    node('product', 'MatMul', ['x', 'kernel']),
    node('flat', 'Squeeze', ['product'], { squeeze_dims: { list: { i: ['1'] } } }),
    node('scaled', 'Mul', ['flat', 'scale']),
    node('y', 'Sigmoid', ['scaled']),
  ];

  it.each([-1, 1])('has no units, but is measured (batch %i)', async (batch) => {
    const network = await loadGraph(graph(batch), [kernel, scale]);
    const calls = network.calls.filter(({ name }) => name === 'scaled' || name === 'y');
    expect(calls.length).toBeGreaterThan(0);
    for (const { units, structural } of calls) expect([units, structural]).toEqual([null, true]);
    const quiet = { seed: 1, onProgress: () => undefined };
    const { layers } = await measure(network, syntheticProbe(network.inputs, 0), { samples: 4, ...quiet });
    expect(layers.find(({ name }) => name === 'y')).toMatchObject({ units: null, output: { count: 4, nonFinite: 0 } });
    network.dispose();
  });
});
