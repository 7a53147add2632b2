import { describe, expect, it } from 'vitest';
import { advise } from '../../../src/code/advice/advise';
import { hover } from '../../../src/code/hover';
import type { LanguageId } from '../../../src/code/languages';
import { CodeDocument } from '../../../src/code/parser';
import { FAULTY_PYTHON, FAULTY_TFJS } from './faulty';
import { HEALTHY } from './healthy';

/** Mulberry32: a small seeded generator, so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const FILES: readonly { readonly language: LanguageId; readonly code: string }[] = [
  ...HEALTHY,
  ...FAULTY_TFJS.map(({ code }) => ({ language: 'javascript' as const, code })),
  ...FAULTY_PYTHON.map(({ code }) => ({ language: 'python' as const, code })),
];

/** Everything that can be asked of a document. */
function askEverything(document: CodeDocument): void {
  advise(document);
  for (const mention of document.mentions) {
    expect(mention.from).toBeLessThan(mention.to);
    expect(mention.to).toBeLessThanOrEqual(document.text.length);
    hover(mention, document.lastFacts, { diagnosis: null, costs: new Map() });
  }
}

describe('broken code', () => {
  it('never throws when cut off anywhere', () => {
    for (const { language, code } of [HEALTHY[3], HEALTHY[11], HEALTHY[18], FILES[20]])
      for (let end = 0; end < code.length; end++) askEverything(new CodeDocument(language, code.slice(0, end)));
  });
  it('never throws with parts taken out or doubled', () => {
    const next = random(7);
    for (let round = 0; round < 400; round++) {
      const { language, code } = FILES[Math.floor(next() * FILES.length)];
      let text = code;
      for (let i = 0; i < 4; i++) {
        const from = Math.floor(next() * text.length);
        const to = Math.min(text.length, from + Math.floor(next() * 40));
        text = next() < 0.5 ? text.slice(0, from) + text.slice(to) : text.slice(0, to) + text.slice(from);
      }
      askEverything(new CodeDocument(language, text));
    }
  });
  it.each([
    ['deeply nested calls', 'python', `import keras\nx = ${'f('.repeat(3000)}${')'.repeat(3000)}\n`],
    ['deeply nested lists', 'javascript', `const m = tf.sequential({layers: ${'['.repeat(3000)}\n`],
    ['a long sum', 'python', `import torch\nx = ${'a + '.repeat(4000)}a\n`],
    ['nested blocks', 'javascript', `tf.tidy(() => ${'{ if (a) '.repeat(2000)}\n`],
    ['a function that calls itself', 'python', 'import keras\ndef f(x):\n    return f(f(x))\nf(keras.Input((2,)))\n'],
    [
      'functions that call each other',
      'javascript',
      'function f() { return g(); }\nfunction g() { return f(); }\ntf.sequential().add(f());\n',
    ],
    [
      'names that objects inherit',
      'javascript',
      "tf.layers.constructor({ activation: 'constructor', __proto__: 1 });\ntf.train.toString(1); const a = tf.layers.dense({ activation: '__proto__' });\n",
    ],
    [
      'exponential unrolling',
      'python',
      `import keras\nm = keras.Sequential()\n${[...'abcdef'].map((v, i) => `${'    '.repeat(i)}for ${v} in range(100):\n`).join('')}${'    '.repeat(6)}m.add(keras.layers.Dense(4))\n`,
    ],
  ] as const)('is patient with %s', (_, language, code) => {
    askEverything(new CodeDocument(language, code));
  });
});

describe('edits', () => {
  it('leave a document as if it had been opened so', () => {
    const next = random(11);
    for (const { language, code } of FILES) {
      const document = new CodeDocument(language, code);
      void document.model;
      for (let i = 0; i < 6; i++) {
        const { length } = document.text;
        const first = Math.floor(next() * length);
        const second = first + Math.floor(next() * (length - first));
        const piece = code.slice(first, first + Math.floor(next() * 20));
        document.update([
          { from: second, to: Math.min(length, second + 3), insert: piece },
          { from: Math.max(0, first - 2), to: first, insert: '' },
        ]);
        void document.mentionAt(first);
      }
      const fresh = new CodeDocument(language, document.text);
      expect(document.mentions).toEqual(fresh.mentions);
      expect(advise(document)).toEqual(advise(fresh));
    }
  });
  it('find the facts of the text before them', () => {
    const code = "import keras\nm = keras.Sequential()\nm.add(keras.layers.Dense(4, activation='relu'))\n";
    const document = new CodeDocument('python', code);
    void document.model;
    const at = code.indexOf("'relu'");
    document.update([{ from: 13, to: 13, insert: '# a comment\n' }]);
    const facts = document.lastFacts!;
    expect(facts.locate({ from: at + 12, to: at + 18 })).toEqual({ from: at, to: at + 6 });
    document.update([{ from: at + 13, to: at + 14, insert: 'R' }]);
    expect(facts.locate({ from: at + 12, to: at + 18 })).toBeNull();
  });
});

describe('files without a library', () => {
  it.each([
    ['python', "activation = 'relu'\nlr = 0.1\n"],
    ['python', "from flask import keras_like\nmodel.add(Dense(3, activation='relu'))\n"],
    ['javascript', "const model = brain.create({ activation: 'relu', learningRate: 0.3 });\n"],
    ['typescript', "import { dense } from './layers';\ndense({ units: 3, activation: 'sigmoid' });\n"],
  ] as const)('are left alone (%s %s)', (language, code) => {
    const document = new CodeDocument(language, code);
    expect(document.mentions).toEqual([]);
    expect(document.mentionAt(15)).toBeNull();
    expect(document.model.definitions).toEqual([]);
  });
});
