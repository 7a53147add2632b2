/** Experiments on copies of the network that tell causes apart: what would fresh weights, other activations or other rates do? */

import * as tf from '@tensorflow/tfjs-core';
import type { Progress } from '../../report/protocol';
import type { Copies, Experiments, LearningRateLadder } from '../../report/report';
import { targetGain } from '../fixes/initialization';
import { lossNamed } from '../measure/losses';
import { canBackPropagate, MAXIMUM_MEMORY, samplesWithin } from '../measure/memory';
import { forwardBackward, type Heads, type PassObserver } from '../measure/pass';
import type { LayerCall, Network, Weight } from '../model/network';
import type { Probe } from '../probe/probe';
import { mulberry32, normal, type Random } from '../probe/random';
import { averaged, measureCopy, type CopyMeasurement } from './copies';
import { drawInitial, type Truncation } from './initializers';
import { learningRateLadder } from './learningRates';
import { weightsOf, withScratchWeights } from './scratchWeights';

export interface ExperimentOptions {
  readonly seed: number;
  /** Bytes that a pass may take; 2 GB where nothing is said. */
  readonly memory?: number;
  onProgress(progress: Progress): void;
}

const SAMPLES = 128;
const COPIES = 4;
/** Multiplications and additions that all copies together, and all steps of a ladder, may cost: about a second each. */
const BUDGET_OPERATIONS = 4e9;
/** A backward pass costs about twice a forward pass. */
const PASS = 3;
/** Forward and backward passes that one ladder makes, about. */
const LADDER_PASSES = 80;
const FEWEST_SAMPLES = 8;

/** The result where nothing had to be tried out. */
export const NO_EXPERIMENTS: Experiments = {
  samples: 0,
  fresh: null,
  fitting: null,
  rectified: null,
  afterOneStep: null,
  learningRates: null,
  unknown: [],
};

/** What the measurement left open. */
export interface Questions {
  /** Why units are dead: needs fresh copies and learning rates. */
  readonly dead: boolean;
  /** Why a signal vanishes or explodes: needs fresh, fitting and rectified copies. */
  readonly flow: boolean;
  /** Whether a gradient that is exactly 0 stays so: needs one step. */
  readonly zeroGradient: boolean;
  /** Whether the saved learning rate does harm. */
  readonly rate: boolean;
}

export async function experiment(
  network: Network,
  probe: Probe,
  questions: Questions,
  options: ExperimentOptions,
): Promise<Experiments> {
  if (!Object.values(questions).some(Boolean)) return NO_EXPERIMENTS;
  if (network.differentiable !== null) {
    return { ...NO_EXPERIMENTS, unknown: [`Causes were not tried out on copies: ${network.differentiable}`] };
  }
  const perSample = PASS * operationsPerSample(network);
  const copies = COPIES * (questions.flow ? 3 : 2);
  const fixed = network.inputs.find(({ batchSize }) => batchSize !== null)?.batchSize ?? null;
  const affordable = (passes: number): number => Math.floor(BUDGET_OPERATIONS / (passes * perSample));
  const fitting = samplesWithin(network, probe, options.memory ?? MAXIMUM_MEMORY, 'backward');
  const samples = fixed ?? Math.min(SAMPLES, probe.available, fitting, Math.max(affordable(copies), FEWEST_SAMPLES));
  if (samples * copies * perSample > 10 * BUDGET_OPERATIONS || !canBackPropagate(network, probe)) {
    return {
      ...NO_EXPERIMENTS,
      unknown: ['The network is too large to try out causes on copies of it within the budget.'],
    };
  }
  const lab = new Laboratory(network, probe, options, samples);
  try {
    return await lab.run(questions, samples * LADDER_PASSES * perSample <= 10 * BUDGET_OPERATIONS);
  } finally {
    lab.dispose();
  }
}

/** Multiplications of one sample's forward pass, estimated: each kernel once per output position, and every output once. */
function operationsPerSample({ calls }: Network): number {
  return calls.reduce((sum, { weights, outputShape, units }) => {
    const outputs = outputShape.reduce((a, b) => a * b, 1);
    const positions = units === null ? 0 : outputs / units;
    const kernels = weights.reduce((size, { fanIn, value }) => (fanIn === null ? size : size + value.size), 0);
    return sum + kernels * positions + outputs;
  }, 1);
}

