/**
 * low-rank: the outputs of a hidden layer vary in hardly more than one direction, although its input varies in many.
 *
 * Effective rank: exp of the entropy of the normalised singular values of the centred outputs (Roy and Vetterli 2007). Deep
 * networks at initialisation squeeze all samples onto one line while norms and kernel gradients look healthy (Daneshmand
 * et al. 2020, arXiv:2003.01652). A trained classifier of K classes rightly ends with rank K - 1, and data of few
 * dimensions have few directions to begin with: so the rank is compared with the network's input side and with what its
 * outputs need. A bottleneck of few units is one on purpose, and what follows it has what it lets through. What
 * dead units leave is told by dead-relu.
 */

import { formatNumber, formatPlural } from '../../report/format';
import { batchNormalization } from '../fixes/batchNormalization';
import { fittingInitialization } from '../fixes/initialization';
import { RANK_SAMPLES } from '../measure/signalMeter';
import { deadRelu } from './deadRelu';
import { NetworkGraph } from '../../report/networkGraph';
import { finding, hiddenLayers, type Rule } from './rule';
import { vanishingSignal } from './vanishingSignal';

/** Rank at most this, where an earlier layer had at least that. */
const COLLAPSED = 2;
const RICH = 8;

export const lowRank: Rule = {
  id: 'low-rank',
  judge(measurement) {
    // Where the signal itself is lost, the rank is that of rounding errors.
    if (vanishingSignal.judge(measurement).length > 0) return [];
    const layers = hiddenLayers(measurement).filter(
      ({ signal }) => signal?.effectiveRank != null && signal.maximumRank !== null,
    );
    const outputs = measurement.layers.filter(({ role, units }) => role === 'output' && units !== null);
    // The probabilities of a softmax sum to 1; other outputs are free.
    const needed = Math.max(...outputs.map(({ units, activation }) => units! - (activation === 'softmax' ? 1 : 0)), 1);
    const graph = NetworkGraph.of(measurement.layers);
    const dying = deadRelu.judge(measurement).filter(({ severity }) => severity !== 'information');
    const bottlenecks = layers.filter((layer) => layer.signal!.maximumRank! < RICH && !graph.isBypassed(layer));
    for (const layer of layers) {
      const { effectiveRank: rank, maximumRank: maximum } = layer.signal!;
      // Without any variance there is no rank to speak of; that is a vanishing signal.
      if (!(rank! > 0 && rank! <= COLLAPSED && maximum! >= RICH && rank! < 0.75 * needed)) continue;
      if (dying.some((found) => found.layer === layer.name)) continue;
      const before = graph.ancestorsOf(layer);
      const narrowed = bottlenecks
        .filter((other) => other !== layer && before.has(other))
        .map((other) => graph.ancestorsOf(other));
      const richest = Math.max(
        ...layers
          .filter((other) => other !== layer && before.has(other) && !narrowed.some((way) => way.has(other)))
          .map(({ signal }) => signal!.effectiveRank!),
      );
      if (richest >= RICH) {
        return [
          finding('low-rank', {
            severity: 'warning',
            layer: layer.name,
            title: `rank ${formatNumber(rank)} of ${formatNumber(maximum)}`,
            confidence: {
              grade: 'high',
              text: `over ${formatPlural(Math.min(RANK_SAMPLES, measurement.probe.samples), 'sample')}`,
            },
            measured: [
              `The outputs of ${layer.name} vary in about ${formatPlural(Math.round(rank!), 'direction')} (effective rank ${formatNumber(rank)}) of ${formatNumber(maximum)} possible; an earlier layer has ${formatNumber(richest)}.`,
            ],
            cause: null,
            why: `Layers behind see nearly one number per sample, and the outputs would need at least ${formatNumber(needed)}.`,
            advice: 'First normalise between the layers or make the network less deep.',
            evidence: { effectiveRank: rank, maximumRank: maximum, richest, needed },
            suggestions: [batchNormalization(layer), fittingInitialization(layer)],
          }),
        ];
      }
    }
    return [];
  },
};
