import { strict as assert } from 'node:assert';
import { after, afterEach, before, describe, it } from 'mocha';
import {
  commands,
  DiagnosticSeverity,
  type Uri,
  window,
  workspace,
  type CodeAction,
  type Diagnostic,
  type MarkdownString,
  type Hover,
  type TextDocument,
} from 'vscode';
import { eventually, file, problemsOf } from './workspace';

interface Example {
  readonly language: string;
  readonly file: string;
  readonly code: string;
  readonly rule: string;
  /** What the hover is asked about, and a part of what it must say. */
  readonly hover: readonly [string, RegExp];
  /** The first quick fix turns the one into the other. */
  readonly fix: readonly [string, string];
}

const tfjs = (open: string): string => `${open}
const model = tf.sequential();
model.add(tf.layers.dense({ units: 8, activation: 'relu', kernelInitializer: 'zeros', inputShape: [16] }));
model.add(tf.layers.dense({ units: 3, activation: 'softmax' }));
model.compile({ optimizer: tf.train.adam(0.001), loss: 'categoricalCrossentropy' });
`;

const EXAMPLES: readonly Example[] = [
  {
    language: 'JavaScript',
    file: 'code/train.js',
    code: tfjs("const tf = require('@tensorflow/tfjs');"),
    rule: 'symmetric-units',
    hover: ["'relu'", /ReLU[\s\S]*0 to ∞[\s\S]*dead\\?-relu/],
    fix: ["'zeros'", "'heUniform'"],
  },
  {
    language: 'TypeScript',
    file: 'code/train.ts',
    code: tfjs("import * as tf from '@tensorflow/tfjs';"),
    rule: 'symmetric-units',
    hover: ['adam', /Adam[\s\S]*Usual learning rates/],
    fix: ["'zeros'", "'heUniform'"],
  },
  {
    language: 'Keras',
    file: 'code/train_keras.py',
    code: `from keras import layers, models, optimizers

model = models.Sequential([
    layers.Dense(16, activation='tanh', input_shape=(8,)),
    layers.Dense(3, activation='softmax'),
])
model.compile(optimizer=optimizers.Adam(learning_rate=5.0), loss='categorical_crossentropy')
`,
    rule: 'learning-rate-too-high',
    hover: ["'tanh'", /tanh[\s\S]*1 to 1/i],
    fix: ['learning_rate=5.0', 'learning_rate=0.001'],
  },
  {
    language: 'PyTorch',
    file: 'code/train_torch.py',
    code: `import torch
from torch import nn

model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
loss = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5.0)
`,
    rule: 'learning-rate-too-high',
    hover: ['nn.ReLU', /ReLU[\s\S]*dead\\?-relu/],
    fix: ['lr=5.0', 'lr=0.001'],
  },
];

const HEALTHY = `import torch
from torch import nn

model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
loss = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
`;

async function open(name: string, code: string): Promise<TextDocument> {
  const uri = file(name);
  await workspace.fs.writeFile(uri, new TextEncoder().encode(code));
  const document = await workspace.openTextDocument(uri);
  await window.showTextDocument(document);
  return document;
}

async function hoverText(document: TextDocument, over: string): Promise<string> {
  const position = document.positionAt(document.getText().indexOf(over) + 1);
  const hovers = await commands.executeCommand<Hover[]>('vscode.executeHoverProvider', document.uri, position);
  return hovers.flatMap(({ contents }) => contents.map((each) => (each as MarkdownString).value)).join('\n');
}

const ruleOf = ({ code }: Diagnostic): string => (code as { value: string }).value;
const rulesOf = (uri: Uri): string[] => problemsOf(uri).map(ruleOf);

async function closeAll(): Promise<void> {
  await commands.executeCommand('workbench.action.closeAllEditors');
  await workspace.fs.delete(file('code'), { recursive: true });
}

