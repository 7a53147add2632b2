import { clone, dispose, keep, stack, tidy, transpose, type Tensor } from '@tensorflow/tfjs-core';
import { isClipping, type Activation } from '../../report/activations';
import type { DeadUnits, Gradient, LayerReport, Statistics, WeightGradient } from '../../report/report';
import { sumDerivatives, type DerivativeSum } from '../backend/derivatives';
import { valuesOf } from '../backend/heap';
import { Histogram, type HistogramState } from '../backend/histogram';
import {
  SquareAccumulator,
  UnitAccumulator,
  type ClippedArguments,
  type SquareState,
  type UnitState,
} from '../backend/unitStatistics';
import type { LayerCall, Network } from '../model/network';
import { nominalStandardDeviation } from '../model/fans';
import { meanFieldGain } from './meanField';
import { RecurrenceMeter, type RecurrenceState } from './recurrenceMeter';
import { RANK_SAMPLES, SignalMeter, type SignalState } from './signalMeter';

/** Values of a batch that `E[phi']` is taken over at most; more are thinned out evenly. */
const DERIVATIVE_VALUES = 2 ** 16;

/** What a `CallMeter` has seen, as plain data. */
export interface CallMeasurement {
  readonly outputShape: readonly number[];
  readonly output: UnitState | null;
  readonly outputHistogram: HistogramState;
  /** The call whose outputs are this call's arguments too; null where there is none. */
  readonly argumentOf: string | null;
  readonly preActivation: UnitState | null;
  readonly preActivationHistogram: HistogramState;
  readonly signal: SignalState;
  readonly derivativeSum: number;
  readonly derivativeCount: number;
  readonly outputGradient: SquareState;
  readonly preActivationGradient: SquareState;
  readonly lossGradient: SquareState;
  readonly recurrence: RecurrenceState;
}

/** What one layer call has shown so far: everything that is taken from its tensors while they are alive. */
export class CallMeter {
  readonly outputGradient = new SquareAccumulator();
  readonly preActivationGradient = new SquareAccumulator();
  readonly lossGradient = new SquareAccumulator();
  readonly recurrence = new RecurrenceMeter();
  private output: UnitAccumulator | null = null;
  /** Of one sample. The data may have other sizes than the free dimensions were given. */
  private outputShape: readonly number[];
  private readonly outputHistogram = new Histogram();
  /** Arguments of the activation in the call in progress, units last: one, or one for every time step. */
  private readonly steps: Tensor[] = [];
  /** The meter whose outputs are this call's arguments too, so that they are swept once; null where there is none. */
  private argumentOf: CallMeter | null = null;
  private ownPreActivation: UnitAccumulator | null = null;
  private readonly ownPreActivationHistogram = new Histogram();
  /** Identity of the values last seen as this call's output, units last. */
  private lastOutput: object | null = null;
  private readonly signal: SignalMeter;
  private derivativeSum = 0;
  private derivativeCount = 0;

  /**
   * @param sources meters of the calls that this one takes its inputs from.
   * @param rankSamples how many samples to keep for the effective rank.
   */
  constructor(
    readonly call: LayerCall,
    private readonly sources: readonly CallMeter[],
    rankSamples: number,
  ) {
    this.outputShape = call.outputShape;
    this.signal = new SignalMeter(rankSamples);
  }

  /** Everything seen so far; stays the meter's own. */
  get measurement(): CallMeasurement {
    return {
      outputShape: this.outputShape,
      output: this.output,
      outputHistogram: this.outputHistogram,
      argumentOf: this.argumentOf?.call.name ?? null,
      preActivation: this.ownPreActivation,
      preActivationHistogram: this.ownPreActivationHistogram,
      signal: this.signal.state,
      derivativeSum: this.derivativeSum,
      derivativeCount: this.derivativeCount,
      outputGradient: this.outputGradient,
      preActivationGradient: this.preActivationGradient,
      lossGradient: this.lossGradient,
      recurrence: this.recurrence.state,
    };
  }

