/** Runs the probe through the network and turns what is seen into plain data. */

import type * as tf from '@tensorflow/tfjs-core';
import { DiagnosisError } from '../../report/errors';
import { formatPlural } from '../../report/format';
import type { ProbeBudget, Progress } from '../../report/protocol';
import type { Gradient, LayerReport, ProbeSummary, WeightGradient } from '../../report/report';
import { SquareAccumulator } from '../backend/unitStatistics';
import { JobScheduler } from '../threads/jobScheduler';
import type { LayerCall, Network } from '../model/network';
import type { Probe } from '../probe/probe';
import { metersOf, type CallMeter } from './callMeter';
import { fixedBatch, type Chunk, type ChunkMeasurement, type ChunkSetup } from './chunk';
import { provedDeadUnits } from './intervalBounds';
import { lossNamed } from './losses';
import {
  batchSizes,
  type BatchSizes,
  canBackPropagate,
  MAXIMUM_MEMORY,
  operationsPerSample,
  passBytes,
  valuesPerSample,
} from './memory';
import { uniqueWeights } from './pass';
import { weightReport } from './weights';

export interface MeasureOptions {
  /** Number of samples; null grows the probe until the set of silent units settles. */
  readonly samples: number | null;
  readonly seed: number;
  /** What a growing probe may cost. */
  readonly budget?: ProbeBudget;
  /** Bytes that the passes may take, as far as smaller batches can keep them within; 2 GB where nothing is said. */
  readonly memory?: number;
  /** Who shares the work; this thread alone where nobody is named. */
  readonly scheduler?: JobScheduler;
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
/** Chunks that are drawn ahead where several threads share them, by their number and the bytes of their inputs. */
const CHUNKS_AHEAD = 16;
const BYTES_AHEAD = 2 ** 26;
/** The statistics of one output value take as long as about so many multiplications. */
const STATISTICS = 20;
/** A backward pass costs about twice a forward pass. */
const FORWARD_AND_BACKWARD = 3;

/**
 * Shows the network as many samples of the probe as were asked for, or as settle its silent units, and back-propagates
 * the first of them. Rejects with what the probe rejects with.
 */
export async function measure(network: Network, probe: Probe, options: MeasureOptions): Promise<Measured> {
  const session = new MeasureSession(network, probe, options);
  await session.run();
  return session.result();
}

class MeasureSession {
  private readonly meters: ReadonlyMap<string, CallMeter>;
  private readonly weights: readonly tf.Tensor[];
  private readonly gradients = new Map<tf.Tensor, SquareAccumulator>();
  /** Of the model's own loss, summed over samples. */
  private readonly lossGradients = new Map<tf.Tensor, Float64Array>();
  private readonly scheduler: JobScheduler;
  private readonly setup: ChunkSetup;
  private readonly valuesPerSample: number;
  private readonly batchSizes: BatchSizes;
  private readonly fixedBatch: number | null;
  private readonly limits: readonly string[];
  /** Chunks that have been measured, whose memory the next ones take. */
  private spent: readonly Chunk[] = [];
  private samples = 0;
  private backwardSamples = 0;
  private lossSum = 0;
  private ended: ProbeSummary['ended'] = 'fixed';
  /** Which part of the budget ended the growing probe; null while none did. */
  private exhausted: string | null = null;

  constructor(
    private readonly network: Network,
    private readonly probe: Probe,
    private readonly options: MeasureOptions,
  ) {
    this.meters = metersOf(network);
    this.weights = uniqueWeights(network);
    this.scheduler = options.scheduler ?? new JobScheduler(network);
    this.valuesPerSample = network.calls.reduce(
      (sum, { outputShape }) => sum + outputShape.reduce((a, b) => a * b, 1),
      1,
    );
    this.fixedBatch = fixedBatch(network);
    this.batchSizes =
      this.fixedBatch === null
        ? batchSizes(network, probe, options.memory ?? MAXIMUM_MEMORY)
        : { forward: this.fixedBatch, backward: this.fixedBatch };
    const { losses, limits } = ownLosses(network, probe);
    this.limits = limits;
    const inputShapes = probe.inputs.map(({ shape }) => shape);
    this.setup = { seed: options.seed, inputShapes, labelShapes: probe.labelShapes, losses };
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
        this.exhausted = `The probe ended with its budget of ${formatPlural(seconds, 'second')}, before its silent units had settled.`;
      } else {
        silent = now;
        continue;
      }
      return;
    }
    this.exhausted =
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

