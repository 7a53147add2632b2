/** Experiments on copies of the network that tell causes apart: what would fresh weights, other activations or other rates do? */

import * as tf from '@tensorflow/tfjs-core';
import type { Progress } from '../../report/protocol';
import type { Copies, Experiments, LearningRateLadder } from '../../report/report';
import { targetGain } from '../fixes/initialization';
import { lossNamed } from '../measure/losses';
import type { Measured } from '../measure/measure';
import { forwardBackward, type Heads, type PassObserver } from '../measure/pass';
import type { LayerCall, Network, Weight } from '../model/network';
import type { Probe } from '../probe/probe';
import { mulberry32, type Random } from '../probe/random';
import { averaged, measureCopy, type CopyMeasurement } from './copies';
import { drawInitial, type Truncation } from './initializers';
import { learningRateLadder } from './learningRates';
import { isWritable, weightsOf, withScratchWeights } from './scratchWeights';

export interface ExperimentOptions {
  readonly seed: number;
  onProgress(progress: Progress): void;
}

const SAMPLES = 128;
const COPIES = 4;
/** Outputs of layers that all copies together may compute. */
const BUDGET_VALUES = 1e8;
/** Forward-and-backward passes that one ladder makes, about. */
const LADDER_PASSES = 13 * 8;

export async function experiment(
  network: Network,
  probe: Probe,
  measured: Measured,
  options: ExperimentOptions,
): Promise<Experiments> {
  const unknown: string[] = [];
  const nothing = { samples: 0, fresh: null, fitting: null, rectified: null, afterOneStep: null, learningRates: null };
  if (network.differentiable !== null || !isWritable(network)) {
    return {
      ...nothing,
      unknown: ['The weights of this format cannot be changed in a copy, so causes were not tried out.'],
    };
  }
  const valuesPerSample = network.calls.reduce(
    (sum, { outputShape }) => sum + outputShape.reduce((a, b) => a * b, 1),
    1,
  );
  const fixed = network.inputs.find(({ batchSize }) => batchSize !== null)?.batchSize ?? null;
  const samples =
    fixed ?? Math.min(SAMPLES, probe.available, Math.floor(BUDGET_VALUES / (COPIES * 3 * valuesPerSample)));
  if (samples < 8 && probe.available >= 8) {
    return { ...nothing, unknown: ['The network is too large to try out causes on copies of it within the budget.'] };
  }
  const lab = new Laboratory(network, probe, measured, options, samples);
  try {
    return await lab.run(unknown, LADDER_PASSES * samples * valuesPerSample <= 10 * BUDGET_VALUES);
  } finally {
    lab.dispose();
  }
}

class Laboratory {
  private inputs: tf.Tensor[] = [];
  private labels: tf.Tensor[] | null = null;
  private readonly truncation: Truncation;

  constructor(
    private readonly network: Network,
    private readonly probe: Probe,
    private readonly measured: Measured,
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

  async run(unknown: string[], affordable: boolean): Promise<Experiments> {
    await this.loadBatch();
    const fresh = await this.copies('fresh weights', (weight, random) =>
      drawInitial(weight.initializer, weight.value.shape, random, this.truncation),
    );
    const fitting = await this.copies('fitting initialisation', (weight, random, call) =>
      drawFitting(weight, random, call.activation?.name ?? null),
    );
    const rectified = this.hasSaturatingLayers
      ? await this.copies(
          'ReLU in place of saturating layers',
          (weight, random, call) =>
            drawFitting(weight, random, isSaturatingHidden(call) ? 'relu' : (call.activation?.name ?? null)),
          rectify,
        )
      : null;
    if (fresh === null)
      unknown.push('The model does not say how its weights were initialised, so fresh copies were not drawn.');
    const afterOneStep = this.hasZeroGradient ? await this.oneStep() : null;
    let learningRates: LearningRateLadder | null = null;
    if (!affordable) unknown.push('The network is too large for a ladder of learning rates within the budget.');
    else learningRates = await this.ladder(fresh !== null);
    return { samples: this.samples, fresh, fitting, rectified, afterOneStep, learningRates, unknown };
  }

  private async loadBatch(): Promise<void> {
    const { inputs, labels, samples } = await this.probe.batch(0, this.samples);
    this.inputs = this.network.inputs.map(({ shape, dtype }, k) =>
      repeatTo(tf.tensor(inputs[k], [samples, ...shape], dtype), this.samples),
    );
    this.labels =
      labels === null
        ? null
        : labels.map((values, k) =>
            repeatTo(tf.tensor(values, [samples, ...this.probe.labelShapes![k]]), this.samples),
          );
  }

  private get hasSaturatingLayers(): boolean {
    return this.network.calls.some(isSaturatingHidden);
  }

  private get hasZeroGradient(): boolean {
    return this.measured.layers.some(({ gradient, role }) => role === 'hidden' && gradient?.outputRms === 0);
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

  private async ladder(canDraw: boolean): Promise<LearningRateLadder | null> {
    if (!this.network.calls.some((call) => call.role === 'hidden' && call.activation?.family === 'relu')) return null;
    const { training } = this.network.summary;
    return withScratchWeights(this.network, async () => {
      if (canDraw)
        this.drawAll(0, (weight, random) =>
          drawInitial(weight.initializer, weight.value.shape, random, this.truncation),
        );
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
  private loss({ outputs, logits }: Heads): tf.Scalar {
    const names = this.network.summary.training?.losses ?? [];
    const terms = outputs.flatMap((output, k): tf.Scalar[] => {
      const z = logits[k];
      if (z === null) return [];
      const name = names[k] ?? names[0] ?? null;
      const loss = name === null ? null : lossNamed(name);
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
    if (/sparse/i.test(loss)) {
      return tf.tensor(
        Float32Array.from({ length: rows }, () => Math.floor(random() * width)),
        [...output.shape.slice(0, -1), 1],
      );
    }
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
    return tf.randomNormal(shape, 0, 1, 'float32', this.options.seed + k);
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
async function learningStep(
  network: Network,
  inputs: readonly tf.Tensor[],
  loss: (heads: Heads) => tf.Scalar,
): Promise<void> {
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