  /** Adds what a meter of the same call has seen of the samples that come next. */
  merge(other: CallMeasurement): void {
    this.outputShape = other.outputShape;
    if (other.output !== null) {
      this.output ??= new UnitAccumulator(other.output.units);
      this.output.merge(other.output);
      this.outputHistogram.merge(other.outputHistogram);
    }
    if (other.argumentOf !== null) {
      this.argumentOf ??= [this, ...this.sources].find(({ call }) => call.name === other.argumentOf) ?? null;
    }
    if (other.preActivation !== null) {
      this.ownPreActivation ??= new UnitAccumulator(other.preActivation.units);
      this.ownPreActivation.merge(other.preActivation);
      this.ownPreActivationHistogram.merge(other.preActivationHistogram);
    }
    this.signal.merge(other.signal, this.output);
    this.derivativeSum += other.derivativeSum;
    this.derivativeCount += other.derivativeCount;
    this.outputGradient.merge(other.outputGradient);
    this.preActivationGradient.merge(other.preActivationGradient);
    this.lossGradient.merge(other.lossGradient);
    this.recurrence.merge(other.recurrence);
  }

  private get preActivation(): UnitAccumulator | null {
    return this.argumentOf?.output ?? this.ownPreActivation;
  }

  private get preActivationHistogram(): Histogram {
    return this.argumentOf?.outputHistogram ?? this.ownPreActivationHistogram;
  }

  /** Releases what an interrupted pass has left. */
  dispose(): void {
    dispose(this.steps.splice(0));
  }

  /** @param z the argument of the layer's activation, `[samples, ...]`; comes before the call's output, for recurrent layers once a step. */
  addPreActivation(z: Tensor): void {
    this.steps.push(keep(clone(unitsLast(z, this.call.unitAxis))));
  }

  /** @param a the layer's output, `[samples, ...]`. */
  addOutput(a: Tensor): void {
    this.outputShape = a.shape.slice(1);
    tidy(() => {
      const values = unitsLast(a, this.call.unitAxis);
      this.lastOutput = values.dataId;
      const z = this.steps.length > 1 ? stack(this.steps, 1) : (this.steps.at(0) ?? null);
      if (z !== null) this.addArgument(z);
      this.output ??= new UnitAccumulator(this.call.units === null ? 1 : values.shape[values.rank - 1]);
      const known = z === null ? null : this.clippedArguments(z, values);
      if (known === null) this.output.add(values, a.shape[0], this.outputHistogram);
      else this.output.addClipped(values, a.shape[0], this.outputHistogram, known);
      this.signal.add(values, this.output);
      if (z !== null) this.addDerivative(z, values);
    });
    this.dispose();
  }

  /** @param z `[samples, ..., units]`, with the time steps of a recurrent layer as positions. */
  private addArgument(z: Tensor): void {
    // Which values a call works on follows from the graph: what holds for the first batch holds for all.
    if (this.ownPreActivation === null) this.argumentOf ??= this.sharing(z);
    if (this.argumentOf === null) {
      this.ownPreActivation ??= new UnitAccumulator(z.shape[z.rank - 1]);
      this.ownPreActivation.add(z, z.shape[0], this.ownPreActivationHistogram);
    }
  }

  /** The meter that takes statistics of the very values of `z`: a linear layer's own, or that of the layer before a bare activation. */
  private sharing(z: Tensor): CallMeter | null {
    const units = z.shape[z.rank - 1];
    const same = (meter: CallMeter): boolean =>
      meter.lastOutput === z.dataId &&
      meter.call.units !== null &&
      (meter.output === null || meter.output.units === units);
    return [this, ...this.sources].find(same) ?? null;
  }

  /** What the arguments, of which statistics have been taken, tell of the outputs of a ReLU; null where they do not. */
  private clippedArguments(z: Tensor, a: Tensor): ClippedArguments | null {
    const { activation } = this.call;
    const statistics = this.preActivation!;
    if (activation === null || !isClipping(activation) || activation.range[0] !== 0) return null;
    if (statistics.units !== this.output!.units || !statistics.range.finite || !this.isElementwise(activation, z, a))
      return null;
    return { statistics, histogram: this.preActivationHistogram, ceiling: activation.range[1] };
  }

