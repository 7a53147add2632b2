import { replaceActivations } from '../fixes/activation';
import { insertBatchNormalization } from '../fixes/batchNormalization';
import { blocksOf, activationOf, runs, type Block } from './blocks';
import type { CodeFinding, Rule } from './finding';

/** From this many hidden layers on the rule speaks, and from one more it warns. */
const SPOKEN_FROM = 4;

/**
 * Mean-field factor of the gradient's RMS per sigmoid layer: the square root of chi = 0.056 for weights of variance
 * 1/fan-in, as Glorot gives them for equal widths (Schoenholz et al. 2017, arXiv:1611.01232).
 */
const EXPECTED_FACTOR = Math.sqrt(0.056);

/** Four or more hidden sigmoid layers in a row without normalisation: each passes on at most a quarter of the gradient. */
export const saturatingStack: Rule = (model, source) =>
  model.definitions.flatMap((definition) =>
    runs(blocksOf(definition), isPlainSigmoid)
      .filter((run) => run.length >= SPOKEN_FROM)
      .map((run): CodeFinding => {
        const n = run.length;
        const activations = run.map((block) => block.activations[0]);
        const glorot = run.every(({ layer }) => layer.library !== 'torch' && isGlorot(layer.kernelInitializer?.name));
        const expected = glorot
          ? ` With Glorot initialization about ${(EXPECTED_FACTOR ** n).toExponential(0)} of it is expected to arrive.`
          : '';
        return {
          rule: 'vanishing-gradient',
          severity: n > SPOKEN_FROM ? 'warning' : 'information',
          message:
            `${n} hidden sigmoid layers in a row: the derivative of each is at most 1/4, so that the activations alone ` +
            `scale the gradient down to at most (1/4)^${n} = 1/${4 ** n}.${expected} ` +
            'Use ReLU (with He initialization) in hidden layers, or normalize between them.',
          range: activations[0].range,
          fixes: [
            ...replaceActivations('relu-activation', run, 'relu', source),
            ...insertBatchNormalization(
              run.map(({ layer }) => layer),
              source,
            ),
          ],
        };
      }),
  );

function isPlainSigmoid(block: Block): boolean {
  const name = activationOf(block);
  const stacked = block.layer.role === 'dense' || block.layer.role === 'convolution';
  return stacked && (name === 'sigmoid' || name === 'hard_sigmoid') && !block.normalized && block.end === 'layer';
}

const isGlorot = (name: string | null | undefined): boolean =>
  name === undefined || name === 'glorot_uniform' || name === 'glorot_normal';
