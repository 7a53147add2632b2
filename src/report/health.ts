/** What the findings say about each layer. Judgement stays in the rules: nothing here looks at a threshold. */

import { formatCount, formatPlural, formatShare } from './format';
import type { Finding, LayerReport, Report, RuleId, Severity } from './report';

/** `unjudged` layers have nothing to judge (Flatten, Dropout) or could not be seen into. */
export type Health = 'error' | 'warning' | 'healthy' | 'unjudged';

export interface LayerHealth {
  readonly health: Health;
  /** A few words without the layer's name: "82 of 128 units are dead". */
  readonly reason: string;
  /** Indices in `report.findings` of what is said about this layer, worst first. */
  readonly findings: readonly number[];
}

export const RULE_NAMES: Readonly<Record<RuleId, string>> = {
  'dead-relu': 'dead units',
  'vanishing-gradient': 'vanishing gradient',
  'exploding-gradient': 'exploding gradient',
  'vanishing-signal': 'vanishing signal',
  'exploding-signal': 'exploding signal',
  'saturated-activation': 'saturated activation',
  'non-finite': 'values that are not finite',
  'poor-initialization': 'poor initialisation',
  'symmetric-units': 'symmetric units',
  'not-zero-centered': 'outputs not zero-centred',
  'unnormalized-input': 'input not normalised',
  'output-activation-mismatch': 'output activation does not fit',
  'learning-rate-too-high': 'learning rate too high',
  'low-rank': 'low rank',
};

const RANK: Readonly<Record<Severity, number>> = { error: 2, warning: 1, information: 0 };

export interface DeadCount {
  /** Proved or, with 95 % confidence, dead. */
  readonly dead: number;
  readonly units: number;
}

/** Dead units of a layer; null where its activation cannot die or it has no units. */
export function deadCount(layer: LayerReport): DeadCount | null {
  if (layer.dead === null || layer.units === null || layer.units === 0) return null;
  return { dead: layer.dead.proved.length + layer.dead.confident.length, units: layer.units };
}

/** Number of values in the layer's outputs and pre-activations that are NaN or infinite. */
export function nonFiniteCount(layer: LayerReport): number {
  return (layer.output?.nonFinite ?? 0) + (layer.preActivation?.nonFinite ?? 0);
}

/** Whether a finding speaks of the layer, first or among others. */
export function concerns(finding: Finding, layer: string): boolean {
  return finding.layer === layer || finding.alsoIn.includes(layer);
}

/** Whether an error or warning of one of `rules` speaks of the layer. */
export function isAccused({ findings }: Report, { name }: LayerReport, rules: readonly RuleId[]): boolean {
  return findings.some(
    (finding) => finding.severity !== 'information' && rules.includes(finding.rule) && concerns(finding, name),
  );
}

/** One entry per entry of `report.layers`. */
export function layerHealths(report: Report): LayerHealth[] {
  const about = new Map<string, number[]>();
  report.findings.forEach((finding, index) => {
    for (const name of new Set([finding.layer, ...finding.alsoIn])) {
      if (name === null) continue;
      const list = about.get(name);
      if (list === undefined) about.set(name, [index]);
      else list.push(index);
    }
  });
  return report.layers.map((layer) => {
    const indices = about.get(layer.name) ?? [];
    const findings = [...indices].sort((a, b) => RANK[report.findings[b].severity] - RANK[report.findings[a].severity]);
    const worst = findings.map((index) => report.findings[index]).find(({ severity }) => severity !== 'information');
    if (worst !== undefined) {
      return { health: worst.severity === 'error' ? 'error' : 'warning', reason: reasonIn(layer, worst), findings };
    }
    return { ...withoutProblem(layer), findings };
  });
}

/** A finding's title counts the units of its own layer; for the others the count is taken from them. */
function reasonIn(layer: LayerReport, finding: Finding): string {
  if (finding.layer === layer.name) return finding.title;
  const dead = deadCount(layer);
  if (finding.rule === 'dead-relu' && dead !== null) {
    return `${formatCount(dead.dead)} of ${formatPlural(dead.units, 'unit')} dead`;
  }
  return RULE_NAMES[finding.rule];
}

function withoutProblem(layer: LayerReport): Pick<LayerHealth, 'health' | 'reason'> {
  if (layer.role === 'opaque') return { health: 'unjudged', reason: 'cannot be seen into' };
  if (layer.role === 'input' || layer.output === null) return { health: 'unjudged', reason: 'nothing to judge' };
  if (layer.units === null && layer.activation === null) return { health: 'unjudged', reason: 'nothing to judge' };
  if (layer.role === 'output') return { health: 'healthy', reason: 'output layer, judged apart' };
  const dead = deadCount(layer);
  if (dead !== null && dead.dead > 0) {
    return { health: 'healthy', reason: `healthy, ${formatShare(dead.dead / dead.units)} dead` };
  }
  return { health: 'healthy', reason: 'healthy' };
}
