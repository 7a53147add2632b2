/**
 * vanishing-gradient: the back-propagated signal shrinks on its way to the first layers.
 *
 * Judged by the norm of dLoss/d(output) per sample, relative to the best-fed hidden layer behind: with a random
 * cotangent on the logits, log10 of its total change lies between -0.4 and +1 for healthy networks and below -4 for
 * vanishing ones. Absolute thresholds (SageMaker and DeepDiagnosis: mean |g| < 1e-7) move with the loss and the batch;
 * ratios of kernel gradients are blind in bias-free homogeneous networks (Du, Hu and Lee 2018, arXiv:1806.00900); and a
 * trained model near a minimum has uniformly small gradients, which is no fault. Where a gradient is exactly 0
 * (zero-initialised last layers, Fixup, zero-gamma), a copy takes one small step first and is judged by what it measures then.
 */

import { formatFactor, formatNumber, formatPlural } from '../../report/format';
import type { Finding, LayerReport } from '../../report/report';
import { flowCause } from './causes';
import type { FlowPoint } from '../../report/flow';
import { backwardFlows } from '../../report/trunk';
import { geometricMean } from './weightCauses';
import { flowFixes } from './flowFixes';
import { isGated, recurrentLayers, vanishingWithin } from './withinLayer';
import { finding, type Measurement, type Rule } from './rule';

const WARNING_LOG = -2.5;
const ERROR_LOG = -4;
/** log10 of the change within a recurrent layer, from its last step to its first, that is mentioned; of one with gates, whose state is to fade. */
const STEPS_LOG = -4;
const GATED_LOG = -12;
/** What a step of a layer with gates keeps at most where that is mentioned. */
const GATED_STEP = 0.5;

export const vanishingGradient: Rule = {
  id: 'vanishing-gradient',
  judge: (measurement) => [
    ...backwardFlows(measurement).flatMap((flows) => judgeFlows(flows, measurement)),
    ...recurrentLayers(measurement).flatMap((recurrent) => {
      const { gradient } = recurrent.recurrence;
      if (gradient === null) return [];
      const { log10Change: log, perStep } = gradient;
      const gated = isGated(recurrent.layer);
      if (log !== null && !(log < (gated ? GATED_LOG : STEPS_LOG))) return [];
      if (gated && !(perStep < GATED_STEP)) return [];
      return [vanishingWithin(recurrent, log, perStep, measurement)];
    }),
  ],
};

/** What the gradient loses on its way to a layer. */
interface Loss {
  readonly worst: FlowPoint;
  readonly best: FlowPoint;
  /** From the one to the other. */
  readonly between: readonly FlowPoint[];
  /** 1 where nothing came to be lost. */
  readonly ratio: number;
}

function lossAtStart(flow: readonly FlowPoint[]): Loss {
  const [worst] = flow;
  const best = flow.reduce((a, b) => (b.value > a.value ? b : a));
  const between = flow.slice(0, flow.indexOf(best) + 1);
  return { worst, best, between, ratio: best.value === 0 ? 1 : worst.value / best.value };
}

