import type { LayerUse } from '../facts';
import type { Expression } from '../syntax';
import type { TextEdit } from './edits';
import { indentAt, newlineOf, pathTo, slice, type Source } from './source';

/**
 * Puts another layer after one, in the form in which the model is built: as the next item of a list, as the next
 * `model.add`, or around the functional call. Null where the layer stands in none of these.
 */
export function insertAfter(layer: LayerUse, written: string, source: Source): readonly TextEdit[] | null {
  const path = pathTo(source.module, layer.range);
  if (path === null) return null;
  const { expressions, statement } = path;
  const parent = expressions.at(-2);
  if (parent === undefined) return null;
  if (parent.type === 'list') return afterItem(layer, parent, written, source);
  if (parent.type !== 'call') return parent.type === 'member' ? aroundApply(layer, expressions, written) : null;
  if (parent.callee.from === layer.range.from && parent.callee.to === layer.range.to)
    return around(parent, `${written}(`, ')');
  if (isSequentialCall(parent, source)) return afterItem(layer, parent, written, source);
  if (parent.callee.type !== 'member' || parent.callee.name !== 'add' || statement.type !== 'evaluate') return null;
  if (statement.value !== parent) return null;
  const receiver = slice(source, parent.callee.object);
  const end = source.text[statement.to - 1] === ';' ? ';' : '';
  const text = `${newlineOf(source)}${indentAt(source, statement.from)}${receiver}.add(${written})${end}`;
  return [{ from: statement.to, to: statement.to, text }];
}

/** `nn.Sequential(nn.Linear(…), …)`. */
function isSequentialCall(call: Expression, { names }: Source): boolean {
  return call.type === 'call' && /\.(nn|models)\.Sequential$/.test(names.qualify(call.callee) ?? '');
}

function afterItem(layer: LayerUse, list: Expression, written: string, source: Source): readonly TextEdit[] {
  const { text } = source;
  const ownLine = /\n[ \t]*$/.test(text.slice(list.from, layer.range.from));
  const separator = ownLine ? `,${newlineOf(source)}${indentAt(source, layer.range.from)}` : ', ';
  return [{ from: layer.range.to, to: layer.range.to, text: `${separator}${written}` }];
}

/** `Dense(4)(x)` becomes `LeakyReLU(0.1)(Dense(4)(x))`. */
function around(call: Expression, before: string, after: string): readonly TextEdit[] {
  return [
    { from: call.from, to: call.from, text: before },
    { from: call.to, to: call.to, text: after },
  ];
}

/** `tf.layers.dense(…).apply(x)` becomes `tf.layers.leakyReLU(…).apply(tf.layers.dense(…).apply(x))`. */
function aroundApply(layer: LayerUse, expressions: readonly Expression[], written: string): readonly TextEdit[] | null {
  const member = expressions.at(-2);
  const call = expressions.at(-3);
  if (layer.library !== 'tfjs' || member?.type !== 'member' || member.name !== 'apply' || call?.type !== 'call')
    return null;
  return around(call, `${written}.apply(`, ')');
}
