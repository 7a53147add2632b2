import { optimizerNote } from '../catalogue/optimizers';
import type { ModelDefinition } from '../facts';
import { lowerLearningRate } from '../fixes/learningRate';
import { blocksOf } from './blocks';
import type { CodeFinding, Rule } from './finding';

/** Schedules that give the rate another scale, and clipping that bounds the step: the number alone says nothing then. */
const SCALED_ELSEWHERE =
  /LambdaLR|OneCycleLR|CyclicLR|LRScheduler|lr_lambda|warm_?up|clip_grad|clipnorm|clipvalue|clip_by/i;
/** Networks with fewer hidden units than this bear larger steps. */
const SMALL_WIDTH = 32;
const SMALL_FACTOR = 10;
/** From this multiple of the excessive rate on the finding is a warning. */
const WARNED_FROM = 4;

/** Learning rates far above the usual range of their optimiser, for a network of this file with hidden layers. */
export const learningRate: Rule = (model, source) => {
  if (SCALED_ELSEWHERE.test(source.text)) return [];
  return model.optimizers.flatMap((use): CodeFinding[] => {
    const note = use.name === null ? null : optimizerNote(use.name);
    if (note === null || note.excessive === null || use.learningRate === null || use.model === null || use.clips)
      return [];
    const width = hiddenWidth(use.model);
    if (width === null) return [];
    const limit = note.excessive * (width < SMALL_WIDTH ? SMALL_FACTOR : 1);
    const { value, range } = use.learningRate;
    if (value < limit || (note.name === 'sgd' && value === limit)) return [];
    const usual = `${note.usual[0]} to ${note.usual[1]}`;
    return [
      {
        rule: 'learning-rate-too-high',
        severity: value >= WARNED_FROM * limit || note.name === 'sgd' ? 'warning' : 'information',
        message:
          `A learning rate of ${value} is far above what ${note.title} is used with (${usual}; ${note.source}). ` +
          'Steps of this size can kill ReLU units for good and make the loss diverge.',
        range,
        fixes: lowerLearningRate(use, note, source),
      },
    ];
  });
};

/** Units of the widest hidden layer; null for networks without one that is known. */
function hiddenWidth(definition: ModelDefinition): number | null {
  const hidden = blocksOf(definition).filter((block) => block.end === 'layer' && block.activations.length > 0);
  const widths = hidden.map(({ layer }) => layer.units).filter((units) => units !== null);
  return widths.length === 0 ? null : Math.max(...widths);
}
