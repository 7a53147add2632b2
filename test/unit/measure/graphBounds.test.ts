/** Units of GraphModels that are proved dead, by hand and against samples of the box. */

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { experiment } from '../../../src/analysis/experiment/experiment';
import { provedDeadUnits } from '../../../src/analysis/measure/intervalBounds';
import { forward } from '../../../src/analysis/measure/pass';
import type { Network } from '../../../src/analysis/model/network';
import { mulberry32 } from '../../../src/analysis/probe/random';
import { syntheticProbe } from '../../../src/analysis/probe/syntheticProbe';
import { convolution, fused, loadGraph, node, placeholder } from '../model/graphFile';
import { wave } from '../model/savedFiles';
import { startTestBackend } from './networks';

beforeAll(startTestBackend);

const unitBox = (shape: readonly number[]) => {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, lower: new Float32Array(size), upper: new Float32Array(size).fill(1) };
};

const proved = (network: Network, shape: readonly number[]): Record<string, number[]> =>
  Object.fromEntries([...provedDeadUnits(network, [unitBox(shape)])].map(([name, units]) => [name, [...units]]));

describe('units of a graph', () => {
  it('are proved dead exactly where no input in [0, 1] makes their argument positive', async () => {
    // Largest arguments of the first layer: 1 + 2 - 3.01 < 0, 1 + 2 - 2.9 > 0, 0 - 1 < 0.
    const network = await loadGraph(
      [
        placeholder('x', [-1, 2]),
        fused('_FusedMatMul', 'first', ['x', 'w', 'b'], ['BiasAdd', 'Relu']),
        node('product', 'MatMul', ['first', 'v']),
        node('second', 'Relu', ['product']),
      ],
      [
        { name: 'w', shape: [2, 3], values: [1, 1, -1, 2, 2, -1] },
        { name: 'b', shape: [3], values: [-3.01, -2.9, -1] },
        // Of the second layer: 5 times what is dead, and less than nothing of what is not.
        { name: 'v', shape: [3, 2], values: [5, 5, -1, 1, 5, 5] },
      ],
    );
    expect(proved(network, [2])).toEqual({ first: [0, 2], second: [0] });
    network.dispose();
  });

  it('are proved dead behind convolution, scale, pooling, padding, joins and reshaping, and stay at 0 on samples', async () => {
    const shape = [4, 4, 2];
    const pooling = {
      ksize: { list: { i: ['1', '2', '2', '1'] } },
      strides: { list: { i: ['1', '2', '2', '1'] } },
      padding: { s: btoa('VALID') },
      data_format: { s: btoa('NHWC') },
    };
    const integers = (name: string, values: readonly number[], of = [values.length]) => ({ name, shape: of, values, dtype: 'int32' as const }); // prettier-ignore
    const network = await loadGraph(
      [
        placeholder('x', [-1, ...shape]),
        fused('_FusedConv2D', 'conv', ['x', 'kernel', 'bias'], ['BiasAdd', 'Relu'], convolution),
        node('norm', 'FusedBatchNormV3', ['conv', 'gamma', 'beta', 'mean', 'variance'], {
          epsilon: { f: 0.001 },
          data_format: { s: btoa('NHWC') },
          is_training: { b: false },
        }),
        node('rectified', 'Relu', ['norm']),
        node('pool', 'MaxPool', ['rectified'], pooling),
        node('average', 'AvgPool', ['rectified'], pooling),
        node('join', 'AddV2', ['pool', 'average']),
        node('flat', 'Reshape', ['join', 'target']),
        node('scores', 'MatMul', ['flat', 'w']),
        node('last', 'Relu', ['scores']),
      ],
      [
        { name: 'kernel', shape: [3, 3, 2, 4], values: wave([3, 3, 2, 4], 0.3) },
        { name: 'bias', shape: [4], values: [-20, 0.1, 0.2, -1] },
        { name: 'gamma', shape: [4], values: [1, -1, 1, 1] },
        { name: 'beta', shape: [4], values: [-0.5, -0.1, 0.2, 0.3] },
        { name: 'mean', shape: [4], values: [0, 0, 0.1, 0.1] },
        { name: 'variance', shape: [4], values: [1, 1, 2, 0.5] },
        integers('target', [-1, 16]),
        // The first column is all negative, and what comes in never is.
        { name: 'w', shape: [16, 2], values: Array.from({ length: 32 }, (_, i) => (i % 2 === 0 ? -1 : 1)) },
      ],
    );
    const found = proved(network, shape);
    // A bias of -20 outweighs 18 products of at most 1; a negative gamma turns what is not negative around.
    expect(found).toEqual({ conv: [0], rectified: [0, 1], last: [0] });
    const random = mulberry32(4);
    const samples = tf.tensor(Array.from({ length: 500 * 32 }, () => Math.round(2 * random()) / 2), [500, ...shape]); // prettier-ignore
    const alive = new Set<string>();
    forward(network, [samples], {
      output(call, a) {
        for (const unit of found[call.name] ?? []) {
          const largest = tf.max(tf.gather(a, [unit], a.rank - 1)).dataSync()[0];
          if (largest !== 0) alive.add(`${call.name} ${unit}`);
        }
      },
    });
    expect([...alive]).toEqual([]);
    samples.dispose();
    network.dispose();
  });

  it('are not proved dead where a graph is made for one sample, or multiplies two things that depend on it', async () => {
    const weights = [{ name: 'w', shape: [2, 1], values: [-1, -1] }];
    const single = await loadGraph(
      [placeholder('x', [1, 2]), node('y', 'MatMul', ['x', 'w']), node('z', 'Relu', ['y'])],
      weights,
    );
    expect(proved(single, [2])).toEqual({});
    single.dispose();
    const squared = await loadGraph(
      [
        placeholder('x', [-1, 2]),
        node('y', 'MatMul', ['x', 'w']),
        node('square', 'Mul', ['y', 'y']),
        node('z', 'Relu', ['square']),
      ],
      weights,
    );
    expect(proved(squared, [2])).toEqual({});
    squared.dispose();
  });

  it('leave the weights as they were, and no tensors', async () => {
    const network = await loadGraph(
      [placeholder('x', [-1, 2]), fused('_FusedMatMul', 'y', ['x', 'w', 'b'], ['BiasAdd', 'Relu'])],
      [
        { name: 'w', shape: [2, 2], values: [1, -1, 2, -2] },
        { name: 'b', shape: [2], values: [0.5, -0.5] },
      ],
    );
    const values = () => network.calls.flatMap(({ weights }) => weights.map(({ value }) => [...value.dataSync()]));
    const [before, tensors] = [values(), tf.memory().numTensors];
    expect(proved(network, [2])).toEqual({ y: [1] });
    expect(values()).toEqual(before);
    expect(tf.memory().numTensors).toBe(tensors);
    network.dispose();
  });
});

