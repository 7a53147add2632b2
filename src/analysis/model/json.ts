/** Values parsed from hostile JSON: narrowing, and errors with the place of the mistake. */

import { parse, type ParseError, printParseErrorCode } from 'jsonc-parser';
import { DiagnosisError } from '../../report/errors';
import type { JsonPath } from '../../report/report';

export type JsonRecord = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value under `key` where `value` is an object with such a key of its own, else undefined. */
export const get = (value: unknown, key: string): unknown =>
  isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;

export const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** `modelTopology.model_config.config.layers[3]`, as error messages name a place. */
export const printPath = (path: JsonPath): string =>
  path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('');

/**
 * Parses JSON as Python writes it: `NaN` becomes null and `Infinity` the number, in defiance of the standard.
 * Throws `invalid-json` with line and column.
 */
export function parseJson(source: string, file: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    // Strings are matched first so that what looks like a number inside them stays as it is.
    const standard = source.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (token) =>
      token === 'Infinity'
        ? '1e999'
        : token === '-Infinity'
          ? '-1e999'
          : /NaN$/.test(token) && token[0] !== '"'
            ? 'null'
            : token,
    );
    try {
      return JSON.parse(standard);
    } catch (error) {
      throw invalidJson(source, file, error);
    }
  }
}

function invalidJson(source: string, file: string, cause: unknown): DiagnosisError {
  if (/^\s*</.test(source)) {
    return new DiagnosisError(
      'invalid-json',
      'The file is a web page or XML, not JSON.',
      file,
      'Download the raw file again: an error page was probably saved in its place.',
    );
  }
  const errors: ParseError[] = [];
  parse(source, errors, { disallowComments: true });
  const { offset, error } = errors[0] ?? { offset: source.length, error: null };
  const before = source.slice(0, offset).split('\n');
  const place = `line ${before.length}, column ${before[before.length - 1].length + 1}`;
  const what = error === null ? 'the text ends too early' : words(printParseErrorCode(error));
  return new DiagnosisError(
    'invalid-json',
    `The file is not valid JSON: ${what} at ${place}.`,
    `${file}, ${place}`,
    'Save or convert the model again; a file edited by hand or cut off in a download has to be mended.',
    { cause },
  );
}

/** `CommaExpected` -> "comma expected". */
const words = (code: string): string => code.replace(/(?<=[a-z])([A-Z])/g, ' $1').toLowerCase();
