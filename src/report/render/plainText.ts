/** Text that is safe to print on a terminal, measured in columns. Names in a report come from model files. */

/**
 * Escape sequences of ECMA-48: CSI (colours, cursor), then OSC, DCS, SOS, PM and APC with their strings (titles, links),
 * then two-character ones.
 */
const ESCAPE_SEQUENCES = new RegExp(
  [
    '(?:\\u001b\\[|\\u009b)[0-?]*[ -/]*[@-~]',
    '(?:\\u001b[\\]PX^_]|[\\u0090\\u0098\\u009d-\\u009f])[^\\u0007\\u001b\\u009c]*(?:\\u0007|\\u001b\\\\|\\u009c|$)',
    '\\u001b[ -/]*[0-~]?',
  ].join('|'),
  'g',
);

/** Characters that reorder or hide what follows (Unicode's bidirectional controls, zero-width characters, byte order mark). */
const INVISIBLE = /[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** One line of `text`: well-formed, without escape sequences, control characters and characters that reorder what follows. */
export function plainText(text: string): string {
  return text
    .replace(ESCAPE_SEQUENCES, '')
    .replace(/[\t\n\v\f\r\u2028\u2029]+/g, ' ')
    .replace(/\p{Cc}/gu, '')
    .replace(/\p{Cs}/gu, '\ufffd')
    .replace(INVISIBLE, '');
}

/** As `plainText`, keeping line breaks and with tabs as two spaces: for code. */
export function plainLines(text: string): string[] {
  return text
    .replace(ESCAPE_SEQUENCES, '')
    .replaceAll('\t', '  ')
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map(plainText);
}

/** Made when it is first needed, for which its data has to be loaded: that takes longer than all other code that a start runs. */
let graphemes: Intl.Segmenter | null = null;

/** East Asian wide and fullwidth characters (UAX 11), and emoji that are drawn as pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{17000}-\u{18aff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f/u;

function graphemeWidth(grapheme: string): number {
  if (/^[\p{M}\p{Cf}\p{Cc}]+$/u.test(grapheme)) return 0;
  return WIDE.test(grapheme) ? 2 : 1;
}

function split(text: string): string[] {
  graphemes ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/** Number of terminal columns that `text` takes. */
export function displayWidth(text: string): number {
  return /^[ -~]*$/.test(text) ? text.length : split(text).reduce((sum, part) => sum + graphemeWidth(part), 0);
}

/** `text` in at most `width` columns: the middle of a longer one is left out, since nested names differ at the end. */
export function shorten(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  const parts = split(text);
  const headWidth = Math.floor((width - 1) / 2);
  const head = takeWithin(parts, headWidth);
  const tail = takeWithin(parts.reverse(), width - 1 - headWidth).reverse();
  return `${head.join('')}…${tail.join('')}`;
}

function takeWithin(parts: readonly string[], width: number): string[] {
  const taken: string[] = [];
  let left = width;
  for (const part of parts) {
    left -= graphemeWidth(part);
    if (left < 0) break;
    taken.push(part);
  }
  return taken;
}

export const padEnd = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - displayWidth(text)));
export const padStart = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, width - displayWidth(text))) + text;

/** Breaks `text` at spaces into lines of at most `width` columns; a longer word is broken between characters. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/ +/).flatMap((part) => pieces(part, width))) {
    const longer = `${line} ${word}`;
    if (line === '') {
      line = word;
    } else if (displayWidth(longer) <= width) {
      line = longer;
    } else {
      lines.push(line);
      line = word;
    }
  }
  if (line !== '') lines.push(line);
  return lines;
}

/** `word` cut into pieces of at most `width` columns (at least one character each). */
function pieces(word: string, width: number): string[] {
  const result: string[] = [];
  for (let rest = split(word); rest.length > 0; ) {
    const head = takeWithin(rest, width);
    const taken = head.length === 0 ? rest.slice(0, 1) : head;
    result.push(taken.join(''));
    rest = rest.slice(taken.length);
  }
  return result;
}

/** A copy of plain data in which every string is plain text; those under a property `code` keep their line breaks. */
export function plainData<T>(data: T): T {
  return sanitize(data, plainText) as T;
}

function sanitize(value: unknown, clean: (text: string) => string): unknown {
  if (typeof value === 'string') return clean(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => sanitize(item, clean));
  return Object.fromEntries(
    Object.entries(value).map(([key, property]) => [
      clean(key),
      sanitize(property, key === 'code' ? (text) => plainLines(text).join('\n') : clean),
    ]),
  );
}