class Laboratory {
  private inputs: tf.Tensor[] = [];
  private labels: tf.Tensor[] | null = null;
  private readonly truncation: Truncation;

  constructor(
    private readonly network: Network,
    private readonly probe: Probe,
    private readonly options: ExperimentOptions,
    private readonly samples: number,
  ) {
    this.truncation = /tfjs-layers|TensorFlow\.js tfjs/i.test(network.summary.file.generatedBy ?? '')
      ? 'uncorrected'
      : 'corrected';
  }

  dispose(): void {
    tf.dispose(this.inputs);
    tf.dispose(this.labels ?? []);
  }

  async run(questions: Questions, ladderAffordable: boolean): Promise<Experiments> {
    const unknown: string[] = [];
    await this.loadBatch();
    const fresh =
      questions.dead || questions.flow
        ? await this.copies('fresh weights', (weight, random) => this.drawSaved(weight, random))
        : null;
    const fitting =
      questions.dead || questions.flow
        ? await this.copies('fitting initialisation', (weight, random, call) =>
            drawFitting(weight, random, call.activation?.name ?? null),
          )
        : null;
    const rectified =
      questions.flow && this.network.calls.some(isSaturatingHidden)
        ? await this.copies(
            'ReLU in place of saturating layers',
            (weight, random, call) =>
              drawFitting(weight, random, isSaturatingHidden(call) ? 'relu' : (call.activation?.name ?? null)),
            rectify,
          )
        : null;
    if (fresh === null && (questions.dead || questions.flow)) {
      unknown.push('The model does not say how its weights were initialised, so fresh copies were not drawn.');
    }
    const afterOneStep = questions.zeroGradient ? await this.oneStep() : null;
    let learningRates: LearningRateLadder | null = null;
    if (questions.dead || questions.rate) {
      if (ladderAffordable) learningRates = await this.ladder();
      else unknown.push('The network is too large for a ladder of learning rates within the budget.');
    }
    return { samples: this.samples, fresh, fitting, rectified, afterOneStep, learningRates, unknown };
  }

  /** Whether the model says of every weight how it was initialised. */
  private get canDraw(): boolean {
    const random = mulberry32(0);
    return [...weightsOf(this.network).values()].every(
      ({ initializer, value }) =>
        value.dtype !== 'float32' || drawInitial(initializer, [1, 1], random, this.truncation) !== null,
    );
  }

  private drawSaved({ initializer, value }: Weight, random: Random): Float32Array | null {
    return drawInitial(initializer, value.shape, random, this.truncation);
  }

  private async loadBatch(): Promise<void> {
    const { inputs, labels, samples } = await this.probe.batch(0, this.samples);
    this.inputs = this.network.inputs.map(({ dtype }, k) =>
      repeatTo(tf.tensor(inputs[k], [samples, ...this.probe.inputs[k].shape], dtype), this.samples),
    );
    this.labels =
      labels === null
        ? null
        : labels.map((values, k) =>
            repeatTo(tf.tensor(values, [samples, ...this.probe.labelShapes![k]]), this.samples),
          );
  }

  /** Measures copies whose weights `draw` has drawn; null when it cannot draw one of them. */
  private async copies(
    detail: string,
    draw: (weight: Weight, random: Random, call: LayerCall) => Float32Array | null,
    activate?: PassObserver['activate'],
  ): Promise<Copies | null> {
    const measurements: Map<string, CopyMeasurement>[] = [];
    for (let copy = 0; copy < COPIES; copy++) {
      this.options.onProgress({ stage: 'experiment', done: copy / COPIES, detail });
      const measurement = await withScratchWeights(this.network, () => {
        const drawn = this.drawAll(copy, draw);
        return Promise.resolve(
          drawn ? measureCopy(this.network, this.inputs, this.options.seed + copy, activate) : null,
        );
      });
      if (measurement === null) return null;
      measurements.push(measurement);
    }
    return { count: COPIES, layers: averaged(this.network, measurements) };
  }