for (const example of EXAMPLES) {
  describe(`training code in ${example.language}`, () => {
    let document: TextDocument;
    before(async () => {
      document = await open(example.file, example.code);
      await eventually('Problems shows the finding', () => rulesOf(document.uri).includes(example.rule));
    });
    after(closeAll);

    it('explains what is under the pointer', async () => {
      assert.match(await hoverText(document, example.hover[0]), example.hover[1]);
    });

    it('names the rule, with a link to it', () => {
      assert.deepEqual(rulesOf(document.uri), [example.rule]);
      const [{ code }] = problemsOf(document.uri);
      assert.match((code as { target: Uri }).target.path, /docs\/rules\.md$/);
    });

    it('mends the code and nothing else, and undo brings it back', async () => {
      const [problem] = problemsOf(document.uri);
      const actions = await commands.executeCommand<CodeAction[]>(
        'vscode.executeCodeActionProvider',
        document.uri,
        problem.range,
      );
      const [preferred] = actions.filter(({ isPreferred }) => isPreferred === true);
      assert.ok(preferred?.edit, 'There is a preferred quick fix.');
      // VS Code does not hand out here which diagnostic an action belongs to.
      assert.equal(ruleOf(problem), example.rule);
      await workspace.applyEdit(preferred.edit);
      assert.equal(document.getText(), example.code.replace(...example.fix));
      await eventually('the finding is gone', () => problemsOf(document.uri).length === 0);
      await commands.executeCommand('undo');
      await eventually('the text is back', () => document.getText() === example.code);
      await eventually('the finding is back', () => rulesOf(document.uri).includes(example.rule));
    });
  });
}

/** The same fault twice in each language, and what mends both. */
const TWICE: readonly { readonly file: string; readonly code: string; readonly fix: readonly [string, string] }[] = [
  ...['train.js', 'train.ts'].map((name, i) => ({
    file: `code/twice_${name}`,
    code: tfjs(["const tf = require('@tensorflow/tfjs');", "import * as tf from '@tensorflow/tfjs';"][i]).replace(
      'model.compile',
      "const other = tf.sequential({ layers: [tf.layers.dense({ units: 8, activation: 'relu', kernelInitializer: 'zeros', inputShape: [16] }), tf.layers.dense({ units: 1 })] });\nmodel.compile",
    ),
    fix: ["'zeros'", "'heUniform'"] as const,
  })),
  {
    file: 'code/twice_keras.py',
    code: `${EXAMPLES[2].code}other = models.Sequential([layers.Dense(8, activation='relu', input_shape=(8,)), layers.Dense(1)])\nother.compile(optimizer=optimizers.Adam(learning_rate=5.0), loss='mse')\n`,
    fix: EXAMPLES[2].fix,
  },
  {
    file: 'code/twice_torch.py',
    code: `${EXAMPLES[3].code}other = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))\nsecond = torch.optim.Adam(other.parameters(), lr=5.0)\n`,
    fix: EXAMPLES[3].fix,
  },
];

describe('a fault that is in a file twice', () => {
  afterEach(closeAll);

  for (const { file: name, code, fix } of TWICE) {
    it(`is mended at once in ${name.replace('code/twice_', '')}, and undo brings both back`, async () => {
      const document = await open(name, code);
      await eventually('Problems shows both', () => problemsOf(document.uri).length === 2);
      const [problem] = problemsOf(document.uri);
      const actions = await commands.executeCommand<CodeAction[]>(
        'vscode.executeCodeActionProvider',
        document.uri,
        problem.range,
      );
      const all = actions.filter(({ title }) => title.startsWith('Fix all in file'));
      const before = code.split(fix[0]).length - 1;
      assert.equal(before, 2);
      const mended = code.replaceAll(...fix);
      const [wanted] = all.filter(({ edit }) =>
        edit!.get(document.uri).every(({ newText }) => fix[1].includes(newText)),
      );
      assert.ok(wanted?.edit, all.map(({ title }) => title).join());
      await workspace.applyEdit(wanted.edit);
      assert.equal(document.getText(), mended);
      await eventually('the findings are gone', () => problemsOf(document.uri).length === 0);
      await commands.executeCommand('undo');
      await eventually('the text is back', () => document.getText() === code);
    });
  }
});

