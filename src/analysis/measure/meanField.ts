import type { Activation } from '../../report/activations';

/**
 * `chi = sw2 * E[phi'(sqrt(q) g)^2]` with g standard normal: the factor by which a wide layer with independent weights of
 * variance `sw2 / fan_in` changes the mean square of the gradient, when its pre-activations have mean square q (Poole et
 * al. 2016, arXiv:1606.05340; Schoenholz et al. 2017, arXiv:1611.01232). Below 1 the gradient vanishes with depth, above
 * it explodes. Null for activations without a derivative per unit.
 */
export function meanFieldGain(activation: Activation, weightVariance: number, q: number): number | null {
  if (activation.family === 'normalizing' || !Number.isFinite(q) || q < 0) return null;
  const scale = Math.sqrt(q);
  return weightVariance * gaussianMean((g) => square(activation.derivative(scale * g)));
}

/** Many times as fast as a power. */
const square = (value: number): number => value * value;

const STEPS = 800;
const STEP = 8 / STEPS;
/** Abscissae of the half line and what Simpson's rule weighs them with under the normal density; the same for all layers. */
let nodes: Float64Array | null = null;
let nodeWeights: Float64Array | null = null;

/** Simpson's rule over ±8 sigma, split at 0 where piecewise activations have their kink. */
function gaussianMean(f: (g: number) => number): number {
  // At the kink the one-sided limit counts.
  nodes ??= Float64Array.from({ length: STEPS + 1 }, (_, i) => Math.max(i * STEP, 1e-9));
  nodeWeights ??= nodes.map((g, i) => (i === 0 || i === STEPS ? 1 : i % 2 === 1 ? 4 : 2) * Math.exp((-g * g) / 2));
  let total = 0;
  for (const sign of [-1, 1]) {
    for (let i = 0; i <= STEPS; i++) total += nodeWeights[i] * f(sign * nodes[i]);
  }
  return (total * STEP) / (3 * Math.sqrt(2 * Math.PI));
}
