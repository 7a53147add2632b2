/**
 * What the extension itself costs: sizes and start, measured on the files in dist/ (minified, as they are shipped), what
 * understands training code and how soon a diagnosis can be cancelled without an editor, and what
 * scripts/benchmark-editor.mjs measured in a real one.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { advise } from '../../../src/code/advice/advise';
import { hover } from '../../../src/code/hover';
import { CodeDocument } from '../../../src/code/parser';
import type { EditorNumbers } from '../editor/editorNumbers';
import { LONG_FILE, MENTIONS } from '../editor/longFile';
import { measureCancelling, type Cancelled } from './cancelling';
import type { Places } from './processes';

export interface ExtensionNumbers {
  /** Kilobytes (1000 bytes) by file name. */
  readonly sizes: readonly { readonly name: string; readonly kilobytes: number }[];
  /** Milliseconds, medians of processes that each load the extension once. */
  readonly load: number;
  readonly activate: number;
  /** Milliseconds of tips in a file of 5,000 lines: the first after it was opened, and the median of later ones. */
  readonly firstHover: number;
  readonly laterHover: number;
  /** Milliseconds in that file, medians: the parser's answer to one character, and all findings after it. */
  readonly keystroke: number;
  readonly judging: number;
  readonly cancelled: readonly Cancelled[];
  /** Null where no VS Code was to be had. */
  readonly inEditor: EditorNumbers | null;
}

const FILES = [
  'extension.js',
  'code.js',
  'worker.js',
  'panel.js',
  'commandLine.js',
  'tfjs-backend-wasm-simd.wasm',
  'tfjs-backend-wasm.wasm',
];
const STARTS = 9;

export async function measureExtension(places: Places): Promise<ExtensionNumbers> {
  const { root } = places;
  const files = [
    ...FILES.map((name) => path.join(root, 'dist', name)),
    path.join(root, 'artifacts/activation-diagnostics.vsix'),
  ];
  const sizes = files
    .filter((file) => existsSync(file))
    .map((file) => ({ name: path.basename(file), kilobytes: statSync(file).size / 1000 }));
  const starts = Array.from({ length: STARTS }, () => start(root));
  const { first, later } = hovers();
  const { keystrokes, judgements } = typing();
  const editor = path.join(root, '.cache/benchmark/editor-numbers.json');
  return {
    sizes,
    load: middle(starts.map(({ load }) => load)),
    activate: middle(starts.map(({ activate }) => activate)),
    firstHover: first,
    laterHover: middle(later),
    keystroke: middle(keystrokes),
    judging: middle(judgements),
    cancelled: await measureCancelling(places),
    inEditor: existsSync(editor) ? (JSON.parse(await readFile(editor, 'utf8')) as EditorNumbers) : null,
  };
}

/** Loads and activates the extension in a process of its own, against an editor that does nothing. */
function start(root: string): { load: number; activate: number } {
  const program = `
    const { performance } = require('node:perf_hooks');
    const nothing = new Proxy(function () {}, {
      get: (target, key) => (key === Symbol.toPrimitive ? () => '' : key === Symbol.iterator ? function* () {} : key === 'then' ? undefined : nothing),
      set: () => true,
      apply: () => nothing,
      construct: () => nothing,
    });
    const Module = require('node:module');
    const load = Module._load;
    Module._load = (name, ...rest) => (name === 'vscode' ? nothing : load(name, ...rest));
    const before = performance.now();
    const { activate } = require(process.argv[1]);
    const between = performance.now();
    activate({ extensionPath: process.argv[2], extensionUri: nothing, storageUri: nothing, workspaceState: nothing, subscriptions: [] });
    process.stdout.write(JSON.stringify({ load: between - before, activate: performance.now() - between }));
    process.exit();
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', program, path.join(root, 'dist/extension.js'), root], {
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(`The extension did not start: ${stderr}`);
  return JSON.parse(stdout) as { load: number; activate: number };
}

/** Parses a long file and asks for tips all over it, as the editor does for one that was just opened. */
function hovers(): { first: number; later: number[] } {
  const tip = (code: CodeDocument, at: number): number => {
    const start = performance.now();
    const mention = code.mentionAt(at);
    if (mention !== null) hover(mention, code.lastFacts, { diagnosis: null, costs: new Map() });
    return performance.now() - start;
  };
  const opened = performance.now();
  const code = new CodeDocument('python', LONG_FILE);
  tip(code, MENTIONS[MENTIONS.length >> 1]);
  const first = performance.now() - opened;
  const step = Math.max(1, Math.floor(MENTIONS.length / 200));
  const later = MENTIONS.filter((_, i) => i % step === 0).map((at) => tip(code, at));
  return { first, later };
}

/** Types a comment in the middle of the long file, and works out all findings after every tenth character. */
function typing(): { keystrokes: number[]; judgements: number[] } {
  const code = new CodeDocument('python', LONG_FILE);
  advise(code);
  const middleLine = LONG_FILE.indexOf('\n', LONG_FILE.length >> 1) + 1;
  code.update([{ from: middleLine, to: middleLine, insert: '    # \n' }]);
  const keystrokes: number[] = [];
  const judgements: number[] = [];
  for (let i = 0; i < 100; i++) {
    const at = middleLine + 6 + i;
    let start = performance.now();
    code.update([{ from: at, to: at, insert: 'x' }]);
    keystrokes.push(performance.now() - start);
    if (i % 10 !== 9) continue;
    start = performance.now();
    advise(code);
    judgements.push(performance.now() - start);
  }
  return { keystrokes, judgements };
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
