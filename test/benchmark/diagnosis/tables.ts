import type { RuleId } from '../../../src/report/report';
import type { Diagnosis } from './jobs';
import type { NetworkSpec } from './networkSpec';
import { PEERS } from './peers/peers';
import { causeScore, CAUSES, overallScores, ruleScores, type LabelledVerdict, type Verdict } from './scores';
import { wilsonInterval, type Proportion } from './wilson';

/** One network with everything that was said of it. */
export interface Judged {
  readonly spec: NetworkSpec;
  /** The specification's labels and what was measured. */
  readonly labels: NetworkSpec['labels'];
  /** By seed 0 and by another seed, then again by seed 0 for some. */
  readonly diagnoses: readonly Diagnosis[];
  readonly peers: Readonly<Record<string, Verdict>>;
}

export const OURS = 'Activation Diagnostics';

export const RULES: readonly RuleId[] = [
  'dead-relu',
  'vanishing-gradient',
  'vanishing-signal',
  'exploding-gradient',
  'exploding-signal',
  'saturated-activation',
  'non-finite',
  'poor-initialization',
  'symmetric-units',
  'not-zero-centered',
  'unnormalized-input',
  'output-activation-mismatch',
  'learning-rate-too-high',
  'low-rank',
];

export const verdictOf = ({ findings }: Diagnosis): Verdict => ({
  rules: [...new Set(findings.map(({ rule }) => rule))],
});

export function ours(networks: readonly Judged[]): readonly LabelledVerdict[] {
  return networks.map(({ labels, diagnoses }) => ({ labels, verdict: verdictOf(diagnoses[0]) }));
}

function theirs(networks: readonly Judged[], peer: string): readonly LabelledVerdict[] {
  return networks.map(({ labels, peers }) => ({ labels, verdict: peers[peer] }));
}

/** `0.97 (65/67), 0.90 to 0.99`; a dash where nothing was counted. */
export function formatProportion(proportion: Proportion): string {
  const { successes, total } = proportion;
  if (total === 0) return '–';
  const [low, high] = wilsonInterval(proportion).map((bound) => bound.toFixed(2));
  return `${(successes / total).toFixed(2)} (${successes}/${total}), ${low} to ${high}`;
}

/** A Markdown table with its columns aligned, so that it reads well on a terminal too. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: readonly string[]): string => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join('\n');
}

export function overallTable(networks: readonly Judged[]): string {
  const row = (name: string, cases: readonly LabelledVerdict[]): string[] => {
    const { recall, specificity, rightRule } = overallScores(cases);
    return [name, ...[recall, specificity, rightRule].map(formatProportion)];
  };
  return formatTable([
    ['Tool', 'Recall', 'Specificity', 'Recall by the right rule'],
    row(OURS, ours(networks)),
    ...PEERS.map(({ name }) => row(name, theirs(networks, name))),
  ]);
}

export function ruleTable(networks: readonly Judged[]): string {
  const rows = RULES.map((rule) => {
    const { recall, specificity } = ruleScores(ours(networks), rule);
    return [`\`${rule}\``, formatProportion(recall), formatProportion(specificity)];
  });
  return formatTable([['Rule', 'Recall', 'Specificity'], ...rows]);
}

export function peerRuleTable(networks: readonly Judged[]): string {
  // The combined SageMaker row would only repeat its parts.
  const rows = PEERS.filter(({ name }) => !name.includes('all of these')).flatMap(({ name, checks }) => {
    const rules = [...new Set(checks.flatMap(({ rule }) => rule ?? []))];
    return rules.map((rule) => {
      const { recall, specificity } = ruleScores(theirs(networks, name), rule);
      return [name, `\`${rule}\``, formatProportion(recall), formatProportion(specificity)];
    });
  });
  return formatTable([['Tool', 'As our rule', 'Recall', 'Specificity'], ...rows]);
}

export function causeTable(networks: readonly Judged[]): string {
  const cases = networks.map(({ labels, diagnoses }) => ({ labels, findings: diagnoses[0].findings }));
  const rows = CAUSES.map((cause) => [cause, formatProportion(causeScore(cases, cause))]);
  return formatTable([['Cause', 'Named rightly'], ...rows]);
}

/** How far the report depends on the seed. */
export function determinism(networks: readonly Judged[]): {
  readonly sameSeed: Proportion;
  readonly otherSeed: Proportion;
} {
  const repeated = networks.filter(({ diagnoses }) => diagnoses.length > 2);
  const rules = (diagnosis: Diagnosis): string => [...verdictOf(diagnosis).rules].sort().join();
  const share = (among: readonly Judged[], same: (judged: Judged) => boolean): Proportion => ({
    successes: among.filter(same).length,
    total: among.length,
  });
  return {
    sameSeed: share(repeated, ({ diagnoses }) => diagnoses[0].reportHash === diagnoses[2].reportHash),
    otherSeed: share(networks, ({ diagnoses }) => rules(diagnoses[0]) === rules(diagnoses[1])),
  };
}

export function determinismTable(networks: readonly Judged[]): string {
  const { sameSeed, otherSeed } = determinism(networks);
  return formatTable([
    ['Run again', 'Networks'],
    ['Same seed: the same report, byte for byte', formatProportion(sameSeed)],
    ['Another seed: warnings by the same rules', formatProportion(otherSeed)],
  ]);
}
