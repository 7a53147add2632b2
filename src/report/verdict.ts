/** The sentences that sum a report up, for the panel's first line and the command line's first and last. */

import { formatCount, formatFactor, formatNumber, formatPlural, formatShare, shortName } from './format';
import { flowValues } from './flow';
import { deadCount } from './health';
import { backwardFlows } from './trunk';
import type { Finding, LayerReport, Report, RuleId, Severity } from './report';

export interface Verdict {
  readonly severity: Severity | 'healthy';
  /** "3 problems: dense_2 is 64% dead", "No problems found". */
  readonly headline: string;
  /** Number of errors and warnings. */
  readonly problems: number;
  /** Number of findings that are information only. */
  readonly notes: number;
}

export function verdict(report: Report): Verdict {
  const notes = report.findings.filter(({ severity }) => severity === 'information').length;
  const problems = report.findings.length - notes;
  const first =
    report.findings.find(({ severity }) => severity === 'error') ??
    report.findings.find(({ severity }) => severity === 'warning');
  if (first === undefined && passedChecks(report).length === 0) {
    return { severity: 'information', headline: 'Nothing could be judged', problems, notes };
  }
  if (first === undefined) {
    const forwardOnly = report.probe.backward.source === 'none';
    const headline = forwardOnly ? 'No problems found in the forward pass' : 'No problems found';
    return { severity: 'healthy', headline, problems, notes };
  }
  const headline = `${formatPlural(problems, 'problem')}: ${summary(report, first)}`;
  return { severity: first.severity, headline, problems, notes };
}

/** "3 problems, 1 note"; empty for a report without findings. */
export function findingCounts({ problems, notes }: Pick<Verdict, 'problems' | 'notes'>): string {
  return [problems > 0 && formatPlural(problems, 'problem'), notes > 0 && formatPlural(notes, 'note')]
    .filter((part) => part !== false)
    .join(', ');
}

function summary(report: Report, finding: Finding): string {
  const layer = report.layers.find(({ name }) => name === finding.layer);
  const dead = layer === undefined ? null : deadCount(layer);
  if (finding.rule === 'dead-relu' && layer !== undefined && dead !== null && finding.alsoIn.length === 0) {
    return `${shortName(layer.name)} is ${formatShare(dead.dead / dead.units)} dead`;
  }
  return finding.layer === null ? lowerFirst(finding.title) : `${lowerFirst(finding.title)} in ${place(finding)}`;
}

/** "dense_2", "dense_2 and dense_3", "dense_2 and 4 more layers". */
export function place(finding: Finding): string {
  const others = finding.alsoIn.filter((name) => name !== finding.layer);
  if (finding.layer === null) return 'the whole network';
  if (others.length === 0) return shortName(finding.layer);
  if (others.length === 1) return `${shortName(finding.layer)} and ${shortName(others[0])}`;
  return `${shortName(finding.layer)} and ${formatCount(others.length)} more layers`;
}

/** Lower-cases a sentence's first letter unless its first word is written in capitals (NaN, ReLU, SGD). */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z]*\b/.test(text) && !/^NaN\b/.test(text) ? text[0].toLowerCase() + text.slice(1) : text;
}

export interface PassedCheck {
  readonly rule: RuleId;
  readonly title: string;
  /** What was measured, a few words. */
  readonly detail: string;
}

/**
 * What was measured and found in order, with the numbers. A rule that has a finding or that is in `ignored` is left
 * out, and so is one whose quantity could not be measured: a check is listed only if it could have failed.
 */
export function passedChecks(report: Report, ignored: readonly RuleId[] = []): PassedCheck[] {
  const silent = new Set([...ignored, ...report.findings.map(({ rule }) => rule)]);
  return CHECKS.flatMap(({ rule, title, measure }) => {
    if (silent.has(rule)) return [];
    const detail = measure(report);
    return detail === null ? [] : [{ rule, title, detail }];
  });
}

interface Check {
  readonly rule: RuleId;
  readonly title: string;
  /** Null when the quantity was not measured. */
  readonly measure: (report: Report) => string | null;
}

