/**
 * unnormalized-input: the data given are far from mean 0 and spread 1, and nothing in the network normalises them.
 *
 * LeCun et al. 1998 (Efficient BackProp, section 4.3): inputs of unlike or large scale make the error surface steep in
 * some directions and flat in others. Only real data are judged: a synthetic probe is normalised by construction. The
 * usual ranges [0, 1] and [-1, 1] lie well inside the thresholds; bytes in [0, 255] do not.
 */

import { formatNumber } from '../../report/format';
import { normalizeInputs } from '../fixes/normalizeInputs';
import { NetworkGraph } from '../../report/networkGraph';
import { finding, type Measurement, type Rule } from './rule';

const LARGEST_RMS = 10;
const SMALLEST_DEVIATION = 1e-2;
const LARGEST_RATIO = 10;

export const unnormalizedInput: Rule = {
  id: 'unnormalized-input',
  judge(measurement) {
    return measurement.probe.inputs.flatMap(({ name, source, mean, standardDeviation, minimum, maximum }) => {
      if (source !== 'data' || mean === null || standardDeviation === null || !takesNumbers(name, measurement))
        return [];
      const rms = Math.hypot(mean, standardDeviation);
      const large = rms > LARGEST_RMS;
      const small = standardDeviation > 0 && rms < SMALLEST_DEVIATION;
      const shifted = standardDeviation > 0 && Math.abs(mean) > LARGEST_RATIO * standardDeviation;
      if (!large && !small && !shifted) return [];
      return finding('unnormalized-input', {
        severity: large || small ? 'warning' : 'information',
        layer: name,
        title: large
          ? `values up to ${formatNumber(maximum)}`
          : small
            ? `tiny values, spread ${formatNumber(standardDeviation)}`
            : `mean ${formatNumber(mean)} off 0`,
        confidence: { grade: 'high', text: 'counted on the data' },
        measured: [
          `The values of the input "${name}" run from ${formatNumber(minimum)} to ${formatNumber(maximum)} with mean ${formatNumber(mean)} and standard deviation ${formatNumber(standardDeviation)}; no layer normalises them.`,
        ],
        cause: {
          id: 'input-scale',
          title: 'No normalisation',
          explanation: 'The first layer sees the data as they are.',
        },
        why: 'The first layer then works far from the range its initialisation is made for, and no learning rate suits all weights.',
        advice: 'First bring the inputs to mean 0 and standard deviation 1, with the same numbers in training and use.',
        evidence: { mean, standardDeviation, minimum, maximum },
        suggestions: [normalizeInputs()],
      });
    });
  },
};

/** Whether the input is read as numbers and not as indices, by a layer that does not normalise. */
function takesNumbers(input: string, { layers }: Measurement): boolean {
  const graph = new NetworkGraph(layers);
  const consumers = layers.filter(({ inputs }) => inputs.includes(input));
  const first = consumers.flatMap((layer) =>
    layer.weights.length === 0 && layer.units === null && !CONVERTS.test(layer.className)
      ? graph.consumersOf(layer)
      : [layer],
  );
  return !first.some(({ className }) => CONVERTS.test(className));
}

const CONVERTS = /Embedding|Rescaling|Normalization|CategoryEncoding|Hashing|Discretization|Lookup/;
