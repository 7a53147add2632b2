/**
 * symmetric-units: units of a layer that compute the same and, under gradient descent, go on doing so.
 *
 * Units with equal incoming weights get equal outputs; they stay equal when their outgoing weights are equal too, since
 * then their gradients are (Goodfellow et al., Deep Learning, section 8.4). So a kernel of one constant is reported only
 * where the next kernel is constant as well, and a zero-initialised last layer of a residual branch, which heals in one
 * step, is not. Units that are equal although the kernel is not constant (copied columns) are found by their statistics.
 */

import { formatCount, formatPlural } from '../../report/format';
import type { LayerReport, WeightReport } from '../../report/report';
import { fittingInitialization } from '../fixes/initialization';
import { NetworkGraph } from './network';
import { finding, hiddenLayers, type Rule } from './rule';

/** Share of a layer's units that must be copies of one another. */
const SHARE = 0.5;

export const symmetricUnits: Rule = {
  id: 'symmetric-units',
  judge(measurement) {
    const graph = new NetworkGraph(measurement.layers);
    return hiddenLayers(measurement).flatMap((layer) => {
      const kernel = kernelOf(layer);
      if (kernel === undefined || layer.units! < 2) return [];
      const constant = kernel.standardDeviation === 0;
      const equal = constant ? layer.units! : largestGroup(layer);
      if (equal < 2 || equal < SHARE * layer.units!) return [];
      if (constant && !staysSymmetric(layer, graph)) return [];
      return finding('symmetric-units', {
        severity: 'error',
        layer: layer.name,
        title: `${formatCount(equal)} of ${formatPlural(layer.units!, 'unit')} are equal`,
        confidence: { grade: 'proved', text: constant ? 'read off the weights' : 'equal on every sample' },
        measured: [
          constant
            ? `Every entry of the kernel is ${String(kernel.mean)}, and the next kernel is constant too: all ${formatPlural(layer.units!, 'unit')} compute the same.`
            : `${formatCount(equal)} units have exactly the same mean, spread, minimum and maximum over all samples.`,
        ],
        cause: {
          id: 'initialization',
          title: 'Equal initial weights',
          explanation: 'They were not drawn at random, so nothing tells the units apart.',
        },
        why: `Units that start equal get equal gradients and stay equal: the layer learns as if it had ${formatPlural(layer.units! - equal + 1, 'unit')}.`,
        advice: 'First draw the kernel at random.',
        evidence: { equalUnits: equal, units: layer.units, constantKernel: constant },
        suggestions: [fittingInitialization(layer)],
      });
    });
  },
};

/** Whether the units of a constant kernel will get equal gradients. */
function staysSymmetric(layer: LayerReport, graph: NetworkGraph): boolean {
  const next = nextKernels(layer, graph);
  return !graph.isBypassed(layer) && next.length > 0 && next.every(({ standardDeviation }) => standardDeviation === 0);
}

const kernelOf = ({ weights }: LayerReport): WeightReport | undefined => weights.find(({ fanIn }) => fanIn !== null);

/** Size of the largest group of units that fire and have equal statistics. */
function largestGroup({ preActivation, output }: LayerReport): number {
  const statistics = (preActivation ?? output)?.perUnit;
  if (!statistics) return 0;
  const groups = new Map<string, number>();
  statistics.mean.forEach((mean, unit) => {
    const { standardDeviation, minimum, maximum } = statistics;
    // A unit that never varies tells nothing about its weights.
    if (mean === null || !standardDeviation[unit]) return;
    const key = [mean, standardDeviation[unit], minimum[unit], maximum[unit]].join();
    groups.set(key, (groups.get(key) ?? 0) + 1);
  });
  return Math.max(0, ...groups.values());
}

/** The kernels that consume the layer's output, looked for through layers without kernels. */
function nextKernels(layer: LayerReport, graph: NetworkGraph): WeightReport[] {
  return graph.consumersOf(layer).flatMap((next) => {
    const kernel = kernelOf(next);
    return kernel === undefined ? nextKernels(next, graph) : [kernel];
  });
}