const CHECKS: readonly Check[] = [
  {
    rule: 'dead-relu',
    title: 'Dead units',
    measure: ({ layers }) => {
      const counts = layers.map(deadCount).filter((count) => count !== null);
      if (counts.length === 0) return null;
      const sum = (key: 'dead' | 'units'): number => counts.reduce((total, count) => total + count[key], 0);
      return `${formatCount(sum('dead'))} of ${formatPlural(sum('units'), 'unit')} in ${formatPlural(counts.length, 'layer')}`;
    },
  },
  {
    rule: 'vanishing-gradient',
    title: 'Vanishing gradient',
    measure: (report) => gradientChange(report, 'shrinks'),
  },
  {
    rule: 'exploding-gradient',
    title: 'Exploding gradient',
    measure: (report) => gradientChange(report, 'grows'),
  },
  {
    rule: 'vanishing-signal',
    title: 'Signal strength',
    measure: ({ layers }) => {
      const values = flowValues(hidden(layers), 'forward').filter((value) => value !== null);
      return values.length === 0 ? null : `variance ${range(values)} in the hidden layers`;
    },
  },
  {
    rule: 'saturated-activation',
    title: 'Saturation',
    measure: ({ layers }) => {
      const shares = hidden(layers)
        .filter(({ activation }) => activation !== null && SATURATING.has(activation))
        .map(({ derivative }) => derivative?.share)
        .filter((share) => share !== undefined);
      return shares.length === 0 ? null : `slope at least ${formatShare(Math.min(...shares))} of the best possible`;
    },
  },
  {
    rule: 'non-finite',
    title: 'Finite values',
    measure: ({ layers }) => {
      const values = layers.reduce((total, { output }) => total + (output?.count ?? 0), 0);
      const broken = layers.reduce((total, { output }) => total + (output?.nonFinite ?? 0), 0);
      return values === 0 || broken > 0 ? null : `${formatPlural(values, 'output value')}, all finite`;
    },
  },
  {
    rule: 'poor-initialization',
    title: 'Weights',
    measure: ({ layers }) => {
      const ratios = layers.flatMap(({ weights }) =>
        weights.flatMap(({ standardDeviation, nominalStandardDeviation }) =>
          standardDeviation !== null && nominalStandardDeviation !== null && nominalStandardDeviation > 0
            ? [standardDeviation / nominalStandardDeviation]
            : [],
        ),
      );
      if (ratios.length === 0) return null;
      return `spread ${range(ratios)} times what their initialisers give`;
    },
  },
];

const SATURATING: ReadonlySet<string> = new Set(['sigmoid', 'hard_sigmoid', 'tanh', 'softsign']);

const hidden = (layers: readonly LayerReport[]): LayerReport[] =>
  layers.filter(({ role, units }) => role === 'hidden' && units !== null);

/** The largest change that the rules of the gradient compare with their thresholds, over the flows that they judge. */
function gradientChange(report: Report, verb: 'shrinks' | 'grows'): string | null {
  const groups = backwardFlows(report)
    .map((flows) => flows.map((flow) => flow.map(({ value }) => value).filter((value) => value > 0)))
    .filter((flows) => flows.some((values) => values.length >= 2));
  if (groups.length === 0) return null;
  const changes = groups.flat().flatMap((values) => {
    if (values.length === 0) return [];
    return verb === 'shrinks' ? Math.max(...values) / values[0] : values[0] / Math.min(...values);
  });
  const change = formatFactor(Math.max(...changes));
  const where = groups.length === 1 ? 'hidden layers' : 'hidden layers that serve the same outputs';
  return change === '1×' ? `never ${verb} between ${where}` : `${verb} at most ${change} between ${where}`;
}

/** "0.21 to 0.29", or the one value that all have. */
function range(values: readonly number[]): string {
  const [low, high] = [formatNumber(Math.min(...values)), formatNumber(Math.max(...values))];
  return low === high ? low : `${low} to ${high}`;
}
