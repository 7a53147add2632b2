/**
 * TheDeepChecker (Ben Braiek and Khomh: "Testing Feedforward Neural Networks Training Programs", ACM TOSEM 2023),
 * github.com/thedeepchecker/thedeepchecker.
 *
 * dead: a unit's 95th percentile of |a| is < 1e-5, for more than 50% of a layer's units.
 * saturated: rho_B of a unit over 50 bins > 0.85, for more than 50% of a layer's units. rho_B is the mean distance of a
 *   bin's average output from the middle of the range, scaled to [0, 1] and weighted by the bin's count (Rakitianskaia
 *   and Engelbrecht: "Measuring Saturation in Neural Networks", SSCI 2015).
 * vanish, explode: mean |g| of a kernel < 1e-6, > 1e6.
 * init: F-test of the kernel's variance against He's, Glorot's or LeCun's, whichever suits the activation; here the
 *   normal approximation of ln F at the 5% level.
 * update ratio: log10 of mean |dW| / mean |W| outside [-4, -1].
 */

import type { LayerQuantities, WeightStep } from '../quantities';
import { isRelu, kernelsOf, meanAbsolute, percentileOf, shareOfUnits, varianceOf, type Peer } from './peer';

const BINS = 50;

/** Of one unit's outputs in `[least, most]`. */
export function rhoB(outputs: Float32Array, [least, most]: readonly [number, number]): number {
  const sums = new Float64Array(BINS);
  const counts = new Float64Array(BINS);
  for (const output of outputs) {
    const bin = Math.min(BINS - 1, Math.floor((BINS * (output - least)) / (most - least)));
    sums[bin] += output;
    counts[bin]++;
  }
  let weighted = 0;
  for (let bin = 0; bin < BINS; bin++) {
    if (counts[bin] === 0) continue;
    const scaled = (2 * (sums[bin] / counts[bin] - least)) / (most - least) - 1;
    weighted += Math.abs(scaled) * counts[bin];
  }
  return weighted / outputs.length;
}

const RANGES: Readonly<Record<string, readonly [number, number]>> = { sigmoid: [0, 1], tanh: [-1, 1] };

/** Whether the variance of these weights differs from `expected` at the 5% level: ln F is about N(0, 2/n). */
export function variancesDiffer(values: Float32Array, expected: number): boolean {
  return Math.abs(Math.log(varianceOf(values, 1) / expected)) > 1.96 * Math.sqrt(2 / (values.length - 1));
}

function expectedVariance({ fanIn, fanOut }: WeightStep, layer: LayerQuantities | undefined): number {
  const activation = layer?.activation;
  if (activation === 'relu' || activation === 'elu' || activation === 'leakyRelu') return 2 / fanIn;
  if (activation === 'selu') return 1 / fanIn;
  return 2 / (fanIn + fanOut);
}

export const THE_DEEP_CHECKER: Peer = {
  name: 'TheDeepChecker',
  checks: [
    {
      name: 'dead neurons',
      rule: 'dead-relu',
      fires: ({ layers }) =>
        layers
          .filter(isRelu)
          .some(
            (layer) =>
              shareOfUnits(layer, layer.activations, (own) => percentileOf(own.map(Math.abs), 95) < 1e-5) > 0.5,
          ),
    },
    {
      name: 'saturated neurons',
      rule: 'saturated-activation',
      fires: ({ layers }) =>
        layers.some((layer) => {
          const range = RANGES[layer.activation ?? ''];
          if (range === undefined || layer.output) return false;
          return shareOfUnits(layer, layer.activations, (own) => rhoB(own, range) > 0.85) > 0.5;
        }),
    },
    {
      name: 'vanishing gradient',
      rule: 'vanishing-gradient',
      fires: ({ steps }) => kernelsOf(steps[0].weights).some(({ gradient }) => meanAbsolute(gradient) < 1e-6),
    },
    {
      name: 'exploding gradient',
      rule: 'exploding-gradient',
      fires: ({ steps }) => kernelsOf(steps[0].weights).some(({ gradient }) => !(meanAbsolute(gradient) <= 1e6)),
    },
    {
      name: 'initial weights',
      rule: 'poor-initialization',
      fires: ({ layers, steps }) =>
        kernelsOf(steps[0].weights).some((weight) => {
          const layer = layers.find(({ name }) => weight.name.startsWith(`${name}/`));
          return variancesDiffer(weight.values, expectedVariance(weight, layer));
        }),
    },
    {
      name: 'update ratio',
      rule: 'learning-rate-too-high',
      fires: ({ steps }) =>
        kernelsOf(steps[0].weights).some(({ values, update }) => {
          const ratio = Math.log10(meanAbsolute(update) / meanAbsolute(values));
          return !(ratio >= -4 && ratio <= -1);
        }),
    },
  ],
};
