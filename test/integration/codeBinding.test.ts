import { strict as assert } from 'node:assert';
import { after, before, describe, it } from 'mocha';
import {
  commands,
  Range,
  window,
  workspace,
  WorkspaceEdit,
  type CodeLens,
  type Hover,
  type MarkdownString,
  type TextDocument,
} from 'vscode';
import { eventually, file, report } from './workspace';

/** How samples/dead-relu was trained. */
const CODE = `import * as tf from '@tensorflow/tfjs';

const model = tf.sequential();
model.add(tf.layers.dense({ name: 'hidden_1', units: 64, activation: 'relu', kernelInitializer: 'heUniform', inputShape: [16] }));
model.add(tf.layers.dense({ name: 'hidden_2', units: 32, activation: 'relu', kernelInitializer: 'heUniform' }));
model.add(tf.layers.dense({ name: 'output', units: 4, activation: 'softmax' }));
model.compile({ optimizer: tf.train.sgd(0.1), loss: 'categoricalCrossentropy' });
`;

describe('training code of a diagnosed model', () => {
  let document: TextDocument;
  before(async () => {
    await workspace.fs.writeFile(file('code/dead.ts'), new TextEncoder().encode(CODE));
    await report(file('dead-relu/model.json'));
    document = await workspace.openTextDocument(file('code/dead.ts'));
    await window.showTextDocument(document);
  });
  after(async () => {
    await commands.executeCommand('activationDiagnostics.clear');
    await commands.executeCommand('workbench.action.closeAllEditors');
    await workspace.fs.delete(file('code'), { recursive: true });
  });

  const hovered = async (over: string): Promise<string> => {
    const position = document.positionAt(document.getText().lastIndexOf(over) + 1);
    const hovers = await commands.executeCommand<Hover[]>('vscode.executeHoverProvider', document.uri, position);
    return hovers.flatMap(({ contents }) => contents.map((each) => (each as MarkdownString).value)).join('\n');
  };
  const lenses = async (): Promise<string[]> => {
    const found = await commands.executeCommand<CodeLens[]>('vscode.executeCodeLensProvider', document.uri, 100);
    return found
      .filter(({ command }) => command?.command.startsWith('activationDiagnostics.'))
      .map((each) => each.command!.title);
  };

  it('shows the verdict and the model above the network', async () => {
    await eventually('the lenses are there', async () => (await lenses()).length === 3);
    const [verdict, diagnose, trains] = await lenses();
    assert.match(verdict, /hidden_2 is \d+% dead$/);
    assert.equal(diagnose, 'Diagnose saved model');
    assert.match(trains, /^This code trains: dead-relu\/model\.json$/);
  });

  it('tells first what was measured of this very layer', async () => {
    await eventually('the hover is there', async () => (await hovered("'relu'")) !== '');
    const text = await hovered("'relu'");
    assert.match(
      text,
      /^\$\(pulse\) \*\*Last probe of dead\\-relu\/model\.json, hidden\\_2\*\*\n\n\d+ of 32 units were never active/,
    );
    assert.match(text, /command:activationDiagnostics\.showReport\?.*command:activationDiagnostics\.runAgain/);
    assert.doesNotMatch(text, STALE);
  });

  const STALE = /code, the model or its settings have changed since/;
  const change = async (from: string, to: string): Promise<void> => {
    const at = document.getText().lastIndexOf(from);
    const edit = new WorkspaceEdit();
    edit.replace(document.uri, new Range(document.positionAt(at), document.positionAt(at + from.length)), to);
    await workspace.applyEdit(edit);
  };

  it('says so when the network has changed since, but not for its layout', async () => {
    await change('units: 32, ', 'units:  32, ');
    await lenses();
    assert.doesNotMatch(await hovered("'relu'"), STALE);
    await change('tf.train.sgd(0.1)', 'tf.train.sgd(0.2)');
    await eventually('it is stale', async () => (await lenses())[0].endsWith('(before the last change)'));
    assert.match(await hovered("'relu'"), STALE);
    await change('tf.train.sgd(0.2)', 'tf.train.sgd(0.1)');
    await eventually('it is as it was', async () => !STALE.test(await hovered("'relu'")));
    await change("activation: 'relu', kernelInitializer: 'heUniform' }));", "activation: 'elu' }));");
    await eventually('it is stale', async () => (await lenses())[0].endsWith('(before the last change)'));
    assert.match(await hovered("'elu'"), STALE);
  });

  it('is fresh again after another diagnosis', async () => {
    await commands.executeCommand('activationDiagnostics.runAgain');
    await eventually('the lens is fresh', async () => /dead$/.test((await lenses())[0]));
    const text = await hovered("'elu'");
    assert.match(text, /Last probe of dead\\-relu\/model\.json, hidden\\_2/);
    assert.doesNotMatch(text, STALE);
  });

  it('is stale while the settings say something else of the model', async () => {
    const settings = workspace.getConfiguration('activationDiagnostics');
    await settings.update('models', { 'dead-relu/model.json': { loss: 'mse' } }, false);
    await eventually('it is stale', async () => STALE.test(await hovered("'elu'")));
    await settings.update('models', { 'healthy/model.json': { loss: 'mse' } }, false);
    await eventually('it is fresh', async () => !STALE.test(await hovered("'elu'")));
    await settings.update('models', undefined, false);
  });
});
