/**
 * exploding-signal: the outputs grow from layer to layer.
 *
 * Judged by the variance across samples of the hidden layers, relative to the first one (at least 1, so that small
 * inputs brought to an ordinary size do not look like growth): healthy networks stay within a factor of 10^0.6, exploding
 * ones exceed 10^10 (82 labelled networks).
 */

import { formatFactor, formatNumber, formatPlural } from '../../report/format';
import type { FlowPoint } from '../../report/flow';
import type { Finding, LayerReport } from '../../report/report';
import { flowCause } from './causes';
import { forwardFlows } from '../../report/trunk';
import { flowFixes } from './flowFixes';
import { finding, type Measurement, type Rule } from './rule';
import { growingWithin, recurrentLayers } from './withinLayer';

const WARNING_FACTOR = 1e4;
const ERROR_FACTOR = 1e6;
/** Root mean square of a recurrent layer's state at its last step over the first: one that adds up its inputs over a thousand steps stays below. */
const STATE_WARNING_FACTOR = 1e4;
const STATE_ERROR_FACTOR = 1e6;

export const explodingSignal: Rule = {
  id: 'exploding-signal',
  judge: (measurement) => [...judgeLayers(measurement), ...judgeSteps(measurement)],
};

function judgeSteps(measurement: Measurement): Finding[] {
  return recurrentLayers(measurement).flatMap((recurrent) => {
    const { first, last } = recurrent.recurrence.state ?? { first: 1, last: 0 };
    // Small states brought to an ordinary size are no growth.
    if (!(last / Math.max(first, 1) > STATE_WARNING_FACTOR)) return [];
    const severity = last / Math.max(first, 1) > STATE_ERROR_FACTOR ? 'error' : 'warning';
    return [growingWithin(recurrent, last / first, severity, measurement)];
  });
}

/** What the signal gains on the way to a layer. */
interface Growth {
  readonly first: FlowPoint;
  readonly largest: FlowPoint;
  readonly between: readonly LayerReport[];
  /** Of the variances, with the reference at least 1. */
  readonly factor: number;
}

function growthAtEnd(flow: readonly FlowPoint[]): Growth {
  const [first, largest] = [flow[0], flow[flow.length - 1]];
  return { first, largest, between: flow.map(({ layer }) => layer), factor: largest.value / Math.max(first.value, 1) };
}

function judgeLayers(measurement: Measurement): Finding[] {
  const growths = forwardFlows(measurement).map(growthAtEnd);
  const greatest = growths.reduce<Growth | null>((a, b) => (a === null || b.factor > a.factor ? b : a), null);
  if (greatest === null) return [];
  const { first, largest, between, factor } = greatest;
  if (!(factor > WARNING_FACTOR)) return [];
  const layer = largest.layer;
  const stretch = { from: first.layer, to: layer, layers: between };
  const change = Math.log10(largest.value / first.value);
  const cause = flowCause(measurement, stretch, 'forward', change);
  return [
    finding('exploding-signal', {
      severity: factor > ERROR_FACTOR ? 'error' : 'warning',
      layer: layer.name,
      title: `signal grows ${formatFactor(largest.value / first.value)}`,
      confidence: { grade: 'high', text: `over ${formatPlural(measurement.probe.samples, 'sample')}` },
      measured: [
        `The variance across samples is ${formatNumber(first.value)} at ${first.layer.name} and ${formatNumber(largest.value)} at ${layer.name}.`,
      ],
      cause,
      why: 'Huge outputs saturate what comes after them, make every step too large, and end in infinities.',
      advice: 'First make the weights smaller or normalise between the layers.',
      evidence: { factor, largest: largest.value, first: first.value },
      suggestions: flowFixes(measurement, stretch, 'forward', change, cause),
    }),
  ];
}
