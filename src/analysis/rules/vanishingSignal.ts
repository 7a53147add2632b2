/**
 * vanishing-signal: on their way forward the samples become indistinguishable.
 *
 * Judged by the variance across samples of the hidden layers' outputs, not by E[a²], which stays near 1/4 in a deep
 * sigmoid stack while all samples give the same output. Over 82 labelled networks log10 of last over first lies within
 * ±0.6 for healthy ones and below -8.7 for vanishing ones (theory: Poole et al. 2016, arXiv:1606.05340). The reference
 * is at most 1, so that large inputs squashed by a first bounded activation do not look like a loss.
 *
 * A ReLU network whose weights are a little too small shrinks the values and their differences alike: the samples can still
 * be told apart, and an adaptive optimiser copes (docs/rules.md). Where the variance keeps its share of E[a²], the
 * thresholds are higher.
 */

import { formatFactor, formatNumber, formatPlural } from '../../report/format';
import { flowCause } from './causes';
import { forwardFlows } from '../../report/trunk';
import type { FlowPoint } from '../../report/flow';
import type { LayerReport } from '../../report/report';
import { flowFixes } from './flowFixes';
import { finding, type Rule } from './rule';

const WARNING_LOG = -4;
const ERROR_LOG = -6;
/** The same where the samples can still be told apart. */
const SHRUNK_WARNING_LOG = -6;
const SHRUNK_ERROR_LOG = -10;
/** Variance over E[a²] from which on samples can be told apart; 1 less their correlation, about 9π²/(2 L²) after L ReLU layers (Hayou et al. 2019, arXiv:1902.06853): 0.1 after 20. */
const DISTINCT_SHARE = 0.01;

/** What is lost on the way to a layer since the signal was largest. */
interface Loss {
  readonly best: FlowPoint;
  readonly worst: FlowPoint;
  readonly between: readonly LayerReport[];
  /** Of the variances, with the reference at most 1; 1 where nothing came to be lost. */
  readonly ratio: number;
}

function lossAtEnd(flow: readonly FlowPoint[]): Loss {
  const worst = flow[flow.length - 1];
  const best = flow.reduce((a, b) => (b.value > a.value ? b : a));
  const between = flow.slice(flow.indexOf(best)).map(({ layer }) => layer);
  return { best, worst, between, ratio: best.value === 0 ? 1 : worst.value / Math.min(best.value, 1) };
}

export const vanishingSignal: Rule = {
  id: 'vanishing-signal',
  judge(measurement) {
    const losses = forwardFlows(measurement).map(lossAtEnd);
    const greatest = losses.reduce<Loss | null>((a, b) => (a === null || b.ratio < a.ratio ? b : a), null);
    if (greatest === null || greatest.best.value === 0) return [];
    const { best, worst, ratio } = greatest;
    const log = Math.log10(ratio);
    const meanSquare = worst.layer.signal?.meanSquare ?? null;
    const distinct = worst.value > 0 && meanSquare !== null && worst.value >= DISTINCT_SHARE * meanSquare;
    const [warningLog, errorLog] = distinct ? [SHRUNK_WARNING_LOG, SHRUNK_ERROR_LOG] : [WARNING_LOG, ERROR_LOG];
    if (!(log < warningLog)) return [];
    const layer = worst.layer;
    const stretch = { from: best.layer, to: layer, layers: greatest.between };
    const change = Math.log10(worst.value / best.value);
    const cause = flowCause(measurement, stretch, 'forward', change);
    return [
      finding('vanishing-signal', {
        severity: log < errorLog ? 'error' : 'warning',
        layer: layer.name,
        alsoIn: losses
          .filter((loss) => loss.worst.layer !== layer && Math.log10(loss.ratio) < warningLog)
          .map((loss) => loss.worst.layer.name),
        title: ratio === 0 ? 'all samples look the same' : `signal shrinks ${formatFactor(best.value / worst.value)}`,
        confidence: { grade: 'high', text: `over ${formatPlural(measurement.probe.samples, 'sample')}` },
        measured: [
          ratio === 0
            ? `The output of ${layer.name} is the same for every sample; at ${best.layer.name} its variance across samples is ${formatNumber(best.value)}.`
            : `The variance across samples is ${formatNumber(best.value)} at ${best.layer.name} and ${formatNumber(worst.value)} at ${layer.name}.`,
        ],
        cause,
        why: distinct
          ? 'Samples can still be told apart, but so small a signal is drowned by biases, and the gradient shrinks with it: training is slow, above all without an adaptive optimiser.'
          : 'Layers behind this point cannot tell one sample from another, so they have nothing to learn from.',
        advice: 'First mend the layers where it is lost, then measure again.',
        evidence: {
          log10Ratio: ratio === 0 ? null : log,
          worst: worst.value,
          best: best.value,
          bestLayer: best.layer.name,
          varianceShare: meanSquare === null || meanSquare === 0 ? null : worst.value / meanSquare,
        },
        suggestions: flowFixes(measurement, stretch, 'forward', change, cause),
      }),
    ];
  },
};
