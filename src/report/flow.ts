/** The two signals that the flow charts show, layer by layer: the range that counts as usual, and what happens in words. */

import { formatFactor, formatShare, shortName } from './format';
import { NetworkGraph } from './networkGraph';
import type { LayerReport } from './report';

export type FlowDirection = 'forward' | 'backward';

/**
 * Factor on either side of the reference that counts as usual. Over 82 labelled networks the healthy ones stay within
 * 10^0.6 forward and 10^1 backward from end to end, the sick ones leave by more than 10^4: 10^1.5 lies well between.
 */
const USUAL_FACTOR = 10 ** 1.5;

/** A change between neighbouring layers that is worth naming on its own. */
const STEP = 10;

/**
 * Norm of dLoss/d(output) per sample, `rms * sqrt(size of one output)`; null where not measured. Well-scaled layers
 * pass it on unchanged whatever their widths, which the RMS per entry does not show.
 */
export function gradientNorm({ gradient, outputShape }: LayerReport): number | null {
  const rms = gradient?.outputRms ?? null;
  return rms === null ? null : rms * Math.sqrt(outputShape.reduce((product, size) => product * size, 1));
}

/** Variance across samples of each layer's output, or the norm of the gradient that arrives there; null where not measured. */
export function flowValues(layers: readonly LayerReport[], direction: FlowDirection): (number | null)[] {
  return layers.map((layer) => (direction === 'forward' ? (layer.signal?.variance ?? null) : gradientNorm(layer)));
}

/** Output layers whose activation bounds their variance: their forward value cannot be compared with the others'. */
export function standsApart(layer: LayerReport): boolean {
  return layer.role === 'output' && layer.activation !== null && BOUNDED_OUTPUT.has(layer.activation);
}

const BOUNDED_OUTPUT: ReadonlySet<string> = new Set(['softmax', 'log_softmax', 'sigmoid', 'hard_sigmoid', 'tanh']);

/** A layer of a flow with its value: variance across samples, or norm of the gradient. */
export interface FlowPoint {
  readonly layer: LayerReport;
  readonly value: number;
}

/**
 * Positive values of the hidden layers with units, over which the flow is judged; of every layer where those are fewer than
 * two. Of towers and heads side by side: the signals on the way to the layer behind the most others, the gradients of the most
 * layers that serve the same outputs.
 */
function judgedPoints(layers: readonly LayerReport[], direction: FlowDirection): FlowPoint[] {
  const points = flowValues(layers, direction).flatMap((value, index) => {
    const layer = layers[index];
    const apart = direction === 'forward' && standsApart(layer);
    return value === null || !(value > 0) || apart ? [] : [{ layer, value }];
  });
  const hidden = points.filter(({ layer }) => layer.role === 'hidden' && layer.units !== null);
  if (hidden.length < 2) return points;
  const graph = NetworkGraph.of(layers);
  const groups =
    direction === 'forward' ? hidden.map((end) => onTheWayTo(end, hidden, graph)) : graph.byOutputs(hidden);
  return [...groups.reduce((most, group) => (group.length > most.length ? group : most))];
}

/** The points on some way from an input to this one, itself included: what its signal is made of. */
export function onTheWayTo(end: FlowPoint, points: readonly FlowPoint[], graph: NetworkGraph): readonly FlowPoint[] {
  const before = graph.ancestorsOf(end.layer);
  return points.filter(({ layer }) => before.has(layer));
}

/** `[lowest, highest]` of the usual range around the layer where the signal enters; null with fewer than two positive values to compare. */
export function usualRange(layers: readonly LayerReport[], direction: FlowDirection): readonly [number, number] | null {
  const points = judgedPoints(layers, direction);
  const reference = points[direction === 'forward' ? 0 : points.length - 1];
  return points.length < 2 ? null : [reference.value / USUAL_FACTOR, reference.value * USUAL_FACTOR];
}

/** What the signal does on its way through the network, in a few words: "drops 31× at dense_2", "steady". */
export function flowSummary(layers: readonly LayerReport[], direction: FlowDirection): string {
  const values = flowValues(layers, direction);
  if (values.every((value) => value === null)) return 'not measured';
  const points = judgedPoints(layers, direction);
  if (direction === 'backward') points.reverse();
  const zero = layers.find((layer, index) => values[index] === 0 && layer.role === 'hidden');
  if (points.length === 0) return 'zero everywhere';
  if (zero !== undefined)
    return direction === 'forward' ? `stops at ${shortName(zero.name, 24)}` : 'does not reach every layer';
  if (points.length < 2) return 'one value';

  const total = points[points.length - 1].value / points[0].value;
  const logs = points.map(({ value }) => Math.log(value));
  const steps = logs.slice(1).map((log, index) => log - logs[index]);
  const largest = steps.reduce((best, step, index) => (Math.abs(step) > Math.abs(steps[best]) ? index : best), 0);
  const step = steps[largest];
  const spread = Math.exp(Math.max(...logs) - Math.min(...logs));

  // One step that makes up at least half of the whole change is the story; otherwise it is the slope or the total.
  if (Math.abs(step) >= Math.log(STEP) && Math.abs(step) >= 0.5 * Math.log(spread)) {
    const verb = step < 0 ? 'drops' : 'jumps';
    return `${verb} ${formatFactor(Math.exp(Math.abs(step)))} at ${shortName(points[largest + 1].layer.name, 24)}`;
  }
  if (spread < STEP) return 'steady';
  if (points.length >= 10 && Math.abs(Math.log(total)) >= 0.8 * Math.log(spread)) {
    const perLayer = Math.log(total) / steps.length;
    if (perLayer < 0) {
      return -perLayer < Math.log(2)
        ? `falls ${formatShare(1 - Math.exp(perLayer))} per layer`
        : `falls ${formatFactor(Math.exp(-perLayer))} per layer`;
    }
    return perLayer < Math.log(2)
      ? `grows ${formatShare(Math.exp(perLayer) - 1)} per layer`
      : `grows ${formatFactor(Math.exp(perLayer))} per layer`;
  }
  if (Math.abs(Math.log(total)) >= 0.8 * Math.log(spread)) {
    return total < 1 ? `shrinks ${formatFactor(1 / total)}` : `grows ${formatFactor(total)}`;
  }
  return `varies ${formatFactor(spread)}`;
}
