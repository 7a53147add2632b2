import { strict as assert } from 'node:assert';
import { commands, languages, Uri, workspace, type Diagnostic } from 'vscode';
import type { Outcome } from '../../src/editor/diagnoses';
import type { Report } from '../../src/report/report';

export const EXTENSION = 'activation-diagnostics.activation-diagnostics';

/** A file of the workspace, which is a copy of samples/. */
export function file(relative: string): Uri {
  const folder = workspace.workspaceFolders?.[0];
  assert.ok(folder, 'The tests need an open folder.');
  return Uri.joinPath(folder.uri, relative);
}

export async function diagnose(model: Uri): Promise<Outcome> {
  const outcome = await commands.executeCommand<Outcome | undefined>('activationDiagnostics.diagnose', model);
  assert.ok(outcome, 'The command gave no outcome.');
  return outcome;
}

export async function report(model: Uri): Promise<Report> {
  const outcome = await diagnose(model);
  assert.equal(outcome.kind, 'report', JSON.stringify(outcome));
  return outcome.report;
}

/** The findings of this extension that Problems shows for a file. */
export function problemsOf(uri: Uri): Diagnostic[] {
  return languages.getDiagnostics(uri).filter(({ source }) => source === 'Activation Diagnostics');
}

/** Asks again until `condition` holds; events of VS Code arrive in their own time. */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 90_000;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `Did not come true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
