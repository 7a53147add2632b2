import { visit, type JSONVisitor, type ParseOptions } from 'jsonc-parser';
import type { JsonPath } from '../report/report';

/** A stretch of one line; line and characters (UTF-16) are zero-based. */
export interface TextSpan {
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** What names a layer in its configuration, best first: Keras layers have a class, nodes of a graph only a name. */
const NAMING = ['class_name', 'name', 'op'];

const STRICT: ParseOptions = { disallowComments: true, allowTrailingComma: false };

/**
 * Where the objects at `paths` are named in the JSON `text`: the value of `class_name`, else of `name`, else the
 * object's first character. Works on files of one long line. Paths that are not in the text are left out.
 * Keys of the result are the paths as JSON.
 */
export function locateLayers(text: string, paths: Iterable<JsonPath>): ReadonlyMap<string, TextSpan> {
  const wanted = new Set([...paths].map((path) => JSON.stringify(path)));
  const found = new Map<string, { span: TextSpan; rank: number }>();
  const offer = (path: string, rank: number, line: number, start: number, length: number): void => {
    if (!wanted.has(path) || (found.get(path)?.rank ?? Infinity) <= rank) return;
    found.set(path, { span: { line, start, end: start + length }, rank });
  };
  const visitor: JSONVisitor = {
    onObjectBegin: (_offset, length, line, character, path) => {
      offer(JSON.stringify(path()), NAMING.length, line, character, length);
    },
    onLiteralValue: (value, _offset, length, line, character, path) => {
      if (typeof value !== 'string') return;
      const full = path();
      const rank = NAMING.indexOf(String(full.at(-1)));
      if (rank >= 0) offer(JSON.stringify(full.slice(0, -1)), rank, line, character, length);
    },
  };
  try {
    visit(text, visitor, STRICT);
  } catch (error) {
    // The parser recurses: a file that nests thousands of levels deep ends the search, with what was found before.
    if (!(error instanceof RangeError)) throw error;
  }
  return new Map([...found].map(([path, { span }]) => [path, span]));
}
