import type { LayerReport, Suggestion } from '../../report/report';
import { layerCode } from './layerCode';

/** ReLU with He initialisation in place of a saturating hidden activation. */
export function replaceSaturating(layer: LayerReport): Suggestion {
  const bound = layer.activation === 'sigmoid' ? 'at most 1/4' : 'below 1 except at 0';
  return {
    fix: 'replace-saturating-activation',
    title: `Replace ${layer.activation ?? 'the activation'} by ReLU with He uniform`,
    rationale: `The derivative of ${layer.activation ?? 'the activation'} is ${bound}, and every such layer multiplies the gradient by it. ReLU has derivative 1 wherever it is active; mind its initialisation and the learning rate, or units die.`,
    code: layerCode(layer, { activation: 'relu', kernelInitializer: { tfjs: "'heUniform'", keras: '"he_uniform"' } }),
    effect: null,
  };
}