  /** Whether every output is `phi` of the argument in its place. A GRU that is seldom active looks so at most places. */
  private isElementwise(phi: Activation, z: Tensor, a: Tensor): boolean {
    return this.call.endsInActivation && looksElementwise(phi, z, a);
  }

  /** Sums `phi'(z)` over the finite values of z, of which `a` are the outputs; statistics have been taken of both. */
  private addDerivative(z: Tensor, a: Tensor): void {
    const { activation } = this.call;
    // For activations of two linear pieces the share of each, counted anyway, tells the mean exactly.
    if (activation === null || activation.maximumDerivative === null || isTwoPieces(activation)) return;
    const seen = this.derivativeOfSeen(activation, z, a);
    if (seen !== null) {
      this.derivativeSum = seen.sum;
      this.derivativeCount = seen.count;
      return;
    }
    const derivatives = sumDerivatives(z, activation, DERIVATIVE_VALUES);
    this.derivativeSum += derivatives.sum;
    this.derivativeCount += derivatives.count;
  }

  /** The sum of `phi'` over all finite arguments so far, where the statistics tell it; null where they do not. */
  private derivativeOfSeen(activation: Activation, z: Tensor, a: Tensor): DerivativeSum | null {
    const { name, ramp, maximumDerivative } = activation;
    const seen = this.preActivation!;
    // The upper end of a ramp was not reached.
    if (ramp?.[0] === 0 && seen.range.maximum < ramp[1]) {
      return { sum: maximumDerivative! * sum(seen.positives), count: sum(seen.count) - sum(seen.nonFinite) };
    }
    if (!(name === 'sigmoid' || name === 'tanh') || !seen.range.finite || !this.isElementwise(activation, z, a))
      return null;
    // The logistic function has the derivative a (1 - a), tanh 1 - a^2.
    const { count, sum: total, squares } = this.output!.sums;
    const derivatives = (name === 'sigmoid' ? total : count) - squares;
    const variance = (squares - total ** 2 / count) / count;
    // Elsewhere little is left of large numbers: the statistics of `a` are right to 1e-6 of its variance.
    return derivatives >= count * Math.max(0.05, 4 * variance) ? { sum: derivatives, count } : null;
  }

  /** `E[phi'(z)]` over samples, positions and units; null when it was not measured. */
  private get meanDerivative(): number | null {
    const { activation } = this.call;
    const z = this.preActivation;
    if (activation === null || z === null) return null;
    if (!isTwoPieces(activation)) return this.derivativeCount === 0 ? null : this.derivativeSum / this.derivativeCount;
    const finite = sum(z.count) - sum(z.nonFinite);
    if (finite === 0) return null;
    const positive = sum(z.positives) / finite;
    return positive * activation.derivative(1) + (1 - positive) * activation.derivative(-1);
  }

  /** The gain that mean-field theory expects of the layer's own activation and the spread that its kernel was configured with; null where that is not saved. */
  private get expectedGain(): number | null {
    const { activation, weights } = this.call;
    // The theory speaks of one random matrix: recurrent and separable layers have two.
    const [kernel, ...others] = weights.filter(({ fanIn }) => fanIn !== null);
    const z = this.preActivation?.pooled();
    if (activation === null || kernel === undefined || others.length > 0) return null;
    if (z === undefined || z.count === z.nonFinite) return null;
    const nominal = nominalStandardDeviation(kernel.initializer, kernel.value.shape);
    if (nominal === null) return null;
    const q = z.m2 / (z.count - z.nonFinite) + z.mean ** 2;
    return meanFieldGain(activation, kernel.fanIn! * nominal ** 2, q);
  }

  /** Units whose output was 0 throughout. */
  silentUnits(): number[] {
    if (this.output === null || this.call.structural || this.call.activation === null) return [];
    const { zeros, count } = this.output;
    return indicesWhere(zeros.length, (unit) => count[unit] > 0 && zeros[unit] === count[unit]);
  }

