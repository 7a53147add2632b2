/** Runs the probe through the network and turns what is seen into plain data. */

import * as tf from '@tensorflow/tfjs-core';
import { DiagnosisError } from '../../report/errors';
import { formatPlural } from '../../report/format';
import type { ProbeBudget, Progress } from '../../report/protocol';
import type { Gradient, LayerReport, ProbeSummary, WeightGradient } from '../../report/report';
import { SquareAccumulator } from '../backend/unitStatistics';
import type { LayerCall, Network } from '../model/network';
import type { Probe, ProbeBatch } from '../probe/probe';
import { metersOf, type CallMeter } from './callMeter';
import { provedDeadUnits } from './intervalBounds';
import { lossNamed } from './losses';
import { randomCotangent } from './cotangent';
import { batchSizes, type BatchSizes, canBackPropagate, MAXIMUM_MEMORY, valuesPerSample } from './memory';
import { forward, forwardBackward, type Heads, type PassObserver } from './pass';
import { weightReport } from './weights';

export interface MeasureOptions {
  /** Number of samples; null grows the probe until the set of silent units settles. */
  readonly samples: number | null;
  readonly seed: number;
  /** What a growing probe may cost. */
  readonly budget?: ProbeBudget;
  /** Bytes that the passes may take, as far as smaller batches can keep them within; 2 GB where nothing is said. */
  readonly memory?: number;
  onProgress(progress: Progress): void;
}

export interface Measured {
  readonly probe: ProbeSummary;
  readonly layers: readonly LayerReport[];
}

/** The growing probe starts with this many samples, and each further size is so many times the last. */
const FIRST_SIZE = 64;
const GROWTH = 4;
/** Samples at which it ends, unless the budget says otherwise. */
const MOST_SAMPLES = 4096;
/** Fewer samples bound a silent unit's activity too loosely to stop at: 1 % needs about 600 for 20 units. */
const SETTLED_FROM = 1024;
/** Values (outputs of layers, over all samples) after which the probe grows no more. */
const GROWTH_VALUES = 1e8;
/** Samples that are back-propagated at most, and the values that they may have, those within recurrent and attention layers included. */
const BACKWARD_SAMPLES = 256;
const BACKWARD_VALUES = 4e7;
/** A network too large for the growing probe is still shown this many samples, or as many as have this many values. */
const FEWEST_SAMPLES = 16;
const FEWEST_VALUES = 2e8;

/**
 * Shows the network as many samples of the probe as were asked for, or as settle its silent units, and back-propagates
 * the first of them. Rejects with what the probe rejects with.
 */
export async function measure(network: Network, probe: Probe, options: MeasureOptions): Promise<Measured> {
  const session = new MeasureSession(network, probe, options);
  try {
    await session.run();
    return session.result();
  } finally {
    session.dispose();
  }
}

class MeasureSession {
  private readonly meters: ReadonlyMap<string, CallMeter>;
  private readonly gradients = new Map<tf.Tensor, SquareAccumulator>();
  private readonly lossGradients = new Map<tf.Tensor, tf.Tensor>();
  private readonly valuesPerSample: number;
  private readonly batchSizes: BatchSizes;
  private readonly fixedBatch: number | null;
  /** By output; null for those without a loss. */
  private readonly losses: readonly (string | null)[];
  private readonly limits: readonly string[];
  private samples = 0;
  private backwardSamples = 0;
  private lossSum = 0;
  private ended: ProbeSummary['ended'] = 'fixed';
  /** Which part of the budget ended the growing probe; null while none did. */
  private spent: string | null = null;

  constructor(
    private readonly network: Network,
    private readonly probe: Probe,
    private readonly options: MeasureOptions,
  ) {
    this.meters = metersOf(network);
    this.valuesPerSample = network.calls.reduce(
      (sum, { outputShape }) => sum + outputShape.reduce((a, b) => a * b, 1),
      1,
    );
    this.fixedBatch = network.inputs.map(({ batchSize }) => batchSize).find((size) => size !== null) ?? null;
    this.batchSizes =
      this.fixedBatch === null
        ? batchSizes(network, probe, options.memory ?? MAXIMUM_MEMORY)
        : { forward: this.fixedBatch, backward: this.fixedBatch };
    const { losses, limits } = ownLosses(network, probe);
    this.losses = losses;
    this.limits = limits;
  }

