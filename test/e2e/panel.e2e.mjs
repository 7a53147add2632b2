/**
 * Draws the report panel in every state, theme and width, and uses it with mouse and keyboard.
 *
 *     node test/e2e/panel.e2e.mjs [STATE | use | REPORT.json]...
 *
 * Without arguments every state is drawn and every use made; a report is one that `--format json` has written.
 *
 * Fails on content that is clipped, overlaps or runs out of the page, on errors in the console and on violations of
 * the content security policy. Pictures go to artifacts/panel/. The last line is `N passed, N failed`.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { layoutFaults } from './panel/layoutFaults.mjs';
import { openPanelBrowser, setTheme, settle } from './panel/panelBrowser.mjs';
import { interactions } from './panel/panelInteractions.mjs';
import { THEMES } from './panel/themes.mjs';

const wanted = process.argv.slice(2);
const isReport = (name) => name.endsWith('.json');
/** The narrowest side bar with a wide and larger font: nothing may break there either. */
const WIDE_FONT = { 'font-family': '"DejaVu Sans", Verdana, sans-serif', 'font-size': '14px' };
const WIDTHS = [300, 900];
const WIDEST = 1280;

let passed = 0;
let failed = 0;
function report(name, faults) {
  if (faults.length === 0) {
    passed++;
    return;
  }
  failed++;
  console.log(`FAIL ${name}\n${faults.map((fault) => `     ${fault}`).join('\n')}`);
}

async function drawState(panels, name, state) {
  const { page, faults } = await panels.panel(state);
  const heights = { 300: 700, 280: 700, 900: 900, [WIDEST]: 900 };
  const resize = async (width) => {
    await page.setViewportSize({ width, height: heights[width] });
    await settle(page);
  };
  for (const theme of Object.keys(THEMES)) {
    await setTheme(page, theme);
    for (const width of WIDTHS) {
      await resize(width);
      report(`${name} ${theme} ${width} px`, await page.evaluate(layoutFaults));
      await page.screenshot({ path: path.join(panels.pictures, `${name}-${width}-${theme}.png`), fullPage: true });
    }
  }
  await setTheme(page, 'dark-modern', WIDE_FONT);
  for (const width of [280, WIDEST]) {
    await resize(width);
    report(`${name} wide font ${width} px`, await page.evaluate(layoutFaults));
    await page.screenshot({ path: path.join(panels.pictures, `${name}-${width}-wide-font.png`), fullPage: true });
  }
  await page.evaluate(openEverything);
  await settle(page);
  for (const width of [280, 900]) {
    await resize(width);
    report(`${name} all open ${width} px`, await page.evaluate(layoutFaults));
    await page.screenshot({ path: path.join(panels.pictures, `${name}-${width}-all-open.png`), fullPage: true });
  }
  report(`${name} without errors`, faults);
  const unharmed = await page.evaluate(
    () => globalThis.harmed === undefined && document.querySelector('#panel img, #panel script') === null,
  );
  report(`${name} keeps hostile text as text`, unharmed ? [] : ['markup out of a model file was run']);
  await page.close();
}

/* global document */
function openEverything() {
  for (const details of document.querySelectorAll('details')) details.open = true;
  return new Promise((resolve) => {
    setTimeout(() => {
      for (const toggle of document.querySelectorAll('[aria-expanded="false"]')) toggle.click();
      resolve();
    }, 50);
  });
}

const panels = await openPanelBrowser();
try {
  for (const [name, state] of Object.entries(panels.states)) {
    if (wanted.length === 0 || wanted.includes(name)) await drawState(panels, name, state);
  }
  for (const file of wanted.filter(isReport)) {
    const report = JSON.parse(await readFile(file, 'utf8'));
    await drawState(panels, path.basename(file, '.json'), { kind: 'report', report, stale: false });
  }
  if (wanted.length === 0 || wanted.includes('use')) {
    for (const [name, run] of Object.entries(interactions)) {
      let faults;
      try {
        faults = await run(panels);
      } catch (error) {
        faults = [String(error.stack ?? error)];
      }
      report(name, faults);
    }
  }
} finally {
  await panels.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
