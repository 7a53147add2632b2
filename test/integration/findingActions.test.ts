import { strict as assert } from 'node:assert';
import { after, before, describe, it } from 'mocha';
import { commands, window, workspace, type CodeAction, type Diagnostic } from 'vscode';
import { eventually, file, problemsOf, report } from './workspace';

describe('actions on a finding', () => {
  let dead: Diagnostic;
  let actions: readonly CodeAction[];

  before(async () => {
    const model = file('dead-relu/model.json');
    await report(model);
    await eventually('Problems shows findings', () => problemsOf(model).length > 0);
    const found = problemsOf(model).find(({ code }) => (code as { value: string }).value === 'dead-relu');
    assert.ok(found);
    dead = found;
    await window.showTextDocument(model);
    const offered = await commands.executeCommand<CodeAction[]>('vscode.executeCodeActionProvider', model, dead.range);
    actions = offered.filter(({ command }) => command?.command.startsWith('activationDiagnostics.'));
  });
  after(async () => {
    await workspace.getConfiguration('activationDiagnostics').update('rules', undefined, false);
    await commands.executeCommand('activationDiagnostics.clear');
    await commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('are to see it in the report, to read about its rule, and to turn the rule off', () => {
    const offered = actions.map(({ command }) => [command?.command, command?.arguments]);
    const layer = dead.message.split(':')[0];
    assert.deepEqual(offered, [
      ['activationDiagnostics.showReport', [{ layer, rule: 'dead-relu' }]],
      ['activationDiagnostics.explainRule', ['dead-relu']],
      ['activationDiagnostics.turnRuleOff', ['dead-relu']],
    ]);
  });

  it('work', async () => {
    for (const { command } of actions) {
      assert.ok(command);
      await commands.executeCommand(command.command, ...((command.arguments ?? []) as unknown[]));
    }
    assert.ok(
      window.tabGroups.all.some(({ tabs }) => tabs.some(({ label }) => label.includes('rules.md'))),
      'The documentation of the rule is open.',
    );
    await eventually('the finding is gone', () =>
      problemsOf(file('dead-relu/model.json')).every(({ code }) => (code as { value: string }).value !== 'dead-relu'),
    );
  });
});
