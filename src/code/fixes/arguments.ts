import type { LayerUse } from '../facts';
import type { TextEdit } from './edits';
import { slice, type Source } from './source';

/** An argument's keyword as the library writes it: tfjs has `kernelInitializer`, Keras `kernel_initializer`. */
export function keywordFor(layer: LayerUse, name: string): string {
  if (layer.library !== 'tfjs') return name;
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Gives an argument of a Keras or tfjs layer a value, in place of the one it has or as a new last argument. */
export function setArgument(layer: LayerUse, name: string, value: string, source: Source): readonly TextEdit[] | null {
  const present = layer.arguments.get(name);
  if (present !== undefined) return [{ from: present.expression.from, to: present.expression.to, text: value }];
  if (!layer.complete || layer.library === 'torch') return null;
  const keyword = keywordFor(layer, name);
  const written = layer.library === 'tfjs' ? `${keyword}: ${value}` : `${keyword}=${value}`;
  const last = lastArgument(layer);
  if (last !== null) return [{ from: last, to: last, text: `, ${written}` }];
  const inner = layer.list.from + 1;
  // `tf.layers.flatten()` has no object yet.
  if (layer.library === 'tfjs') {
    const empty = /^\(\s*\{\s*\}\s*\)$/.test(slice(source, layer.list));
    return empty || /^\(\s*\)$/.test(slice(source, layer.list))
      ? [{ from: layer.list.from, to: layer.list.to, text: `({ ${written} })` }]
      : null;
  }
  return [{ from: inner, to: inner, text: written }];
}

/** Where the last argument that stands in the call itself ends. */
function lastArgument(layer: LayerUse): number | null {
  const ends = [...layer.arguments.values()]
    .map((argument) => argument.range)
    .filter((range) => layer.list.from <= range.from && range.to <= layer.list.to)
    .map((range) => range.to);
  return ends.length === 0 ? null : Math.max(...ends);
}

/** Takes an argument out with the comma that belongs to it. */
export function removeArgument(layer: LayerUse, name: string, source: Source): readonly TextEdit[] | null {
  const present = layer.arguments.get(name);
  if (present === undefined) return [];
  if (present.keyword === null && layer.library !== 'tfjs') return null;
  return [removeItem(present.range, source)];
}

/** Takes an item of a list out: with the comma before it, or for the first one with the comma after it. */
export function removeItem(range: { from: number; to: number }, { text }: Source): TextEdit {
  const before = /,\s*$/.exec(text.slice(0, range.from));
  if (before !== null) return { from: range.from - before[0].length, to: range.to, text: '' };
  const after = /^\s*,[ \t]*/.exec(text.slice(range.to));
  return { from: range.from, to: range.to + (after?.[0].length ?? 0), text: '' };
}
