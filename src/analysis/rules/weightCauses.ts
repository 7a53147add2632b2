/** Why a signal shrinks or grows, as far as the weights and activations of the layers tell. */

import { activation } from '../../report/activations';
import { formatNumber } from '../../report/format';
import type { Cause, LayerReport } from '../../report/report';
import { targetGain } from '../fixes/initialization';

/** The standard deviation that fits the layer's activation (He or Xavier), over the kernel's: below 1 the kernel is too small. Null without a kernel. */
export function kernelScale(producer: LayerReport, activationName: string | null): number | null {
  const kernel = producer.weights.find(({ fanIn }) => fanIn !== null);
  if (kernel?.standardDeviation == null || kernel.fanIn === null || kernel.mean === null) return null;
  // A kernel with a mean of its own carries signal in it too.
  const size = Math.hypot(kernel.standardDeviation, kernel.mean);
  return size / Math.sqrt(targetGain(activationName) / kernel.fanIn);
}

/** Geometric mean of positive numbers; null for none. */
export function geometricMean(values: readonly number[]): number | null {
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) return null;
  return Math.exp(positive.reduce((sum, value) => sum + Math.log(value), 0) / positive.length);
}

/** Why a signal shrinks over these layers, as far as weights and activations tell. */
export function shrinkingCause(layers: readonly LayerReport[]): Cause | null {
  const scales = layers.flatMap((layer) => kernelScale(layer, layer.activation) ?? []);
  const scale = geometricMean(scales);
  if (scale !== null && scale < 0.5) {
    return {
      id: 'initialization',
      title: 'The weights are too small',
      explanation: `Over ${scales.length} layers the kernels are on average ${formatNumber(1 / scale)} times smaller than the initialisation that fits their activation.`,
    };
  }
  const saturating = layers.filter(
    ({ activation: name }) => name !== null && activation(name)?.family === 'saturating',
  );
  if (saturating.length * 2 >= layers.length && saturating.length > 0) {
    const name = saturating[0].activation!;
    const share = geometricMean(saturating.flatMap(({ derivative }) => derivative?.mean ?? []));
    const bound =
      name === 'sigmoid' ? ' A sigmoid’s derivative is at most 1/4; that bound leaves the weights out of account.' : '';
    return {
      id: 'activation',
      title: `${name} shrinks the gradient`,
      explanation: `${saturating.length} of ${layers.length} hidden layers are ${name}${share === null ? '' : `; their measured mean derivative is ${formatNumber(share)}`}.${bound}`,
    };
  }
  return layers.length >= 10
    ? {
        id: 'depth',
        title: 'The network is deep',
        explanation: `${layers.length} layers each lose a little, and the losses multiply.`,
      }
    : null;
}

/** Why a signal grows over these layers, as far as the weights tell. */
export function growingCause(layers: readonly LayerReport[]): Cause | null {
  const scales = layers.flatMap((layer) => kernelScale(layer, layer.activation) ?? []);
  const scale = geometricMean(scales);
  if (scale !== null && scale > 1.5) {
    return {
      id: 'initialization',
      title: 'The weights are too large',
      explanation: `Over ${scales.length} layers the kernels are on average ${formatNumber(scale)} times larger than the initialisation that fits their activation.`,
    };
  }
  return layers.length >= 10
    ? {
        id: 'depth',
        title: 'The network is deep',
        explanation: `${layers.length} layers each add a little, and the gains multiply.`,
      }
    : null;
}
