import type { Module } from './syntax';

/** Lines that begin so belong to the statement before them. */
const CONTINUES = {
  python: /^(else|elif|except|finally)\b/,
  javascript: /^(else|catch|finally|while|instanceof|in|of|as|satisfies|extends|implements)\b/,
};
/** Lines that begin so start a statement even inside an open bracket: somebody is typing before them. */
const STARTS = {
  python: /^(def|class|import|from|async def|@|if __name__)\b/,
  javascript: /^(function|class|import|export|const|let|async function)\b/,
};
const STARTING_CHARACTER = /[\p{L}_$@"'`#]/u;
/** After these a line goes on. */
const OPEN_ENDED = new Set('=+-*%&|^<>?:,.!~\\');
/** After these, or after a keyword, a slash begins a regular expression. */
const BEFORE_EXPRESSION = new Set('(,=:[!&|?{};+-*%<>~^\n');

/**
 * Offsets at which the pieces of a file begin, in order, the first being 0. Every piece holds whole top-level
 * statements, so that it can be parsed on its own. The scan knows strings, comments and brackets and no more; where
 * it errs, as it may on broken code, pieces are larger or a statement is cut, and nothing else.
 */
export function splitTopLevel(text: string, language: Module['language']): readonly number[] {
  const scanner = new Scanner(text, language);
  return scanner.run();
}

class Scanner {
  private at = 0;
  private depth = 0;
  /** The last character that is not white space or part of a comment. */
  private last = '\n';
  private decorated = false;
  private readonly starts: number[] = [0];

  constructor(
    private readonly text: string,
    private readonly language: Module['language'],
  ) {}

  run(): readonly number[] {
    const { text } = this;
    while (this.at < text.length) {
      const character = text[this.at];
      if (character === '\n') {
        this.at++;
        this.lineStart();
      } else if (this.skipped(character)) continue;
      else {
        if (character === '(' || character === '[' || character === '{') this.depth++;
        else if (character === ')' || character === ']' || character === '}') this.depth = Math.max(0, this.depth - 1);
        if (character !== ' ' && character !== '\t' && character !== '\r') this.last = character;
        this.at++;
      }
    }
    return this.starts;
  }

  private lineStart(): void {
    const first = this.text[this.at] ?? ' ';
    if (!STARTING_CHARACTER.test(first) || OPEN_ENDED.has(this.last)) return;
    const line = this.text.slice(this.at, this.at + 24);
    if (this.language === 'python' ? first === '#' || first === '$' || first === '`' : first === '#') return;
    if (this.depth > 0 && !STARTS[this.language].test(line)) return;
    if (this.depth === 0 && CONTINUES[this.language].test(line)) return;
    this.depth = 0;
    if (!this.decorated) this.starts.push(this.at);
    this.decorated = first === '@';
  }

  /** Skips a string, comment or regular expression that begins here. */
  private skipped(character: string): boolean {
    const python = this.language === 'python';
    if (character === '"' || character === "'") {
      const triple = character.repeat(3);
      if (python && this.text.startsWith(triple, this.at)) this.skipPast(triple, 3);
      else this.skipLine(character);
    } else if (python) {
      if (character !== '#') return false;
      this.skipToLineEnd();
      return true;
    } else if (character === '`') {
      this.at++;
      this.template();
    } else if (character === '/') return this.slash();
    else return false;
    this.last = character;
    return true;
  }

  private slash(): boolean {
    const next = this.text[this.at + 1];
    if (next === '/') this.skipToLineEnd();
    else if (next === '*') this.skipPast('*/', 2);
    else if (
      BEFORE_EXPRESSION.has(this.last) ||
      /\b(return|typeof|case)\s*$/.test(this.text.slice(Math.max(0, this.at - 10), this.at))
    ) {
      this.skipLine('/');
      this.last = '/';
    } else return false;
    return true;
  }

  private skipToLineEnd(): void {
    const end = this.text.indexOf('\n', this.at);
    this.at = end < 0 ? this.text.length : end;
  }

  private skipPast(mark: string, from: number): void {
    const end = this.text.indexOf(mark, this.at + from);
    this.at = end < 0 ? this.text.length : end + mark.length;
  }

  /** To the closing mark or the end of the line. A slash within brackets does not close a regular expression. */
  private skipLine(mark: string): void {
    let inClass = false;
    for (this.at++; this.at < this.text.length; this.at++) {
      const character = this.text[this.at];
      if (character === '\n') return;
      if (character === '\\') this.at++;
      else if (mark === '/' && character === '[') inClass = true;
      else if (mark === '/' && character === ']') inClass = false;
      else if (character === mark && !inClass) {
        this.at++;
        return;
      }
    }
  }

  /** To the closing backtick, over substitutions. */
  private template(): void {
    let open = 0;
    for (; this.at < this.text.length; this.at++) {
      const character = this.text[this.at];
      if (character === '\\') this.at++;
      else if (character === '$' && this.text[this.at + 1] === '{') {
        open++;
        this.at++;
      } else if (character === '}' && open > 0) open--;
      else if (character === '`' && open === 0) {
        this.at++;
        return;
      }
    }
  }
}
