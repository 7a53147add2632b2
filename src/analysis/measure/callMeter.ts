import { transpose, type Tensor } from '@tensorflow/tfjs-core';
import type { Activation } from '../../report/activations';
import type { DeadUnits, Gradient, LayerReport, Statistics, WeightGradient } from '../../report/report';
import { Histogram } from '../backend/histogram';
import { SquareAccumulator, UnitAccumulator } from '../backend/unitStatistics';
import type { LayerCall } from '../model/network';
import { nominalStandardDeviation } from '../model/fans';
import { meanFieldGain } from './meanField';
import { SignalMeter } from './signalMeter';

/** What one layer call has shown so far: everything that is taken from its tensors while they are alive. */
export class CallMeter {
  readonly output: UnitAccumulator;
  readonly outputGradient = new SquareAccumulator();
  readonly preActivationGradient = new SquareAccumulator();
  readonly lossGradient = new SquareAccumulator();
  private readonly outputHistogram = new Histogram();
  private preActivation: UnitAccumulator | null = null;
  private readonly preActivationHistogram = new Histogram();
  private readonly signal = new SignalMeter();
  private derivativeSum = 0;
  private derivativeCount = 0;

  constructor(readonly call: LayerCall) {
    this.output = new UnitAccumulator(call.units ?? 1);
  }

  /** @param a the layer's output, `[samples, ...]`. */
  addOutput(a: Tensor): void {
    const values = unitsLast(a, this.call.unitAxis);
    this.output.add(values, a.shape[0]);
    this.outputHistogram.add(values);
    this.signal.add(values);
    if (values !== a) values.dispose();
  }

  /** @param z the argument of the layer's activation, `[samples, ...]`. */
  addPreActivation(z: Tensor): void {
    const values = unitsLast(z, this.call.unitAxis);
    const units = values.shape[values.rank - 1];
    this.preActivation ??= new UnitAccumulator(units);
    // Recurrent cells of a stack may differ in width; only what makes the output is measured.
    if (this.preActivation.units !== units) return;
    this.preActivation.add(values, z.shape[0]);
    this.preActivationHistogram.add(values);
    this.addDerivative(values);
    if (values !== z) values.dispose();
  }

  /** Sums `phi'(z)` over the finite values of z. */
  private addDerivative(z: Tensor): void {
    const activation = this.call.activation;
    if (activation === null || activation.maximumDerivative === null) return;
    // For activations of two linear pieces the share of each, counted anyway, tells the mean exactly.
    if (isTwoPieces(activation)) return;
    for (const value of z.dataSync()) {
      if (!Number.isFinite(value)) continue;
      this.derivativeSum += activation.derivative(value);
      this.derivativeCount++;
    }
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
    const kernel = weights.find(({ fanIn }) => fanIn !== null);
    const z = this.preActivation?.pooled();
    if (activation === null || kernel === undefined || z === undefined || z.count === z.nonFinite) return null;
    const nominal = nominalStandardDeviation(kernel.initializer, kernel.value.shape);
    if (nominal === null) return null;
    const q = z.m2 / (z.count - z.nonFinite) + z.mean ** 2;
    return meanFieldGain(activation, kernel.fanIn! * nominal ** 2, q);
  }

  /** Units whose output was 0 throughout. */
  silentUnits(): number[] {
    if (this.call.structural || this.call.activation === null) return [];
    const { zeros, count } = this.output;
    return indicesWhere(zeros.length, (unit) => count[unit] > 0 && zeros[unit] === count[unit]);
  }

  /** The measured part of the layer's report. `samples` is the number of samples shown to `addOutput`. */
  report(samples: number, provedDead: ReadonlySet<number>): Omit<LayerReport, 'weights' | 'gradient'> {
    const { call } = this;
    const { name, className, inputs, activation, units, outputShape, parameters, trainable, role, jsonPath } = call;
    const rank = this.signal.effectiveRank();
    const derivative = this.meanDerivative;
    return {
      name,
      className,
      inputs,
      activation: activation?.name ?? null,
      units,
      outputShape,
      parameters,
      trainable,
      role,
      jsonPath,
      silentUnits: this.silentUnits(),
      dead: activation?.family === 'relu' ? this.deadUnits(samples, provedDead) : null,
      output: statistics(this.output, this.outputHistogram, units !== null),
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
        meanSquare: this.signal.meanSquare,
        effectiveRank: rank?.rank ?? null,
        maximumRank: rank?.maximum ?? null,
        expectedGain: this.expectedGain,
      },
      unknown: call.unknown,
    };
  }

  /** Grades of dead units; formulas and sources in docs/rules.md#dead-relu. */
  private deadUnits(samples: number, provedDead: ReadonlySet<number>): DeadUnits {
    const { activeSamples, mean } = this.output;
    const units = activeSamples.length;
    const silent = (unit: number): boolean => activeSamples[unit] === 0;
    const proved = indicesWhere(units, (unit) => provedDead.has(unit));
    const confident = indicesWhere(units, (unit) => silent(unit) && !provedDead.has(unit));
    const suspected = indicesWhere(units, (unit) => !silent(unit) && activeSamples[unit] < 0.01 * samples);
    const layerMean = sum(mean) / units;
    const dormant = indicesWhere(
      units,
      (unit) => activeSamples[unit] >= 0.01 * samples && mean[unit] <= 0.025 * layerMean,
    );
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
 * Upper 95 % confidence bound of the probability that a unit is active when none of `units` units was active in
 * `samples` samples: `1 - (0.05/units)^(1/samples)`, about `ln(units/0.05)/samples` (Jovanovic and Levy 1997, with
 * Bonferroni's correction for several units).
 */
export function activeAtMost(samples: number, units: number): number {
  return -Math.expm1(Math.log(0.05 / units) / samples);
}

/** Whether the activation consists of two linear pieces that meet at 0. */
function isTwoPieces({ name, range }: Activation): boolean {
  return ['linear', 'leaky_relu', 'prelu'].includes(name) || (name === 'relu' && range[1] === Infinity);
}

const indicesWhere = (length: number, test: (index: number) => boolean): number[] =>
  Array.from({ length }, (_, index) => index).filter(test);

const sum = (values: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
};

function unitsLast(tensor: Tensor, axis: number): Tensor {
  if (axis === -1 || axis === tensor.rank - 1) return tensor;
  const order = tensor.shape.map((_, i) => i).filter((i) => i !== axis);
  return transpose(tensor, [...order, axis]);
}

function statistics(units: UnitAccumulator, histogram: Histogram, perUnit: boolean): Statistics {
  const total = units.pooled();
  const finite = total.count - total.nonFinite;
  const known = (value: number): number | null => (finite > 0 ? value : null);
  const perUnitKnown = (values: ArrayLike<number>): (number | null)[] =>
    Array.from(values, (value, unit) => (units.count[unit] > units.nonFinite[unit] ? value : null));
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
    perUnit: !perUnit
      ? null
      : {
          activeSamples: Array.from(units.activeSamples),
          mean: perUnitKnown(units.mean),
          standardDeviation: perUnitKnown(
            Array.from(units.m2, (m2, unit) => Math.sqrt(m2 / (units.count[unit] - units.nonFinite[unit]))),
          ),
          minimum: perUnitKnown(units.minimum),
          maximum: perUnitKnown(units.maximum),
          zeroShare: Array.from(units.zeros, (zeros, unit) =>
            units.count[unit] === 0 ? 0 : zeros / units.count[unit],
          ),
          nonFinite: Array.from(units.nonFinite),
        },
  };
}
