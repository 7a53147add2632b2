import type { TreeCursor } from '@lezer/common';
import { MAXIMUM_DEPTH, type Expression, type UnknownExpression } from './syntax';

/**
 * What the two lowerings share: a cursor that walks the parse tree without allocating nodes, the source text, and the
 * bound on nesting. Every method leaves the cursor where it found it.
 */
export abstract class Lowering {
  protected depth = 0;

  constructor(
    protected readonly cursor: TreeCursor,
    protected readonly text: string,
  ) {}

  /** Lowers the expression under the cursor. */
  protected abstract lower(): Expression;

  expression(): Expression {
    if (this.depth >= MAXIMUM_DEPTH) return { type: 'unknown', parts: [], ...this.range() };
    this.depth++;
    const result = this.lower();
    this.depth--;
    return result;
  }

  get name(): string {
    return this.cursor.name;
  }

  protected range(): { from: number; to: number } {
    return { from: this.cursor.from, to: this.cursor.to };
  }

  protected slice(): string {
    return this.text.slice(this.cursor.from, this.cursor.to);
  }

  /** Calls `visit` with the cursor on every child in order. */
  protected children(visit: () => void): void {
    if (!this.cursor.firstChild()) return;
    do visit();
    while (this.cursor.nextSibling());
    this.cursor.parent();
  }

  /** Everything that is an expression below the cursor, for constructs that are not understood. */
  protected unknown(isExpression: (name: string) => boolean): UnknownExpression {
    const parts: Expression[] = [];
    this.children(() => {
      if (isExpression(this.name)) parts.push(this.expression());
      else if (this.depth < MAXIMUM_DEPTH) {
        this.depth++;
        parts.push(...this.unknown(isExpression).parts);
        this.depth--;
      }
    });
    return { type: 'unknown', parts, ...this.range() };
  }
}

/** The value of a number as both languages write it (`1_000`, `0xff`, `1e-3`, `5n`), NaN if it is none. */
export function parseNumber(text: string): number {
  const plain = text.replace(/_/g, '').replace(/[nNlL]$/, '');
  return plain === '' ? NaN : Number(plain);
}

/** The text between the quotes, with the escapes that occur in names and paths resolved. */
export function parseString(text: string): { value: string; quote: string } {
  const prefix = /^[a-zA-Z]*/.exec(text)![0];
  const body = text.slice(prefix.length);
  const mark = body.startsWith('"""') || body.startsWith("'''") ? body.slice(0, 3) : body.slice(0, 1);
  const closed = body.length >= 2 * mark.length && body.endsWith(mark);
  const inner = body.slice(mark.length, closed ? -mark.length : undefined);
  return { value: inner.includes('\\') ? inner.replace(/\\(.)/g, '$1') : inner, quote: mark };
}
