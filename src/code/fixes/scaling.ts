import { fixOf, type Fix } from './edits';
import { indentAt, newlineOf, pathTo, type Source } from './source';
import type { Expression, Range } from '../syntax';

/** Divides the images by 255 right after `(x_train, y_train), (x_test, y_test) = mnist.load_data()`. */
export function scaleImages(load: Range, source: Source): readonly Fix[] {
  const statement = pathTo(source.module, load)?.statement;
  if (statement?.type !== 'assign') return [];
  const [target] = statement.targets;
  const pairs = target?.type === 'list' ? target.items.map((item) => item.value) : [];
  const images = pairs.map(firstName).filter((name) => name !== null);
  if (images.length === 0 || images.length !== pairs.length) return [];
  const used = images.filter((name) => name !== '_');
  const line = `${used.join(', ')} = ${used.map((name) => `${name} / 255.0`).join(', ')}`;
  const text = `${newlineOf(source)}${indentAt(source, statement.from)}${line}`;
  return fixOf('scale-images', 'Scale the images to 0 to 1', [[{ from: statement.to, to: statement.to, text }]]);
}

function firstName(pair: Expression): string | null {
  const first = pair.type === 'list' ? pair.items[0]?.value : undefined;
  return first?.type === 'name' ? first.name : null;
}
