import type { SyntaxNode, Tree } from '@lezer/common';
import type { Mention } from './facts';
import { lowerJavaScriptStatement } from './javascript';
import { findMentions } from './mentions';
import { lowerPythonStatement } from './python';
import { Names } from './resolve';
import type { Module, Statement } from './syntax';

/**
 * One top-level statement. What is worked out of it counts from its start and depends on its text alone, so that it is
 * kept when an edit elsewhere moves it.
 */
class Chunk {
  private lowered: readonly Statement[] | null = null;
  private found: { readonly signature: string; readonly mentions: readonly Mention[] } | null = null;

  constructor(readonly text: string) {}

  statements(node: SyntaxNode, source: string, language: Module['language']): readonly Statement[] {
    const lower = language === 'python' ? lowerPythonStatement : lowerJavaScriptStatement;
    return (this.lowered ??= lower(node, source));
  }

  mentions(statements: readonly Statement[], names: Names, language: Module['language']): readonly Mention[] {
    if (this.found?.signature !== names.signature)
      this.found = { signature: names.signature, mentions: findMentions(statements, names, language) };
    return this.found.mentions;
  }
}

/** Statements that may bind a name that the rest of the file depends on: imports, aliases of modules, learning rates. */
const BINDS =
  /(^|\n)[ \t]*(import|from)\b|\b(require|import)\(|=\s*(tf|keras|nn|torch|layers|tfjs)(\.\w+)*[ \t]*(;|\n|$)|^(const |let |var )?\w*(learning_?rate|lr)\w*\s*=/i;
/** What only files with a global `tf` are told by. */
const GLOBAL_TF = /\btf\s*\./;

/** The top-level statements of a file, with what hover tips need of them. An edit works out anew only what it touched. */
export class Chunks {
  private chunks: { readonly chunk: Chunk; readonly node: SyntaxNode }[] = [];
  private known: Names | null = null;

  constructor(private readonly language: Module['language']) {}

  update(tree: Tree, source: string): void {
    const before = new Map(this.chunks.map(({ chunk }) => [chunk.text, chunk]));
    this.chunks = [];
    for (let node = tree.topNode.firstChild; node !== null; node = node.nextSibling) {
      const text = source.slice(node.from, node.to);
      this.chunks.push({ chunk: before.get(text) ?? new Chunk(text), node });
    }
    this.known = null;
  }

  /** The names that the file's imports and aliases bind. */
  names(source: string): Names {
    return (this.known ??= new Names(this.language, this.binding(source)));
  }

  private *binding(source: string): Iterable<Statement> {
    let global = false;
    for (const { chunk, node } of this.chunks) {
      // One use of a global `tf` is enough to know that there is one.
      const shows: boolean = !global && this.language === 'javascript' && GLOBAL_TF.test(chunk.text);
      if (!shows && !BINDS.test(chunk.text)) continue;
      global ||= shows;
      yield* chunk.statements(node, source, this.language);
    }
  }

  /** All mentions, in the order of the text. */
  mentions(source: string): readonly Mention[] {
    return this.chunks.flatMap((_, i) => this.mentionsOf(i, source));
  }

  /** The innermost mention at an offset; null if there is none. */
  mentionAt(offset: number, source: string): Mention | null {
    let low = 0;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.chunks[middle].node.from <= offset) low = middle;
      else high = middle - 1;
    }
    if (this.chunks.length === 0) return null;
    let best: Mention | null = null;
    for (const mention of this.mentionsOf(low, source))
      if (mention.from <= offset && offset <= mention.to)
        best = best === null || mention.to - mention.from <= best.to - best.from ? mention : best;
    return best;
  }

  private mentionsOf(i: number, source: string): readonly Mention[] {
    const { chunk, node } = this.chunks[i];
    const names = this.names(source);
    const statements = chunk.statements(node, source, this.language);
    const { from } = node;
    return chunk
      .mentions(statements, names, this.language)
      .map((mention) => ({ ...mention, from: mention.from + from, to: mention.to + from }));
  }
}
