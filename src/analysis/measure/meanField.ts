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
  return weightVariance * gaussianMean((g) => activation.derivative(scale * g) ** 2);
}

/** Simpson's rule over ±8 sigma, split at 0 where piecewise activations have their kink. */
function gaussianMean(f: (g: number) => number): number {
  const steps = 800;
  const h = 8 / steps;
  let total = 0;
  for (const sign of [-1, 1]) {
    for (let i = 0; i <= steps; i++) {
      // At the kink the one-sided limit counts.
      const g = sign * Math.max(i * h, 1e-9);
      const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
      total += weight * f(g) * Math.exp((-g * g) / 2);
    }
  }
  return (total * h) / (3 * Math.sqrt(2 * Math.PI));
}
