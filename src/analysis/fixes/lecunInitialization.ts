import type { LayerReport, Suggestion } from '../../report/report';
import { layerCode } from './layerCode';

/** Draws kernels with variance 1/fan_in, the condition under which SELU normalises itself (Klambauer et al. 2017, arXiv:1706.02515). */
export function lecunInitialization(layer: LayerReport): Suggestion {
  return {
    fix: 'lecun-initialization',
    title: 'Initialise the kernels with LeCun uniform',
    rationale:
      'SELU keeps mean 0 and variance 1 through the depth only with LeCun initialisation and unnormalised layers.',
    code: layerCode(layer, { kernelInitializer: { tfjs: "'leCunUniform'", keras: '"lecun_uniform"' } }),
    effect: null,
  };
}
