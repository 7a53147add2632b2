/**
 * exploding-gradient: the back-propagated signal grows on its way to the first layers.
 *
 * Judged like vanishing-gradient, relative to the hidden layer nearest to the output: healthy networks stay below a
 * factor of 10 over the whole depth, exploding ones exceed 1e5; beyond 1e3 no learning rate suits all layers. The same
 * thresholds hold within a recurrent layer, from its last step to its first (Pascanu et al. 2013, arXiv:1211.5063).
 */

import { formatFactor, formatNumber, formatPlural } from '../../report/format';
import { clipGradients } from '../fixes/clipGradients';
import { flowCause } from './causes';
import type { Finding, LayerReport } from '../../report/report';
import type { FlowPoint } from '../../report/flow';
import { backwardFlows } from '../../report/trunk';
import { flowFixes } from './flowFixes';
import { explodingWithin, recurrentLayers } from './withinLayer';
import { finding, type Measurement, type Rule } from './rule';

const WARNING_FACTOR = 1e3;
const ERROR_FACTOR = 1e5;

export const explodingGradient: Rule = {
  id: 'exploding-gradient',
  judge: (measurement) => [
    ...backwardFlows(measurement).flatMap((flows) => judgeFlows(flows, measurement)),
    ...recurrentLayers(measurement).flatMap((recurrent) => {
      const { log10Change: log, perStep } = recurrent.recurrence.gradient ?? { log10Change: null, perStep: 0 };
      if (log === null || !(log > Math.log10(WARNING_FACTOR))) return [];
      const severity = log > Math.log10(ERROR_FACTOR) ? 'error' : 'warning';
      return [explodingWithin(recurrent, log, perStep, severity, measurement)];
    }),
  ],
};

/** What the gradient gains on its way to a layer. */
interface Growth {
  readonly largest: FlowPoint;
  readonly smallest: FlowPoint;
  /** From the one to the other. */
  readonly between: readonly LayerReport[];
  readonly factor: number;
}

function growthAtStart(flow: readonly FlowPoint[]): Growth {
  const [largest] = flow;
  const smallest = flow.reduce((a, b) => (b.value > 0 && b.value < a.value ? b : a));
  const between = flow.slice(0, flow.indexOf(smallest) + 1).map(({ layer }) => layer);
  return { largest, smallest, between, factor: largest.value === 0 ? 1 : largest.value / smallest.value };
}

function judgeFlows(flows: readonly (readonly FlowPoint[])[], measurement: Measurement): Finding[] {
  const growths = flows.map(growthAtStart);
  const { largest, smallest, between, factor } = growths.reduce((a, b) => (b.factor > a.factor ? b : a));
  if (!(factor > WARNING_FACTOR)) return [];
  const layer = largest.layer;
  const log = Math.log10(factor);
  const stretch = { from: layer, to: smallest.layer, layers: between };
  const cause = flowCause(measurement, stretch, 'backward', log);
  return [
    finding('exploding-gradient', {
      severity: factor > ERROR_FACTOR ? 'error' : 'warning',
      layer: layer.name,
      alsoIn: growths
        .filter((growth) => growth.largest.layer !== layer && growth.factor > WARNING_FACTOR)
        .map((growth) => growth.largest.layer.name),
      title: `gradient grows ${formatFactor(factor)}`,
      confidence: { grade: 'high', text: `over ${formatPlural(measurement.probe.backward.samples, 'sample')}` },
      measured: [
        `The gradient is ${formatNumber(smallest.value)} per sample at ${smallest.layer.name} and ${formatNumber(largest.value)} at ${layer.name}, ${formatFactor(factor)} more.`,
      ],
      cause,
      why: 'A learning rate that suits the last layers throws the first ones far off, and one that suits the first leaves the last unchanged.',
      advice: 'First make the weights smaller or normalise between the layers.',
      evidence: { factor, largest: largest.value, smallest: smallest.value, smallestLayer: smallest.layer.name },
      suggestions: [...flowFixes(measurement, stretch, 'backward', log, cause), clipGradients()],
    }),
  ];
}
