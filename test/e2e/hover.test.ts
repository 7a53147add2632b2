import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { PROJECT } from '../../scripts/vscode-harness/cache.mjs';
import { THEMES, Workbench } from '../../scripts/vscode-harness/workbench.mjs';

/** How samples/dead-relu was trained. */
const CODE = `from keras import layers, models, optimizers

model = models.Sequential([
    layers.Dense(64, activation='relu', kernel_initializer='he_uniform', input_shape=(16,), name='hidden_1'),
    layers.Dense(32, activation='relu', kernel_initializer='he_uniform', name='hidden_2'),
    layers.Dense(4, activation='softmax', name='output'),
])
model.compile(optimizer=optimizers.SGD(learning_rate=0.1), loss='categorical_crossentropy')
`;

const BRIEF = { timeout: 5000 };

describe.skipIf(process.platform !== 'linux')('hovers over training code in VS Code', () => {
  let folder: string;
  let workbench: Workbench;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'adh-'));
    await cp(path.join(PROJECT, 'samples'), folder, { recursive: true });
    await mkdir(path.join(folder, 'src'));
    await writeFile(path.join(folder, 'src/train.py'), CODE);
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail')
      await workbench.screenshot(`e2e/failed-${task.name.replace(/\W+/g, '-').slice(0, 60)}.png`);
    await workbench.close();
  });

  // A window of its own for each theme: one that is open notices only the first change of its settings file.
  it.each(Object.keys(THEMES) as (keyof typeof THEMES)[])(
    'show in %s what was measured, and the curve',
    async (theme) => {
      workbench = await Workbench.open({ folder, height: 900, theme });
      await workbench.diagnose('dead-relu/model.json');
      await workbench.showExplorer();
      await workbench.openFile('src/train.py');
      await workbench.page.locator('.codelens-decoration', { hasText: 'hidden_2 is' }).waitFor();
      const line = workbench.page.locator('.view-line', { hasText: 'hidden_2' });
      const look = async (): Promise<string> => {
        const hover = await workbench.hoverOver(line.getByText(/relu/).first(), 'Last probe of');
        // An image that the browser refuses has no size of its own.
        const curve = await hover.locator('img').boundingBox(BRIEF);
        expect([curve?.width, curve?.height]).toEqual([280, 150]);
        const text = await hover.innerText(BRIEF);
        await workbench.screenshot(`e2e/hover-${theme}.png`);
        await hover.locator('img').scrollIntoViewIfNeeded(BRIEF);
        await workbench.screenshot(`e2e/hover-${theme}-curve.png`);
        return text;
      };
      // The editor closes a hover when anything changes below it.
      const text = await vi.waitFor(look, { timeout: 90_000, interval: 200 });
      expect(text).toMatch(/Last probe of dead-relu\/model\.json, hidden_2/);
      expect(text).toMatch(/\d+ of 32 units were never active/);
      expect(text).toContain('Explain dead-relu');
      expect(text).not.toMatch(/[\\*]|\$\(/);
    },
  );
});
