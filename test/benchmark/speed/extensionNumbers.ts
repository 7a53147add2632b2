/** What the extension itself costs: sizes, start and tips, measured on the files in dist/ (minified, as they are shipped). */

import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { hover } from '../../../src/code/hover';
import { CodeDocument } from '../../../src/code/parser';

export interface ExtensionNumbers {
  /** Kilobytes (1000 bytes) by file name. */
  readonly sizes: readonly { readonly name: string; readonly kilobytes: number }[];
  /** Milliseconds, medians of processes that each load the extension once. */
  readonly load: number;
  readonly activate: number;
  /** Milliseconds of tips in a file of 5,000 lines: the first after it was opened, and the median of later ones. */
  readonly firstHover: number;
  readonly laterHover: number;
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
const LINES = 5000;

export function measureExtension(root: string): ExtensionNumbers {
  const files = [
    ...FILES.map((name) => path.join(root, 'dist', name)),
    path.join(root, 'artifacts/activation-diagnostics.vsix'),
  ];
  const sizes = files
    .filter((file) => existsSync(file))
    .map((file) => ({ name: path.basename(file), kilobytes: statSync(file).size / 1000 }));
  const starts = Array.from({ length: STARTS }, () => start(root));
  const { first, later } = hovers();
  return {
    sizes,
    load: middle(starts.map(({ load }) => load)),
    activate: middle(starts.map(({ activate }) => activate)),
    firstHover: first,
    laterHover: middle(later),
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
  const block = [
    'def make_model_N():',
    '    model = keras.Sequential()',
    "    model.add(keras.layers.Dense(512, activation='relu', kernel_initializer='he_normal'))",
    "    model.add(keras.layers.Dense(512, activation='sigmoid'))",
    "    model.add(keras.layers.Dense(10, activation='softmax'))",
    "    model.compile(optimizer=keras.optimizers.Adam(0.001), loss='categorical_crossentropy')",
    '    return model',
    '',
  ];
  const text = [
    'from tensorflow import keras',
    '',
    ...Array.from({ length: (LINES - 2) / block.length }, (_, i) => block.join('\n').replace('N', String(i))),
  ].join('\n');
  const places = [...text.matchAll(/'(relu|sigmoid|he_normal|categorical_crossentropy)'|Adam/g)].map(
    ({ index }) => index + 2,
  );
  const tip = (code: CodeDocument, at: number): number => {
    const start = performance.now();
    const mention = code.mentionAt(at);
    if (mention !== null) hover(mention, code.lastFacts, { diagnosis: null, costs: new Map() });
    return performance.now() - start;
  };
  const opened = performance.now();
  const code = new CodeDocument('python', text);
  tip(code, places[places.length >> 1]);
  const first = performance.now() - opened;
  const step = Math.max(1, Math.floor(places.length / 200));
  const later = places.filter((_, i) => i % step === 0).map((at) => tip(code, at));
  return { first, later };
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
