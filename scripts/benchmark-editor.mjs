/** Measures the extension in a real VS Code, for scripts/benchmark.mjs. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { bundleForVSCode, runInVSCode } from './in-vscode.mjs';
import { PROJECT } from './vscode-harness/cache.mjs';
import { Workbench } from './vscode-harness/workbench.mjs';

const BUNDLES = path.join(PROJECT, '.cache/benchmark/editor');
const WINDOWS = 3;
const MODELS = ['healthy', 'dead-relu', 'poor-init', 'deep-sigmoid'];
/** Diagnoses of each model after the first. */
const WARM = 3;

/**
 * @returns {Promise<import('../test/benchmark/editor/editorNumbers').EditorNumbers | null>} null, with a message, where
 *   no VS Code can be had; `panel` is null where none can be driven
 */
export async function measureInEditor() {
  const windows = [];
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'adb-'));
  try {
    await bundleForVSCode([path.join(PROJECT, 'test/benchmark/editor/inEditor.ts')], BUNDLES);
    for (let i = 0; i < WINDOWS; i++) {
      const file = path.join(scratch, `${i}.json`);
      await runInVSCode(path.join(BUNDLES, 'inEditor.cjs'), { EDITOR_NUMBERS: file });
      windows.push(JSON.parse(await readFile(file, 'utf8')));
    }
  } catch (error) {
    console.log(`The extension is not measured in VS Code: ${error.message}`);
    return null;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  const panel = await panelTimes().catch((error) => {
    console.log(`The time until the panel shows a report is not measured: ${error.message}`);
    return null;
  });
  return { ...windows.reduce(joined), panel };
}

/** Lists one after the other, in objects in objects too. */
function joined(a, b) {
  if (Array.isArray(a)) return [...a, ...b];
  if (typeof a !== 'object') return a;
  return Object.fromEntries(Object.keys(a).map((key) => [key, joined(a[key], b[key])]));
}

/** From the key or click that starts a diagnosis until the panel has drawn its report. */
async function panelTimes() {
  const times = [];
  for (const model of MODELS) {
    const workbench = await Workbench.open({ folder: path.join(PROJECT, 'samples'), initScript: watchClock });
    try {
      const file = `${model}/model.json`;
      await workbench.command('Activation Diagnostics: Diagnose Model…', () => workbench.quickPickRow(file).waitFor());
      const first = [await timed(workbench, () => workbench.pick(file))];
      const warm = [];
      for (let turn = 0; turn < WARM; turn++) {
        warm.push(await timed(workbench, () => workbench.command('Activation Diagnostics: Diagnose Again')));
      }
      times.push({ model, first, warm });
    } finally {
      await workbench.close();
    }
  }
  return times;
}

/** Milliseconds from the last key or click of `start` to the report. */
async function timed(workbench, start) {
  const before = Date.now();
  await start();
  const pressed = await workbench.page.evaluate(() => globalThis.lastInput);
  if (pressed < before) throw new Error('What starts the diagnosis was not seen.');
  const frame = workbench.panel.locator('html');
  for (const end = Date.now() + 120_000; Date.now() < end; ) {
    const shown = await frame.evaluate((_, since) => globalThis.shownAfter?.(since) ?? null, pressed);
    if (shown !== null) return shown - pressed;
    await workbench.page.waitForTimeout(50);
  }
  throw new Error('The panel shows no report.');
}

/* global document, MutationObserver -- watchClock runs in every frame of the workbench, which all share one clock. */
function watchClock() {
  globalThis.lastInput = 0;
  for (const event of ['keydown', 'mousedown']) {
    globalThis.addEventListener(event, () => (globalThis.lastInput = Date.now()), true);
  }
  /** What the panel showed, and since when. */
  const shown = [];
  globalThis.shownAfter = (since) =>
    shown.find(({ kind, at }, i) => kind === 'report' && at > since && shown[i - 1]?.kind === 'running')?.at ?? null;
  const look = () => {
    const main = document.querySelector('main');
    if (main === null || main.children.length === 0) return;
    const running = main.querySelector('[aria-busy="true"]') !== null;
    const kind = running ? 'running' : main.querySelector('.strip') !== null ? 'report' : 'other';
    if (shown.at(-1)?.kind === kind) return;
    const entry = { kind, at: Date.now() };
    shown.push(entry);
    // Drawn: the frame after the one in which the page changed has begun.
    globalThis.requestAnimationFrame(() => globalThis.requestAnimationFrame(() => (entry.at = Date.now())));
  };
  // VS Code writes the page of a webview into a frame that was there before, and no observer outlives that.
  let watched = null;
  globalThis.setInterval(() => {
    if (watched === document.documentElement) return;
    watched = document.documentElement;
    new MutationObserver(look).observe(watched, { childList: true, subtree: true, attributes: true });
    look();
  }, 10);
}
