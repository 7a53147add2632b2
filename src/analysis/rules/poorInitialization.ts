/**
 * poor-initialization: kernels that still look as they were drawn, drawn at a size that does not fit their activation.
 *
 * A layer of fan-in n passes on the mean square of its input times n Var[W] / g, with g = 2 for the ReLU family (He et
 * al. 2015, arXiv:1502.01852) and 1 otherwise (Glorot and Bengio 2010; LeCun et al. 1998). What counts is the product over
 * the layers: one small kernel does little harm, ten multiply. Trained weights are not judged as initialisation: only
 * kernels whose bias is still constant and whose spread is still that of the saved initialiser. Layers in front of a
 * normalisation are left out, since it undoes the scale, and so are residual branches, which may be small on purpose (Fixup).
 */

import { formatFactor, formatNumber } from '../../report/format';
import type { LayerReport } from '../../report/report';
import { batchNormalization } from '../fixes/batchNormalization';
import { fittingInitialization } from '../fixes/initialization';
import { kernelScale } from './weightCauses';
import { NetworkGraph } from '../../report/networkGraph';
import { finding, hiddenLayers, type Rule } from './rule';

/** log10 of the product of the gains of mean squares that is too small, too large. */
const TOO_SMALL_LOG = -2.5;
const TOO_LARGE_LOG = 2.3;
/** A kernel this many times off counts as one of those that are at fault. */
const OFF = 2;

export const poorInitialization: Rule = {
  id: 'poor-initialization',
  judge(measurement) {
    const graph = NetworkGraph.of(measurement.layers);
    const drawn = hiddenLayers(measurement).flatMap((layer) => {
      if (!looksInitial(layer) || feedsNormalization(layer, graph) || graph.isBypassed(layer)) return [];
      const activation = activationBehind(layer, graph);
      const scale = kernelScale(layer, activation);
      return scale === null || scale === 0 ? [] : [{ layer: { ...layer, activation }, scale }];
    });
    const off = drawn.filter(({ scale }) => scale > OFF || scale < 1 / OFF);
    if (off.length === 0) return [];
    const log = off.reduce((sum, { scale }) => sum + 2 * Math.log10(scale), 0);
    if (log > TOO_SMALL_LOG && log < TOO_LARGE_LOG) return [];
    const small = log < 0;
    const worst = off.reduce((a, b) => (Math.abs(Math.log(b.scale)) > Math.abs(Math.log(a.scale)) ? b : a));
    const kernel = worst.layer.weights.find(({ fanIn }) => fanIn !== null)!;
    const target = kernel.standardDeviation! / worst.scale;
    const times = small ? 1 / worst.scale : worst.scale;
    const method = fittingInitialization(worst.layer);
    return [
      finding('poor-initialization', {
        severity: Math.abs(log) > 4 ? 'error' : 'warning',
        layer: worst.layer.name,
        alsoIn: off.filter((other) => other !== worst).map(({ layer }) => layer.name),
        title: `weights drawn ${formatFactor(times)} too ${small ? 'small' : 'large'}`,
        confidence: { grade: 'high', text: 'computed from the weights' },
        measured: [
          `The kernel of ${worst.layer.name} has standard deviation ${formatNumber(kernel.standardDeviation)}; with ${formatNumber(kernel.fanIn)} inputs per unit ${formatNumber(target)} would keep the signal's size.`,
          `${off.length === 1 ? 'There' : `Over ${off.length} such layers`} the mean square of the signal changes by a factor of ${formatNumber(10 ** log)}.`,
        ],
        cause: {
          id: 'initialization',
          title: 'Never trained, or hardly',
          explanation: 'Their biases are still constant, as they were drawn.',
        },
        why: small
          ? 'A signal that shrinks at every layer leaves the last ones nothing to learn from, and the first ones no gradient.'
          : 'A signal that grows at every layer saturates activations and makes the first steps too large.',
        advice: `First: ${method.title.charAt(0).toLowerCase()}${method.title.slice(1)}.`,
        evidence: {
          layers: off.length,
          log10Gain: log,
          worstScale: worst.scale,
          standardDeviation: kernel.standardDeviation,
          target,
        },
        suggestions: [method, batchNormalization(worst.layer)],
      }),
    ];
  },
};

/** Whether the weights are as an initialiser leaves them: constant bias, spread within 30 % of what was asked for. */
function looksInitial({ weights }: LayerReport): boolean {
  const kernel = weights.find(({ fanIn }) => fanIn !== null);
  const bias = weights.find(({ name }) => name === 'bias');
  // Of a constant kernel symmetric-units speaks.
  if (!kernel?.standardDeviation) return false;
  // The kernel of a recurrent layer is one part of what makes its pre-activation, and holds all gates side by side.
  if (weights.some(({ name }) => /recurrent_kernel/.test(name))) return false;
  if (bias !== undefined && bias.standardDeviation !== 0) return false;
  const { nominalStandardDeviation: nominal } = kernel;
  if (nominal === null || nominal === 0) return bias !== undefined;
  const ratio = kernel.standardDeviation / nominal;
  return ratio > 0.7 && ratio < 1.3;
}

const feedsNormalization = (layer: LayerReport, graph: NetworkGraph): boolean =>
  graph.consumersOf(layer).some(({ className }) => /Normalization$/.test(className));

/** The activation that the layer's output meets: its own, or that of an activation layer right behind it. */
function activationBehind(layer: LayerReport, graph: NetworkGraph): string | null {
  if (layer.activation !== 'linear') return layer.activation;
  const next = graph.consumersOf(layer)[0];
  return next !== undefined && next.weights.every(({ fanIn }) => fanIn === null)
    ? (next.activation ?? layer.activation)
    : layer.activation;
}