  /** `E[a^2]`; null without finite values or with others. */
  private get meanSquare(): number | null {
    if (this.output === null) return null;
    const { count, nonFinite, mean, m2 } = this.output.pooled();
    return count === 0 || nonFinite > 0 ? null : mean * mean + m2 / count;
  }

  /** The measured part of the layer's report. `samples` is the number of samples shown to `addOutput`. */
  report(samples: number, provedDead: ReadonlySet<number>): Omit<LayerReport, 'weights' | 'gradient'> {
    const { call } = this;
    const { name, className, inputs, activation, parameters, trainable, role, jsonPath } = call;
    const units = call.units === null ? null : (this.output?.units ?? call.units);
    const rank = this.signal.effectiveRank();
    const derivative = this.meanDerivative;
    return {
      name,
      className,
      inputs,
      activation: activation?.name ?? null,
      units,
      outputShape: this.outputShape,
      parameters,
      trainable,
      role,
      jsonPath,
      silentUnits: this.silentUnits(),
      dead: activation?.family === 'relu' ? this.deadUnits(samples, provedDead) : null,
      output: this.output === null ? null : statistics(this.output, this.outputHistogram, units !== null),
      preActivation:
        this.preActivation === null
          ? null
          : statistics(this.preActivation, this.preActivationHistogram, units !== null),
      derivative:
        derivative === null || !activation?.maximumDerivative
          ? null
          : {
              mean: derivative,
              maximum: activation.maximumDerivative,
              share: derivative / activation.maximumDerivative,
            },
      signal: {
        variance: this.signal.variance,
        meanSquare: this.meanSquare,
        effectiveRank: rank?.rank ?? null,
        maximumRank: rank?.maximum ?? null,
        expectedGain: this.expectedGain,
      },
      recurrence: this.recurrence.report(),
      unknown: call.unknown,
    };
  }

  /** Grades of dead units; formulas and sources in docs/rules.md#dead-relu. */
  private deadUnits(samples: number, provedDead: ReadonlySet<number>): DeadUnits | null {
    if (this.output === null) return null;
    const { activeSamples, mean, nonFinite, units } = this.output;
    const silent = new Set(this.silentUnits());
    const proved = indicesWhere(units, (unit) => provedDead.has(unit));
    const confident = indicesWhere(units, (unit) => silent.has(unit) && !provedDead.has(unit));
    // Of a unit that was NaN or infinite at times nothing is known.
    const alive = (unit: number): boolean => nonFinite[unit] === 0 && !silent.has(unit) && !provedDead.has(unit);
    const rare = (unit: number): boolean => activeSamples[unit] < 0.01 * samples;
    const suspected = indicesWhere(units, (unit) => alive(unit) && rare(unit));
    const layerMean = sum(mean) / units;
    const dormant = indicesWhere(units, (unit) => alive(unit) && !rare(unit) && mean[unit] <= 0.025 * layerMean);
    return {
      proved,
      confident,
      suspected,
      dormant,
      activeAtMost: confident.length === 0 ? null : activeAtMost(samples, confident.length),
    };
  }

  /** RMS of the gradients that were shown; null entries where none arrived. */
  gradient(weights: readonly WeightGradient[], loss: Gradient['loss']): Gradient {
    return {
      outputRms: this.outputGradient.rootMeanSquare,
      preActivationRms: this.preActivationGradient.rootMeanSquare,
      nonFinite: this.outputGradient.nonFinite,
      weights,
      loss,
    };
  }
}

/**
 * A meter for every call of the network, by its name.
 *
 * @param rankSamples how many samples to keep for the effective rank: fewer where other meters have seen the first ones.
 */
export function metersOf(
  { calls }: Pick<Network, 'calls'>,
  rankSamples = RANK_SAMPLES,
): ReadonlyMap<string, CallMeter> {
  const meters = new Map<string, CallMeter>();
  for (const call of calls) {
    const sources = call.inputs.map((name) => meters.get(name)).filter((meter) => meter !== undefined);
    meters.set(call.name, new CallMeter(call, sources, rankSamples));
  }
  return meters;
}

