/** The verdict on whole networks, when what does not matter about them is changed. */

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/analysis/diagnose';
import { mulberry32, normal } from '../../../src/analysis/probe/random';
import { judge } from '../../../src/analysis/rules/judge';
import type { Copies, Report } from '../../../src/report/report';
import { startTestBackend, WASM_FOLDER } from '../measure/networks';
import { memoryFolder } from '../probe/memoryFolder';
import { npyFile } from '../probe/npyFile';

beforeAll(startTestBackend);

const FEATURES = 8;
const CLASSES = 3;
const SAMPLES = 400;

interface Stack {
  readonly depth: number;
  readonly activation: 'relu' | 'sigmoid';
  readonly kernel: (seed: number) => ReturnType<typeof tfl.initializers.heUniform>;
  readonly bias: number;
}

const he = (seed: number) => tfl.initializers.heUniform({ seed });
const STACKS: Readonly<Record<string, Stack>> = {
  healthy: { depth: 4, activation: 'relu', kernel: he, bias: 0 },
  'born dead': { depth: 3, activation: 'relu', kernel: he, bias: -4 },
  'vanishing by activation': {
    depth: 10,
    activation: 'sigmoid',
    kernel: (seed) => tfl.initializers.glorotUniform({ seed }),
    bias: 0,
  },
  exploding: {
    depth: 10,
    activation: 'relu',
    kernel: (seed) => tfl.initializers.randomNormal({ mean: 0, stddev: 1, seed }),
    bias: 0,
  },
};

function modelOf({ depth, activation, kernel, bias }: Stack, units = 24): tfl.Sequential {
  const hidden = Array.from({ length: depth }, (_, i) =>
    tfl.layers.dense({
      name: `hidden_${i}`,
      units,
      activation,
      kernelInitializer: kernel(i + 1),
      biasInitializer: tfl.initializers.constant({ value: bias }),
      ...(i === 0 ? { inputShape: [FEATURES] } : {}),
    }),
  );
  const output = tfl.layers.dense({
    name: 'output',
    units: CLASSES,
    activation: 'softmax',
    kernelInitializer: tfl.initializers.glorotUniform({ seed: 99 }),
  });
  return tfl.sequential({ name: 'stack', layers: [...hidden, output] });
}

/** Reverses the units of every hidden layer, and the rows of the kernel behind it: the function stays the same. */
function permuted(model: tfl.Sequential): tfl.Sequential {
  model.layers.forEach((layer, i) => {
    const [kernel, bias] = layer.getWeights();
    const rows = i === 0 ? kernel : tf.reverse(kernel, 0);
    const last = i === model.layers.length - 1;
    layer.setWeights(last ? [rows, bias] : [tf.reverse(rows, 1), tf.reverse(bias, 0)]);
  });
  return model;
}

/** Normal samples, each of them `times` times. */
function samples(times: number): Uint8Array {
  const draw = normal(mulberry32(5));
  const values = Float32Array.from({ length: SAMPLES * FEATURES }, () => draw());
  const rows = Array.from({ length: times }, () => [...values]).flat();
  return npyFile('<f4', [SAMPLES * times, FEATURES], new Uint8Array(Float32Array.from(rows).buffer));
}

async function reportOf(model: tfl.LayersModel, times = 1, seed = 0): Promise<Report> {
  const saved = await new Promise<tf.io.ModelArtifacts>((resolve, reject) => {
    const handler = tf.io.withSaveHandler((artifacts) => {
      resolve(artifacts);
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
    });
    model.save(handler).catch(reject);
  });
  const { modelTopology, weightSpecs, weightData } = saved;
  model.dispose();
  const json = { modelTopology, weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }] };
  const files = { 'model.json': JSON.stringify(json), 'weights.bin': new Uint8Array(weightData as ArrayBuffer) };
  return diagnose(
    {
      model: { folder: memoryFolder(files), file: 'model.json' },
      data: [{ folder: memoryFolder({ 'x.npy': samples(times) }), file: 'x.npy', input: null }],
      labels: null,
      samples: null,
      seed,
    },
    { wasmFolder: WASM_FOLDER, onProgress: () => undefined },
  );
}

