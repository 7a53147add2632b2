import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { env, l10n, Uri, window, workspace, type QuickPickItem } from 'vscode';
import { panelPage } from '../report/panelPage';
import { renderJson } from '../report/render/json';
import { renderMarkdown } from '../report/render/markdown';
import { renderSarif } from '../report/render/sarif';
import type { Report } from '../report/report';
import { shownPath, type Diagnoses } from './diagnoses';

interface Format extends QuickPickItem {
  readonly extension: string;
  render(report: Report): string | Promise<string>;
}

/** Saves the shown report in a format and a place of the user's choice. */
export async function exportReport({ state, subject }: Diagnoses, extension: Uri): Promise<void> {
  if (state.kind !== 'report' || subject === null) return;
  const format = await window.showQuickPick(formats(extension), { placeHolder: l10n.t('Export the report as') });
  if (format === undefined) return;
  const model = path.posix.parse(subject.model.path).name;
  const file = await window.showSaveDialog({
    title: l10n.t('Export Report'),
    defaultUri: Uri.joinPath(subject.model, '..', `${model}.diagnosis.${format.extension}`),
    filters: { [format.label]: [format.extension] },
  });
  if (file === undefined) return;
  await workspace.fs.writeFile(file, new TextEncoder().encode(await format.render(state.report)));
  const open = l10n.t('Open');
  const saved = l10n.t('The report was saved as {0}.', shownPath(file));
  if ((await window.showInformationMessage(saved, open)) !== open) return;
  if (format.extension === 'html') await env.openExternal(file);
  else await window.showTextDocument(file);
}

function formats(extension: Uri): readonly Format[] {
  return [
    {
      label: 'HTML',
      description: l10n.t('this panel as a page of its own'),
      extension: 'html',
      render: (report) => renderHtml(report, extension),
    },
    {
      label: 'Markdown',
      description: l10n.t('for an issue or a pull request'),
      extension: 'md',
      render: renderMarkdown,
    },
    { label: 'JSON', description: l10n.t('everything that was measured'), extension: 'json', render: renderJson },
    { label: 'SARIF', description: l10n.t('for code scanning'), extension: 'sarif', render: renderSarif },
  ];
}

/** The report panel as one file that needs nothing else. */
async function renderHtml(report: Report, extension: Uri): Promise<string> {
  const text = async (...parts: string[]): Promise<{ text: string }> => ({
    text: new TextDecoder().decode(await workspace.fs.readFile(Uri.joinPath(extension, ...parts))),
  });
  return panelPage({
    script: await text('dist', 'panel.js'),
    styles: [await text('media', 'standalone.css'), await text('media', 'panel.css')],
    nonce: randomBytes(16).toString('base64'),
    cspSource: null,
    state: { kind: 'report', report, stale: false },
  });
}
