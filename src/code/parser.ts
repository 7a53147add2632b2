import { TreeFragment, type ChangedRange, type Parser, type Tree } from '@lezer/common';
import { Definitions } from './definitions';
import type { CodeModel, Mention } from './facts';
import { Interpreter } from './interpreter/interpreter';
import { javascriptParsers, lowerJavaScript } from './javascript';
import { findMentions } from './mentions';
import { lowerPython, pythonParser } from './python';
import { Names } from './resolve';
import type { Module } from './syntax';

/** The languages that are understood, by VS Code's identifiers. */
export type LanguageId = 'python' | 'javascript' | 'javascriptreact' | 'typescript' | 'typescriptreact';

export const LANGUAGES: readonly LanguageId[] = [
  'python',
  'javascript',
  'javascriptreact',
  'typescript',
  'typescriptreact',
];

/** One edit, in offsets of the text before any of the edits of the same update. */
export interface TextChange {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

/** Files longer than this (UTF-16 code units) are not analysed: nobody writes them by hand. */
export const MAXIMUM_LENGTH = 2_000_000;

/**
 * A source file that is parsed again incrementally as it is edited. Everything derived from it is worked out when it is
 * asked for and kept until the next edit.
 */
export class CodeDocument {
  private tree: Tree;
  private fragments: readonly TreeFragment[];
  private cached: { module?: Module; names?: Names; mentions?: readonly Mention[]; model?: CodeModel } = {};

  constructor(
    readonly language: LanguageId,
    private source: string,
  ) {
    this.tree = this.parser.parse(this.parsed);
    this.fragments = TreeFragment.addTree(this.tree);
  }

  get text(): string {
    return this.source;
  }

  /** Applies edits, which must not overlap, and parses what they touch. */
  update(changes: readonly TextChange[]): void {
    const sorted = [...changes].sort((a, b) => a.from - b.from || a.to - b.to);
    let text = '';
    let at = 0;
    const ranges: ChangedRange[] = [];
    for (const { from, to, insert } of sorted) {
      text += this.source.slice(at, from) + insert;
      ranges.push({ fromA: from, toA: to, fromB: text.length - insert.length, toB: text.length });
      at = to;
    }
    this.source = text + this.source.slice(at);
    this.fragments = TreeFragment.applyChanges(this.fragments, ranges);
    this.tree = this.parser.parse(this.parsed, this.fragments);
    this.fragments = TreeFragment.addTree(this.tree, this.fragments);
    this.cached = {};
  }

  /** Whether the file imports a library that is understood; only then there is anything to say about it. */
  get relevant(): boolean {
    return MENTIONS_LIBRARY.test(this.source) && this.names.libraries.size > 0;
  }

  get module(): Module {
    return (this.cached.module ??=
      this.language === 'python' ? lowerPython(this.tree, this.parsed) : lowerJavaScript(this.tree, this.parsed));
  }

  get names(): Names {
    return (this.cached.names ??= new Names(this.module));
  }

  /** Everything in the file that a hover tip can explain. */
  get mentions(): readonly Mention[] {
    return (this.cached.mentions ??= this.relevant ? findMentions(this.module, this.names) : []);
  }

  /** The innermost mention at an offset; null if there is none. */
  mentionAt(offset: number): Mention | null {
    const around = this.mentions.filter((mention) => mention.from <= offset && offset <= mention.to);
    return around.reduce<Mention | null>(
      (best, one) => (best === null || one.to - one.from <= best.to - best.from ? one : best),
      null,
    );
  }

  /** What the file says about networks and their training. */
  get model(): CodeModel {
    return (this.cached.model ??= this.relevant ? this.analyze() : this.empty());
  }

  private analyze(): CodeModel {
    const definitions = new Definitions(new Interpreter(this.module, this.names).run());
    return {
      language: this.module.language,
      kerasVersion: kerasVersion(this.source),
      definitions: definitions.all,
      optimizers: definitions.optimizers(),
      losses: definitions.losses(),
      fits: definitions.fits(),
      mentions: this.mentions,
    };
  }

  private empty(): CodeModel {
    return {
      language: this.language === 'python' ? 'python' : 'javascript',
      kerasVersion: null,
      definitions: [],
      optimizers: [],
      losses: [],
      fits: [],
      mentions: [],
    };
  }

  private get parsed(): string {
    return this.source.length > MAXIMUM_LENGTH ? '' : this.source;
  }

  private get parser(): Parser {
    switch (this.language) {
      case 'python':
        return pythonParser;
      case 'typescript':
        return javascriptParsers.typescript;
      case 'typescriptreact':
        return javascriptParsers.typescriptreact;
      default:
        return javascriptParsers.javascript;
    }
  }
}

const MENTIONS_LIBRARY = /keras|tensorflow|torch|\btf\b/;

/** Keras's major version, told by what only one of them has. */
function kerasVersion(text: string): 2 | 3 | null {
  if (/\bkeras\.ops\b|KERAS_BACKEND|from keras import ops|negative_slope\s*=/.test(text)) return 3;
  if (/advanced_activations|keras\.optimizers\.legacy|LeakyReLU\(\s*alpha\s*=|\bdecay\s*=|\(\s*lr\s*=/.test(text))
    return 2;
  return null;
}
