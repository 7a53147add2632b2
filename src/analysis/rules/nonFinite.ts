/**
 * non-finite: NaN or infinite numbers in weights, activations or gradients.
 *
 * One finding, for the first place in execution order where they arise: everything behind it follows. Weights are
 * looked at before activations, since broken weights break everything after them. (SageMaker's ExplodingTensor and
 * tfjs-vis count them too; neither says where they began.)
 */

import { formatCount } from '../../report/format';
import type { Cause, Finding, LayerReport } from '../../report/report';
import { clipGradients } from '../fixes/clipGradients';
import { earlierCheckpoint } from '../fixes/earlierCheckpoint';
import { fittingInitialization } from '../fixes/initialization';
import { normalizeInputs } from '../fixes/normalizeInputs';
import { finding, type Rule } from './rule';

export const nonFinite: Rule = {
  id: 'non-finite',
  judge({ layers, probe }) {
    const weights = layers.find((layer) => layer.weights.some((weight) => weight.nonFinite > 0));
    if (weights !== undefined) return [inWeights(weights, layers)];
    const broken = probe.inputs.find(({ minimum, maximum }) => minimum === null || maximum === null);
    const output = layers.find((layer) => (layer.output?.nonFinite ?? 0) + (layer.preActivation?.nonFinite ?? 0) > 0);
    if (output !== undefined) return [inActivations(output, layers, broken?.name ?? null)];
    // Backwards, the first place is the last layer.
    const gradient = layers.filter((layer) => (layer.gradient?.nonFinite ?? 0) > 0).pop();
    return gradient === undefined ? [] : [inGradients(gradient, layers)];
  },
};

const WHY =
  'Every number computed from a NaN or an infinity is useless, and one step of training spreads it to all weights.';
const CERTAIN = { grade: 'proved', text: 'counted' } as const;

function inWeights(layer: LayerReport, layers: readonly LayerReport[]): Finding {
  const weights = layer.weights.filter((weight) => weight.nonFinite > 0);
  const count = weights.reduce((sum, weight) => sum + weight.nonFinite, 0);
  const affected = layers.filter((other) => other.weights.some((weight) => weight.nonFinite > 0));
  return finding('non-finite', {
    severity: 'error',
    layer: layer.name,
    alsoIn: affected.slice(1).map(({ name }) => name),
    title: `${formatCount(count)} weights not finite`,
    confidence: CERTAIN,
    measured: [
      `${formatCount(count)} of the saved weights ${count === 1 ? 'is' : 'are'} NaN or infinite, in ${weights.map(({ name }) => name).join(', ')}; in all, ${formatCount(affected.length)} of ${formatCount(layers.filter((l) => l.weights.length > 0).length)} layers with weights are hit.`,
    ],
    cause: {
      id: 'learning-rate',
      title: 'Training diverged',
      explanation:
        'Saved weights become non-finite when a step overflows: the learning rate was too high, or the loss took the logarithm of 0.',
    },
    why: WHY,
    advice: 'First go back to a checkpoint from before the loss became NaN.',
    evidence: { nonFiniteWeights: count, layers: affected.length },
    suggestions: [earlierCheckpoint(), clipGradients()],
  });
}

function inActivations(layer: LayerReport, layers: readonly LayerReport[], input: string | null): Finding {
  const count = (layer.output?.nonFinite ?? 0) + (layer.preActivation?.nonFinite ?? 0);
  const cause: Cause | null =
    input === null
      ? {
          id: 'initialization',
          title: 'The signal overflows',
          explanation:
            'All weights are finite; the activations grow from layer to layer until float32 can hold them no more.',
        }
      : {
          id: 'data',
          title: 'The input data are not finite',
          explanation: `The input "${input}" holds NaN or infinite values itself.`,
        };
  return finding('non-finite', {
    severity: 'error',
    layer: layer.name,
    alsoIn: layers.filter((other) => other !== layer && (other.output?.nonFinite ?? 0) > 0).map(({ name }) => name),
    title: `${formatCount(count)} outputs not finite`,
    confidence: CERTAIN,
    measured: [
      `${formatCount(count)} of ${formatCount(layer.output?.count ?? count)} values are NaN or infinite here; the layers before are finite.`,
    ],
    cause,
    why: WHY,
    advice:
      input === null ? 'First look at the scale of the weights and inputs before this layer.' : 'First clean the data.',
    evidence: { nonFiniteValues: count },
    suggestions: input === null ? [fittingInitialization(layer), normalizeInputs()] : [normalizeInputs()],
  });
}

function inGradients(layer: LayerReport, layers: readonly LayerReport[]): Finding {
  const count = layer.gradient!.nonFinite;
  return finding('non-finite', {
    severity: 'error',
    layer: layer.name,
    alsoIn: layers.filter((other) => other !== layer && (other.gradient?.nonFinite ?? 0) > 0).map(({ name }) => name),
    title: `${formatCount(count)} gradients not finite`,
    confidence: CERTAIN,
    measured: [
      `${formatCount(count)} entries of the gradient are NaN or infinite here, although every activation is finite.`,
    ],
    cause: null,
    why: WHY,
    advice: 'First look for a division or a square root that is differentiated at 0 behind this layer.',
    evidence: { nonFiniteGradients: count },
    suggestions: [clipGradients()],
  });
}