  /** Assigns freshly drawn values to all weights; false when one could not be drawn. Call within withScratchWeights. */
  private drawAll(
    copy: number,
    draw: (weight: Weight, random: Random, call: LayerCall) => Float32Array | null,
  ): boolean {
    const random = mulberry32(Math.imul(this.options.seed + 17, 0x85ebca6b) + copy * 7919);
    const done = new Set<tf.Tensor>();
    for (const call of this.network.calls) {
      for (const weight of call.weights) {
        if (done.has(weight.value) || weight.value.dtype !== 'float32') continue;
        done.add(weight.value);
        const values = draw(weight, random, call);
        if (values === null) return false;
        const tensor = tf.tensor(values, weight.value.shape);
        (weight.value as tf.Variable).assign(tensor);
        tensor.dispose();
      }
    }
    return true;
  }

  /** One step of gradient descent whose size is a hundredth of the weights, then the measurement again. */
  private async oneStep(): Promise<Copies> {
    const measurement = await withScratchWeights(this.network, () => {
      learningStep(this.network, this.inputs, (heads) => this.loss(heads));
      return Promise.resolve(measureCopy(this.network, this.inputs, this.options.seed));
    });
    return { count: 1, layers: averaged(this.network, [measurement]) };
  }

  private async ladder(): Promise<LearningRateLadder | null> {
    const { training } = this.network.summary;
    return withScratchWeights(this.network, async () => {
      const canDraw = this.canDraw;
      if (canDraw) this.drawAll(0, (weight, random) => this.drawSaved(weight, random));
      this.options.onProgress({ stage: 'experiment', done: null, detail: 'learning rates' });
      return learningRateLadder(this.network, {
        optimizer: training?.optimizer?.toLowerCase() ?? 'sgd',
        configuredRate: training?.learningRate ?? null,
        start: canDraw ? 'fresh' : 'saved',
        labels: this.labels === null ? 'random' : 'given',
        loss: (heads) => this.loss(heads),
        inputs: () => this.inputs,
        census: this.inputs,
      });
    });
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
    const random = mulberry32(this.options.seed + 31 * (k + 1));
    if (/categorical/i.test(loss)) {
      const values = new Float32Array(output.size);
      for (let row = 0; row < rows; row++) values[row * width + Math.floor(random() * width)] = 1;
      return tf.tensor(values, output.shape);
    }
    if (/binary/i.test(loss))
      return tf.tensor(
        Float32Array.from({ length: output.size }, () => (random() < 0.5 ? 0 : 1)),
        output.shape,
      );
    return this.randomNormal(output.shape, k);
  }

  private randomNormal(shape: number[], k: number): tf.Tensor {
    // Not tf.randomNormal, which takes the seed 0 for none.
    const next = normal(mulberry32(this.options.seed + 61 * (k + 1)));
    const size = shape.reduce((a, b) => a * b, 1);
    return tf.tensor(Float32Array.from({ length: size }, next), shape);
  }
}

const isSaturatingHidden = (call: LayerCall): boolean =>
  call.role === 'hidden' && call.activation?.family === 'saturating';

const rectify: PassObserver['activate'] = (call, z) => (isSaturatingHidden(call) ? tf.relu(z) : null);

/** Kernels with the variance that fits the activation, everything else as a fresh layer has it. */
function drawFitting(weight: Weight, random: Random, activationName: string | null): Float32Array | null {
  const { shape, size } = weight.value;
  const { name, fanIn } = weight;
  if (fanIn !== null) {
    const limit = Math.sqrt((3 * targetGain(activationName)) / fanIn);
    return Float32Array.from({ length: size }, () => limit * (2 * random() - 1));
  }
  if (/gamma|variance/.test(name)) return new Float32Array(size).fill(1);
  if (/embedding/.test(name)) return Float32Array.from({ length: size }, () => 0.05 * (2 * random() - 1));
  if (/alpha/.test(name)) return new Float32Array(size).fill(0.25);
  return shape.length === 0 ? null : new Float32Array(size);
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
