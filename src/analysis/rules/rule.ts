import type { Finding, LayerReport, Report, RuleId, Severity } from '../../report/report';

/** What a rule decides on: the measured part of the report, plain data. */
export type Measurement = Pick<Report, 'model' | 'probe' | 'layers' | 'experiments'>;

/** One diagnosis. Each stands in a file of its own, with its formula, thresholds and source in the head comment. */
export interface Rule {
  readonly id: RuleId;
  judge(measurement: Measurement): readonly Finding[];
}

/** What a rule states itself; the rest of a finding follows from it. */
export type Statement = Omit<Finding, 'rule' | 'documentation' | 'alsoIn' | 'suggestions' | 'message'> &
  Partial<Pick<Finding, 'alsoIn' | 'suggestions'>> & {
    /** The first thing to do, one sentence; it ends the finding's message. */
    readonly advice: string;
  };

export function finding(rule: RuleId, { advice, ...statement }: Statement): Finding {
  const { layer, measured, cause, why } = statement;
  const where = layer === null ? '' : `${layer}: `;
  const because = cause === null ? [] : [`${cause.title}: ${cause.explanation}`];
  return {
    alsoIn: [],
    suggestions: [],
    ...statement,
    rule,
    message: [where + measured.join(' '), ...because, why, advice].join(' '),
    documentation: `docs/rules.md#${rule}`,
  };
}

/** One grade less sure of its weight. */
export function milder(severity: Severity): Severity {
  return severity === 'error' ? 'warning' : 'information';
}

/** Whether the probe is random noise in place of images, on which healthy vision models keep many units silent. */
export function isImageNoise({ probe }: Measurement): boolean {
  return probe.inputs.some(({ source, shape }) => source === 'uniform' && shape.length === 3);
}

export const isSynthetic = ({ probe }: Measurement): boolean => probe.inputs.every(({ source }) => source !== 'data');

/** Whether no layer shows a trace of training: every bias is still constant. Without biases nobody can tell. */
export function isUntrained({ layers }: Measurement): boolean {
  const biases = layers.flatMap(({ weights }) => weights.filter(({ name }) => name === 'bias'));
  return biases.length > 0 && biases.every(({ standardDeviation }) => standardDeviation === 0);
}

/**
 * Whether the network has learned what it was given labels for: its loss is at most half of that of a freshly drawn copy.
 * False when it is not known, too. What such a network has may cost capacity but did not keep it from learning.
 */
export function hasLearned({ probe, experiments }: Measurement): boolean {
  const loss = probe.backward.loss?.value ?? null;
  const { labels, start, rates } = experiments.learningRates ?? {};
  const fresh = rates?.[0]?.lossBefore ?? null;
  return labels === 'given' && start === 'fresh' && loss !== null && fresh !== null && loss < 0.5 * fresh;
}

/** Layers that carry the signal from input to output: those with units, in execution order, output heads left out. */
export function hiddenLayers({ layers }: Measurement): readonly LayerReport[] {
  return layers.filter(({ role, units }) => role === 'hidden' && units !== null);
}
