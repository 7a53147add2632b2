/**
 * learning-rate-too-high: a few steps at the saved learning rate kill units, or drive the loss up.
 *
 * Measured on copies: one and five steps of the saved optimiser at a ladder of rates, counting ReLU units that fall silent
 * (theory: one large step pushes a bias so low that the unit never fires again). Reported only when the saved network
 * shows the harm itself (units are dead now, or its loss is no better than that of a fresh copy) or has not
 * been trained and those steps do not lower the loss on its labels, or silence a quarter of the units; never of one that has learned. Without labels, of an
 * untrained network only when the steps multiply the loss of the very batch that they descend on and smaller ones lower it: such
 * steps overshoot whatever the labels are. Before training, inputs far from unit scale make every
 * usual step too large: there unnormalized-input speaks. So does vanishing-signal where initial weights lose the signal on its way:
 * a step of any size drowns it.
 */

import { formatCount, formatFactor, formatNumber, formatPlural, formatShare } from '../../report/format';
import type { LearningRateLadder } from '../../report/report';
import { adaptiveOptimizer } from '../fixes/adaptiveOptimizer';
import { clipGradients } from '../fixes/clipGradients';
import { lowerLearningRate } from '../fixes/lowerLearningRate';
import { finding, hasLearned, isUntrained, type Measurement, type Rule } from './rule';
import { unnormalizedInput } from './unnormalizedInput';
import { vanishingSignal } from './vanishingSignal';

/** Share of the units at risk that five steps must silence. */
const KILLED_SHARE = 0.05;
/** Share of a layer's units that must be dead in the saved network, or of all units that five steps must silence although the loss falls. */
const DEAD_SHARE = 0.25;
/** Factor by which the loss must rise in five steps. */
const RISE = 3;

export const learningRateTooHigh: Rule = {
  id: 'learning-rate-too-high',
  judge(measurement) {
    const ladder = measurement.experiments.learningRates;
    const rate = ladder?.configuredRate ?? null;
    if (ladder === null || rate === null) return [];
    const at = ladder.rates.find((entry) => entry.rate === rate)!;
    const killedShare = ladder.unitsAtRisk === 0 ? 0 : at.newlySilentAfterFive / ladder.unitsAtRisk;
    const { highestSafeRate: safe } = ladder;
    const loss = measurement.probe.backward.loss?.value ?? null;
    const before = at.lossBefore;
    const rises = before !== null && (at.lossAfterFive === null || at.lossAfterFive > RISE * before);
    const overshoots = rises && ladder.rates.some((entry) => entry.rate < rate && falls(entry));
    const untrained = isUntrained(measurement);
    if (untrained && unnormalizedInput.judge(measurement).some(({ severity }) => severity !== 'information')) return [];
    if (vanishingSignal.judge(measurement).some(({ cause }) => cause?.id === 'initialization')) return [];
    const harmed = untrained
      ? ladder.labels === 'given'
        ? !falls(at) || killedShare >= DEAD_SHARE
        : overshoots
      : hasDeadLayer(measurement);
    const kills = killedShare >= KILLED_SHARE && safe !== null && safe < rate && harmed;
    const diverges =
      before !== null &&
      (ladder.labels === 'given' ? rises && loss !== null && !(loss < 0.9 * before) : untrained && overshoots);
    if ((!kills && !diverges) || hasLearned(measurement)) return [];
    const training = measurement.model.training;
    const name = training?.optimizer ?? ladder.optimizer;
    return [
      finding('learning-rate-too-high', {
        severity: 'warning',
        layer: null,
        title: kills ? `rate ${formatNumber(rate)} kills units` : `the loss rises at rate ${formatNumber(rate)}`,
        confidence: {
          grade: ladder.labels === 'given' ? 'high' : 'moderate',
          text: ladder.labels === 'given' ? 'tried on a copy' : 'tried on a copy, random labels',
        },
        measured: [
          ...(kills
            ? [
                `In a copy, five ${name} steps at the saved rate ${formatNumber(rate)} silence ${formatPlural(at.newlySilentAfterFive, 'unit')} of ${formatCount(ladder.unitsAtRisk)} (${formatShare(killedShare)}).`,
                `Up to ${formatNumber(safe)} none fall silent.`,
              ]
            : []),
          ...(diverges
            ? [
                at.lossAfterFive === null
                  ? `Five ${name} steps at the saved rate ${formatNumber(rate)} make the loss infinite.`
                  : `Five ${name} steps at the saved rate ${formatNumber(rate)} raise the loss ${formatFactor(at.lossAfterFive / before)}.`,
              ]
            : []),
        ],
        cause: {
          id: 'learning-rate',
          title: 'The step is too large',
          explanation: 'The same copy takes smaller steps without harm.',
        },
        why: kills
          ? 'One large step can push a bias so low that its unit never fires again.'
          : 'A loss that rises from the start does not come down by training longer.',
        advice: kills
          ? 'First train again with a rate at which no unit falls silent.'
          : 'First train again with a rate at which the loss falls.',
        evidence: {
          rate,
          highestSafeRate: safe,
          newlySilentAfterFive: at.newlySilentAfterFive,
          unitsAtRisk: ladder.unitsAtRisk,
          lossBefore: before,
          lossAfterFive: at.lossAfterFive,
        },
        suggestions: [
          lowerLearningRate(training, gentlest(ladder, rate)),
          ...(adaptiveOptimizer(training) === null ? [] : [adaptiveOptimizer(training)!]),
          clipGradients(),
        ],
      }),
    ];
  },
};

/** The highest rate below the saved one up to which no unit falls silent and the loss falls; null where no rate tried is. */
function gentlest({ rates, highestSafeRate }: LearningRateLadder, saved: number): number | null {
  const firstHarmful = rates.findIndex(
    (entry) => entry.rate >= saved || entry.rate > (highestSafeRate ?? 0) || !falls(entry),
  );
  return firstHarmful > 0 ? rates[firstHarmful - 1].rate : null;
}

/** Whether the loss is lower after the steps: then what they silenced was not missed. */
const falls = ({ lossBefore, lossAfterFive }: LearningRateLadder['rates'][number]): boolean =>
  lossBefore !== null && lossAfterFive !== null && lossAfterFive < lossBefore;

const hasDeadLayer = ({ layers }: Measurement): boolean =>
  layers.some(
    ({ dead, units, role }) =>
      role === 'hidden' &&
      dead !== null &&
      units !== null &&
      dead.proved.length + dead.confident.length >= DEAD_SHARE * units,
  );
