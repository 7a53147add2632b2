/** One worker's bench for experiments on copies of the network: the same trial gives the same result on every one. */

import * as tf from '@tensorflow/tfjs-core';
import { targetGain } from '../fixes/initialization';
import { lossNamed } from '../measure/losses';
import { forwardBackward, type Heads, type PassObserver } from '../measure/pass';
import type { LayerCall, Network, Weight } from '../model/network';
import type { Probe, ProbeBatch } from '../probe/probe';
import { drawInto, drawNormal, mulberry32 } from '../probe/random';
import { measureCopy, type CopyMeasurement } from './copies';
import { drawInitial, type Truncation } from './initializers';
import { climb, unitsAtRisk, type Firing, type Rung } from './learningRates';
import { ScratchWeights, weightsOf } from './scratchWeights';
import { WeightStream } from './weightStream';

/** What all trials have in common. */
export interface LaboratorySetup {
  readonly seed: number;
  /** The samples that every copy is shown; repeated where they are fewer than `samples`. */
  readonly batch: ProbeBatch;
  readonly samples: number;
  /** Shape of one sample, per input of the network. */
  readonly inputShapes: readonly (readonly number[])[];
  /** Shape of one label, per output; null without labels. */
  readonly labelShapes: Probe['labelShapes'];
  readonly optimizer: string;
}

/** Weights as the model was initialised, as fits its activations, or as fits ReLU in place of its saturating layers. */
export type CopyKind = 'fresh' | 'fitting' | 'rectified';

export interface CopyTrial {
  readonly kind: 'copy';
  readonly weights: CopyKind;
  readonly copy: number;
}

/** One experiment, independent of all others. */
export type Trial =
  | CopyTrial
  /** One step of gradient descent, then the measurement again. */
  | { readonly kind: 'step' }
  /** One and five steps of the optimiser at this rate. */
  | { readonly kind: 'rate'; readonly rate: number };

/** What each kind of trial shows. */
export interface TrialResults {
  /** Null when one of the weights could not be drawn. */
  readonly copy: ReadonlyMap<string, CopyMeasurement> | null;
  readonly step: ReadonlyMap<string, CopyMeasurement>;
  readonly rate: { readonly rung: Rung; readonly unitsAtRisk: number };
}

type Draw = (weight: Weight, stream: WeightStream, call: LayerCall) => tf.Tensor | null;

/** Weights that were drawn once and are assigned again and again. */
interface Start {
  readonly weights: readonly (readonly [tf.Variable, tf.Tensor])[];
  readonly alive: Firing;
}

/** The network's weights are anything until `dispose`, and as before afterwards. */
export class Laboratory {
  private readonly scratch: ScratchWeights;
  private readonly inputs: readonly tf.Tensor[];
  private readonly labels: readonly tf.Tensor[] | null;
  private readonly truncation: Truncation;
  private start: Start | null = null;

  constructor(
    private readonly network: Network,
    private readonly setup: LaboratorySetup,
  ) {
    this.scratch = new ScratchWeights(network);
    this.truncation = truncationOf(network);
    const { batch, samples, inputShapes, labelShapes } = setup;
    this.inputs = network.inputs.map(({ dtype }, k) =>
      repeatTo(tf.tensor(batch.inputs[k], [batch.samples, ...inputShapes[k]], dtype), samples),
    );
    this.labels =
      batch.labels === null
        ? null
        : batch.labels.map((values, k) => repeatTo(tf.tensor(values, [batch.samples, ...labelShapes![k]]), samples));
  }

  dispose(): void {
    this.scratch.dispose();
    tf.dispose([...this.inputs]);
    tf.dispose([...(this.labels ?? [])]);
    tf.dispose((this.start?.weights ?? []).map(([, value]) => value));
  }

