import type { Finding, Severity } from '../../report/report';
import { deadRelu } from './deadRelu';
import { explodingGradient } from './explodingGradient';
import { explodingSignal } from './explodingSignal';
import { learningRateTooHigh } from './learningRateTooHigh';
import { symmetricUnits } from './symmetricUnits';
import { outputActivationMismatch } from './outputActivationMismatch';
import { unnormalizedInput } from './unnormalizedInput';
import { lowRank } from './lowRank';
import { notZeroCentered } from './notZeroCentered';
import { nonFinite } from './nonFinite';
import { poorInitialization } from './poorInitialization';
import type { Questions } from '../experiment/experiment';
import { isUntrained, type Measurement, type Rule } from './rule';
import { saturatedActivation } from './saturatedActivation';
import { vanishingGradient } from './vanishingGradient';
import { vanishingSignal } from './vanishingSignal';

/** In the order of their weight: among findings of equal severity the earlier rule comes first. */
export const RULES: readonly Rule[] = [
  nonFinite,
  deadRelu,
  explodingSignal,
  explodingGradient,
  vanishingSignal,
  vanishingGradient,
  saturatedActivation,
  poorInitialization,
  symmetricUnits,
  learningRateTooHigh,
  outputActivationMismatch,
  unnormalizedInput,
  lowRank,
  notZeroCentered,
];

const ORDER: readonly Severity[] = ['error', 'warning', 'information'];

/** All findings, worst first. */
export function judge(measurement: Measurement): Finding[] {
  const broken = nonFinite.judge(measurement);
  // Where numbers are not finite, every other measurement is about what is left of them.
  const findings = broken.length > 0 ? broken : RULES.flatMap((rule) => rule.judge(measurement));
  return [...findings].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}

const FLOW_RULES = new Set(['vanishing-signal', 'exploding-signal', 'vanishing-gradient', 'exploding-gradient']);

/** Which experiments would say more about what was measured. */
export function openQuestions(measurement: Measurement): Questions {
  const findings = judge(measurement);
  const { layers, probe, model } = measurement;
  return {
    dead: findings.some(({ rule, severity }) => rule === 'dead-relu' && severity !== 'information'),
    // Copies are measured from layer to layer, not from step to step.
    flow: findings.some(({ rule, evidence }) => FLOW_RULES.has(rule) && evidence['steps'] === undefined),
    zeroGradient: layers.some(({ gradient, role }) => role === 'hidden' && gradient?.outputRms === 0),
    rate: model.training?.learningRate != null && (probe.backward.loss !== null || isUntrained(measurement)),
  };
}
