import type { LayerReport, Suggestion } from '../../report/report';
import { layerCode } from './layerCode';

/** Draws kernels with variance 2/fan_in, which keeps the size of the signal through ReLU layers (He et al. 2015, arXiv:1502.01852). */
export function heInitialization(layer: LayerReport): Suggestion {
  return {
    fix: 'he-initialization',
    title: 'Initialise the kernels with He uniform',
    rationale:
      'He keeps the size of the signal through ReLU layers; Xavier (Glorot), often recommended here, halves E[a²] at every ReLU layer of equal width. In tfjs take heUniform: its heNormal cuts the tails without correcting and keeps only 78% of the variance.',
    code: layerCode(layer, { kernelInitializer: { tfjs: "'heUniform'", keras: '"he_uniform"' } }),
    effect: null,
  };
}