function judgeFlows(flows: readonly (readonly FlowPoint[])[], measurement: Measurement): Finding[] {
  const points = flows.map(([own]) => own);
  if (healsInOneStep(points, measurement)) return [];
  const losses = flows.map(lossAtStart);
  const { worst, best, between, ratio } = losses.reduce((a, b) => (b.ratio < a.ratio ? b : a));
  const log = Math.log10(ratio);
  if (!(log < WARNING_LOG)) return [];
  const passed = between.map(({ layer }) => layer);
  const step = steepest(between);
  const first = worst.layer;
  const stretch = { from: first, to: best.layer, layers: passed };
  const cause = flowCause(measurement, stretch, 'backward', log);
  return [
    finding('vanishing-gradient', {
      severity: log < ERROR_LOG ? 'error' : 'warning',
      layer: first.name,
      alsoIn: losses
        .filter((loss) => loss.worst.layer !== first && Math.log10(loss.ratio) < WARNING_LOG)
        .map((loss) => loss.worst.layer.name),
      title: ratio === 0 ? 'no gradient arrives' : `gradient shrinks ${formatFactor(1 / ratio)}`,
      confidence: { grade: 'high', text: `over ${formatPlural(measurement.probe.backward.samples, 'sample')}` },
      measured: [
        ratio === 0
          ? `The gradient that arrives at ${first.name} is exactly 0; at ${best.layer.name} it is ${formatNumber(best.value)} per sample.`
          : `The gradient is ${formatNumber(best.value)} per sample at ${best.layer.name} and ${formatNumber(worst.value)} at ${first.name}, ${formatFactor(1 / ratio)} less.`,
        ...(step === null
          ? []
          : [`The largest loss in one step is ${formatFactor(step.factor)}, from ${step.from} to ${step.to}.`]),
        ...expectation(passed, log),
      ],
      cause,
      why: 'Layers that get hardly any gradient do not learn: only the last ones train.',
      advice: 'First mend the cause above, then measure again.',
      evidence: {
        log10Ratio: ratio === 0 ? null : log,
        worst: worst.value,
        best: best.value,
        bestLayer: best.layer.name,
      },
      suggestions: flowFixes(measurement, stretch, 'backward', log, cause),
    }),
  ];
}

/**
 * Whether every gradient that is exactly 0 is no longer lost after one small step. Without that experiment, gradients behind
 * an all-zero kernel get the benefit of the doubt.
 */
function healsInOneStep(flow: readonly FlowPoint[], { layers, experiments }: Measurement): boolean {
  const zero = flow.filter(({ value }) => value === 0);
  if (zero.length === 0) return false;
  const after = experiments.afterOneStep;
  if (after === null) return layers.some(hasZeroKernel);
  const norm = ({ layer }: FlowPoint): number => {
    const rms = after.layers.find(({ name }) => name === layer.name)?.gradientRms ?? 0;
    return rms * Math.sqrt(layer.outputShape.reduce((a, b) => a * b, 1));
  };
  const best = Math.max(...flow.map(norm));
  // The step is small, and so is what it lets through: any gradient that float32 holds well will grow with training.
  return zero.every((point) => norm(point) > 1e-8 * best);
}

const hasZeroKernel = ({ weights }: LayerReport): boolean =>
  weights.some(({ name, fanIn, zeroShare }) => zeroShare === 1 && (fanIn !== null || name === 'gamma'));

/** The pair of neighbouring points between which most is lost backwards, when it is a good part of the whole. */
function steepest(flow: readonly FlowPoint[]): { from: string; to: string; factor: number } | null {
  let best: { from: string; to: string; factor: number } | null = null;
  for (let i = 0; i + 1 < flow.length; i++) {
    const factor = flow[i + 1].value / flow[i].value;
    if (Number.isFinite(factor) && factor > (best?.factor ?? 10)) {
      best = { from: flow[i + 1].layer.name, to: flow[i].layer.name, factor };
    }
  }
  return best;
}

/**
 * What theory expects of the layers that the gradient passes, beside what was measured: the mean-field gain of each layer's
 * activation and configured initialiser, and for sigmoid layers the bound by their derivative, which is at most 1/4.
 */
function expectation(layers: readonly LayerReport[], log: number): string[] {
  const passed = layers.slice(1);
  if (passed.length < 2 || !Number.isFinite(log)) return [];
  const gains = passed.flatMap(({ signal }) => signal?.expectedGain ?? []);
  const gain = gains.length === passed.length ? geometricMean(gains) : null;
  const sigmoids = passed.filter(({ activation: name }) => name === 'sigmoid').length;
  return [
    `That is ${formatFactor(10 ** (log / passed.length))} per layer on average${gain === null ? '' : `; mean-field theory expects ${formatFactor(Math.sqrt(gain))} of their activations and initialisers`}.`,
    ...(sigmoids < 2
      ? []
      : [
          `The derivative of a sigmoid, at most 1/4, bounds ${sigmoids} layers by ${formatNumber(0.25 ** sigmoids)}, weights left out of account.`,
        ]),
  ];
}
