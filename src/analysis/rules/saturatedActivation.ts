/**
 * saturated-activation: a hidden layer of sigmoid, tanh or the like works where its derivative is near 0.
 *
 * Judged by `E[phi'(z)] / max phi'`, the share of the best possible derivative that back-propagation multiplies by:
 * measured 0.05 on a saturated tanh network, 0.17 or more on every healthy trained sigmoid and tanh network tried. The
 * share of units beyond a fixed argument (SageMaker, DeepDiagnosis) separates badly, since healthy trained tanh networks
 * have many, and raw E[phi'] cannot be compared between sigmoid (at most 1/4) and tanh (at most 1). Output layers are
 * left out: a confident classifier saturates there by design. So are the gates of recurrent cells. A network that has learned
 * what it was given labels for may switch its units hard: one grade milder. So is a saturation that weights of ordinary size
 * and the large values of a synthetic probe make: nobody knows how large the real ones are.
 */

import { formatNumber, formatPlural, formatShare } from '../../report/format';
import type { Cause, LayerReport } from '../../report/report';
import { activation } from '../../report/activations';
import { batchNormalization } from '../fixes/batchNormalization';
import { glorotInitialization } from '../fixes/glorotInitialization';
import { normalizeInputs } from '../fixes/normalizeInputs';
import { replaceSaturating } from '../fixes/replaceSaturating';
import { NetworkGraph } from '../../report/networkGraph';
import { finding, hasLearned, hiddenLayers, isSynthetic, milder, type Rule } from './rule';

const WARNING_SHARE = 0.1;
const ERROR_SHARE = 0.05;

export const saturatedActivation: Rule = {
  id: 'saturated-activation',
  judge(measurement) {
    const graph = NetworkGraph.of(measurement.layers);
    return hiddenLayers(measurement).flatMap((layer) => {
      const { derivative } = layer;
      const saturates = layer.activation !== null && activation(layer.activation)?.family === 'saturating';
      if (!saturates || derivative === null || derivative.share >= WARNING_SHARE) return [];
      const severity = derivative.share < ERROR_SHARE ? 'error' : 'warning';
      const producer = graph.producerOf(layer) ?? layer;
      const cause = causeOf(producer, graph);
      const maybeProbe = cause?.id === 'input-scale' && isSynthetic(measurement);
      const spread = layer.preActivation?.standardDeviation ?? null;
      return finding('saturated-activation', {
        severity: maybeProbe || hasLearned(measurement) ? milder(severity) : severity,
        layer: layer.name,
        title: `${layer.activation} is saturated`,
        confidence: {
          grade: maybeProbe ? 'moderate' : 'high',
          text: `over ${formatPlural(measurement.probe.samples, 'sample')}${maybeProbe ? ' of synthetic noise; give real data to be sure' : ''}`,
        },
        measured: [
          `The mean derivative is ${formatNumber(derivative.mean)}, ${formatShare(derivative.share)} of the largest possible ${formatNumber(derivative.maximum)}; healthy layers keep 17% or more.`,
          ...(spread === null
            ? []
            : [
                `Its arguments have mean ${formatNumber(layer.preActivation!.mean)} and standard deviation ${formatNumber(spread)}.`,
              ]),
        ],
        cause,
        why: `Back-propagation multiplies by this derivative: the layers before learn ${formatNumber(1 / Math.max(derivative.share, 1e-9))} times more slowly than they could.`,
        advice: 'First make the arguments smaller: initialise with Xavier, or normalise before the activation.',
        evidence: { meanDerivative: derivative.mean, maximumDerivative: derivative.maximum, share: derivative.share },
        suggestions: [
          ...(inputScale(producer, graph) > 3 ? [normalizeInputs()] : []),
          glorotInitialization(producer),
          batchNormalization(producer),
          replaceSaturating(producer),
        ],
      });
    });
  },
};

/** Root mean square of what the layer consumes; 1 where it is not known. */
function inputScale(producer: LayerReport, graph: NetworkGraph): number {
  const before = graph.inputsOf(producer)[0];
  return before?.signal?.meanSquare == null ? 1 : Math.sqrt(before.signal.meanSquare);
}

function causeOf(producer: LayerReport, graph: NetworkGraph): Cause | null {
  const kernel = producer.weights.find(({ fanIn }) => fanIn !== null);
  if (kernel?.standardDeviation == null || kernel.fanIn === null) return null;
  const target = Math.sqrt(2 / (kernel.fanIn + (kernel.fanOut ?? kernel.fanIn)));
  const ratio = kernel.standardDeviation / target;
  if (ratio > 2) {
    return {
      id: 'weights',
      title: 'The weights are large',
      explanation: `The kernel has standard deviation ${formatNumber(kernel.standardDeviation)}, ${formatNumber(ratio)} times that of Xavier (${formatNumber(target)}).`,
    };
  }
  const scale = inputScale(producer, graph);
  if (scale > 3) {
    return {
      id: 'input-scale',
      title: 'The inputs of the layer are large',
      explanation: `Their root mean square is ${formatNumber(scale)}; the kernel is of ordinary size.`,
    };
  }
  return null;
}
