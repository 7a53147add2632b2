import { TreeFragment, type ChangedRange, type Parser, type Tree } from '@lezer/common';
import { Chunks } from './chunks';
import { Definitions } from './definitions';
import type { CodeModel, Mention } from './facts';
import { Interpreter } from './interpreter/interpreter';
import { javascriptParsers, lowerJavaScript } from './javascript';
import { namesLibrary, type LanguageId } from './languages';
import { lowerPython, pythonParser } from './python';
import { Names } from './resolve';
import type { Module, Range } from './syntax';

/** One edit, in offsets of the text before any of the edits of the same update. */
export interface TextChange {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

/** Files longer than this (UTF-16 code units) are not analysed: nobody writes them by hand. */
export const MAXIMUM_LENGTH = 2_000_000;

/** Facts of an earlier or the present text, and where a range of the present text stood in it. */
export interface LocatedFacts {
  readonly model: CodeModel;
  /** Null for what an edit has touched since. */
  locate(range: Range): Range | null;
}

/**
 * A source file that is parsed again incrementally as it is edited. Mentions are found piece by piece, at little cost;
 * the facts (`model`) are worked out when they are asked for, which takes time in proportion to the file.
 */
export class CodeDocument {
  private tree: Tree | null = null;
  private fragments: readonly TreeFragment[] = [];
  private readonly chunks: Chunks;
  private cached: { module?: Module; names?: Names; mentions?: readonly Mention[]; model?: CodeModel } = {};
  private last: { readonly model: CodeModel; readonly edits: (readonly TextChange[])[] } | null = null;

  constructor(
    readonly language: LanguageId,
    private source: string,
  ) {
    this.chunks = new Chunks(this.dialect, (text) => this.lower(this.parser.parse(text), text).body);
    this.chunks.update(this.parsed);
  }

  get text(): string {
    return this.source;
  }

  /** Applies edits, which must not overlap. */
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
    this.tree = null;
    this.chunks.update(this.parsed);
    this.cached = {};
    this.last?.edits.push(sorted);
  }

  /** Whether the file imports a library that is understood; only then there is anything to say about it. */
  get relevant(): boolean {
    return namesLibrary(this.source) && this.chunks.names.libraries.size > 0;
  }

  /** The file in the common syntax. */
  get module(): Module {
    return (this.cached.module ??= this.lower(this.parseWhole(), this.parsed));
  }

  /** What the names of the file stand for. */
  get names(): Names {
    return (this.cached.names ??= new Names(this.dialect, this.module.body));
  }

  /** Everything in the file that a hover tip can explain. */
  get mentions(): readonly Mention[] {
    return (this.cached.mentions ??= this.relevant ? this.chunks.mentions : []);
  }

  /** The innermost mention at an offset; null if there is none. Looks at one piece of the file. */
  mentionAt(offset: number): Mention | null {
    return this.relevant ? this.chunks.mentionAt(offset) : null;
  }

  /** What the file says about networks and their training. */
  get model(): CodeModel {
    if (this.cached.model === undefined) {
      const model = this.relevant ? this.analyze() : this.empty();
      this.cached.model = model;
      this.last = { model, edits: [] };
    }
    return this.cached.model;
  }

  /** The facts worked out last, without working them out again; null before `model` was first asked for. */
  get lastFacts(): LocatedFacts | null {
    const { last } = this;
    if (last === null) return null;
    return {
      model: last.model,
      locate: (range) =>
        last.edits.reduceRight<Range | null>((at, edits) => (at === null ? null : before(at, edits)), range),
    };
  }

  /** Parses the whole file, from the earlier tree where there is one. */
  private parseWhole(): Tree {
    if (this.tree === null) {
      this.tree = this.parser.parse(this.parsed, this.fragments);
      this.fragments = TreeFragment.addTree(this.tree);
    }
    return this.tree;
  }

  private lower(tree: Tree, text: string): Module {
    return this.dialect === 'python' ? lowerPython(tree, text) : lowerJavaScript(tree, text);
  }

  private analyze(): CodeModel {
    const definitions = new Definitions(new Interpreter(this.module, this.names).run());
    return {
      language: this.dialect,
      kerasVersion: kerasVersion(this.source),
      definitions: definitions.all,
      optimizers: definitions.optimizers(),
      losses: definitions.losses(),
      fits: definitions.fits(),
      mentions: this.mentions,
    };
  }

  private get dialect(): Module['language'] {
    return this.language === 'python' ? 'python' : 'javascript';
  }

  private empty(): CodeModel {
    return {
      language: this.dialect,
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

/** Where a range stood before the edits (in order, in offsets of the earlier text); null where one of them touched it. */
function before(range: Range, edits: readonly TextChange[]): Range | null {
  let shift = 0;
  for (const { from, to, insert } of edits) {
    const start = from + shift;
    if (start + insert.length <= range.from) shift += insert.length - (to - from);
    else if (start < range.to) return null;
  }
  return { from: range.from - shift, to: range.to - shift };
}

/** Keras's major version, told by what only one of them has. */
function kerasVersion(text: string): 2 | 3 | null {
  if (/\bkeras\.ops\b|KERAS_BACKEND|from keras import ops|negative_slope\s*=/.test(text)) return 3;
  if (/advanced_activations|keras\.optimizers\.legacy|LeakyReLU\(\s*alpha\s*=|\bdecay\s*=|\(\s*lr\s*=/.test(text))
    return 2;
  return null;
}