  dispose(): void {
    for (const meter of this.meters.values()) meter.dispose();
    tf.dispose([...this.lossGradients.values()]);
  }

  async run(): Promise<void> {
    const { samples: asked } = this.options;
    const perSample = valuesPerSample(this.network, this.probe, 'backward');
    const backwardLimit = clamp(Math.floor(BACKWARD_VALUES / perSample), 1, BACKWARD_SAMPLES);
    const sizes = asked === null ? this.growth() : [Math.min(asked, this.probe.available)];
    let silent = '';
    this.ended = asked === null ? 'budget' : asked > this.probe.available ? 'data' : 'fixed';
    const seconds = asked === null ? (this.options.budget?.seconds ?? Infinity) : Infinity;
    const deadline = performance.now() + 1000 * seconds;
    for (const [i, size] of sizes.entries()) {
      await this.extend(size, backwardLimit, sizes[sizes.length - 1], deadline);
      if (asked !== null) return;
      const now = JSON.stringify([...this.meters.values()].map((meter) => meter.silentUnits()));
      const settled = !/\d/.test(now) || (now === silent && size >= SETTLED_FROM);
      if (this.samples >= this.probe.available) this.ended = 'data';
      else if (settled && (i > 0 || this.probe.available === Infinity)) this.ended = 'settled';
      else if (this.samples < size) {
        this.spent = `The probe ended with its budget of ${formatPlural(seconds, 'second')}, before its silent units had settled.`;
      } else {
        silent = now;
        continue;
      }
      return;
    }
    this.spent =
      this.samples >= this.mostSamples
        ? `The probe ended with its budget of ${formatPlural(this.mostSamples, 'sample')}, before its silent units had settled.`
        : `The probe ended at ${formatPlural(this.samples, 'sample')}, as many as a network of this size is shown, before its silent units had settled.`;
  }

  /** The budget of samples of the growing probe. */
  private get mostSamples(): number {
    return this.options.budget?.samples ?? MOST_SAMPLES;
  }

  /** The sizes that the probe may take, within the data and the budget. */
  private growth(): number[] {
    const within = (values: number): number => Math.floor(values / this.valuesPerSample);
    const fewest = clamp(within(FEWEST_VALUES), this.fixedBatch ?? 1, Math.max(this.fixedBatch ?? 1, FEWEST_SAMPLES));
    const affordable = Math.max(fewest, within(GROWTH_VALUES));
    const limit = Math.min(this.probe.available, affordable);
    const last = Math.min(limit, this.mostSamples);
    const sizes: number[] = [];
    for (let size = FIRST_SIZE; size < last; size *= GROWTH) sizes.push(size);
    return [...sizes, last];
  }

  /** Runs further batches until `size` samples have been seen, or at least one has and the deadline (in milliseconds) is over. */
  private async extend(size: number, backwardLimit: number, last: number, deadline: number): Promise<void> {
    while (this.samples < size && (this.samples === 0 || performance.now() < deadline)) {
      const backward = this.backwardSamples < backwardLimit && this.differentiable;
      const wanted = Math.min(this.batchSizes[backward ? 'backward' : 'forward'], size - this.samples);
      const batch = await this.probe.batch(this.samples, wanted);
      if (batch.samples === 0)
        throw new DiagnosisError('invalid-data', 'The data hold no samples.', null, 'Give at least one sample.');
      const inputs = this.tensors(batch);
      try {
        if (backward) this.backward(batch, inputs);
        else forward(this.network, inputs, this.forwardObserver(batch.samples));
      } finally {
        tf.dispose(inputs);
      }
      this.samples += batch.samples;
      this.options.onProgress({
        stage: this.backwardSamples < this.samples ? 'forward' : 'backward',
        done: Math.min(1, this.samples / last),
        detail: `${this.samples} of ${last} samples`,
      });
    }
  }

