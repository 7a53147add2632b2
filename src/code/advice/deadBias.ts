import { RECTIFIERS } from '../catalogue/activations';
import { zeroBias } from '../fixes/initializer';
import { activationOf, blocksOf } from './blocks';
import type { CodeFinding, Rule } from './finding';

/**
 * Inputs and weights of usual scale give sums of standard deviation 1 to 2; a bias this far below 0 leaves a ReLU unit
 * inactive on practically every input.
 */
const DEADLY = -5;

/** ReLU layers whose biases start so low that the units are dead from the start. */
export const deadBias: Rule = (model, source) =>
  model.definitions.flatMap((definition) =>
    blocksOf(definition)
      .filter((block) => RECTIFIERS.has(activationOf(block) ?? '') && !block.normalized)
      .filter(({ layer }) => (layer.biasInitializer?.constant ?? 0) <= DEADLY)
      .map(
        ({ layer }): CodeFinding => ({
          rule: 'dead-relu',
          severity: 'warning',
          message:
            `The biases of this ReLU layer start at ${layer.biasInitializer!.constant}: the sums are negative for ` +
            'practically every input, so that the units start dead and get no gradient. Start biases at 0.',
          range: layer.biasInitializer!.range,
          fixes: zeroBias(layer, source),
        }),
      ),
  );
