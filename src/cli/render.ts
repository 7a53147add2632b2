import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { panelPage } from '../report/panelPage';
import { renderJson } from '../report/render/json';
import { renderMarkdown } from '../report/render/markdown';
import { renderSarif } from '../report/render/sarif';
import { renderText } from '../report/render/text';
import type { Report } from '../report/report';
import type { Format } from './arguments';

/** The report in one of the formats; `terminal` for a text that goes to a terminal with colours. */
export async function render(report: Report, format: Format, terminal: boolean): Promise<string> {
  switch (format) {
    case 'text':
      return renderText(report, { terminal });
    case 'json':
      return renderJson(report);
    case 'markdown':
      return renderMarkdown(report);
    case 'sarif':
      return renderSarif(report);
    case 'html':
      return await renderHtml(report);
  }
}

/** The report panel as one file that needs nothing else. */
async function renderHtml(report: Report): Promise<string> {
  const text = async (file: string): Promise<{ text: string }> => ({
    text: await readFile(path.join(__dirname, file), 'utf8'),
  });
  return panelPage({
    script: await text('panel.js'),
    styles: [await text('../media/standalone.css'), await text('../media/panel.css')],
    nonce: randomBytes(16).toString('base64'),
    cspSource: null,
    state: { kind: 'report', report, stale: false },
  });
}