const verdict = ({ findings }: Pick<Report, 'findings'>) =>
  findings
    .filter(({ severity }) => severity !== 'information')
    .map(({ rule, severity, layer, cause }) => [rule, severity, layer, cause?.id]);

/** What was measured, as it would be of a loss that is `factor` times as large. */
function lossScaled(report: Report, factor: number): Pick<Report, 'model' | 'probe' | 'layers' | 'experiments'> {
  const times = (value: number | null): number | null => (value === null ? null : value * factor);
  const copies = (kind: Copies | null): Copies | null =>
    kind && { ...kind, layers: kind.layers.map((layer) => ({ ...layer, gradientRms: times(layer.gradientRms) })) };
  const { fresh, fitting, rectified, afterOneStep } = report.experiments;
  return {
    ...report,
    layers: report.layers.map((layer) => ({
      ...layer,
      gradient: layer.gradient && {
        ...layer.gradient,
        outputRms: times(layer.gradient.outputRms),
        preActivationRms: times(layer.gradient.preActivationRms),
        weights: layer.gradient.weights.map((weight) => ({
          ...weight,
          rms: times(weight.rms),
          norm: times(weight.norm),
          ratio: times(weight.ratio),
        })),
      },
    })),
    experiments: {
      ...report.experiments,
      fresh: copies(fresh),
      fitting: copies(fitting),
      rectified: copies(rectified),
      afterOneStep: copies(afterOneStep),
    },
  };
}

describe.each(Object.entries(STACKS))('the verdict on a network that is %s', (name, stack) => {
  it('stays the same when units are permuted, the batch is doubled or the seed is another', async () => {
    const expected = verdict(await reportOf(modelOf(stack)));
    expect(expected.length > 0).toBe(name !== 'healthy');
    expect(verdict(await reportOf(permuted(modelOf(stack))))).toEqual(expected);
    expect(verdict(await reportOf(modelOf(stack), 2))).toEqual(expected);
    expect(verdict(await reportOf(modelOf(stack), 1, 1))).toEqual(expected);
  });

  it.each([1e-6, 1e6])('stays the same when the loss is scaled by %f', async (factor) => {
    const report = await reportOf(modelOf(stack));
    expect(verdict({ findings: judge(lossScaled(report, factor)) })).toEqual(verdict(report));
  });

  it('comes with the same report byte for byte', async () => {
    const text = async () => JSON.stringify({ ...(await reportOf(modelOf(stack))), run: null });
    const [first, second] = [await text(), await text()];
    expect(first.length).toBeGreaterThan(1000);
    expect(first === second).toBe(true);
  });
});

it('sees a signal vanish that the gradients of bias-free ReLU kernels hide', async () => {
  // Du, Hu and Lee 2018: <W, dLoss/dW> is the same for all layers, however much each of them shrinks the signal.
  const layers = Array.from({ length: 30 }, (_, i) =>
    tfl.layers.dense({
      units: 64,
      activation: 'relu',
      useBias: false,
      kernelInitializer: tfl.initializers.glorotUniform({ seed: i + 1 }),
      ...(i === 0 ? { inputShape: [FEATURES] } : {}),
    }),
  );
  const output = tfl.layers.dense({ units: CLASSES, useBias: false, kernelInitializer: he(99) });
  const report = await reportOf(tfl.sequential({ layers: [...layers, output] }));
  const hidden = report.layers.filter(({ role }) => role === 'hidden');
  const norms = hidden.map(({ gradient }) => gradient!.weights.find(({ name }) => name === 'kernel')!.norm!);
  expect(norms[0] / norms[norms.length - 1]).toBeGreaterThan(0.1);
  expect(norms[0] / norms[norms.length - 1]).toBeLessThan(10);
  const [first, last] = [hidden[0], hidden[hidden.length - 1]].map(({ signal }) => signal!.variance!);
  expect(last / first).toBeLessThan(1e-6);
  expect(verdict(report).map(([rule]) => rule)).toContain('vanishing-signal');
});
