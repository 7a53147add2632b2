/** The rows of the detail's table: what was measured about a layer beside what is expected of it. */

import { formatCount, formatNumber, formatShare } from '../report/format';
import { gradientNorm, usualRange } from '../report/flow';
import { concerns, deadCount, isAccused, nonFiniteCount } from '../report/health';
import type { LayerReport, Report, RuleId, WeightReport } from '../report/report';
import { TEXT, type Term } from './strings';

export interface Fact {
  readonly term: Term;
  /** The weight that the fact is about: its name stands before the term's label, the note behind the explanation. */
  readonly subject: { readonly name: string; readonly note: string } | null;
  readonly measured: string;
  readonly expected: string;
  /** Set where a finding says so. */
  readonly off: 'low' | 'high' | null;
}

/** Facts in the order of the forward pass; what was not measured has no row. */
export function layerFacts(report: Report, layer: LayerReport): Fact[] {
  const accused = (...rules: RuleId[]): boolean => isAccused(report, layer, rules);
  const facts: Fact[] = [];
  const add = (
    term: Term,
    measured: string,
    expected = '',
    off: Fact['off'] = null,
    subject: Fact['subject'] = null,
  ): void => void facts.push({ term, subject, measured, expected, off });

  const fresh = report.experiments.fresh?.layers.find(({ name }) => name === layer.name) ?? null;
  const nonFinite = nonFiniteCount(layer);
  if (nonFinite > 0) {
    const total = (layer.output?.count ?? 0) + (layer.preActivation?.count ?? 0);
    add('nonFinite', TEXT.outOf(nonFinite, total), '0', 'high');
  }
  const dead = deadCount(layer);
  if (dead !== null) {
    const expected = fresh === null ? '0' : TEXT.inFresh(formatNumber(fresh.silentUnits));
    add('deadUnits', TEXT.outOf(dead.dead, dead.units), expected, accused('dead-relu') ? 'high' : null);
  }
  const { output, signal, derivative, gradient } = layer;
  if (output !== null && output.mean !== null) {
    add('output', TEXT.meanSpread(formatNumber(output.mean), formatNumber(output.standardDeviation)));
  }
  if (signal?.variance != null) {
    const range = layer.role === 'hidden' ? usualRange(report.layers, 'forward') : null;
    const off = accused('vanishing-signal', 'exploding-signal') ? sideOf(signal.variance, range) : null;
    add('signalVariance', formatNumber(signal.variance), written(range), off);
  }
  if (signal?.effectiveRank != null) {
    const most = signal.maximumRank === null ? '' : TEXT.atMost(formatCount(signal.maximumRank));
    add('rank', formatNumber(signal.effectiveRank), most, accused('low-rank') ? 'low' : null);
  }
  if (derivative !== null) {
    const off = accused('saturated-activation') ? 'low' : null;
    add(
      'meanSlope',
      `${formatNumber(derivative.mean)} (${formatShare(derivative.share)})`,
      TEXT.atMost(formatNumber(derivative.maximum)),
      off,
    );
  }
  const norm = gradientNorm(layer);
  if (norm !== null) {
    const range = usualRange(report.layers, 'backward');
    const off = accused('vanishing-gradient', 'exploding-gradient') ? sideOf(norm, range) : null;
    add('outputGradient', formatNumber(norm), written(range), off);
    add('gradientRms', formatNumber(gradient?.outputRms ?? null));
  }
  const gain = gradientGain(report.layers, layer);
  if (gain !== null) {
    add('gain', formatNumber(gain), signal?.expectedGain == null ? '' : formatNumber(signal.expectedGain));
  }
  for (const weight of layer.weights) addWeight(weight);
  const kernel = (gradient?.loss?.weights ?? gradient?.weights ?? []).find(({ name }) => name.endsWith('kernel'));
  const rate = report.model.training?.learningRate ?? null;
  if (kernel?.ratio != null) {
    // A random cotangent has no scale of its own, so only the loss's gradient gives the size of a step.
    if (gradient?.loss != null && rate !== null) add('updateRatio', formatNumber(rate * kernel.ratio), '1e-3');
    else add('gradientRatio', formatNumber(kernel.ratio));
  }
  return facts;

  function addWeight(weight: WeightReport): void {
    if (weight.name.endsWith('bias')) {
      if (weight.mean !== null) add('biasMean', formatNumber(weight.mean));
      return;
    }
    if (!weight.name.endsWith('kernel') || weight.standardDeviation === null) return;
    const { standardDeviation, nominalStandardDeviation: nominal, initializer, name } = weight;
    const measured = formatNumber(standardDeviation);
    const subject = {
      name: name.replaceAll('_', ' '),
      note: initializer === null ? '' : TEXT.drawnBy(initializer.className),
    };
    const scale = initialScale(report, layer);
    if (scale === null) add('weightSpread', measured, nominal === null ? '' : formatNumber(nominal), null, subject);
    // An initialiser that does not fit the activation cannot say what to expect.
    else add('weightSpread', measured, '', scale < 1 ? 'low' : 'high', subject);
  }
}

const written = (range: readonly [number, number] | null): string =>
  range === null ? '' : TEXT.fromTo(formatNumber(range[0]), formatNumber(range[1]));

const sideOf = (value: number, range: readonly [number, number] | null): 'low' | 'high' | null =>
  range === null ? null : value < range[0] ? 'low' : value > range[1] ? 'high' : null;

/**
 * `(norm before / norm after)^2`, the measured counterpart of chi. Null unless the layer has one input, which feeds no
 * other layer: only then is the gradient at that input this layer's doing alone.
 */
function gradientGain(layers: readonly LayerReport[], layer: LayerReport): number | null {
  const [source, ...others] = layer.inputs;
  if (source === undefined || others.length > 0) return null;
  if (layers.filter(({ inputs }) => inputs.includes(source)).length !== 1) return null;
  const feeding = layers.find(({ name }) => name === source);
  const before = feeding === undefined ? null : gradientNorm(feeding);
  const after = gradientNorm(layer);
  return before === null || after === null || after === 0 ? null : (before / after) ** 2;
}

/** Spread of the kernels over the one that fits, of the network's worst; null where no finding calls this layer's initialisation poor. */
function initialScale({ findings }: Report, { name }: LayerReport): number | null {
  const accusing = findings.find((finding) => finding.rule === 'poor-initialization' && concerns(finding, name));
  const scale = accusing?.evidence.worstScale;
  return typeof scale === 'number' ? scale : null;
}

/** "94% not above 0", "94% exactly 0", "0.21 ± 0.4": the line under a histogram. */
export function distributionNote(layer: LayerReport, which: 'pre' | 'post'): string {
  const statistics = which === 'pre' ? layer.preActivation : layer.output;
  if (statistics === null) return '';
  if (statistics.nonFinite > 0) return TEXT.notFinite(statistics.nonFinite);
  if (layer.dead !== null) {
    return which === 'pre'
      ? TEXT.notAbove(formatShare(1 - statistics.positiveShare))
      : TEXT.exactlyZero(formatShare(statistics.zeroShare));
  }
  return TEXT.meanSpread(formatNumber(statistics.mean), formatNumber(statistics.standardDeviation));
}
