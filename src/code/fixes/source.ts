import type { CodeDocument } from '../parser';
import type { Names } from '../resolve';
import {
  bodiesOf,
  expressionsOf,
  forEachPart,
  type Expression,
  type Import,
  type Module,
  type Range,
  type Statement,
} from '../syntax';
import type { TextEdit } from './edits';

/** The file that fixes edit. */
export interface Source {
  readonly text: string;
  readonly module: Module;
  readonly names: Names;
  readonly kerasVersion: 2 | 3 | null;
}

export const sourceOf = (document: CodeDocument): Source => ({
  text: document.text,
  module: document.module,
  names: document.names,
  kerasVersion: document.model.kerasVersion,
});

export const slice = ({ text }: Source, range: Range): string => text.slice(range.from, range.to);

/** The quotation mark that the file uses most. */
export function quoteOf({ text }: Source): string {
  const single = text.split("'").length;
  return single >= text.split('"').length ? "'" : '"';
}

/** Spaces and tabs before the first character of the line that holds `offset`. */
export function indentAt({ text }: Source, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start))![0];
}

export const newlineOf = ({ text }: Source): string => (text.includes('\r\n') ? '\r\n' : '\n');

/** The expressions around `range` from the outside in, and the innermost statement; null where nothing has that range. */
export function pathTo(
  module: Module,
  range: Range,
): { statement: Statement; expressions: readonly Expression[] } | null {
  const holds = (outer: Range): boolean => outer.from <= range.from && range.to <= outer.to;
  const inStatements = (body: readonly Statement[]): ReturnType<typeof pathTo> => {
    for (const statement of body) {
      if (!holds(statement)) continue;
      for (const inner of bodiesOf(statement)) {
        const found = inStatements(inner);
        if (found !== null) return found;
      }
      for (const expression of expressionsOf(statement)) {
        const found = inExpression(expression, statement);
        if (found !== null) return found;
      }
    }
    return null;
  };
  const inExpression = (expression: Expression, statement: Statement): ReturnType<typeof pathTo> => {
    if (!holds(expression)) return null;
    if (expression.from === range.from && expression.to === range.to) return { statement, expressions: [expression] };
    let found: ReturnType<typeof pathTo> = null;
    forEachPart(expression, (part) => (found ??= inExpression(part, statement)));
    if (found === null && expression.type === 'function') return inStatements(expression.body);
    const inner = found as ReturnType<typeof pathTo>;
    return inner === null ? null : { ...inner, expressions: [expression, ...inner.expressions] };
  };
  return inStatements(module.body);
}

/**
 * How to write another name of the library beside one that is written as `callee`: `layers.Dense` gives
 * `layers.LeakyReLU`, an imported `Dense` gives `LeakyReLU` with the import it needs. Null where that is not possible.
 */
export function sibling(
  source: Source,
  callee: Range,
  name: string,
): { readonly written: string; readonly edits: readonly TextEdit[] } | null {
  const text = slice(source, callee);
  const dot = text.lastIndexOf('.');
  if (dot >= 0) return { written: `${text.slice(0, dot)}.${name}`, edits: [] };
  const path = source.names.path(text);
  if (path === null) return null;
  const wanted = path.replace(/[^.]*$/, name);
  if (source.names.path(name) === wanted) return { written: name, edits: [] };
  const statement = importOf(source.module.body, text);
  const last = statement?.names.at(-1);
  if (last === undefined || source.names.path(name) !== null) return null;
  const end =
    last.local === null || last.local === last.imported ? last.range.to : endOfAlias(source, last.range.to, last.local);
  return { written: name, edits: [{ from: end, to: end, text: `, ${name}` }] };
}

/** The `from … import …` or `import {…} from …` that brings `local`. */
function importOf(body: readonly Statement[], local: string): Import | null {
  for (const statement of body) {
    if (statement.type === 'import') {
      const found = statement.names.find((name) => name.local === local);
      if (found !== undefined && statement.module !== '' && found.imported !== 'default' && found.imported !== '*')
        return statement;
    }
    for (const inner of bodiesOf(statement)) {
      const found = importOf(inner, local);
      if (found !== null) return found;
    }
  }
  return null;
}

function endOfAlias({ text }: Source, from: number, alias: string): number {
  const at = text.indexOf(alias, from);
  return at < 0 || at > from + 40 ? from : at + alias.length;
}
