import { describe, expect, it } from 'vitest';
import { findMentions } from '../../../src/code/mentions';
import { CodeDocument } from '../../../src/code/parser';
import { splitTopLevel } from '../../../src/code/topLevel';
import { FAULTY_PYTHON, FAULTY_TFJS } from './faulty';
import { HEALTHY } from './healthy';

const pieces = (text: string, language: 'python' | 'javascript'): string[] => {
  const starts = splitTopLevel(text, language);
  return starts.map((from, i) => text.slice(from, starts[i + 1] ?? text.length));
};

describe('pieces of a file', () => {
  it.each([
    [
      'python',
      [
        'import a\n',
        '@b\nclass C:\n    x = """\ny = 1\n"""\n\n# c\n',
        'if a:\n    b()\nelse:\n    c()\n',
        'd = (\n1)\n',
        "e = 'it\\'s (' # (\n",
        'f = 1',
      ],
    ],
    ['python', ['x = f(  # somebody types here\n', 'import torch\n', 'def g(): pass\n']],
    ['python', ['x = a + \\\nb\n', 'y = [\n]\n']],
    [
      'javascript',
      [
        'const a = `\nlet b = ${`\nc`}\n`;\n',
        'if (a) {\n}\nelse {\n}\n',
        'd\n  .e(/[/"]`/, f / 2)\n  .g();\n',
        'const h =\nf;\n/* let\nlet */\n',
        'i();\n',
      ],
    ],
    ['javascript', ['(function () {\n  run();\n})();\n', 'try {\n}\ncatch (e) {\n}\n']],
  ] as const)('%s: keep strings, brackets and continued lines whole', (language, expected) => {
    expect(pieces(expected.join(''), language)).toEqual(expected);
  });

  it('are found to mention what the whole file does', () => {
    const files = [
      ...HEALTHY,
      ...FAULTY_TFJS.map(({ code }) => ({ language: 'javascript' as const, code })),
      ...FAULTY_PYTHON.map(({ code }) => ({ language: 'python' as const, code })),
      {
        language: 'javascript' as const,
        code: "import * as tfl from '@tensorflow/tfjs-layers';\nconst L = tfl.layers;\nL.dense({});\n",
      },
    ];
    for (const { language, code } of files) {
      const document = new CodeDocument(language, code);
      const whole = findMentions(document.module.body, document.names, document.module.language);
      expect(document.mentions).toEqual(whole);
    }
  });
});
