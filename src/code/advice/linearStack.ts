import { addActivation } from '../fixes/activation';
import { blocksOf, type Block } from './blocks';
import type { CodeFinding, Rule } from './finding';

/**
 * Two dense layers with nothing nonlinear between them are one dense layer. A narrower first layer is left alone: that
 * is a bottleneck or a factorized matrix, made on purpose.
 */
export const linearStack: Rule = (model, source) =>
  model.definitions.flatMap((definition) => {
    const blocks = blocksOf(definition);
    const byIndex = new Map(blocks.map((block) => [block.index, block]));
    return blocks.flatMap((block): CodeFinding[] => {
      const next = block.next === null ? undefined : byIndex.get(block.next);
      if (next === undefined || !isLinearDense(block) || next.layer.kind !== 'Dense') return [];
      const [units, after] = [block.layer.units, next.layer.units];
      if (units === null || after === null || units < after) return [];
      return [
        {
          rule: 'low-rank',
          severity: 'information',
          message:
            'This dense layer has no activation and feeds another dense layer: together they compute what one layer could. ' +
            'Give it an activation such as ReLU.',
          range: block.layer.callee,
          fixes: addActivation(block.layer, 'relu', source),
        },
      ];
    });
  });

function isLinearDense(block: Block): boolean {
  const { layer, activations, normalized, pooled } = block;
  return (
    layer.kind === 'Dense' && activations.length === 0 && !normalized && !pooled && layer.activation?.name === 'linear'
  );
}
