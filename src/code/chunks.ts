import type { Mention } from './facts';
import { findMentions } from './mentions';
import { Names, USES_TFJS } from './resolve';
import type { Module, Statement } from './syntax';
import { splitTopLevel } from './topLevel';

/** Parses a piece of a file on its own. */
export type ParsePiece = (text: string) => readonly Statement[];

/**
 * Some top-level statements. What is worked out of them counts from their start and depends on their text alone, so
 * that it is kept when an edit elsewhere moves them.
 */
class Chunk {
  private parsed: readonly Statement[] | null = null;
  private found: { readonly signature: string; readonly mentions: readonly Mention[] } | null = null;

  constructor(readonly text: string) {}

  statements(parse: ParsePiece): readonly Statement[] {
    return (this.parsed ??= parse(this.text));
  }

  mentions(parse: ParsePiece, names: Names, language: Module['language']): readonly Mention[] {
    if (this.found?.signature !== names.signature)
      this.found = { signature: names.signature, mentions: findMentions(this.statements(parse), names, language) };
    return this.found.mentions;
  }
}

/**
 * Pieces that may bind a name that the rest of the file depends on: imports, aliases of modules inside of functions, and
 * top-level aliases, destructuring, names in strings and learning rates.
 */
const BINDS = new RegExp(
  [
    String.raw`(^|\n)[ \t]*(import|from)\b`,
    String.raw`\b(require|import)\(`,
    String.raw`=\s*(tf|keras|nn|torch|layers|tfjs)(\.\w+)*[ \t]*(;|\n|$)`,
    String.raw`^(const |let |var )?(\w+|\{[^}]*\})\s*=\s*\w+(\.\w+)*\s*(;|\n|$)`,
    String.raw`^(export )?(const |let |var )?\w+\s*=\s*('\w+'|"\w+")`,
    String.raw`^(const |let |var )?\w*(learning_?rate|lr)\w*\s*=`,
  ].join('|'),
  'i',
);
/** Whether a piece uses a global `tf` outside of comments. */
const usesTfjs = (text: string): boolean =>
  USES_TFJS.test(text) && USES_TFJS.test(text.replace(/\/\*[^]*?\*\/|\/\/[^\n]*/g, ''));

/**
 * A file in pieces that are parsed one by one when they are asked for: a hover looks at its own piece and at those that
 * bind names, whatever the size of the file, and an edit works out anew only the piece that it touched.
 */
export class Chunks {
  private chunks: { readonly chunk: Chunk; readonly from: number }[] = [];
  private known: Names | null = null;

  constructor(
    private readonly language: Module['language'],
    private readonly parse: ParsePiece,
  ) {}

  update(source: string): void {
    const before = new Map(this.chunks.map(({ chunk }) => [chunk.text, chunk]));
    const starts = splitTopLevel(source, this.language);
    this.chunks = starts.map((from, i) => {
      const text = source.slice(from, starts[i + 1] ?? source.length);
      return { chunk: before.get(text) ?? new Chunk(text), from };
    });
    this.known = null;
  }

  /** The names that the file's imports and aliases bind. */
  get names(): Names {
    return (this.known ??= new Names(this.language, this.binding()));
  }

  private *binding(): Iterable<Statement> {
    let global = false;
    for (const { chunk } of this.chunks) {
      // One use of a global `tf` is enough to know that there is one.
      const shows: boolean = !global && this.language === 'javascript' && usesTfjs(chunk.text);
      if (!shows && !BINDS.test(chunk.text)) continue;
      global ||= shows;
      yield* chunk.statements(this.parse);
    }
  }

  /** All mentions, in the order of the text. */
  get mentions(): readonly Mention[] {
    return this.chunks.flatMap((_, i) => this.mentionsOf(i));
  }

  /** The innermost mention at an offset; null if there is none. */
  mentionAt(offset: number): Mention | null {
    let low = 0;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.chunks[middle].from <= offset) low = middle;
      else high = middle - 1;
    }
    let best: Mention | null = null;
    for (const mention of this.chunks.length === 0 ? [] : this.mentionsOf(low))
      if (mention.from <= offset && offset <= mention.to)
        best = best === null || mention.to - mention.from <= best.to - best.from ? mention : best;
    return best;
  }

  private mentionsOf(i: number): readonly Mention[] {
    const { chunk, from } = this.chunks[i];
    return chunk
      .mentions(this.parse, this.names, this.language)
      .map((mention) => ({ ...mention, from: mention.from + from, to: mention.to + from }));
  }
}
