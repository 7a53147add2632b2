/** What happens within recurrent layers, from time step to time step, in the form that the rules of flow share. */

import { formatFactor, formatNumber, formatPlural } from '../../report/format';
import type { Cause, Finding, LayerReport, Recurrence } from '../../report/report';
import { clipGradients } from '../fixes/clipGradients';
import { orthogonalRecurrence } from '../fixes/orthogonalRecurrence';
import { finding, isUntrained, type Measurement } from './rule';

interface Recurrent {
  readonly layer: LayerReport;
  readonly recurrence: Recurrence;
}

export function recurrentLayers({ layers }: Measurement): Recurrent[] {
  return layers.flatMap((layer) => (layer.recurrence === null ? [] : [{ layer, recurrence: layer.recurrence }]));
}

/** Whether gates decide how much of the state is kept: losing what is old is what they are for. */
export const isGated = ({ className }: LayerReport): boolean => /LSTM|GRU/.test(className);

/** Over many steps the factor itself may be too large for a number. */
const factorOf = (log: number): string => (log < 300 ? formatFactor(10 ** log) : `1e${Math.round(log)}×`);

/** The gradient of one layer grows from the last step to the first; `log` is log10 of the factor. */
export function explodingWithin(
  recurrent: Recurrent,
  log: number,
  perStep: number,
  severity: Finding['severity'],
  measurement: Measurement,
): Finding {
  const factor = factorOf(log);
  return growth('exploding-gradient', recurrent, severity, measurement, {
    title: `gradient grows ${factor} over time`,
    measured: `the gradient grows ${factor} from the last step to the first: ${formatFactor(perStep)} per step on average.`,
    why: 'The first steps of a sequence decide every update, and a longer sequence ends in infinities.',
    evidence: { log10Change: log, perStep },
  });
}

/** The state of one layer grows by `factor` from the first step to the last. */
export function growingWithin(
  recurrent: Recurrent,
  factor: number,
  severity: Finding['severity'],
  measurement: Measurement,
): Finding {
  const { steps, state } = recurrent.recurrence;
  const perStep = factor ** (1 / (steps - 1));
  return growth('exploding-signal', recurrent, severity, measurement, {
    title: `state grows ${formatFactor(factor)} over time`,
    measured: `the root mean square of the state grows from ${formatNumber(state!.first)} to ${formatNumber(state!.last)}: ${formatFactor(perStep)} per step on average.`,
    why: 'Huge states saturate what comes after them, make every step of training too large, and end in infinities.',
    evidence: { factor, perStep },
  });
}

/** What both kinds of growth have in common: their cause is the recurrent kernel, and so is their cure. */
function growth(
  rule: 'exploding-gradient' | 'exploding-signal',
  { layer, recurrence: { steps } }: Recurrent,
  severity: Finding['severity'],
  measurement: Measurement,
  told: Pick<Finding, 'title' | 'why' | 'evidence'> & { readonly measured: string },
): Finding {
  return finding(rule, {
    severity,
    layer: layer.name,
    title: told.title,
    confidence: { grade: 'high', text: `over ${formatPlural(measurement.probe.backward.samples, 'sample')}` },
    measured: [`Within the layer, over ${formatPlural(steps, 'step')}, ${told.measured}`],
    cause: largeRecurrence(layer, measurement),
    why: told.why,
    advice: 'First make the recurrent weights smaller.',
    evidence: { steps, ...told.evidence },
    suggestions: [orthogonalRecurrence(layer), clipGradients()],
  });
}

/** The gradient of one layer shrinks from the last step to the first; `log` is log10 of the factor, null where nothing is left. */
export function vanishingWithin(
  { layer, recurrence }: Recurrent,
  log: number | null,
  perStep: number,
  measurement: Measurement,
): Finding {
  // Steps after which a hundredth is left.
  const reach = Math.max(1, Math.round(Math.log(100) / -Math.log(perStep)));
  return finding('vanishing-gradient', {
    severity: 'information',
    layer: layer.name,
    title: log === null ? 'no gradient reaches the first step' : `gradient shrinks ${factorOf(-log)} over time`,
    confidence: { grade: 'high', text: `over ${formatPlural(measurement.probe.backward.samples, 'sample')}` },
    measured: [
      log === null
        ? `Within the layer, over ${formatPlural(recurrence.steps, 'step')}, nothing is left of the gradient on its way from the last step to the first.`
        : `Within the layer, over ${formatPlural(recurrence.steps, 'step')}, the gradient shrinks ${factorOf(-log)} from the last step to the first: a step keeps ${formatNumber(perStep)} of it on average, so a hundredth is left after ${formatPlural(reach, 'step')}.`,
    ],
    cause: null,
    why: 'What happened long before the end of a sequence hardly changes the weights. Where only the recent past matters, this does no harm.',
    advice: isGated(layer)
      ? 'First check whether the task needs a longer memory.'
      : 'Where the task needs a longer memory, take an LSTM or GRU.',
    evidence: { steps: recurrence.steps, log10Change: log, perStep },
  });
}

/** Standard deviation of the recurrent kernel, over that of an orthogonal matrix of its size; null where it is not known. */
function recurrentScale({ weights }: LayerReport): number | null {
  const kernel = weights.find(({ name }) => name === 'recurrent_kernel');
  if (kernel?.standardDeviation == null || kernel.mean === null || kernel.shape.length !== 2) return null;
  return Math.hypot(kernel.standardDeviation, kernel.mean) * Math.sqrt(kernel.shape[0]);
}

function largeRecurrence(layer: LayerReport, measurement: Measurement): Cause | null {
  const scale = recurrentScale(layer);
  if (scale === null || scale < 1.5) return null;
  return {
    id: isUntrained(measurement) ? 'initialization' : 'weights',
    title: 'The recurrent weights are too large',
    explanation: `The recurrent kernel is ${formatFactor(scale)} as large as an orthogonal one, which keeps the size of a state, and every step multiplies by it.`,
  };
}
