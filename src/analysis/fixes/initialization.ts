import type { LayerReport, Suggestion } from '../../report/report';
import { glorotInitialization } from './glorotInitialization';
import { heInitialization } from './heInitialization';
import { lecunInitialization } from './lecunInitialization';

/** The initialisation that fits the layer's activation: He for the ReLU family, LeCun for SELU, Xavier for the rest. */
export function fittingInitialization(layer: LayerReport): Suggestion {
  return targetGain(layer.activation) === 2
    ? heInitialization(layer)
    : layer.activation === 'selu'
      ? lecunInitialization(layer)
      : glorotInitialization(layer);
}

const RECTIFIERS = new Set([
  'relu',
  'relu6',
  'leaky_relu',
  'prelu',
  'thresholded_relu',
  'elu',
  'celu',
  'gelu',
  'gelu_tanh',
  'silu',
  'hard_silu',
  'mish',
  'softplus',
]);

/** The factor g in the kernel variance g/fan_in that keeps the signal: 2 where about half of it is cut off (He et al. 2015), else 1. */
export function targetGain(activation: string | null): 1 | 2 {
  return activation !== null && RECTIFIERS.has(activation) ? 2 : 1;
}