  private get differentiable(): boolean {
    return this.undifferentiated === null;
  }

  /** Why there is no backward pass; null when there is one. */
  private get undifferentiated(): string | null {
    if (canBackPropagate(this.network, this.probe)) return this.network.differentiable;
    return 'The network is too large to back-propagate even one sample within 4 GB of memory.';
  }

  /** One tensor per input; where the model fixes its batch size, samples are repeated to fill it. */
  private tensors({ inputs, samples }: ProbeBatch): tf.Tensor[] {
    return tf.tidy(() =>
      this.network.inputs.map(({ dtype }, k) => {
        const tensor = tf.tensor(inputs[k], [samples, ...this.probe.inputs[k].shape], dtype);
        if (this.fixedBatch === null || this.fixedBatch === samples) return tensor;
        const rows = Array.from({ length: this.fixedBatch }, (_, row) => row % samples);
        return tf.gather(tensor, tf.tensor1d(rows, 'int32'));
      }),
    );
  }

  /** Statistics are taken over the first `samples` rows: what follows are repetitions that fill the batch. */
  private forwardObserver(samples: number): PassObserver {
    return {
      preActivation: (call, z) => this.meter(call).addPreActivation(firstRows(z, samples)),
      output: (call, a) => this.meter(call).addOutput(firstRows(a, samples)),
    };
  }

  private meter(call: LayerCall): CallMeter {
    return this.meters.get(call.name)!;
  }

  private backward(batch: ProbeBatch, inputs: readonly tf.Tensor[]): void {
    const { samples } = batch;
    const observer: PassObserver = {
      ...this.forwardObserver(samples),
      preActivationGradient: (call, dy) => this.meter(call).preActivationGradient.add(firstRows(dy, samples)),
      outputGradient: (call, dy) => this.meter(call).outputGradient.add(firstRows(dy, samples)),
      states: (call, step, states) =>
        this.meter(call).recurrence.addStates(
          step,
          states.map((state) => firstRows(state, samples)),
        ),
      stateGradient: (call, step, place, dy) =>
        this.meter(call).recurrence.addGradient(step, place, firstRows(dy, samples)),
    };
    // A fresh vector for every sample: its seed depends on the sample's place only, not on the cut into batches.
    const cotangents = (heads: Heads): tf.Scalar => {
      const logits = heads.logits.map((z) => (z === null ? null : firstRows(z, samples)));
      return randomCotangent({ ...heads, logits }, this.options.seed, this.samples);
    };
    forwardBackward(this.network, inputs, cotangents, observer, (weight, gradient) => {
      let squares = this.gradients.get(weight);
      if (squares === undefined) this.gradients.set(weight, (squares = new SquareAccumulator()));
      squares.add(gradient);
    });
    if (batch.labels !== null && this.losses.length > 0) this.backwardLoss(batch, batch.labels, inputs);
    this.backwardSamples += samples;
  }

  /** The model's own loss: gradients of its sum over samples, divided by their number at the end. */
  private backwardLoss(batch: ProbeBatch, labels: readonly Float32Array[], inputs: readonly tf.Tensor[]): void {
    const { samples } = batch;
    const loss = ({ outputs, calls }: Heads): tf.Scalar => {
      const terms = outputs.flatMap((output, k) => {
        const name = this.losses[k];
        const own = name === null ? null : lossNamed(name, calls[k]?.activation?.name ?? null);
        if (own === null) return [];
        const targets = tf.tensor(labels[k], [samples, ...this.probe.labelShapes![k]]);
        return [own(targets, firstRows(output, samples))];
      });
      return tf.mul(
        terms.reduce((a, b) => tf.add(a, b)),
        samples,
      );
    };
    const observer: PassObserver = {
      outputGradient: (call, dy) => this.meter(call).lossGradient.add(firstRows(dy, samples)),
    };
    this.lossSum += forwardBackward(this.network, inputs, loss, observer, (weight, gradient) => {
      const sum = this.lossGradients.get(weight);
      this.lossGradients.set(weight, tf.keep(sum === undefined ? gradient.clone() : tf.add(sum, gradient)));
      sum?.dispose();
    });
  }