  run(trial: Trial): TrialResults[Trial['kind']] {
    // A copy has weights of its own.
    if (trial.kind !== 'copy') this.scratch.restore();
    switch (trial.kind) {
      case 'copy':
        return this.copy(trial.weights, trial.copy);
      case 'step':
        learningStep(this.network, this.inputs, (heads) => this.loss(heads));
        return measureCopy(this.network, this.inputs, this.setup.seed);
      case 'rate':
        return this.rate(trial.rate);
    }
  }

  private copy(kind: CopyKind, copy: number): TrialResults['copy'] {
    const { network, inputs, setup } = this;
    if (!this.drawAll(copy, this.drawing(kind))) return null;
    return measureCopy(network, inputs, setup.seed + copy, kind === 'rectified' ? rectify : undefined);
  }

  private drawing(kind: CopyKind): Draw {
    switch (kind) {
      case 'fresh':
        return (weight, stream) => drawSaved(weight, stream, this.truncation);
      case 'fitting':
        return (weight, stream, call) => drawFitting(weight, stream, call.activation?.name ?? null);
      case 'rectified':
        return (weight, stream, call) =>
          drawFitting(weight, stream, isSaturatingHidden(call) ? 'relu' : (call.activation?.name ?? null));
    }
  }

  /** Assigns freshly drawn values to all weights; false when one could not be drawn. */
  private drawAll(copy: number, draw: Draw): boolean {
    const stream = new WeightStream(Math.imul(this.setup.seed + 17, 0x85ebca6b) + copy * 7919);
    const done = new Set<tf.Tensor>();
    for (const call of this.network.calls) {
      for (const weight of call.weights) {
        if (done.has(weight.value) || weight.value.dtype !== 'float32') continue;
        done.add(weight.value);
        const values = draw(weight, stream, call);
        if (values === null) return false;
        (weight.value as tf.Variable).assign(values);
        values.dispose();
      }
    }
    return true;
  }

  private rate(rate: number): TrialResults['rate'] {
    this.start ??= this.startOfLadder();
    const { weights, alive } = this.start;
    for (const [variable, value] of weights) variable.assign(value);
    const { optimizer } = this.setup;
    const loss = (heads: Heads): tf.Scalar => this.loss(heads);
    const rung = climb(this.network, { optimizer, rate, loss, inputs: this.inputs, alive });
    return { rung, unitsAtRisk: [...alive.values()].reduce((sum, units) => sum + units.size, 0) };
  }

  /** Fresh weights where they can be drawn, else the saved ones. */
  private startOfLadder(): Start {
    if (canDraw(this.network)) this.drawAll(0, this.drawing('fresh'));
    const weights = [...weightsOf(this.network).values()].map(
      ({ value }) => [value as tf.Variable, value.clone()] as const,
    );
    return { weights, alive: unitsAtRisk(this.network, this.inputs) };
  }

  /** The model's own loss where labels are given or can be made up for it; otherwise the mean square of the logits from random targets. */
  private loss({ outputs, calls, logits }: Heads): tf.Scalar {
    const names = this.network.summary.training?.losses ?? [];
    const terms = outputs.flatMap((output, k): tf.Scalar[] => {
      const z = logits[k];
      if (z === null) return [];
      const name = names[k] ?? names[0] ?? null;
      const loss = name === null ? null : lossNamed(name, calls[k]?.activation?.name ?? null);
      const given = this.labels?.[k];
      if (loss !== null) return [loss(given ?? this.randomLabels(output, name!, k), output)];
      const error =
        given === undefined
          ? tf.squaredDifference(z, this.randomNormal(z.shape, k))
          : tf.squaredDifference(output, given);
      return [tf.mean(error)];
    });
    return terms.reduce((a, b) => tf.add(a, b));
  }

