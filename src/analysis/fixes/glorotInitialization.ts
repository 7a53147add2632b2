import type { LayerReport, Suggestion } from '../../report/report';
import { layerCode } from './layerCode';

/** Draws kernels with variance 2/(fan_in + fan_out), made for activations of slope 1 at 0 (Glorot and Bengio 2010). */
export function glorotInitialization(layer: LayerReport): Suggestion {
  return {
    fix: 'glorot-initialization',
    title: 'Initialise the kernels with Xavier (Glorot) uniform',
    rationale: `Xavier is made for activations that are nearly linear around 0, as ${layer.activation ?? 'tanh'} is; it keeps pre-activations small enough not to saturate.`,
    code: layerCode(layer, { kernelInitializer: { tfjs: "'glorotUniform'", keras: '"glorot_uniform"' } }),
    effect: null,
  };
}
