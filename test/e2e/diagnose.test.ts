import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT } from '../../scripts/vscode-harness/cache.mjs';
import { Workbench } from '../../scripts/vscode-harness/workbench.mjs';

const LINUX_ONLY = process.platform !== 'linux';
/** For what is on the screen in its own time. */
const PATIENT = { timeout: 90_000, interval: 200 };

/** What a person does with mouse and keyboard, in the real workbench, on a copy of the samples. */
describe.skipIf(LINUX_ONLY)('diagnosing a model in VS Code', () => {
  let folder: string;
  let workbench: Workbench;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'ade-'));
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

  const panel = () => workbench.panel.locator('main');
  const heading = (text: string | RegExp) => workbench.panel.locator('h1', { hasText: text });

  it('right-click: the panel names the sick layer, Problems has the finding on its line', async () => {
    await workbench.diagnose('dead-relu/model.json');
    await heading('hidden_2').waitFor();
    const text = await panel().innerText();
    expect(text).toMatch(/hidden_2\s+\d+ of 32 units dead/);
    expect(text).toContain('Why it matters');
    expect(text).toContain('Fixes, best first');
    expect(text).toContain('Signal flow');
    await workbench.screenshot('e2e/dead-relu.png');

    const rows = await workbench.problems();
    const row = rows.filter({ hasText: /Activation Diagnostics\W*dead-relu/ });
    await row.waitFor();
    expect(await row.innerText()).toMatch(/hidden_2: \d+ of 32 units/);
    await workbench.screenshot('e2e/problems.png');

    await row.dblclick();
    await workbench.page.locator('.tab.active', { hasText: 'model.json' }).waitFor();
    const lines = (await readFile(path.join(folder, 'dead-relu/model.json'), 'utf8')).split('\n');
    const shown = async () => {
      const position = await workbench.page.locator('.statusbar-item', { hasText: /^Ln \d+/ }).innerText();
      const line = Number(/Ln (\d+)/.exec(position)?.[1]);
      return [lines[line - 1], lines.slice(line).find((each) => /^ {6}"name"/.test(each))].map((each) => each?.trim());
    };
    // The status bar follows the cursor in its own time.
    await expect.poll(shown, PATIENT).toEqual(['"class_name": "Dense",', '"name": "hidden_2",']);
  });

  it('the panel leads to the line of the layer', async () => {
    await workbench.command('View: Close All Editors');
    await workbench.panel.getByText('Open in model file').first().click();
    await workbench.page.locator('.tab.active', { hasText: 'model.json' }).waitFor();
  });

  it('a file that changes makes the report stale; running again makes it fresh', async () => {
    const model = path.join(folder, 'dead-relu/model.json');
    const stale = workbench.panel.getByText('have changed since this run');
    await writeFile(model, `${await readFile(model, 'utf8')}\n`);
    await stale.waitFor();
    await workbench.command('Activation Diagnostics: Diagnose Again');
    await stale.waitFor({ state: 'hidden' });
    await heading('hidden_2').waitFor();
  });

  it('the report is there again after the window was reloaded', async () => {
    await workbench.reload();
    await heading('hidden_2').waitFor();
    const rows = await workbench.problems();
    await rows.filter({ hasText: /Activation Diagnostics\W*dead-relu/ }).waitFor();
  });

  it('the button of an open model diagnoses it', async () => {
    await workbench.showExplorer();
    await workbench.openFile('healthy/model.json');
    await workbench.page.locator('.editor-actions').getByRole('button', { name: 'Diagnose Model…' }).click();
    await heading(/healthy|no problem/i).waitFor();
    expect(await panel().innerText()).not.toContain('units dead');
  });

  it('the palette offers the models of the workspace', async () => {
    await workbench.command('Activation Diagnostics: Diagnose Model…');
    const offered = async () => {
      const texts = await workbench.page.locator('.quick-input-list .monaco-list-row').allInnerTexts();
      return texts.map((text) => text.trim());
    };
    await expect
      .poll(offered, PATIENT)
      .toEqual([
        'dead-relu/model.json',
        'deep-sigmoid/model.json',
        'healthy/model.json',
        'poor-init/model.json',
        'Browse…',
      ]);
    await workbench.pick('deep-sigmoid');
    await heading('hidden_12').waitFor();
  });

  it('a broken model gets a readable message with the file and the remedy', async () => {
    await rm(path.join(folder, 'poor-init/weights.bin'));
    await workbench.showExplorer();
    await workbench.diagnose('poor-init/model.json');
    const text = await panel().innerText();
    expect(text).toContain('weights.bin');
    expect(text).toContain('missing-shard');
    await workbench.screenshot('e2e/missing-shard.png');
  });
});
