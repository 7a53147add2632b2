/** What the peers' rules look at, collected with plain tfjs. */

import * as tf from '@tensorflow/tfjs-core';
import { model as functionalModel, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { compile, loadNetwork, SAMPLE_SEEDS, tensorsOf, type SavedNetwork } from './buildNetwork';
import type { NetworkSpec } from './networkSpec';
import { trainingBackend, usePlainBackend } from './plainBackend';
import { drawSamples, TASKS } from './tasks';

export interface Quantities {
  /** In execution order; layers without an activation function or weights are among them. */
  readonly layers: readonly LayerQuantities[];
  /** The first is measured with the network as saved, the others after one optimiser step each. */
  readonly steps: readonly TrainingStep[];
  readonly input: { readonly minimum: number; readonly maximum: number };
  readonly task: { readonly classes: number; readonly loss: string };
  readonly learningRate: number;
}

export interface LayerQuantities {
  readonly name: string;
  readonly className: string;
  /** Identifier of tfjs; null for layers without one. */
  readonly activation: string | null;
  /** Whether it is the last layer. */
  readonly output: boolean;
  /** Size of the last axis. */
  readonly units: number;
  /** `[samples, ..., units]`, row-major. */
  readonly activations: Float32Array;
  /** Argument of the activation, same layout; null where it can't be told from the layer's inputs and weights. */
  readonly preActivations: Float32Array | null;
}

export interface TrainingStep {
  /** Of the batch, before the step. */
  readonly loss: number;
  readonly accuracy: number;
  /** Trainable weights in the model's order: before the step, and their gradients. */
  readonly weights: readonly WeightStep[];
}

export interface WeightStep {
  readonly name: string;
  readonly kind: 'kernel' | 'bias' | 'other';
  readonly fanIn: number;
  readonly fanOut: number;
  readonly values: Float32Array;
  readonly gradient: Float32Array;
  /** Change by the step. */
  readonly update: Float32Array;
}

const ACTIVATION_SAMPLES = 256;
const STEPS = 10;

/** Runs the network on 256 samples, then takes ten optimiser steps on batches of the training data. */
export async function collectQuantities(
  spec: NetworkSpec,
  saved: SavedNetwork,
  wasmFolder: string,
): Promise<Quantities> {
  await usePlainBackend(trainingBackend(spec.layers), wasmFolder);
  const model = await loadNetwork(saved);
  try {
    compile(model, spec, spec.training.learningRate);
    const samples = drawSamples(spec.data, ACTIVATION_SAMPLES, SAMPLE_SEEDS.diagnosis);
    const { x, y } = tensorsOf(spec, samples, 0, ACTIVATION_SAMPLES);
    const layers = layerQuantities(model, x);
    tf.dispose([x, y]);
    const { outputs, loss } = TASKS[spec.data.task];
    return {
      layers,
      steps: trainingSteps(model, spec),
      input: {
        minimum: samples.inputs.reduce((least, value) => Math.min(least, value), Infinity),
        maximum: samples.inputs.reduce((most, value) => Math.max(most, value), -Infinity),
      },
      task: { classes: outputs, loss },
      learningRate: spec.training.learningRate,
    };
  } finally {
    model.dispose();
  }
}

type Layer = LayersModel['layers'][number];

function layerQuantities(model: LayersModel, x: tf.Tensor): LayerQuantities[] {
  const observed = model.layers.filter((layer) => layer.getClassName() !== 'InputLayer');
  const outputs = observed.map(({ output }) => output as SymbolicTensor);
  const probe = functionalModel({ inputs: model.inputs, outputs });
  const predicted = probe.predict(x);
  const tensors = Array.isArray(predicted) ? predicted : [predicted];
  /** Every layer consumes the model's input or what another layer puts out. */
  const valueOf = (symbol: SymbolicTensor): tf.Tensor => tensors[outputs.indexOf(symbol)] ?? x;
  const quantities = observed.map((layer, index): LayerQuantities => {
    const tensor = tensors[index];
    const symbol = Array.isArray(layer.input) ? layer.input[0] : layer.input;
    const pre = preActivation(layer, valueOf(symbol));
    const preActivations = pre === null ? null : pre.dataSync<'float32'>().slice();
    if (pre !== null && pre !== x && !tensors.includes(pre)) pre.dispose();
    return {
      name: layer.name,
      className: layer.getClassName(),
      activation: activationName(layer),
      output: layer === observed.at(-1),
      units: tensor.shape.at(-1)!,
      activations: tensor.dataSync<'float32'>().slice(),
      preActivations,
    };
  });
  tf.dispose(tensors);
  return quantities;
}

function activationName(layer: Layer): string | null {
  const className = layer.getClassName();
  if (className === 'ReLU') return 'relu';
  if (className === 'LeakyReLU') return 'leakyRelu';
  const name = layer.getConfig()['activation'];
  return typeof name === 'string' ? name : null;
}

/** For layers that end in an elementwise activation of something linear. */
function preActivation(layer: Layer, input: tf.Tensor): tf.Tensor | null {
  const className = layer.getClassName();
  if (className === 'Activation' || className === 'ReLU' || className === 'LeakyReLU') return input;
  if (!['Dense', 'Conv1D', 'Conv2D', 'DepthwiseConv2D'].includes(className)) return null;
  const linear = layer as Layer & { activation: { apply(x: tf.Tensor): tf.Tensor } };
  const { activation } = linear;
  linear.activation = { apply: (z) => z, getClassName: () => 'linear' } as typeof activation;
  const z = layer.apply(input) as tf.Tensor;
  linear.activation = activation;
  return z;
}

function trainingSteps(model: LayersModel, spec: NetworkSpec): TrainingStep[] {
  const { batchSize } = spec.training;
  const samples = drawSamples(spec.data, batchSize * STEPS, SAMPLE_SEEDS.training);
  const steps: TrainingStep[] = [];
  for (let step = 0; step < STEPS; step++) {
    const { x, y } = tensorsOf(spec, samples, step * batchSize, (step + 1) * batchSize);
    steps.push(takeStep(model, spec, x, y));
    tf.dispose([x, y]);
  }
  return steps;
}

/** The losses of tfjs-layers, on probabilities as it clips them. */
function lossOf(spec: NetworkSpec, y: tf.Tensor, output: tf.Tensor): tf.Scalar {
  const EPSILON = 1e-7;
  const { loss } = TASKS[spec.data.task];
  if (loss === 'meanSquaredError') return tf.mean(tf.squaredDifference(y, output));
  if (loss === 'categoricalCrossentropy') {
    const shares = tf.div(output, tf.sum(output, -1, true));
    return tf.neg(tf.mean(tf.sum(tf.mul(y, tf.log(tf.clipByValue(shares, EPSILON, 1 - EPSILON))), -1))).asScalar();
  }
  const p = tf.clipByValue(output, EPSILON, 1 - EPSILON);
  const one = tf.scalar(1);
  return tf.neg(tf.mean(tf.add(tf.mul(y, tf.log(p)), tf.mul(tf.sub(one, y), tf.log(tf.sub(one, p)))))).asScalar();
}

function takeStep(model: LayersModel, spec: NetworkSpec, x: tf.Tensor, y: tf.Tensor): TrainingStep {
  const trainable = model.trainableWeights;
  const variables = trainable.map((weight) => (weight as unknown as { val: tf.Variable }).val);
  let accuracy = 0;
  const { value, grads } = tf.variableGrads(() => {
    const output = model.apply(x, { training: true }) as tf.Tensor;
    const right =
      TASKS[spec.data.task].outputs === 1
        ? tf.equal(tf.greater(output, 0.5), tf.greater(y, 0.5))
        : tf.equal(tf.argMax(output, -1), tf.argMax(y, -1));
    accuracy = tf.mean(tf.cast(right, 'float32')).dataSync()[0];
    return lossOf(spec, y, output);
  }, variables);
  const read = (tensor: tf.Tensor): Float32Array => tensor.dataSync<'float32'>().slice();
  const before = variables.map(read);
  const gradients = variables.map(({ name, size }) => (name in grads ? read(grads[name]) : new Float32Array(size)));
  model.optimizer.applyGradients(grads);
  const step: TrainingStep = {
    loss: value.dataSync()[0],
    accuracy,
    weights: trainable.map((weight, index) => {
      const { originalName, shape } = weight;
      const after = read(variables[index]);
      return {
        name: originalName,
        kind: /bias$/.test(originalName) ? 'bias' : /kernel$/.test(originalName) ? 'kernel' : 'other',
        ...fansOf(shape as number[]),
        values: before[index],
        gradient: gradients[index],
        update: after.map((changed, i) => changed - before[index][i]),
      };
    }),
  };
  tf.dispose([value, grads]);
  return step;
}

/** Keras's fans: the last two axes, times the size of the receptive field. */
function fansOf(shape: readonly number[]): { fanIn: number; fanOut: number } {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const field = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  return { fanIn: shape.at(-2)! * field, fanOut: shape.at(-1)! * field };
}