  /** Measures further chunks until `size` samples have been seen, or at least one has and the deadline (in milliseconds) is over. */
  private async extend(size: number, backwardLimit: number, last: number, deadline: number): Promise<void> {
    while (this.samples < size && (this.samples === 0 || performance.now() < deadline)) {
      const chunks = await this.draw(size, backwardLimit, deadline === Infinity ? CHUNKS_AHEAD : this.scheduler.size);
      await this.scheduler.measure(this.setup, chunks, this.costOf(chunks), (measurement) => {
        this.add(measurement);
        this.options.onProgress({
          stage: this.backwardSamples < this.samples ? 'forward' : 'backward',
          done: Math.min(1, this.samples / last),
          detail: `${this.samples} of ${last} samples`,
        });
      });
      this.spent = chunks;
    }
  }

  /**
   * The next samples of the probe, on the way to `size`: one chunk, or at most `most` where several threads share them. How
   * they are cut depends on neither.
   */
  private async draw(size: number, backwardLimit: number, most: number): Promise<Chunk[]> {
    const chunks: Chunk[] = [];
    let { samples, backwardSamples } = this;
    let bytes = 0;
    const enough = (): boolean =>
      chunks.length >= (this.scheduler.size === 1 ? 1 : most) ||
      (chunks.length >= this.scheduler.size && bytes >= BYTES_AHEAD);
    while (samples < size && !enough()) {
      const backward = backwardSamples < backwardLimit && this.differentiable;
      const wanted = Math.min(this.batchSizes[backward ? 'backward' : 'forward'], size - samples);
      const drawn = await this.probe.batch(samples, wanted, this.spent[chunks.length]?.batch);
      const batch = this.scheduler.share(drawn);
      if (batch.samples === 0)
        throw new DiagnosisError('invalid-data', 'The data hold no samples.', null, 'Give at least one sample.');
      chunks.push({ first: samples, batch, backward });
      samples += batch.samples;
      if (backward) backwardSamples += batch.samples;
      bytes += batch.inputs.reduce((sum, { byteLength }) => sum + byteLength, 0);
    }
    return chunks;
  }

  private costOf(chunks: readonly Chunk[]) {
    const perSample = operationsPerSample(this.network) + STATISTICS * this.valuesPerSample;
    const samples = chunks.reduce(
      (sum, { batch, backward }) => sum + batch.samples * (backward ? FORWARD_AND_BACKWARD : 1),
      0,
    );
    const bytes = chunks.map(({ batch, backward }) =>
      passBytes(this.network, this.probe, this.fixedBatch ?? batch.samples, backward ? 'backward' : 'forward'),
    );
    return { operations: samples * perSample, bytes: Math.max(...bytes) };
  }

  /** Adds what the next chunk has shown. */
  private add({ samples, backward, calls, gradients, loss }: ChunkMeasurement): void {
    this.network.calls.forEach((call, i) => this.meter(call).merge(calls[i]));
    gradients.forEach((squares, i) => {
      if (squares === null) return;
      const weight = this.weights[i];
      const sum = this.gradients.get(weight) ?? new SquareAccumulator();
      this.gradients.set(weight, sum);
      sum.merge(squares);
    });
    loss?.gradients.forEach((gradient, i) => {
      if (gradient === null) return;
      const weight = this.weights[i];
      const sum = this.lossGradients.get(weight) ?? new Float64Array(gradient.length);
      this.lossGradients.set(weight, sum);
      for (let k = 0; k < sum.length; k++) sum[k] += gradient[k];
    });
    this.lossSum += loss?.sum ?? 0;
    this.samples += samples;
    if (backward) this.backwardSamples += samples;
  }

  private get differentiable(): boolean {
    return this.undifferentiated === null;
  }

  /** Why there is no backward pass; null when there is one. */
  private get undifferentiated(): string | null {
    if (canBackPropagate(this.network, this.probe)) return this.network.differentiable;
    return 'The network is too large to back-propagate even one sample within 4 GB of memory.';
  }

  private meter(call: LayerCall): CallMeter {
    return this.meters.get(call.name)!;
  }

  result(): Measured {
    const proved = provedDeadUnits(
      this.network,
      this.probe.inputs.map(({ shape }, k) => ({ shape, ...this.probe.box(k) })),
      // The samples lie within the box: what fired on one of them is not dead.
      (call) => this.meter(call).silentUnits().length > 0,
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
      return sum === undefined ? null : finiteNorm(sum) / this.backwardSamples;
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
      limits: [...probe.limits, ...this.limits, ...(this.exhausted === null ? [] : [this.exhausted])],
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

function normOf(tensor: tf.Tensor): number {
  const squares = new SquareAccumulator();
  squares.add(tensor);
  return Math.sqrt(squares.sum);
}

/** Of the finite values. */
function finiteNorm(values: Float64Array): number {
  let sum = 0;
  for (const value of values) if (Number.isFinite(value)) sum += value * value;
  return Math.sqrt(sum);
}

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));

const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);
