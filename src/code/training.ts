import type { Library } from './catalogue/libraries';
import { lossNote } from './catalogue/losses';
import { optimizerNote } from './catalogue/optimizers';
import { libraryOf } from './catalogue/libraries';
import type { CallSite } from './interpreter/context';
import type { Arguments, EvaluatedArgument, LossDraft, ModelDraft, OptimizerDraft, Value } from './interpreter/values';
import { argumentUse } from './layerCall';
import type { Range } from './syntax';

/** Optimisers, losses and `compile` calls: what Keras, tfjs and PyTorch have in common there. */

const RATE = ['learning_rate', 'learningRate', 'lr'];
const CLIPPING = ['clipnorm', 'clipvalue', 'global_clipnorm', 'max_grad_norm'];

/** The optimiser that a constructor call makes. `position` is that of the learning rate. */
export function optimizerDraft(written: string, library: Library, site: CallSite, position: number): OptimizerDraft {
  const rate = site.args.get(RATE, position);
  return {
    name: optimizerNote(written)?.name ?? null,
    library,
    range: { from: site.call.from, to: site.call.to },
    learningRate: rate === null ? null : learningRate(rate),
    clips: !site.args.complete || CLIPPING.some((name) => site.args.get(name) !== null),
    draft: null,
  };
}

function learningRate({ value, expression }: EvaluatedArgument): OptimizerDraft['learningRate'] {
  return value.type === 'number' ? { value: value.value, range: { from: expression.from, to: expression.to } } : null;
}

/** The loss that `name` stands for in `library`; `args` are those of its constructor. */
export function lossDraft(
  name: string,
  library: Library,
  range: Range,
  form: LossDraft['form'],
  args: Arguments | null,
): LossDraft {
  const note = lossNote(name);
  const flag = args?.get(['from_logits', 'fromLogits']) ?? null;
  const open = args !== null && !args.complete;
  let takes: LossDraft['takes'] = note === null || open ? null : note.takes;
  if (flag !== null && note?.takes === 'probabilities')
    takes = flag.value.type === 'boolean' ? (flag.value.value ? 'logits' : 'probabilities') : null;
  return {
    name: note?.name ?? null,
    library,
    range: { from: range.from, to: range.to },
    form,
    takes,
    fromLogits: flag === null ? null : argumentUse(flag),
  };
}

/** Reads `optimizer` and `loss` of `model.compile` and records what they are given to. */
export function recordCompile(draft: ModelDraft | null, args: Arguments, library: Library, site: CallSite): void {
  const { recorder } = site.context;
  const optimizer = args.get('optimizer', 0);
  const loss = args.get('loss', 1);
  if (optimizer?.value.type === 'optimizer') optimizer.value.use.draft ??= draft;
  if (optimizer?.value.type === 'string')
    recorder.optimizers.push({
      name: optimizerNote(optimizer.value.value)?.name ?? null,
      library,
      range: { from: optimizer.expression.from, to: optimizer.expression.to },
      learningRate: null,
      clips: false,
      draft,
    });
  const used = loss === null ? null : lossOf(loss, library);
  if (used === null) return;
  recorder.losses.push(used);
  recorder.apply(used, draft === null ? null : { type: 'model', draft });
}

function lossOf({ value, expression }: EvaluatedArgument, library: Library): LossDraft | null {
  if (value.type === 'loss') return value.use;
  if (value.type === 'string') return lossDraft(value.value, library, expression, 'string', null);
  if (value.type === 'symbol' && libraryOf(value.path) !== null) return lossFunction(value.path, library, expression);
  return null;
}

/** A loss given as a function: `keras.losses.mse`, `tf.losses.softmaxCrossEntropy`. */
function lossFunction(path: string, library: Library, expression: Range): LossDraft | null {
  const home = /\.(losses|metrics|nn|objectives)\./.test(path);
  return home ? lossDraft(path.split('.').at(-1), library, expression, 'function', null) : null;
}

/** Where a call's data come from, if they are byte images that nothing has scaled. */
export function byteImages(argument: EvaluatedArgument | null): { range: Range; argument: Range } | null {
  if (argument?.value.type !== 'images') return null;
  const { from, to } = argument.expression;
  return { range: argument.value.source, argument: { from, to } };
}

export const draftOf = (value: Value): ModelDraft | null =>
  value.type === 'model' ? value.draft : value.type === 'instance' ? value.of.draft : null;
