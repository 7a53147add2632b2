import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { measure, type Measured } from '../../../src/analysis/measure/measure';
import { measureChunk } from '../../../src/analysis/measure/chunk';
import {
  batchSizes,
  canBackPropagate,
  MAXIMUM_MEMORY,
  passBytes,
  samplesWithin,
} from '../../../src/analysis/measure/memory';
import type { LayersNetwork } from '../../../src/analysis/model/layersNetwork';
import { syntheticProbe } from '../../../src/analysis/probe/syntheticProbe';
import { networkOf, startTestBackend } from './networks';

beforeAll(startTestBackend);

const { layers } = tfl;

const dense = () => networkOf(tfl.sequential({ layers: [layers.dense({ units: 3, inputShape: [4] })] }));

const convolutions = (activation: 'relu' | 'selu' | 'gelu' = 'relu') =>
  networkOf(
    tfl.sequential({
      layers: Array.from({ length: 6 }, (_, i) =>
        layers.conv2d({
          filters: 16,
          kernelSize: 3,
          padding: 'same',
          activation,
          ...(i === 0 ? { inputShape: [32, 32, 3] } : {}),
        }),
      ),
    }),
  );

/** softsign is not among the activations that a recurrent layer can be run with as a whole. */
const recurrent = (kind: 'lstm' | 'gru', steps: number, activation: 'tanh' | 'softsign' = 'tanh') =>
  networkOf(
    tfl.sequential({
      layers: [
        layers[kind]({ units: 32, activation, inputShape: [steps, 8], recurrentInitializer: 'glorotUniform' }),
        layers.dense({ units: 1 }),
      ],
    }),
  );

const attention = () => {
  const x = tfl.input({ shape: [128, 4] });
  const reweighted = layers
    .dot({ axes: [2, 1] })
    .apply([layers.dot({ axes: 2 }).apply([x, x]) as tfl.SymbolicTensor, x]);
  return networkOf(tfl.model({ inputs: x, outputs: reweighted as tfl.SymbolicTensor }));
};

/** Bytes of tfjs's heap in use at the same time while `work` runs, beyond those before. */
async function peakBytes(work: () => Promise<unknown>): Promise<number> {
  const { wasm } = tf.backend() as unknown as {
    wasm: { asm: Record<'malloc' | 'free', (argument: number) => number> };
  };
  const { malloc, free } = wasm.asm;
  const sizes = new Map<number, number>();
  let bytes = 0;
  let peak = 0;
  // Emscripten writes to both names whenever it likes.
  const watch = (name: string, call: (argument: number) => number): object =>
    Object.defineProperty(wasm, name, { configurable: true, get: () => call, set: () => undefined });
  watch('_malloc', (size) => {
    const pointer = malloc(size);
    sizes.set(pointer, size);
    bytes += size;
    peak = Math.max(peak, bytes);
    return pointer;
  });
  watch('_free', (pointer) => {
    bytes -= sizes.get(pointer) ?? 0;
    sizes.delete(pointer);
    return free(pointer);
  });
  try {
    await work();
  } finally {
    Object.defineProperty(wasm, '_malloc', { configurable: true, writable: true, value: malloc });
    Object.defineProperty(wasm, '_free', { configurable: true, writable: true, value: free });
  }
  return peak;
}

const run = (network: LayersNetwork, samples: number, memory: number): Promise<Measured> =>
  measure(network, syntheticProbe(network.inputs, 3), { samples, seed: 3, memory, onProgress: () => undefined });

