import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Report } from '../../src/report/report';
import { PROJECT } from '../../scripts/vscode-harness/cache.mjs';
import { Workbench } from '../../scripts/vscode-harness/workbench.mjs';

describe.skipIf(process.platform !== 'linux')('data and exports in VS Code', () => {
  let folder: string;
  let workbench: Workbench;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'adx-'));
    await cp(path.join(PROJECT, 'samples'), folder, { recursive: true });
    workbench = await Workbench.open({ folder });
  });
  afterAll(async () => {
    await workbench?.close();
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    await workbench.screenshot(`e2e/failed-${task.name.replace(/\W+/g, '-').slice(0, 40)}.png`);
  });

  const probe = (text: RegExp) => workbench.panel.locator('main', { hasText: text });

  it("probes with the user's data and labels, and offers them again", async () => {
    await workbench.contextMenu('healthy/model.json', 'Diagnose Model With Data…');
    await workbench.pick('Data files…');
    await workbench.answerFileDialog(path.join(folder, 'data/features.npy'));
    await workbench.pick('Labels file…');
    await workbench.answerFileDialog(path.join(folder, 'data/classes.npy'));
    await probe(/features\.npy/).waitFor();

    await workbench.command('Activation Diagnostics: Clear Report');
    await workbench.showExplorer();
    await workbench.contextMenu('healthy/model.json', 'Diagnose Model With Data…');
    await workbench.quickPickRow(/features\.npy.*classes\.npy/).waitFor();
    await workbench.pick('The same as last time');
    await probe(/features\.npy/).waitFor();
  });

  it('exports the report as JSON and as a page of its own', async () => {
    const save = async (format: string, file: string): Promise<string> => {
      await workbench.command('Activation Diagnostics: Export Report…');
      await workbench.pick(format);
      await workbench.answerFileDialog(path.join(folder, file));
      const complete = async (): Promise<string> => {
        const text = await readFile(path.join(folder, file), 'utf8');
        expect(text).toMatch(/[}>]\n$/);
        return text;
      };
      return await vi.waitFor(complete, { timeout: 90_000, interval: 200 });
    };
    const report = JSON.parse(await save('JSON', 'out.json')) as Report;
    expect(report.model.name).toBe('classifier');
    expect(report.probe.labels).toBe(true);
    expect(report.probe.inputs[0].file).toContain('features.npy');

    const html = await save('HTML', 'out.html');
    const page = await workbench.browser.newPage();
    await page.setContent(html);
    await page.locator('main h1').waitFor();
    expect(await page.locator('main').innerText()).toContain('features.npy');
    await page.close();
  });
});
