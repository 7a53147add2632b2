/**
 * output-activation-mismatch: the activation of an output does not fit what the loss expects.
 *
 * Cross-entropy is the likelihood of a softmax (one of several classes) or a sigmoid (yes or no); squared and absolute
 * errors go with an output that reaches every target (Goodfellow et al., Deep Learning, section 6.2.2): the labels, where they
 * are given, tell whether it does. Without them targets may lie in the output's range by nature (counts behind ReLU, pixels
 * behind tanh): what tells is how much of the output sits at the end of its range, where it has no gradient. A softmax over one
 * unit is 1 whatever the weights.
 */

import { activation as activationNamed } from '../../report/activations';
import { formatActivation, formatBound, formatNumber, formatShare } from '../../report/format';
import type { LabelRange, LayerReport, Severity, Suggestion } from '../../report/report';
import { layerCode } from '../fixes/layerCode';
import { finding, type Measurement, type Rule } from './rule';

/** Share of the values of a ReLU output that are 0 from which on negative targets, or none that arrive, are likely. */
const ZERO_SHARE = 0.25;
/** Share of its best derivative below which a tanh output is driven beyond its range, as in saturated-activation. */
const DERIVATIVE_SHARE = 0.1;

interface Mismatch {
  readonly severity: Severity;
  readonly title: string;
  readonly measured: string;
  readonly why: string;
  /** The activation to use instead. */
  readonly instead: string;
}

export const outputActivationMismatch: Rule = {
  id: 'output-activation-mismatch',
  judge(measurement) {
    const losses = measurement.model.training?.losses ?? [];
    return lastLayers(measurement).flatMap((layer, k) => {
      const range = measurement.probe.labelRanges?.[k] ?? null;
      const mismatch = mismatchOf(layer, losses[k] ?? losses[0] ?? null, range);
      if (mismatch === null) return [];
      return finding('output-activation-mismatch', {
        severity: mismatch.severity,
        layer: layer.name,
        title: mismatch.title,
        confidence: { grade: 'high', text: 'read off the configuration' },
        measured: [mismatch.measured],
        cause: null,
        why: mismatch.why,
        advice: `First give the output the ${mismatch.instead} activation, or change the loss.`,
        evidence: { activation: layer.activation, loss: losses[k] ?? losses[0] ?? null, units: layer.units },
        suggestions: [replaceOutput(layer, mismatch.instead)],
      });
    });
  },
};

/** The layers that make the outputs: of a dense layer and an activation behind it, the activation. */
function lastLayers({ layers }: Measurement): LayerReport[] {
  const outputs = layers.filter(({ role }) => role === 'output');
  const consumed = new Set(layers.flatMap(({ inputs }) => inputs));
  return outputs.filter(({ name, activation }) => !consumed.has(name) && activation !== null);
}

function mismatchOf(layer: LayerReport, loss: string | null, labels: LabelRange | null): Mismatch | null {
  const { activation, units } = layer;
  const name = formatActivation(activation);
  if (activation === 'softmax' && units === 1) {
    return {
      severity: 'error',
      title: 'softmax over one unit is always 1',
      measured: 'The output is a softmax over a single unit, which is 1 whatever the input.',
      why: 'The network cannot learn anything: its output is constant and has no gradient.',
      instead: 'sigmoid',
    };
  }
  const categorical = loss !== null && /categorical_crossentropy$/.test(loss);
  if (categorical && activation !== 'softmax') {
    return activation === 'linear'
      ? null // A loss that takes logits looks the same in the saved configuration.
      : {
          severity: 'warning',
          title: `${name} output, cross-entropy loss`,
          measured: `The loss is ${loss}, which expects the probabilities of a softmax; the output is ${name}.`,
          why: 'The outputs do not sum to 1, so the loss does not measure the likelihood of the right class.',
          instead: 'softmax',
        };
  }
  if (
    loss === 'binary_crossentropy' &&
    activation !== null &&
    !['sigmoid', 'hard_sigmoid', 'softmax', 'linear'].includes(activation)
  ) {
    return {
      severity: 'warning',
      title: `${name} output, binary cross-entropy`,
      measured: `The loss is binary_crossentropy, which expects a probability; the output is ${name}.`,
      why: 'Outputs outside (0, 1) are clipped inside the loss and get no gradient.',
      instead: 'sigmoid',
    };
  }
  const [low, high] =
    activation === null ? [-Infinity, Infinity] : (activationNamed(activation)?.range ?? [-Infinity, Infinity]);
  if (labels?.minimum != null && labels.maximum !== null) {
    if (labels.minimum >= low - TOLERANCE && labels.maximum <= high + TOLERANCE) return null;
    return {
      severity: 'warning',
      title: `${name} cannot reach the labels`,
      measured: `The labels run from ${formatBound(labels.minimum)} to ${formatBound(labels.maximum)}; a ${name} output lies between ${formatEnd(low)} and ${formatEnd(high)}.`,
      why: 'Targets outside of the range of the output drive it into its end, where it has no gradient.',
      instead: 'linear',
    };
  }
  const regression = loss !== null && /^(mean_(squared|absolute)_error|mse|mae|logcosh|log_cosh|huber)/.test(loss);
  if (activation === 'relu' || activation === 'relu6' || (regression && activation === 'tanh')) {
    const half = activation === 'tanh' ? 'values beyond ±1' : 'negative values';
    const end = activation === 'tanh' ? saturation(layer) : zeros(layer);
    return {
      severity: regression && end.much ? 'warning' : 'information',
      title: `${name} on the output`,
      measured: `The output is ${name}${regression ? ` and the loss ${loss}` : ''}: ${half} cannot be predicted.${end.measured}`,
      why:
        activation === 'tanh'
          ? 'Targets near or beyond ±1 drive the output into saturation, where it has no gradient.'
          : 'An output unit whose argument is negative gets no gradient and cannot learn its way back.',
      instead: 'linear',
    };
  }
  return null;
}

/** How much of an output sits where it has no gradient. */
interface End {
  /** So much that it does harm; what was not measured may. */
  readonly much: boolean;
  readonly measured: string;
}

function zeros({ output }: LayerReport): End {
  if (output === null) return { much: true, measured: '' };
  return {
    much: output.zeroShare >= ZERO_SHARE,
    measured: ` On the probe ${formatShare(output.zeroShare)} of its values are 0.`,
  };
}

function saturation({ derivative }: LayerReport): End {
  if (derivative === null) return { much: true, measured: '' };
  return {
    much: derivative.share < DERIVATIVE_SHARE,
    measured: ` On the probe its derivative is ${formatShare(derivative.share)} of the largest possible.`,
  };
}

/** Labels may exceed a bound by rounding. */
const TOLERANCE = 1e-6;

const formatEnd = (end: number): string => (Number.isFinite(end) ? formatNumber(end) : end < 0 ? '−∞' : '∞');

function replaceOutput(layer: LayerReport, instead: string): Suggestion {
  return {
    fix: 'replace-output-activation',
    title: `Use ${instead} on the output`,
    rationale:
      instead === 'linear'
        ? 'A linear output reaches every target. If the targets are positive by nature, softplus keeps a gradient everywhere.'
        : `${instead} is what the loss is made for.`,
    code: layerCode(layer, { activation: instead }),
    effect: null,
  };
}
