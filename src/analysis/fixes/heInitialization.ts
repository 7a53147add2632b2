import type { LayerReport, Suggestion } from '../../report/report';
import { layerCode } from './layerCode';

/**
 * Draws kernels with variance 2/fan_in, which keeps the size of the signal through ReLU layers (He et al. 2015,
 * arXiv:1502.01852), and starts biases at 0 where the layer's own start elsewhere.
 */
export function heInitialization(layer: LayerReport): Suggestion {
  const biased = startsBiased(layer);
  return {
    fix: 'he-initialization',
    title: `Initialise the kernels with He uniform${biased ? ', the biases with zeros' : ''}`,
    rationale:
      'He keeps the size of the signal through ReLU layers; Xavier (Glorot), often recommended here, halves E[a²] at every ReLU layer of equal width. In tfjs take heUniform: its heNormal cuts the tails without correcting and keeps only 78% of the variance.',
    code: layerCode(layer, {
      kernelInitializer: { tfjs: "'heUniform'", keras: '"he_uniform"' },
      ...(biased ? { biasInitializer: { tfjs: "'zeros'", keras: '"zeros"' } } : {}),
    }),
    effect: null,
  };
}

/** Whether the biases are drawn elsewhere than at 0, by the saved initialiser or by their looks: all alike, and not 0. */
function startsBiased({ weights }: LayerReport): boolean {
  const bias = weights.find(({ name }) => name === 'bias');
  if (bias === undefined) return false;
  const { initializer, standardDeviation, mean } = bias;
  return initializer === null ? standardDeviation === 0 && mean !== 0 : initializer.className !== 'Zeros';
}
