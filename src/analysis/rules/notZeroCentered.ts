/**
 * not-zero-centered: a hidden layer whose outputs all have one sign and a mean far from 0, compared with their spread.
 *
 * When all inputs of a unit are positive, the gradients of its weights share one sign in every sample, and descent
 * zig-zags (LeCun et al. 1998, Efficient BackProp, section 4.3). ReLU layers are not zero-centred either (mean over
 * standard deviation about 0.7 for a normal pre-activation) and train well; sigmoid layers have a ratio of 2 and more. It
 * slows training and is no fault: information.
 */

import { formatList, formatNumber, formatPlural } from '../../report/format';
import type { LayerReport } from '../../report/report';
import { activation } from '../../report/activations';
import { batchNormalization, centerOutputs } from '../fixes/batchNormalization';
import { replaceSaturating } from '../fixes/replaceSaturating';
import { finding, hiddenLayers, type Rule } from './rule';

const RATIO = 2;

export const notZeroCentered: Rule = {
  id: 'not-zero-centered',
  judge(measurement) {
    const off = hiddenLayers(measurement).flatMap((layer) => {
      const ratio = offCenter(layer);
      return ratio === null || ratio < RATIO ? [] : [{ layer, ratio }];
    });
    if (off.length === 0) return [];
    const worst = off.reduce((a, b) => (b.ratio > a.ratio ? b : a));
    const names = off.slice(0, 3).map(({ layer }) => layer.name);
    const { layer } = worst;
    return [
      finding('not-zero-centered', {
        severity: 'information',
        layer: layer.name,
        alsoIn: off.filter((other) => other !== worst).map((other) => other.layer.name),
        title: `mean ${formatNumber(layer.output!.mean)}, all one sign`,
        confidence: { grade: 'high', text: `over ${formatPlural(measurement.probe.samples, 'sample')}` },
        measured: [
          `${formatPlural(off.length, 'layer')} (${formatList(off.length > 3 ? [...names, 'more'] : names)}) ${off.length === 1 ? 'gives' : 'give'} outputs of one sign only, with a mean up to ${formatNumber(worst.ratio)} times their standard deviation.`,
          'So in every sample all weights of a unit behind are pushed in the same direction.',
        ],
        cause: {
          id: 'activation',
          title: `The ${layer.activation} activation`,
          explanation: `Its outputs lie on one side of 0.`,
        },
        why: 'Descent zig-zags towards its goal, which slows training a little.',
        advice: 'Nothing has to be done; a zero-centred activation or batch normalisation avoids it.',
        evidence: { layers: off.length, largestRatio: worst.ratio, mean: layer.output!.mean, oneSignShare: 1 },
        suggestions:
          activation(layer.activation!)?.family === 'saturating'
            ? [centerOutputs(layer), replaceSaturating(layer)]
            : [batchNormalization(layer)],
      }),
    ];
  },
};

/** |mean| over standard deviation where all outputs have one sign; null elsewhere. */
function offCenter({ output, activation }: LayerReport): number | null {
  if (output?.mean == null || !output.standardDeviation || activation === null) return null;
  const oneSign = output.minimum! >= 0 || output.maximum! <= 0;
  // A layer with hardly any spread at all has lost its signal, which another rule says.
  return oneSign && output.standardDeviation > 1e-3 * Math.abs(output.mean)
    ? Math.abs(output.mean) / output.standardDeviation
    : null;
}