describe('batch sizes', () => {
  it('depend on the network alone as long as the memory suffices', () => {
    const network = dense();
    const probe = syntheticProbe(network.inputs, 0);
    expect(batchSizes(network, probe, MAXIMUM_MEMORY)).toEqual({ forward: 256, backward: 256 });
    expect(batchSizes(network, probe, MAXIMUM_MEMORY / 8)).toEqual({ forward: 256, backward: 256 });
    network.dispose();
  });

  it('leave one sample whatever the memory', () => {
    const network = convolutions();
    expect(batchSizes(network, syntheticProbe(network.inputs, 0), 1)).toEqual({ forward: 1, backward: 1 });
    network.dispose();
  });

  it('count the time steps that a recurrent layer keeps but does not show', () => {
    const [short, long] = [recurrent('lstm', 10), recurrent('lstm', 1000)];
    const samples = (network: LayersNetwork) =>
      samplesWithin(network, syntheticProbe(network.inputs, 0), 2 ** 28, 'backward');
    expect(samples(short) / samples(long)).toBeGreaterThan(50);
    short.dispose();
    long.dispose();
  });

  it('count the size of the data, where the network leaves it free', () => {
    const network = networkOf(tfl.sequential({ layers: [layers.gru({ units: 8, inputShape: [null, 2] })] }));
    const probe = syntheticProbe(network.inputs, 0);
    const [input] = probe.inputs;
    const longer = { inputs: [{ ...input, shape: [100 * input.shape[0], 2] }] };
    const samples = (data: Pick<typeof probe, 'inputs'>) => samplesWithin(network, data, 2 ** 30, 'backward');
    expect(samples(probe) / samples(longer)).toBeCloseTo(100, -1);
    network.dispose();
  });
});

describe('canBackPropagate', () => {
  it('refuses what a heap of 4 GB cannot hold: what every time step keeps', () => {
    const network = recurrent('lstm', 10, 'softsign');
    const probe = syntheticProbe(network.inputs, 0);
    const steps = (count: number) => ({ inputs: [{ ...probe.inputs[0], shape: [count, 8] }] });
    expect(canBackPropagate(network, steps(1000))).toBe(true);
    // A step is taken to keep 28 kB, for 32 units and for 5,248 weights.
    expect(canBackPropagate(network, steps(200_000))).toBe(false);
    network.dispose();
  });
});

