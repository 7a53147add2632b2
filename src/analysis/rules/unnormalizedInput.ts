/**
 * unnormalized-input: the data given are far from mean 0 and spread 1, and nothing in the network normalises them.
 *
 * LeCun et al. 1998 (Efficient BackProp, section 4.3): inputs of unlike or large scale make the error surface steep in
 * some directions and flat in others. Only real data are judged: a synthetic probe is normalised by construction. The
 * usual ranges [0, 1] and [-1, 1] lie well inside the thresholds; bytes in [0, 255] do not. Small values do no harm where a
 * unit sees very many: what the first layer learns from is the norm of a sample as a unit sees it, against the 1 of its bias.
 * (Two ReLU layers trained with SGD at 0.05 for 10 epochs learned four clusters from 8 and from 512 features alike where that
 * norm was 0.3, and hardly or not at all where it was 0.1.) So a table of word frequencies is no fault. A mean far from 0 makes one
 * direction of the error surface steeper than all others: with a mean of 20 standard deviations two small networks learned half
 * of what they learned with one of 0 or 2, with SGD and with Adam.
 */

import { formatBound, formatNumber } from '../../report/format';
import type { LayerReport } from '../../report/report';
import { normalizeInputs } from '../fixes/normalizeInputs';
import { NetworkGraph } from '../../report/networkGraph';
import { finding, hasLearned, type Measurement, type Rule } from './rule';

const LARGEST_RMS = 10;
const SMALLEST_RMS = 1e-2;
/** Norm of a sample, as a unit of the first layer sees it, from which on small values do no harm. */
const SMALLEST_NORM = 0.2;
const LARGEST_RATIO = 10;

export const unnormalizedInput: Rule = {
  id: 'unnormalized-input',
  judge(measurement) {
    return measurement.probe.inputs.flatMap(({ name, shape, source, mean, standardDeviation, minimum, maximum }) => {
      if (source !== 'data' || mean === null || standardDeviation === null || !takesNumbers(name, measurement))
        return [];
      const rms = Math.hypot(mean, standardDeviation);
      const large = rms > LARGEST_RMS;
      const norm = rms * Math.sqrt(fanIn(name, measurement) ?? shape.reduce((product, size) => product * size, 1));
      const small = standardDeviation > 0 && rms < SMALLEST_RMS && norm < SMALLEST_NORM;
      const shifted = standardDeviation > 0 && Math.abs(mean) > LARGEST_RATIO * standardDeviation;
      if (!large && !small && !shifted) return [];
      return finding('unnormalized-input', {
        severity: hasLearned(measurement) ? 'information' : 'warning',
        layer: name,
        title: large
          ? `values up to ${formatBound(maximum)}`
          : small
            ? `tiny values, spread ${formatNumber(standardDeviation)}`
            : `mean ${formatNumber(mean)} off 0`,
        confidence: { grade: 'high', text: 'counted on the data' },
        measured: [
          `The values of the input "${name}" run from ${formatBound(minimum)} to ${formatBound(maximum)} with mean ${formatNumber(mean)} and standard deviation ${formatNumber(standardDeviation)}; no layer normalises them.`,
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
const takesNumbers = (input: string, measurement: Measurement): boolean =>
  !firstLayers(input, measurement).some(({ className }) => CONVERTS.test(className));

/** How many values of the input a unit of the first layer sees; null where that is not known. */
function fanIn(input: string, measurement: Measurement): number | null {
  const kernels = firstLayers(input, measurement).flatMap(({ weights }) =>
    weights.flatMap((weight) => weight.fanIn ?? []),
  );
  return kernels.length === 0 ? null : Math.max(...kernels);
}

/** The layers that consume the input, looked for through one layer that only reshapes it. */
function firstLayers(input: string, { layers }: Measurement): LayerReport[] {
  const graph = NetworkGraph.of(layers);
  return layers
    .filter(({ inputs }) => inputs.includes(input))
    .flatMap((layer) =>
      layer.weights.length === 0 && layer.units === null && !CONVERTS.test(layer.className)
        ? graph.consumersOf(layer)
        : [layer],
    );
}

const CONVERTS = /Embedding|Rescaling|Normalization|CategoryEncoding|Hashing|Discretization|Lookup/;
