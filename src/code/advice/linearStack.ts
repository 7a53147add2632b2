import type { CodeModel, ModelDefinition } from '../facts';
import { addActivation } from '../fixes/activation';
import { blocksOf, type Block } from './blocks';
import type { CodeFinding, Rule } from './finding';

/**
 * Two dense layers with nothing nonlinear between them are one dense layer. A narrower first layer is left alone: that
 * is a bottleneck or a factorized matrix, made on purpose. So is a network without any activation that a file of tests
 * does not train: that is a stand-in for a network in a test of something else.
 */
export const linearStack: Rule = (model, source) => {
  const hasTests = TESTS.test(source.text);
  return model.definitions.flatMap((definition) => {
    if (hasTests && !bends(definition) && !isTrained(definition, model)) return [];
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
};

/** Tests of pytest or unittest, and of Jest, Jasmine, Mocha or Vitest. */
const TESTS = /^[ \t]*(async )?def test_\w+\(|^[ \t]*(it|test)(\.\w+)?\(\s*['"`]/m;

/** Whether anything in a network is nonlinear, or may be because it is not understood. */
const bends = ({ steps }: ModelDefinition): boolean =>
  steps.some(
    ({ operation, layer }) =>
      operation === 'activation' ||
      operation === 'unknown' ||
      operation === 'model' ||
      (layer?.activation != null && layer.activation.name !== 'linear'),
  );

const isTrained = (definition: ModelDefinition, { optimizers, losses, fits }: CodeModel): boolean =>
  [...optimizers, ...losses, ...fits].some(({ model }) => model === definition);

function isLinearDense(block: Block): boolean {
  const { layer, activations, normalized, pooled } = block;
  return (
    layer.kind === 'Dense' && activations.length === 0 && !normalized && !pooled && layer.activation?.name === 'linear'
  );
}
