import { RELU_FAMILY } from '../catalogue/activations';
import { setInitializers } from '../fixes/initializer';
import { activationOf, blocksOf, type Block } from './blocks';
import type { CodeFinding, Rule } from './finding';

/**
 * Hidden kernels that start at one value: all units of the layer then compute the same and get the same gradient, for
 * ever. Zero kernels of last layers and of residual branches are symmetric on purpose and are left alone: only a layer
 * that feeds another layer directly counts.
 */
export const symmetricUnits: Rule = (model, source) =>
  model.definitions.flatMap((definition) =>
    blocksOf(definition)
      .filter(isConstantHidden)
      .map(({ layer, ...block }): CodeFinding => {
        const family = RELU_FAMILY.has(activationOf({ layer, ...block }) ?? '') ? 'he' : 'glorot';
        const value = layer.kernelInitializer!.constant;
        return {
          rule: 'symmetric-units',
          severity: 'warning',
          message:
            `All weights of this hidden layer start at ${value}: its ${layer.units} units compute the same and receive the ` +
            `same gradient, so that they stay equal. Use ${family === 'he' ? 'He' : 'Glorot'} initialization.`,
          range: layer.kernelInitializer!.range,
          fixes: setInitializers(`${family}-initialization`, [layer], family, source),
        };
      }),
  );

function isConstantHidden({ layer, end }: Block): boolean {
  const hidden = end === 'layer' && layer.role !== 'recurrent' && !layer.kind.startsWith('Depthwise');
  return hidden && (layer.kernelInitializer?.constant ?? null) !== null && layer.units !== null && layer.units > 1;
}
