/** Counts right and wrong verdicts, for the diagnosis and for its peers in the same way. */

import type { RuleId } from '../../../src/report/report';
import type { CauseLabel, NetworkSpec } from './networkSpec';
import type { Proportion } from './wilson';

/** What somebody says of one network. */
export interface Verdict {
  /** One entry for each warning or error; null for a warning that corresponds to none of our rules. */
  readonly rules: readonly (RuleId | null)[];
}

/** One network with its labels; what was measured when it was built has been added to `acceptable`. */
export interface LabelledVerdict {
  readonly labels: NetworkSpec['labels'];
  readonly verdict: Verdict;
}

/** From this share of silent units in some layer on, "dead units" is a true statement about any network. */
export const SILENT_SHARE_WORTH_SAYING = 0.1;

export function labelsWith(labels: NetworkSpec['labels'], silentShare: number): NetworkSpec['labels'] {
  if (silentShare < SILENT_SHARE_WORTH_SAYING) return labels;
  return { ...labels, acceptable: [...labels.acceptable, 'dead-relu'] };
}

export interface Scores {
  /** Sick networks with a warning of any kind. */
  readonly recall: Proportion;
  /** Healthy networks without a warning that is not true of them. */
  readonly specificity: Proportion;
  /** Sick networks with a warning by one of the rules that their label asks for. */
  readonly rightRule: Proportion;
}

const proportion = <T>(items: readonly T[], success: (item: T) => boolean): Proportion => ({
  successes: items.filter(success).length,
  total: items.length,
});

export function overallScores(cases: readonly LabelledVerdict[]): Scores {
  const sick = cases.filter(({ labels }) => labels.rules.length > 0);
  const healthy = cases.filter(({ labels }) => labels.rules.length === 0);
  return {
    recall: proportion(sick, ({ verdict }) => verdict.rules.length > 0),
    specificity: proportion(healthy, ({ labels, verdict }) => falseAlarms(labels, verdict).length === 0),
    rightRule: proportion(sick, ({ labels, verdict }) => labels.rules.some((rule) => verdict.rules.includes(rule))),
  };
}

/** Warnings that are neither asked for nor true. */
export function falseAlarms({ rules, acceptable }: NetworkSpec['labels'], verdict: Verdict): Verdict['rules'] {
  return verdict.rules.filter((rule) => rule === null || !(rules.includes(rule) || acceptable.includes(rule)));
}

/** Recall over the networks whose label asks for the rule, specificity over those of which it is not true. */
export function ruleScores(cases: readonly LabelledVerdict[], rule: RuleId): Pick<Scores, 'recall' | 'specificity'> {
  const wanted = cases.filter(({ labels }) => labels.rules.includes(rule));
  const unwanted = cases.filter(({ labels }) => !labels.rules.includes(rule) && !labels.acceptable.includes(rule));
  return {
    recall: proportion(wanted, ({ verdict }) => verdict.rules.includes(rule)),
    specificity: proportion(unwanted, ({ verdict }) => !verdict.rules.includes(rule)),
  };
}

/** A warning with the cause it names. */
export interface CausedFinding {
  readonly rule: RuleId;
  readonly cause: string | null;
}

const VANISHING: readonly RuleId[] = ['vanishing-gradient', 'vanishing-signal', 'saturated-activation'];
const EXPLODING: readonly RuleId[] = ['exploding-gradient', 'exploding-signal', 'non-finite'];

/** Which findings name the cause. */
const NAMES: Readonly<Record<CauseLabel, (finding: CausedFinding) => boolean>> = {
  'born-dead': ({ rule, cause }) => rule === 'dead-relu' && cause === 'born-dead',
  // A rate that is too high and drifting biases are how training kills units.
  'killed-in-training': ({ rule, cause }) =>
    rule === 'dead-relu' && ['killed-in-training', 'learning-rate', 'bias-drift'].includes(cause ?? ''),
  'vanishing-by-activation': ({ rule, cause }) => VANISHING.includes(rule) && cause === 'activation',
  'vanishing-by-initialization': ({ rule, cause }) =>
    rule === 'poor-initialization' || (VANISHING.includes(rule) && cause === 'initialization'),
  exploding: ({ rule }) => EXPLODING.includes(rule),
  'learning-rate': ({ rule, cause }) => rule === 'learning-rate-too-high' || cause === 'learning-rate',
};

export const CAUSES = Object.keys(NAMES) as readonly CauseLabel[];

export const namesCause = (findings: readonly CausedFinding[], cause: CauseLabel): boolean =>
  findings.some(NAMES[cause]);

/** Over all networks with that cause, found or not. */
export function causeScore(
  cases: readonly { readonly labels: NetworkSpec['labels']; readonly findings: readonly CausedFinding[] }[],
  cause: CauseLabel,
): Proportion {
  return proportion(
    cases.filter(({ labels }) => labels.cause === cause),
    ({ findings }) => namesCause(findings, cause),
  );
}
