import type { LossUse } from '../facts';
import { fixOf, type Fix, type TextEdit } from './edits';
import { pathTo, sibling, slice, type Source } from './source';

/** Tells the loss whether it gets logits. */
export function setFromLogits(loss: LossUse, value: boolean, source: Source): readonly Fix[] {
  const title = value ? 'Tell the loss that it gets logits' : 'Tell the loss that it gets probabilities';
  const id = value ? 'from-logits' : 'not-from-logits';
  const python = source.module.language === 'python';
  const written = python ? (value ? 'True' : 'False') : String(value);
  const { fromLogits } = loss;
  if (fromLogits !== null)
    return fixOf(id, title, [[{ from: fromLogits.expression.from, to: fromLogits.expression.to, text: written }]]);
  if (loss.library === 'torch') return value ? torchWithLogits(loss, id, title, source) : [];
  const call = pathTo(source.module, loss.range)?.expressions.at(-1);
  if (!python || call?.type !== 'call' || !value) return [];
  const last = call.arguments.at(-1);
  const edit: TextEdit =
    last === undefined
      ? { from: call.list.from + 1, to: call.list.from + 1, text: `from_logits=${written}` }
      : { from: last.to, to: last.to, text: `, from_logits=${written}` };
  return fixOf(id, title, [[edit]]);
}

/** `nn.BCELoss()` becomes `nn.BCEWithLogitsLoss()`. */
function torchWithLogits(loss: LossUse, id: string, title: string, source: Source): readonly Fix[] {
  const callee = /^[\w.]+/.exec(slice(source, loss.range))?.[0] ?? '';
  const range = { from: loss.range.from, to: loss.range.from + callee.length };
  const name = /BCELoss$/.test(callee)
    ? 'BCEWithLogitsLoss'
    : /binary_cross_entropy$/.test(callee)
      ? 'binary_cross_entropy_with_logits'
      : null;
  const found = name === null ? null : sibling(source, range, name);
  if (found === null) return [];
  return fixOf(id, title, [[...found.edits, { ...range, text: found.written }]]);
}

/** Chooses another loss, where it is chosen by a string. */
export function replaceLoss(loss: LossUse, name: string, source: Source): readonly Fix[] {
  const literal = pathTo(source.module, loss.range)?.expressions.at(-1);
  if (literal?.type !== 'string') return [];
  const written =
    loss.library === 'tfjs' ? name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) : name;
  return fixOf('binary-cross-entropy', 'Use binary cross-entropy, for several true classes', [
    [{ from: literal.from, to: literal.to, text: `${literal.quote}${written}${literal.quote}` }],
  ]);
}
