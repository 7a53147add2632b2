import { RELU_FAMILY } from '../catalogue/activations';
import { setInitializers } from '../fixes/initializer';
import { activationOf, blocksOf, fanIn, runs, type Block } from './blocks';
import type { CodeFinding, Rule } from './finding';

/**
 * A hidden layer alone may scale the signal by at most this, up or down, before it is spoken of. Down it may go further:
 * optimisers that scale their steps soon make up for one layer of small weights.
 */
const LAYER_GROWS = 10;
const LAYER_SHRINKS = 1 / 100;
/** The same for a whole run of layers. */
const RUN_GROWS = 100;
const RUN_SHRINKS = 1e-3;
/** A pre-activation of this standard deviation leaves a tanh or sigmoid unit saturated on nearly all inputs. */
const SATURATED = 8;

/**
 * Hidden layers whose initialiser has a fixed standard deviation that does not suit their fan-in. The gain of a ReLU
 * layer is `std sqrt(fanIn / 2)`, which He initialisation makes 1 (He et al. 2015, arXiv:1502.01852).
 */
export const initialization: Rule = (model, source) =>
  model.definitions.flatMap((definition) => {
    const blocks = blocksOf(definition);
    const before = new Map(blocks.flatMap((block) => (block.next === null ? [] : [[block.next, block] as const])));
    const gainOf = (block: Block): number | null => {
      const deviation = block.layer.kernelInitializer?.standardDeviation ?? null;
      const fan = fanIn(block, before.get(block.index) ?? null, definition);
      return deviation === null || fan === null ? null : deviation * Math.sqrt(fan);
    };
    const reluRuns = runs(blocks, (block) => isHidden(block) && isRelu(block) && gainOf(block) !== null);
    return [
      ...reluRuns.flatMap((run) => {
        const gains = run.map((block) => gainOf(block)! / Math.SQRT2);
        const total = gains.reduce((product, gain) => product * gain, 1);
        const grows = total >= RUN_GROWS || gains.some((gain) => gain >= LAYER_GROWS);
        const shrinks = total <= RUN_SHRINKS || gains.some((gain) => gain <= LAYER_SHRINKS);
        if (grows === shrinks) return [];
        const finding: CodeFinding = {
          rule: 'poor-initialization',
          severity: grows || total <= RUN_SHRINKS / 100 ? 'warning' : 'information',
          message: message(run, total, grows),
          range: run[0].layer.kernelInitializer!.range,
          fixes: setInitializers(
            'he-initialization',
            run.map(({ layer }) => layer),
            'he',
            source,
          ),
        };
        return [finding];
      }),
      ...blocks
        .filter((block) => isHidden(block) && isSaturating(block) && (gainOf(block) ?? 0) >= SATURATED)
        .map(
          (block): CodeFinding => ({
            rule: 'saturated-activation',
            severity: 'warning',
            message:
              `With this initializer the sums before ${activationOf(block)} have a standard deviation of about ` +
              `${round(gainOf(block)!)} for inputs of unit scale: nearly every unit starts saturated, where the derivative is 0. ` +
              'Use Glorot initialization.',
            range: block.layer.kernelInitializer!.range,
            fixes: setInitializers('glorot-initialization', [block.layer], 'glorot', source),
          }),
        ),
    ];
  });

const isHidden = (block: Block): boolean =>
  block.end === 'layer' && !block.normalized && block.layer.role !== 'recurrent';
const isRelu = (block: Block): boolean => RELU_FAMILY.has(activationOf(block) ?? '');
const isSaturating = (block: Block): boolean => ['tanh', 'sigmoid', 'hard_sigmoid'].includes(activationOf(block) ?? '');

function message(run: readonly Block[], total: number, grows: boolean): string {
  const kind = run.every((block) => activationOf(block) === 'relu') ? 'ReLU' : 'hidden';
  const layers = run.length === 1 ? `this ${kind} layer` : `these ${run.length} ${kind} layers`;
  const factor = grows
    ? `multiply the signal by about ${round(total)}`
    : `shrink the signal to about ${round(total)} of itself`;
  const verb = run.length === 1 ? factor.replace(/^multiply/, 'multiplies').replace(/^shrink/, 'shrinks') : factor;
  return (
    `With a fixed standard deviation that ignores the fan-in, ${layers} ${verb} at initialization, and the gradient alike. ` +
    'He initialization (variance 2/fan-in) keeps it.'
  );
}

const round = (value: number): string =>
  value >= 1000 || value < 0.01 ? value.toExponential(0) : String(Number(value.toPrecision(2)));
