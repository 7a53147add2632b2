/** Checks the labels of a network by measurements that have nothing to do with the diagnosis: plain tfjs and training runs. */

import * as tf from '@tensorflow/tfjs-core';
import { model as functionalModel, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { assemble, compile, loadNetwork, SAMPLE_SEEDS, tensorsOf, train, type SavedNetwork } from './buildNetwork';
import type { Evidence, NetworkSpec } from './networkSpec';
import { trainingBackend, usePlainBackend } from './plainBackend';
import { drawSamples, TASKS, type Samples } from './tasks';

export interface CheckedEvidence {
  readonly evidence: Evidence;
  readonly holds: boolean;
  /** What was measured. */
  readonly measured: string;
}

export interface CheckedLabels {
  readonly evidence: readonly CheckedEvidence[];
  /** Largest share of silent units in a hidden ReLU layer on 20,000 samples. */
  readonly silentShare: number;
}

const MEASUREMENT_SAMPLES = 20_000;
const SCORE_SAMPLES = 1_000;
const BATCH = 1_000;

export async function checkLabels(spec: NetworkSpec, saved: SavedNetwork, wasmFolder: string): Promise<CheckedLabels> {
  await usePlainBackend('wasm', wasmFolder);
  const model = await loadNetwork(saved);
  const silentShare = largestSilentShare(model, spec);
  model.dispose();
  const evidence: CheckedEvidence[] = [];
  for (const item of spec.labels.evidence) evidence.push(await check(item, spec, saved, silentShare, wasmFolder));
  return { evidence, silentShare };
}

async function check(
  evidence: Evidence,
  spec: NetworkSpec,
  saved: SavedNetwork,
  silentShare: number,
  wasmFolder: string,
): Promise<CheckedEvidence> {
  const fact = (holds: boolean, measured: string): CheckedEvidence => ({ evidence, holds, measured });
  const percent = (share: number): string => `${(100 * share).toFixed(1)}% silent`;
  switch (evidence.kind) {
    case 'construction':
      return fact(true, evidence.why);
    case 'silent':
      return fact(silentShare >= evidence.share, percent(silentShare));
    case 'alive':
      return fact(silentShare <= evidence.share, percent(silentShare));
    case 'initially-silent': {
      await usePlainBackend('wasm', wasmFolder);
      const model = assemble(spec);
      const share = largestSilentShare(model, spec);
      model.dispose();
      return fact(share <= (evidence.most ?? 1) && share >= (evidence.least ?? 0), `${percent(share)} initially`);
    }
    case 'learned': {
      await usePlainBackend('wasm', wasmFolder);
      const model = await loadNetwork(saved);
      const score = scoreOf(model, spec);
      model.dispose();
      return fact(score >= evidence.score, `score ${score.toFixed(3)}`);
    }
    case 'non-finite': {
      // The wasm backend's ReLU turns NaN into 0 and so hides it from the layers after it.
      await usePlainBackend('cpu', wasmFolder);
      const model = await loadNetwork(saved);
      const finite = isFinite(model, spec);
      model.dispose();
      return fact(!finite, finite ? 'all finite' : 'not finite');
    }
    case 'learns':
    case 'does-not-learn': {
      await usePlainBackend(trainingBackend(spec.layers), wasmFolder);
      const model = await loadNetwork(saved);
      compile(model, spec, (evidence.kind === 'learns' ? evidence.learningRate : null) ?? spec.training.learningRate);
      const { training, data } = spec;
      await train(model, training, evidence.epochs, drawSamples(data, training.samples, SAMPLE_SEEDS.training), spec);
      const score = scoreOf(model, spec);
      model.dispose();
      const holds = evidence.kind === 'learns' ? score >= evidence.score : !(score > evidence.score);
      return fact(holds, `score ${score.toFixed(3)} after training`);
    }
  }
}

/** Accuracy on fresh samples, R^2 for regression; NaN when an output is not finite. */
export function scoreOf(model: LayersModel, spec: NetworkSpec): number {
  const { outputs, loss } = TASKS[spec.data.task];
  const samples = drawSamples(spec.data, SCORE_SAMPLES, SAMPLE_SEEDS.measurement);
  const predicted = predict(model, spec, samples);
  if (!predicted.every(Number.isFinite)) return NaN;
  const rows = Array.from({ length: SCORE_SAMPLES }, (_, i) => ({
    target: samples.targets.subarray(i * outputs, (i + 1) * outputs),
    output: predicted.subarray(i * outputs, (i + 1) * outputs),
  }));
  if (loss === 'meanSquaredError') {
    const mean = samples.targets.reduce((sum, value) => sum + value, 0) / samples.targets.length;
    const variance = samples.targets.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const error = predicted.reduce((sum, value, i) => sum + (value - samples.targets[i]) ** 2, 0);
    return 1 - error / variance;
  }
  const right = rows.filter(({ target, output }) =>
    outputs === 1 ? output[0] > 0.5 === target[0] > 0.5 : target[output.indexOf(Math.max(...output))] === 1,
  );
  return right.length / SCORE_SAMPLES;
}

/** `[samples, outputs]`. */
function predict(model: LayersModel, spec: NetworkSpec, samples: Samples): Float32Array {
  const values = new Float32Array(samples.targets.length);
  for (let start = 0; start < samples.count; start += BATCH) {
    const { x, y } = tensorsOf(spec, samples, start, start + BATCH);
    const output = model.predict(x) as tf.Tensor;
    values.set(output.dataSync<'float32'>(), start * TASKS[spec.data.task].outputs);
    tf.dispose([x, y, output]);
  }
  return values;
}

function isFinite(model: LayersModel, spec: NetworkSpec): boolean {
  const weights = model.getWeights().every((weight) => weight.dataSync<'float32'>().every(Number.isFinite));
  const samples = drawSamples(spec.data, 50, SAMPLE_SEEDS.measurement);
  return weights && predict(model, spec, samples).every(Number.isFinite);
}

const isRelu = (layer: LayersModel['layers'][number]): boolean =>
  layer.getClassName() === 'ReLU' || layer.getConfig()['activation'] === 'relu';

/** Over the hidden ReLU layers: the largest share of units that are 0 on every sample and position. */
export function largestSilentShare(model: LayersModel, spec: NetworkSpec): number {
  const outputs = model.layers
    .slice(0, -1)
    .filter(isRelu)
    .map(({ output }) => output as SymbolicTensor);
  if (outputs.length === 0) return 0;
  const observed = functionalModel({ inputs: model.inputs, outputs });
  const samples = drawSamples(spec.data, MEASUREMENT_SAMPLES, SAMPLE_SEEDS.measurement);
  const active = outputs.map(({ shape }) => new Uint8Array(shape.at(-1)!));
  for (let start = 0; start < samples.count; start += BATCH) {
    const { x, y } = tensorsOf(spec, samples, start, start + BATCH);
    const batch = tf.tidy(() => {
      const result = observed.predict(x);
      const tensors = Array.isArray(result) ? result : [result];
      return tensors.map((a) => tf.max(tf.reshape(tf.cast(tf.greater(a, 0), 'int32'), [-1, a.shape.at(-1)!]), 0));
    });
    batch.forEach((tensor, layer) => tensor.dataSync().forEach((seen, unit) => (active[layer][unit] |= seen)));
    tf.dispose([x, y, batch]);
  }
  return Math.max(...active.map((units) => units.filter((seen) => seen === 0).length / units.length));
}