describe('training code that needs no advice', () => {
  after(closeAll);

  it('gets none, though it has hovers and other activations', async () => {
    const document = await open('code/healthy.py', HEALTHY);
    await eventually('hovers are there', async () => (await hoverText(document, 'nn.ReLU')).includes('ReLU'));
    const range = document.getWordRangeAtPosition(document.positionAt(HEALTHY.indexOf('ReLU')));
    const actions = await commands.executeCommand<CodeAction[]>(
      'vscode.executeCodeActionProvider',
      document.uri,
      range,
      'refactor.rewrite',
    );
    assert.ok(actions.some(({ title }) => /GELU/.test(title)));
    // The other file shows when findings have had their time.
    const faulty = await open('code/faulty.py', EXAMPLES[3].code);
    await eventually('findings are there', () => problemsOf(faulty.uri).length > 0);
    assert.deepEqual(rulesOf(document.uri), []);
  });

  it('is left alone while it is broken', async () => {
    const broken = await open(
      'code/broken.py',
      'import torch\nfrom torch import nn\nmodel = nn.Sequential(nn.Linear(8,\n',
    );
    const faulty = await open('code/faulty2.py', EXAMPLES[3].code);
    await eventually('findings are there', () => problemsOf(faulty.uri).length > 0);
    assert.deepEqual(rulesOf(broken.uri), []);
  });
});

describe('settings of training code', () => {
  const settings = () => workspace.getConfiguration('activationDiagnostics', { languageId: 'python' });
  let document: TextDocument;
  before(async () => {
    document = await open('code/settings.py', EXAMPLES[3].code);
    await eventually('Problems shows the finding', () => problemsOf(document.uri).length > 0);
  });
  after(async () => {
    await workspace.getConfiguration('activationDiagnostics').update('rules', undefined, false);
    await closeAll();
  });

  it('turn a rule off', async () => {
    await workspace.getConfiguration('activationDiagnostics').update('rules', { [EXAMPLES[3].rule]: 'off' }, false);
    await eventually('the finding is gone', () => problemsOf(document.uri).length === 0);
    await workspace.getConfiguration('activationDiagnostics').update('rules', undefined, false);
    await eventually('the finding is back', () => problemsOf(document.uri).length > 0);
  });

  it('turn everything off for one language', async () => {
    await settings().update('code.enabled', false, false, true);
    await eventually('the finding is gone', () => problemsOf(document.uri).length === 0);
    assert.equal(await hoverText(document, 'nn.ReLU'), '');
    await settings().update('code.enabled', undefined, false, true);
    await eventually('the finding is back', () => problemsOf(document.uri).length > 0);
  });

  it('turn a rule off, or change its severity, for one language', async () => {
    const javascript = await open(
      'code/settings.js',
      tfjs("const tf = require('@tensorflow/tfjs');")
        .replace("'zeros'", "'heUniform'")
        .replace('adam(0.001)', 'adam(5.0)'),
    );
    await eventually('Problems shows the finding in both', () =>
      [document, javascript].every(({ uri }) => rulesOf(uri).includes(EXAMPLES[3].rule)),
    );
    const rules = async (languageId: string, value: unknown): Promise<void> =>
      workspace.getConfiguration('activationDiagnostics', { languageId }).update('rules', value, false, true);
    try {
      await rules('python', { [EXAMPLES[3].rule]: 'off' });
      await eventually('it is gone from Python', () => problemsOf(document.uri).length === 0);
      assert.deepEqual(rulesOf(javascript.uri), [EXAMPLES[3].rule]);

      await rules('javascript', { [EXAMPLES[3].rule]: 'error' });
      const severities = (): DiagnosticSeverity[] => problemsOf(javascript.uri).map(({ severity }) => severity);
      await eventually('it is an error in JavaScript', () => severities()[0] === DiagnosticSeverity.Error);
      assert.equal(problemsOf(document.uri).length, 0);

      await rules('python', undefined);
      await eventually('it is back in Python', () => problemsOf(document.uri).length > 0);
      assert.deepEqual(severities(), [DiagnosticSeverity.Error]);
    } finally {
      await rules('python', undefined);
      await rules('javascript', undefined);
    }
  });
});
