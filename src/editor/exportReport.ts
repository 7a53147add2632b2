import { l10n, Uri, window, workspace, type QuickPickItem } from 'vscode';
import type { Report } from '../report/report';
import type { Diagnoses } from './diagnoses';

interface Format extends QuickPickItem {
  readonly extension: string;
  render(report: Report): string;
}

function formats(): readonly Format[] {
  return [
    {
      label: 'JSON',
      description: l10n.t('everything that was measured'),
      extension: 'json',
      render: (report) => `${JSON.stringify(report, null, 2)}\n`,
    },
  ];
}

/** Saves the shown report in a format and a place of the user's choice. */
export async function exportReport({ state, subject }: Diagnoses): Promise<void> {
  if (state.kind !== 'report' || subject === null) return;
  const format = await window.showQuickPick(formats(), { placeHolder: l10n.t('Export the report as') });
  if (format === undefined) return;
  const file = await window.showSaveDialog({
    defaultUri: Uri.joinPath(subject.model, '..', `diagnosis.${format.extension}`),
    filters: { [format.label]: [format.extension] },
  });
  if (file === undefined) return;
  await workspace.fs.writeFile(file, new TextEncoder().encode(format.render(state.report)));
}
