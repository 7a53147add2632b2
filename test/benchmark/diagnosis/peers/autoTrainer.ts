/**
 * AUTOTRAINER (Zhang, Zhai, Ma, Shen: "AUTOTRAINER: An Automatic DNN Training Problem Detection and Repair System",
 * ICSE 2021), read in AutoTrainer/utils/monitor.py of github.com/shiningrain/AUTOTRAINER, with its default parameters.
 *
 * vanish: |g first kernel| / |g last kernel| < 1e-3 and |g first kernel| < 1e-4.
 * explode: the same ratio > 70; a NaN or infinite loss, weight or gradient counts as explode whatever the accuracy.
 * dying ReLU: share of gradient entries that are 0, kernels and biases together, >= 0.7.
 * The three are looked at only while training goes badly: the best accuracy is below 0.7, or never rose by 0.01.
 * The first that holds of dying ReLU, explode, vanish is the verdict.
 */

import type { Quantities } from '../quantities';
import { isFiniteArray, kernelsOf, normOf, shareOf, type Peer } from './peer';

type Verdict = 'explode' | 'relu' | 'vanish' | null;

function verdict({ steps, task }: Quantities): Verdict {
  const finite = steps.every(
    ({ loss, weights }) =>
      Number.isFinite(loss) &&
      weights.every(({ values, gradient }) => isFiniteArray(values) && isFiniteArray(gradient)),
  );
  if (!finite) return 'explode';
  if (task.loss !== 'meanSquaredError') {
    const best = Math.max(...steps.map(({ accuracy }) => accuracy));
    const rise = Math.max(...steps.slice(1).map(({ accuracy }, index) => accuracy - steps[index].accuracy));
    if (best >= 0.7 && rise >= 0.01) return null;
  }
  const gradients = steps.map(({ weights }) => {
    const norms = kernelsOf(weights).map(({ gradient }) => normOf(gradient));
    const entries = weights.reduce((sum, { gradient }) => sum + gradient.length, 0);
    const zeros = weights.reduce((sum, { gradient }) => sum + gradient.length * shareOf(gradient, (g) => g === 0), 0);
    return { first: norms[0], ratio: norms[0] / norms.at(-1), zeroShare: zeros / entries };
  });
  if (gradients.some(({ zeroShare }) => zeroShare >= 0.7)) return 'relu';
  if (gradients.some(({ ratio }) => ratio > 70)) return 'explode';
  if (gradients.some(({ ratio, first }) => ratio < 1e-3 && first < 1e-4)) return 'vanish';
  return null;
}

export const AUTOTRAINER: Peer = {
  name: 'AUTOTRAINER',
  checks: [
    { name: 'vanish', rule: 'vanishing-gradient', fires: (quantities) => verdict(quantities) === 'vanish' },
    { name: 'explode', rule: 'exploding-gradient', fires: (quantities) => verdict(quantities) === 'explode' },
    { name: 'dying ReLU', rule: 'dead-relu', fires: (quantities) => verdict(quantities) === 'relu' },
  ],
};
