/** The hidden layers that the whole signal passes, forward and backward: what the rules of flow judge. */

import { gradientNorm, onTheWayTo, type FlowPoint } from './flow';
import { NetworkGraph } from './networkGraph';
import type { LayerReport } from './report';

interface Layers {
  readonly layers: readonly LayerReport[];
}

/**
 * Whether the layer is a batch normalisation whose running statistics are still the initial ones: in inference mode it passes
 * the signal on as it is, in training it will normalise, so what is measured behind it says nothing of training.
 */
function isUntrainedNormalization({ className, weights }: LayerReport): boolean {
  const constant = (name: string, value: number): boolean =>
    weights.some((weight) => weight.name === name && weight.standardDeviation === 0 && weight.mean === value);
  return /^BatchNorm/.test(className) && constant('moving_mean', 0) && constant('moving_variance', 1);
}

/** What `compute` makes of the layers of a network, once for each: several rules ask, and time goes with the square of the layers. */
function once<T>(compute: (layers: readonly LayerReport[]) => T): (network: Layers) => T {
  const known = new WeakMap<readonly LayerReport[], { readonly result: T }>();
  return ({ layers }) => {
    const made = known.get(layers) ?? { result: compute(layers) };
    known.set(layers, made);
    return made.result;
  };
}

/**
 * The hidden layers that the whole signal passes, in execution order: those with units or that merge branches, without the
 * branches that it can go round. A residual branch that starts at zero loses nothing. None where batch normalisations have not
 * been trained.
 */
const trunk = once((layers): readonly LayerReport[] => {
  if (layers.some(isUntrainedNormalization)) return [];
  const graph = NetworkGraph.of(layers);
  const carriers = layers.filter(
    ({ role, units, inputs }) => role === 'hidden' && (units !== null || inputs.length > 1),
  );
  return carriers.filter((layer) => !graph.isBypassed(layer));
});

/**
 * For every layer of the trunk in execution order, the variance across samples of the outputs of the trunk's layers on its way
 * from the inputs, its own last: what a layer is compared with. Towers and heads side by side are not compared.
 */
export const forwardFlows = once((layers): readonly (readonly FlowPoint[])[] => {
  const graph = NetworkGraph.of(layers);
  const points = trunk({ layers }).flatMap((layer) => {
    const value = layer.signal?.variance ?? null;
    return value === null ? [] : [{ layer, value }];
  });
  return points.map((end) => onTheWayTo(end, points, graph));
});

/**
 * For every layer of the trunk in execution order, the norms of dLoss/d(output) per sample of the layers that its gradient has
 * passed, its own first. The norm, unlike the RMS per entry, is what well-scaled layers pass on unchanged when widths or
 * numbers of positions differ. Of a model with several outputs there is one group of flows for each set of outputs that layers
 * serve.
 */
export const backwardFlows = once((layers): readonly (readonly FlowPoint[])[][] => {
  const graph = NetworkGraph.of(layers);
  const points = trunk({ layers }).flatMap((layer) => {
    const value = gradientNorm(layer);
    return value === null ? [] : [{ layer, value }];
  });
  return graph.byOutputs(points).map((group) =>
    group.map((start) => {
      const behind = graph.descendantsOf(start.layer);
      return group.filter(({ layer }) => behind.has(layer));
    }),
  );
});
