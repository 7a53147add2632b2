/**
 * torchmortem (2026), read in src/torchmortem/detectors and collectors of github.com/sebseager/torchmortem.
 *
 * dead units: share of a layer's entries with |a| < 1e-6 is > 0.5. The tool wants it in half of the late steps; the
 *   network as saved stands for those here.
 * saturation: share of a layer's entries with |a| > 0.95 is > 0.5, on every leaf module, whatever its activation.
 * gradient flow, over the second half of the steps: mean gradient norm of the last layer over the first's >= 100;
 *   any step's norm > 1000; a layer's norm below 1e-8 in 30% of all steps.
 */

import type { Quantities } from '../quantities';
import { kernelsOf, meanOf, normOf, shareOf, type Peer } from './peer';

/** `[step][kernel]`. */
const norms = ({ steps }: Quantities): number[][] =>
  steps.map(({ weights }) => kernelsOf(weights).map(({ gradient }) => normOf(gradient)));

export const TORCHMORTEM: Peer = {
  name: 'torchmortem',
  checks: [
    {
      name: 'dead units',
      rule: 'dead-relu',
      fires: ({ layers }) => layers.some(({ activations }) => shareOf(activations, (a) => Math.abs(a) < 1e-6) > 0.5),
    },
    {
      name: 'saturation',
      rule: 'saturated-activation',
      fires: ({ layers }) => layers.some(({ activations }) => shareOf(activations, (a) => Math.abs(a) > 0.95) > 0.5),
    },
    {
      name: 'vanishing gradients',
      rule: 'vanishing-gradient',
      fires(quantities) {
        const all = norms(quantities);
        const late = all.slice(all.length >> 1);
        const meanOfLayer = (layer: number): number => meanOf(late.map((step) => step.at(layer)));
        const [first, last] = [meanOfLayer(0), meanOfLayer(-1)];
        if (first < 1e-30) return true;
        return last >= 1e-30 && last / first >= 100;
      },
    },
    {
      name: 'exploding gradients',
      rule: 'exploding-gradient',
      fires: (quantities) => norms(quantities).some((step) => step.some((norm) => norm > 1000)),
    },
    {
      name: 'gradient stalling',
      rule: 'vanishing-gradient',
      fires(quantities) {
        const all = norms(quantities);
        return all[0].some((_, layer) => meanOf(all.map((step) => (step[layer] < 1e-8 ? 1 : 0))) >= 0.3);
      },
    },
  ],
};