  result(): Measured {
    const proved = provedDeadUnits(
      this.network,
      this.probe.inputs.map(({ shape }, k) => ({ shape, ...this.probe.box(k) })),
    );
    const layers = this.network.calls.map((call): LayerReport => {
      const meter = this.meter(call);
      const measured = meter.report(this.samples, proved.get(call.name) ?? new Set());
      return {
        ...measured,
        gradient: this.backwardSamples === 0 ? null : this.gradient(call, meter),
        weights: call.weights.map(weightReport),
      };
    });
    return { probe: this.summary(), layers };
  }

  private gradient(call: LayerCall, meter: CallMeter): Gradient {
    const named = (norm: (value: tf.Tensor) => number | null): WeightGradient[] =>
      call.weights.flatMap(({ name, value }) => {
        const gradientNorm = norm(value);
        if (gradientNorm === null) return [];
        const weightNorm = normOf(value);
        return [
          {
            name,
            rms: gradientNorm / Math.sqrt(value.size),
            norm: gradientNorm,
            ratio: weightNorm > 0 ? gradientNorm / weightNorm : null,
          },
        ];
      });
    // The cotangents of the samples are independent: the squares of their gradients add up.
    const random = named((value) => {
      const squares = this.gradients.get(value);
      return squares === undefined || squares.nonFinite > 0 ? null : Math.sqrt(squares.sum / this.backwardSamples);
    });
    if (this.lossGradients.size === 0) return meter.gradient(random, null);
    const loss = named((value) => {
      const sum = this.lossGradients.get(value);
      return sum === undefined ? null : normOf(sum) / this.backwardSamples;
    });
    return meter.gradient(random, { outputRms: meter.lossGradient.rootMeanSquare, weights: loss });
  }

  private summary(): ProbeSummary {
    const { probe, network } = this;
    const names = network.summary.training?.losses.filter((name) => name !== null) ?? [];
    return {
      samples: this.samples,
      seed: this.options.seed,
      inputs: probe.summary(),
      labels: probe.labelShapes !== null,
      labelRanges: probe.labelRanges(),
      backward: {
        source: this.backwardSamples === 0 ? 'none' : 'random-cotangent',
        samples: this.backwardSamples,
        loss:
          this.lossGradients.size === 0
            ? null
            : { name: names.join(' + '), value: finiteOrNull(this.lossSum / this.backwardSamples) },
        unknown: this.undifferentiated,
      },
      ended: this.ended,
      limits: [...probe.limits, ...this.limits, ...(this.spent === null ? [] : [this.spent])],
    };
  }
}

/** The name of the loss that the model was trained with for each output; none, and why, where the labels cannot be held against it. */
function ownLosses(network: Network, probe: Probe): { losses: readonly (string | null)[]; limits: readonly string[] } {
  if (probe.labelShapes === null) return { losses: [], limits: [] };
  const unused = (why: string) => ({ losses: [], limits: [`The labels were not used: ${why}`] });
  const names = network.summary.training?.losses ?? [];
  if (names.every((name) => name === null)) return unused('the model does not say which loss it was trained with.');
  const unknown = names.find((name) => name !== null && lossNamed(name) === null);
  if (unknown != null) return unused(`the loss ${unknown}, which the model was trained with, is not known.`);
  return { losses: names, limits: [] };
}

/** The first `rows` samples. */
const firstRows = (tensor: tf.Tensor, rows: number): tf.Tensor =>
  tensor.shape[0] === rows ? tensor : tf.slice(tensor, 0, rows);

function normOf(tensor: tf.Tensor): number {
  const squares = new SquareAccumulator();
  squares.add(tensor);
  return Math.sqrt(squares.sum);
}

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));

const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);