  private randomLabels(output: tf.Tensor, loss: string, k: number): tf.Tensor {
    const width = output.shape[output.rank - 1];
    const rows = output.size / width;
    const random = mulberry32(this.setup.seed + 31 * (k + 1));
    if (/categorical/i.test(loss)) {
      const values = new Float32Array(output.size);
      for (let row = 0; row < rows; row++) values[row * width + Math.floor(random() * width)] = 1;
      return tf.tensor(values, output.shape);
    }
    if (/binary/i.test(loss))
      return tf.tensor(
        drawInto(new Float32Array(output.size), () => (random() < 0.5 ? 0 : 1)),
        output.shape,
      );
    return this.randomNormal(output.shape, k);
  }

  private randomNormal(shape: number[], k: number): tf.Tensor {
    // Not tf.randomNormal, which takes the seed 0 for none.
    const size = shape.reduce((a, b) => a * b, 1);
    return tf.tensor(drawNormal(new Float32Array(size), this.setup.seed + 61 * (k + 1)), shape);
  }
}

/** Whether the model says of every weight how it was initialised. */
export function canDraw(network: Network): boolean {
  const stream = new WeightStream(0);
  const truncation = truncationOf(network);
  return tf.tidy(() =>
    [...weightsOf(network).values()].every(
      ({ initializer, value }) =>
        value.dtype !== 'float32' || drawInitial(initializer, [1, 1], stream, truncation) !== null,
    ),
  );
}

const truncationOf = ({ summary }: Network): Truncation =>
  /tfjs-layers|TensorFlow\.js tfjs/i.test(summary.file.generatedBy ?? '') ? 'uncorrected' : 'corrected';

const drawSaved = ({ initializer, value }: Weight, stream: WeightStream, truncation: Truncation): tf.Tensor | null =>
  drawInitial(initializer, value.shape, stream, truncation);

export const isSaturatingHidden = (call: LayerCall): boolean =>
  call.role === 'hidden' && call.activation?.family === 'saturating';

const rectify: PassObserver['substitute'] = (call) => (isSaturatingHidden(call) ? 'relu' : null);

/** Kernels with the variance that fits the activation, everything else as a fresh layer has it. */
function drawFitting(weight: Weight, stream: WeightStream, activationName: string | null): tf.Tensor | null {
  const { shape } = weight.value;
  const { name, fanIn } = weight;
  if (fanIn !== null) {
    const limit = Math.sqrt((3 * targetGain(activationName)) / fanIn);
    return stream.uniform(shape, -limit, limit);
  }
  if (/gamma|variance/.test(name)) return tf.ones(shape);
  if (/embedding/.test(name)) return stream.uniform(shape, -0.05, 0.05);
  if (/alpha/.test(name)) return tf.fill(shape, 0.25);
  return shape.length === 0 ? null : tf.zeros(shape);
}

/** One step of gradient descent, scaled so that the largest relative change of a weight tensor is a hundredth. */
function learningStep(network: Network, inputs: readonly tf.Tensor[], loss: (heads: Heads) => tf.Scalar): void {
  const known = weightsOf(network);
  const gradients: (readonly [tf.Variable, tf.Tensor])[] = [];
  forwardBackward(network, inputs, loss, {}, (weight, gradient) => {
    if (known.has(weight)) gradients.push([weight as tf.Variable, tf.keep(gradient.clone())]);
  });
  tf.tidy(() => {
    const norms = gradients.map(([, gradient]) => tf.norm(gradient).dataSync()[0]);
    const largest = Math.max(...norms, Number.MIN_VALUE);
    for (const [variable, gradient] of gradients) variable.assign(tf.sub(variable, tf.mul(gradient, 0.1 / largest)));
  });
  tf.dispose(gradients.map(([, gradient]) => gradient));
}

function repeatTo(tensor: tf.Tensor, rows: number): tf.Tensor {
  if (tensor.shape[0] === rows) return tensor;
  const filled = tf.tidy(() =>
    tf.gather(
      tensor,
      tf.tensor1d(
        Array.from({ length: rows }, (_, row) => row % tensor.shape[0]),
        'int32',
      ),
    ),
  );
  tensor.dispose();
  return filled;
}
