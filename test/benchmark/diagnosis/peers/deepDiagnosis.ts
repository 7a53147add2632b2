/**
 * DeepDiagnosis (Wardat, Cruz, Le, Rajan: "DeepDiagnosis: Automatically Diagnosing Faults and Recommending Actionable
 * Fixes in Deep Learning Programs", ICSE 2022), read in callback/callbacks.py of github.com/DeepDiagnosis/ICSE2022.
 *
 * dead: share of a layer's activation entries <= 0 is >= 0.7.
 * saturated: share of the inputs of a sigmoid or tanh layer at or beyond +-5 is > 0.5.
 * vanish: mean |g| of a weight < 1e-7.
 * weights: sample variance of a weight's values < 1e-5 or > 10 (kernels here).
 * data: inputs below -1 or above 1.
 */

import { isRelu, kernelsOf, meanAbsolute, shareOf, varianceOf, type Peer } from './peer';

export const DEEP_DIAGNOSIS: Peer = {
  name: 'DeepDiagnosis',
  checks: [
    {
      name: 'dead node',
      rule: 'dead-relu',
      fires: ({ layers }) => layers.some((layer) => isRelu(layer) && shareOf(layer.activations, (a) => a <= 0) >= 0.7),
    },
    {
      name: 'saturated activation',
      rule: 'saturated-activation',
      fires: ({ layers }) =>
        layers.some(
          ({ activation, preActivations }) =>
            (activation === 'sigmoid' || activation === 'tanh') &&
            preActivations !== null &&
            shareOf(preActivations, (z) => Math.abs(z) >= 5) > 0.5,
        ),
    },
    {
      name: 'vanishing gradient',
      rule: 'vanishing-gradient',
      fires: ({ steps }) => steps[0].weights.some(({ gradient }) => meanAbsolute(gradient) < 1e-7),
    },
    {
      name: 'improper weights',
      rule: 'poor-initialization',
      fires: ({ steps }) =>
        kernelsOf(steps[0].weights).some(({ values }) => {
          const variance = varianceOf(values, 1);
          return variance < 1e-5 || variance > 10;
        }),
    },
    {
      name: 'improper data',
      rule: 'unnormalized-input',
      fires: ({ input }) => input.minimum < -1 || input.maximum > 1,
    },
  ],
};
