/**
 * Pictures of the real workbench: opens VS Code on samples/, diagnoses a model, keeps a screenshot.
 *
 *   node scripts/screenshot.mjs samples/dead-relu/model.json --theme light --width 300 --out artifacts/x.png
 *
 * --theme dark | light | hc-dark | hc-light · --width of the report view (CSS pixels) · --height of the window
 * --only window | sidebar · --scroll how far down the report (CSS pixels) · --click CSS selector in the report, several times
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { PROJECT } from './vscode-harness/cache.mjs';
import { THEMES, Workbench } from './vscode-harness/workbench.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    theme: { type: 'string', default: 'dark' },
    width: { type: 'string', default: '300' },
    height: { type: 'string', default: '900' },
    only: { type: 'string', default: 'window' },
    scroll: { type: 'string', default: '0' },
    click: { type: 'string', multiple: true, default: [] },
    out: { type: 'string' },
  },
});
const [model] = positionals;
if (model === undefined || !Object.hasOwn(THEMES, values.theme)) {
  console.error(
    'usage: node scripts/screenshot.mjs MODEL [--theme dark|light|hc-dark|hc-light] [--width N] [--out FILE]',
  );
  process.exit(2);
}

const width = Number(values.width);
const file = path.resolve(model);
const workbench = await Workbench.open({
  folder: path.dirname(path.dirname(file)),
  theme: values.theme,
  width: Math.max(1400, width + 600),
  height: Number(values.height),
});
try {
  await workbench.diagnose(path.relative(path.dirname(path.dirname(file)), file));
  await workbench.setSideBarWidth(width);
  for (const selector of values.click) await workbench.panel.locator(selector).first().click();
  await workbench.panel.locator('html').evaluate((html, top) => html.scrollTo(0, top), Number(values.scroll));
  const name = `${path.basename(path.dirname(file))}-${values.theme}-${width}.png`;
  console.log(
    await workbench.screenshot(path.resolve(values.out ?? path.join(PROJECT, 'artifacts', name)), {
      only: values.only,
    }),
  );
} finally {
  await workbench.close();
}
