/**
 * symmetric-units: units of a layer that compute the same.
 *
 * Units with equal incoming weights get equal outputs; they stay equal when their outgoing weights are equal too, since
 * then their gradients are (Goodfellow et al., Deep Learning, section 8.4): an error. A kernel of one constant in front of
 * a random one is a warning: its units part slowly. A kernel of zeros there, and the zero-initialised last layer of a
 * residual branch, heal in one step and are not reported. Units that are equal although the kernel is not constant (copied
 * columns) are found by their statistics.
 */

import { formatCount, formatNumber, formatPlural } from '../../report/format';
import type { LayerReport, WeightReport } from '../../report/report';
import { fittingInitialization } from '../fixes/initialization';
import { NetworkGraph } from '../../report/networkGraph';
import { finding, hiddenLayers, type Rule } from './rule';

/** Share of a layer's units that must be copies of one another. */
const SHARE = 0.5;

export const symmetricUnits: Rule = {
  id: 'symmetric-units',
  judge(measurement) {
    const graph = NetworkGraph.of(measurement.layers);
    return hiddenLayers(measurement).flatMap((layer) => {
      const kernel = kernelOf(layer);
      if (kernel === undefined || layer.units! < 2) return [];
      const constant = kernel.standardDeviation === 0;
      const equal = constant ? layer.units! : largestGroup(layer);
      if (equal < 2 || equal < SHARE * layer.units!) return [];
      const lasting = constant && staysSymmetric(layer, graph);
      // A kernel of zeros in front of a random one heals in one step; nobody draws any other constant on purpose.
      if (constant && !lasting && kernel.mean === 0) return [];
      return finding('symmetric-units', {
        severity: constant && !lasting ? 'warning' : 'error',
        layer: layer.name,
        title: `${formatCount(equal)} of ${formatPlural(layer.units!, 'unit')} are equal`,
        confidence: { grade: 'proved', text: constant ? 'read off the weights' : 'equal on every sample' },
        measured: [
          constant
            ? `Every entry of the kernel is ${formatNumber(kernel.mean)}${lasting ? ', and the next kernel is constant too' : ''}: all ${formatPlural(layer.units!, 'unit')} compute the same.`
            : `${formatCount(equal)} units have exactly the same mean, spread, minimum and maximum over all samples.`,
        ],
        cause: {
          id: 'initialization',
          title: 'Equal initial weights',
          explanation: 'They were not drawn at random, so nothing tells the units apart.',
        },
        why:
          constant && !lasting
            ? 'Units that start equal learn nearly the same: the layer wastes most of its width.'
            : `Units that start equal get equal gradients and stay equal: the layer learns as if it had ${formatPlural(layer.units! - equal + 1, 'unit')}.`,
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

/** Size of the largest group of units that fire and have equal statistics; 0 where no two have. */
function largestGroup({ preActivation, output }: LayerReport): number {
  const statistics = (preActivation ?? output)?.perUnit;
  if (!statistics) return 0;
  const { mean, standardDeviation, minimum, maximum } = statistics;
  // A unit that never varies tells nothing about its weights.
  const varying = [...mean.keys()].filter((unit) => mean[unit] !== null && standardDeviation[unit]);
  // Hardly any are equal, which the order of their means tells many times as fast as groups of them.
  const means = new Float64Array(varying.map((unit) => mean[unit]!)).sort();
  if (!means.some((value, i) => value === means[i - 1])) return 0;
  const equal = grouped(varying, (unit) => mean[unit])
    .filter(({ length }) => length > 1)
    .flatMap((units) => grouped(units, (unit) => [standardDeviation[unit], minimum[unit], maximum[unit]].join()));
  return equal.reduce((largest, { length }) => Math.max(largest, length), 0);
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => unknown): T[][] {
  const groups = new Map<unknown, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

/** The kernels that consume the layer's output, looked for through layers without kernels. */
function nextKernels(layer: LayerReport, graph: NetworkGraph): WeightReport[] {
  return graph.consumersOf(layer).flatMap((next) => {
    const kernel = kernelOf(next);
    return kernel === undefined ? nextKernels(next, graph) : [kernel];
  });
}