describe('the memory of a measurement', () => {
  it.each([
    ['convolutions', 24, () => convolutions()],
    ['an LSTM', 6, () => recurrent('lstm', 60)],
    ['a GRU', 6, () => recurrent('gru', 60)],
    ['an LSTM, step by step', 12, () => recurrent('lstm', 60, 'softsign')],
    ['a GRU, step by step', 12, () => recurrent('gru', 60, 'softsign')],
    ['scores of attention', 4, attention],
  ])('stays within the budget: %s', async (_, megabytes, make) => {
    const network = make();
    const budget = megabytes * 2 ** 20;
    const unlimited = await peakBytes(() => run(network, 64, MAXIMUM_MEMORY));
    expect(unlimited).toBeGreaterThan(budget);
    expect(await peakBytes(() => run(network, 64, budget))).toBeLessThan(budget);
    network.dispose();
  });

  const residual = () => {
    const x = tfl.input({ shape: [16, 16, 8] });
    const convolution = () => layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same', activation: 'relu' });
    let sum = x;
    for (let i = 0; i < 8; i++) {
      sum = layers.add().apply([sum, convolution().apply(sum) as tfl.SymbolicTensor]) as tfl.SymbolicTensor;
    }
    return networkOf(tfl.model({ inputs: x, outputs: sum }));
  };

  const large = () =>
    networkOf(
      tfl.sequential({
        layers: [
          layers.conv2d({ filters: 64, kernelSize: 1, activation: 'selu', inputShape: [32, 32, 1] }),
          layers.globalAveragePooling2d({}),
          layers.dense({ units: 2 }),
        ],
      }),
    );

  const fromLargeInput = (layer: tfl.layers.Layer) => () => networkOf(tfl.sequential({ layers: [layer] }));

  const channelsFirst = () =>
    networkOf(
      tfl.sequential({
        layers: Array.from({ length: 4 }, () => layers.batchNormalization({ axis: 1, inputShape: [16, 16, 16] })),
      }),
    );

  const separable = () =>
    networkOf(
      tfl.sequential({
        layers: Array.from({ length: 6 }, () =>
          layers.separableConv2d({ filters: 16, kernelSize: 3, padding: 'same', inputShape: [16, 16, 16] }),
        ),
      }),
    );

  it.each([
    ['convolutions', () => convolutions()],
    ['convolutions with SELU', () => convolutions('selu')],
    ['convolutions with GELU', () => convolutions('gelu')],
    ['a single large layer', large],
    ['separable convolutions', separable],
    [
      'strides over a large input',
      fromLargeInput(layers.conv2d({ filters: 4, kernelSize: 3, strides: 4, inputShape: [64, 64, 16] })),
    ],
    ['pooling of a large input', fromLargeInput(layers.maxPooling2d({ poolSize: 4, inputShape: [64, 64, 16] }))],
    [
      'strides over a volume',
      fromLargeInput(layers.conv3d({ filters: 8, kernelSize: 3, strides: 2, inputShape: [8, 16, 16, 8] })),
    ],
    ['normalisation, channels first', channelsFirst],
    ['residual blocks', residual],
    ['an LSTM', () => recurrent('lstm', 60)],
    ['a GRU', () => recurrent('gru', 60)],
    ['an LSTM, step by step', () => recurrent('lstm', 60, 'softsign')],
    ['a GRU, step by step', () => recurrent('gru', 60, 'softsign')],
    ['scores of attention', attention],
  ])('is estimated: enough, and at most eight times as much: %s', async (_, make) => {
    const network = make();
    const probe = syntheticProbe(network.inputs, 3);
    const batch = await probe.batch(0, 32);
    const setup = { seed: 3, inputShapes: probe.inputs.map(({ shape }) => shape), labelShapes: null, losses: [] };
    for (const direction of ['forward', 'backward'] as const) {
      const chunk = { first: 0, batch, backward: direction === 'backward' };
      const peak = await peakBytes(() => Promise.resolve(measureChunk(network, setup, chunk)));
      const estimate = passBytes(network, probe, 32, direction);
      expect(estimate, direction).toBeGreaterThan(peak);
      expect(estimate, direction).toBeLessThan(8 * peak);
    }
    network.dispose();
  });

  it('is no more for a ReLU than for a sigmoid, which keeps what it answers', async () => {
    const peakOf = async (activation: 'relu' | 'sigmoid'): Promise<number> => {
      const deep = Array.from({ length: 20 }, () => layers.dense({ units: 64, activation, inputShape: [64] }));
      const network = networkOf(tfl.sequential({ layers: deep }));
      const peak = await peakBytes(() => run(network, 64, MAXIMUM_MEMORY));
      network.dispose();
      return peak;
    };
    await peakOf('relu');
    expect(await peakOf('relu')).toBe(await peakOf('sigmoid'));
  });

  it('does not grow with the number of samples', async () => {
    const network = dense();
    await run(network, 1, MAXIMUM_MEMORY);
    const few = await peakBytes(() => run(network, 512, MAXIMUM_MEMORY));
    expect(await peakBytes(() => run(network, 8192, MAXIMUM_MEMORY))).toBe(few);
    network.dispose();
  });
});

describe('the samples of a measurement', () => {
  it('lie in the memory of one batch, however many they are', async () => {
    const network = dense();
    const probe = syntheticProbe(network.inputs, 3);
    const buffers = new Set<ArrayBufferLike>();
    const watched: typeof probe = {
      ...probe,
      async batch(...args) {
        const batch = await probe.batch(...args);
        for (const { buffer } of batch.inputs) buffers.add(buffer);
        return batch;
      },
    };
    await measure(network, watched, { samples: 2000, seed: 3, onProgress: () => undefined });
    expect(buffers.size).toBe(1);
    network.dispose();
  });
});

describe('a measurement in smaller batches', () => {
  it('counts the same', async () => {
    const network = convolutions();
    const whole = await run(network, 48, MAXIMUM_MEMORY);
    const cut = await run(network, 48, 12 * 2 ** 20);
    expect(cut.probe.samples).toBe(48);
    cut.layers.forEach((layer, i) => {
      const { output, gradient, silentUnits } = whole.layers[i];
      expect(layer.silentUnits).toEqual(silentUnits);
      expect(layer.output!.count).toBe(output!.count);
      expect(layer.output!.mean).toBeCloseTo(output!.mean!, 5);
      expect(layer.output!.standardDeviation).toBeCloseTo(output!.standardDeviation!, 5);
      expect(layer.gradient!.outputRms! / gradient!.outputRms!).toBeCloseTo(1, 4);
    });
    network.dispose();
  });
});