/**
 * Upper 95 % confidence bound of the probability that a unit is active when none of `units` units was active in
 * `samples` samples: `1 - (0.05/units)^(1/samples)`, about `ln(units/0.05)/samples` (Jovanovic and Levy 1997, with
 * Bonferroni's correction for several units).
 */
export function activeAtMost(samples: number, units: number): number {
  return -Math.expm1(Math.log(0.05 / units) / samples);
}

/** Values that tell whether outputs are those of an activation, and how far its kernel may be off. */
const COMPARED = 64;
const KERNEL_ERROR = 1e-6;

/** Whether outputs are `phi` of the arguments in their places, by values evenly spread over them. */
function looksElementwise(phi: Activation, z: Tensor, a: Tensor): boolean {
  if (z.size !== a.size) return false;
  const [from, to] = [valuesOf(z), valuesOf(a)];
  // An odd step meets every unit of a layer whose number of units is a power of two.
  const step = Math.floor(z.size / COMPARED) | 1;
  for (let i = 0; i < z.size; i += step) {
    if (!(Math.abs(phi.value(from[i]) - to[i]) <= KERNEL_ERROR)) return false;
  }
  return true;
}

/** Whether the activation consists of two linear pieces that meet at 0: its slopes just beside 0 are those far away. */
function isTwoPieces(activation: Activation): boolean {
  const linear = (sign: number): boolean => activation.derivative(sign * 1e-30) === activation.derivative(sign * 1e30);
  return linear(1) && linear(-1);
}

const indicesWhere = (length: number, test: (index: number) => boolean): number[] =>
  Array.from({ length }, (_, index) => index).filter(test);

const sum = (values: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
};

/** The tensor with the axis that counts units moved to the end; itself where it is there. */
export function unitsLast(tensor: Tensor, axis: number): Tensor {
  if (axis === -1 || axis === tensor.rank - 1) return tensor;
  const order = tensor.shape.map((_, i) => i).filter((i) => i !== axis);
  return transpose(tensor, [...order, axis]);
}

function statistics(units: UnitAccumulator, histogram: Histogram, hasUnits: boolean): Statistics {
  const total = units.pooled();
  const finite = total.count - total.nonFinite;
  const known = (value: number): number | null => (finite > 0 ? value : null);
  const { count, nonFinite, zeros, mean, m2 } = units;
  // By loops: the iterators of `Array.from` take longer than all sums of a batch.
  const perUnit = <T>(value: (unit: number) => T): T[] => {
    const values = new Array<T>(units.units);
    for (let unit = 0; unit < values.length; unit++) values[unit] = value(unit);
    return values;
  };
  const perUnitKnown = (value: (unit: number) => number): (number | null)[] =>
    perUnit((unit) => (count[unit] > nonFinite[unit] ? value(unit) : null));
  return {
    count: total.count,
    nonFinite: total.nonFinite,
    mean: known(total.mean),
    standardDeviation: known(Math.sqrt(total.m2 / finite)),
    minimum: known(total.minimum),
    maximum: known(total.maximum),
    zeroShare: total.count === 0 ? 0 : total.zeros / total.count,
    positiveShare: total.count === 0 ? 0 : total.positives / total.count,
    histogram: histogram.bins(),
    perUnit: !hasUnits
      ? null
      : {
          activeSamples: perUnit((unit) => units.activeSamples[unit]),
          mean: perUnitKnown((unit) => mean[unit]),
          standardDeviation: perUnitKnown((unit) => Math.sqrt(m2[unit] / (count[unit] - nonFinite[unit]))),
          minimum: perUnitKnown((unit) => units.minimum[unit]),
          maximum: perUnitKnown((unit) => units.maximum[unit]),
          zeroShare: perUnit((unit) => (count[unit] === 0 ? 0 : zeros[unit] / count[unit])),
          nonFinite: perUnit((unit) => nonFinite[unit]),
        },
  };
}
