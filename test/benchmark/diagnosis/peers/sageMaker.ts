/**
 * Amazon SageMaker Debugger, built-in rules with their documented defaults. The code is closed; the formulas are those
 * of "List of Debugger built-in rules", docs.aws.amazon.com/sagemaker/latest/dg/debugger-built-in-rules.html.
 *
 * DeadRelu: a node is dead if active on less than 1% of the inputs (threshold_inactivity); fires when more than 50% of
 *   a layer's nodes are (threshold_layer).
 * SaturatedActivation: a node is saturated if its inputs lie inside tanh (-9.4999, 9.4999) or sigmoid (-23, 16.99999)
 *   less than 1% of the time; fires when more than 50% of a layer's nodes are.
 * VanishingGradient: mean |g| of a weight below 1e-7.
 * ExplodingTensor: a NaN or infinite value.
 * PoorWeightInitialization: the variances of the activation inputs differ by more than 10 times between layers
 *   (threshold), or p95 - p5 of a gradient is below 0.001 (distribution_range), or the loss has not fallen for 5 steps
 *   (patience); looked at during the first 10 steps.
 */

import {
  isFiniteArray,
  isRelu,
  meanAbsolute,
  percentileOf,
  shareOf,
  shareOfUnits,
  varianceOf,
  type Peer,
  type PeerCheck,
} from './peer';

const INACTIVE = 0.01;
const LAYER_SHARE = 0.5;
const LIMITS: Readonly<Record<string, readonly [number, number]>> = {
  tanh: [-9.4999, 9.4999],
  sigmoid: [-23, 16.99999],
};
const PATIENCE = 5;

export const deadRelu: PeerCheck = {
  name: 'DeadRelu',
  rule: 'dead-relu',
  fires: ({ layers }) =>
    layers
      .filter(isRelu)
      .some(
        (layer) => shareOfUnits(layer, layer.activations, (own) => shareOf(own, (a) => a > 0) < INACTIVE) > LAYER_SHARE,
      ),
};

export const saturatedActivation: PeerCheck = {
  name: 'SaturatedActivation',
  rule: 'saturated-activation',
  fires: ({ layers }) =>
    layers.some((layer) => {
      const limits = LIMITS[layer.activation ?? ''];
      if (limits === undefined || layer.preActivations === null) return false;
      const [least, most] = limits;
      const saturated = (own: Float32Array): boolean => shareOf(own, (z) => z > least && z < most) < INACTIVE;
      return shareOfUnits(layer, layer.preActivations, saturated) > LAYER_SHARE;
    }),
};

export const vanishingGradient: PeerCheck = {
  name: 'VanishingGradient',
  rule: 'vanishing-gradient',
  fires: ({ steps }) => steps[0].weights.some(({ gradient }) => meanAbsolute(gradient) < 1e-7),
};

export const explodingTensor: PeerCheck = {
  name: 'ExplodingTensor',
  rule: 'non-finite',
  fires: ({ layers, steps }) =>
    !layers.every(({ activations }) => isFiniteArray(activations)) ||
    !steps.every(({ weights }) =>
      weights.every(({ values, gradient }) => isFiniteArray(values) && isFiniteArray(gradient)),
    ),
};

export const poorWeightInitialization: PeerCheck = {
  name: 'PoorWeightInitialization',
  rule: 'poor-initialization',
  fires({ layers, steps }) {
    const variances = layers.flatMap(({ preActivations }) =>
      preActivations === null ? [] : [varianceOf(preActivations)],
    );
    if (Math.max(...variances) / Math.min(...variances) > 10) return true;
    const narrow = (gradient: Float32Array): boolean => percentileOf(gradient, 95) - percentileOf(gradient, 5) < 0.001;
    if (steps.some(({ weights }) => weights.some(({ gradient }) => narrow(gradient)))) return true;
    let best = Infinity;
    let waited = 0;
    for (const { loss } of steps) {
      waited = loss < best ? 0 : waited + 1;
      best = Math.min(best, loss);
      if (waited >= PATIENCE) return true;
    }
    return false;
  },
};

/** One row each, and all of them together. */
export const SAGEMAKER: readonly Peer[] = [
  { name: 'SageMaker DeadRelu', checks: [deadRelu] },
  { name: 'SageMaker SaturatedActivation', checks: [saturatedActivation] },
  { name: 'SageMaker VanishingGradient', checks: [vanishingGradient] },
  { name: 'SageMaker PoorWeightInitialization', checks: [poorWeightInitialization] },
  {
    name: 'SageMaker, all of these and ExplodingTensor',
    checks: [deadRelu, saturatedActivation, vanishingGradient, poorWeightInitialization, explodingTensor],
  },
];