describe('experiments on a graph', () => {
  const ALL = { dead: true, flow: false, zeroGradient: false, rate: false };

  it('draw copies that fit the activations, and say that the initialisers are not known', async () => {
    const network = await loadGraph(
      [
        placeholder('x', [-1, 8]),
        fused('_FusedMatMul', 'hidden', ['x', 'w', 'b'], ['BiasAdd', 'Relu']),
        node('out', 'MatMul', ['hidden', 'v']),
      ],
      [
        { name: 'w', shape: [8, 16], values: wave([8, 16], 0.2) },
        { name: 'b', shape: [16], values: new Array<number>(16).fill(-100) },
        { name: 'v', shape: [16, 2], values: wave([16, 2], 0.7) },
      ],
    );
    const options = { seed: 1, onProgress: () => undefined };
    const { fresh, fitting, unknown } = await experiment(network, syntheticProbe(network.inputs, 1), ALL, options);
    expect(fresh).toBeNull();
    expect(unknown).toContain(
      'The model does not say how its weights were initialised, so fresh copies were not drawn.',
    );
    // All units are silent as saved; drawn anew with biases of 0, hardly any is.
    expect(fitting?.layers.find(({ name }) => name === 'hidden')?.silentUnits).toBeLessThan(1);
    network.dispose();
  });

  it('name what keeps gradients from being taken', async () => {
    const network = await loadGraph(
      [placeholder('x', [-1, 4]), fused('_FusedMatMul', 'hidden', ['x', 'w'], ['Relu'])],
      [{ name: 'w', shape: [4, 3], values: wave([4, 3], 0.2) }],
    );
    const blocked: Network = Object.assign(Object.create(network) as Network, { differentiable: 'No gradient here.' });
    const options = { seed: 1, onProgress: () => undefined };
    const { unknown } = await experiment(blocked, syntheticProbe(network.inputs, 1), ALL, options);
    expect(unknown).toEqual(['Causes were not tried out on copies: No gradient here.']);
    network.dispose();
  });
});
