/* global document */

/** What a person does with the panel, and what must then be so. Each resolves with its faults as sentences. */
import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { layoutFaults } from './layoutFaults.mjs';
import { send, settle } from './panelBrowser.mjs';

/** Collects differences between what is and what should be. */
function expectations() {
  const faults = [];
  return {
    faults,
    equal(name, actual, expected) {
      const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
      if (is !== should) faults.push(`${name}: ${is}, expected ${should}`);
    },
  };
}

const sent = (page) => page.evaluate(() => globalThis.sent);
const memory = (page) => page.evaluate(() => globalThis.remembered);
const text = async (page, selector) => (await page.locator(selector).first().innerText()).replace(/\s+/g, ' ').trim();
const count = (page, selector) => page.locator(selector).count();
const focusedText = (page) => page.evaluate(() => document.activeElement?.textContent);

/** Runs `use` on a fresh panel in `state` and adds whatever the page itself complained about. */
const inPanel =
  (state, use, options = {}) =>
  async (panels) => {
    const { page, faults } = await panels.panel(panels.states[state], options);
    const check = expectations();
    try {
      if (options.width !== undefined) await page.setViewportSize({ width: options.width, height: 900 });
      await use(page, check, panels);
    } finally {
      await page.close();
    }
    return [...check.faults, ...faults];
  };

export const interactions = {
  'the panel says that it is ready': inPanel('empty', async (page, check) => {
    check.equal('messages', await sent(page), [{ kind: 'ready' }]);
    await page.getByRole('button', { name: 'Open model' }).click();
    check.equal('messages', (await sent(page)).at(-1), { kind: 'diagnose' });
  }),

  'arrow keys move one selection through strip, charts, table and detail': inPanel('sick', async (page, check) => {
    const strip = page.getByRole('listbox');
    const marked = await page.evaluate(() => {
      for (const [index, element] of [...document.querySelectorAll('svg, tbody tr')].entries())
        element.dataset.drawn = index;
      return document.querySelectorAll('.strip, .chart > svg, tbody tr').length;
    });
    await strip.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    check.equal('detail', await text(page, '.detail h2'), 'conv2d_2 layer 2 of 7');
    check.equal('readout', await text(page, '.readout b'), 'conv2d_2');
    check.equal('option', await page.locator('[role=option][aria-selected=true]').getAttribute('id'), 'cell-1');
    check.equal('row', await text(page, 'tr.on .name'), 'conv2d_2');
    check.equal('axis', await page.locator('.chart text.strong').last().textContent(), '2');
    check.equal('memory', (await memory(page)).selectedLayer, 'conv2d_2');
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowRight');
    check.equal('last', await text(page, '.detail h2'), 'dense_4 layer 7 of 7');
    check.equal('focus', await strip.evaluate((element) => element === document.activeElement), true);
    const kept = '.strip[data-drawn], .chart > svg[data-drawn], .layers tbody tr[data-drawn]';
    check.equal('elements that were not drawn anew', (await count(page, kept)) >= 10 && marked >= 10, true);
  }),

  'a click on strip, chart or row selects': inPanel('sick', async (page, check) => {
    await page.locator('#cell-0').click();
    check.equal('strip', await text(page, '.detail h2'), 'conv2d_1 layer 1 of 7');
    const chart = page.locator('.chart svg').first();
    const { width } = await chart.boundingBox();
    await chart.click({ position: { x: width - 5, y: 40 } });
    check.equal('chart', await text(page, '.detail h2'), 'dense_4 layer 7 of 7');
    await page.locator('.pick', { hasText: 'dense_3' }).press('Enter');
    check.equal('row', await text(page, '.detail h2'), 'dense_3 layer 6 of 7');
    check.equal('focus', (await focusedText(page)).includes('dense_3'), true);
  }),

  'findings open, their fixes are chosen and their code is copied': inPanel('sick', async (page, check) => {
    const [first, second] = [page.locator('.finding').nth(0), page.locator('.finding').nth(1)];
    check.equal('first is open', await first.getAttribute('open'), '');
    await second.locator('summary').press('Enter');
    await settle(page);
    check.equal('memory', (await memory(page)).openFindings, [0, 1]);
    await first.getByRole('radio', { name: 'He uniform' }).check();
    check.equal('rationale', (await first.locator('.chosen p').first().innerText()).includes('heUniform'), true);
    check.equal(
      'measured effect',
      await first.locator('.fix', { hasText: 'He uniform' }).locator('.num').innerText(),
      '64 → 22',
    );
    check.equal(
      'untried fix has no bar',
      await first.locator('.fix', { hasText: 'Leaky' }).locator('.bars').count(),
      0,
    );
    const show = first.getByRole('button', { name: 'Show code' });
    check.equal('code is hidden', await first.locator('pre').isVisible(), false);
    await show.click();
    check.equal('code', (await first.locator('pre').innerText()).startsWith('tf.layers.dense'), true);
    await first.getByRole('tab', { name: 'TensorFlow.js' }).press('ArrowRight');
    check.equal('other language', (await first.locator('pre').innerText()).startsWith('keras.layers.Dense'), true);
    check.equal('tab', await first.getByRole('tab', { name: 'Keras' }).getAttribute('aria-selected'), 'true');
    await first.getByRole('button', { name: 'Copy' }).click();
    const { kind, code } = (await sent(page)).at(-1);
    check.equal('copied', [kind, code.startsWith('keras.layers.Dense')], ['copyCode', true]);
  }),

  'actions of a finding reach the host': inPanel('sick', async (page, check) => {
    const finding = page.locator('.finding').first();
    await finding.getByRole('button', { name: 'Open in model file' }).click();
    check.equal('go', (await sent(page)).at(-1), { kind: 'goToLayer', layer: 'dense_2' });
    await finding.getByRole('button', { name: 'Ignore rule' }).click();
    check.equal('ignore', (await sent(page)).at(-1), { kind: 'ignoreRule', rule: 'dead-relu' });
    await finding.getByRole('button', { name: 'dead-relu' }).click();
    check.equal('explain', (await sent(page)).at(-1), { kind: 'explainRule', rule: 'dead-relu' });
    await page.locator('#cell-0').click();
    await finding.getByRole('button', { name: 'Show layer' }).click();
    check.equal('detail', await text(page, '.detail h2'), 'dense_2 layer 5 of 7');
    check.equal('focus', (await focusedText(page)).startsWith('dense_2'), true);
    await page.getByRole('button', { name: 'Export' }).click();
    check.equal('export', (await sent(page)).at(-1), { kind: 'export' });
    await page.getByRole('button', { name: 'mnist-cnn' }).click();
    check.equal('open', (await sent(page)).at(-1), { kind: 'openFile' });
  }),

  'the host reveals a layer and a finding': inPanel('sick', async (page, check) => {
    await send(page, { kind: 'reveal', layer: 'conv2d_1', rule: 'vanishing-gradient' });
    check.equal('finding', await page.locator('.finding').nth(1).getAttribute('open'), '');
    check.equal('selected', await text(page, '.detail h2'), 'conv2d_1 layer 1 of 7');
    check.equal('focus', (await focusedText(page)).includes('gradient shrinks'), true);
    await send(page, { kind: 'reveal', layer: 'dense_3', rule: null });
    check.equal('layer', await text(page, '.detail h2'), 'dense_3 layer 6 of 7');
    await send(page, { kind: 'reveal', layer: 'no such layer', rule: 'low-rank' });
    check.equal('unknown', await text(page, '.detail h2'), 'dense_3 layer 6 of 7');
  }),

  'columns sort, missing values last, and the order is remembered': inPanel('sick', async (page, check) => {
    const names = () => page.locator('.layers tbody .name').allInnerTexts();
    const dead = page.getByRole('columnheader', { name: 'Dead' });
    await dead.getByRole('button').click();
    check.equal('descending', [await dead.getAttribute('aria-sort'), (await names())[0]], ['descending', 'dense_2']);
    check.equal('missing last', (await names()).slice(-2), ['flatten', 'dense_4']);
    await dead.getByRole('button').click();
    check.equal('ascending', [await dead.getAttribute('aria-sort'), (await names())[4]], ['ascending', 'dense_2']);
    check.equal('memory', (await memory(page)).sort, { column: 'dead', descending: false });
    check.equal('focus', (await focusedText(page)).startsWith('Dead'), true);
  }),

  'a long table shows the worst layers, the selected one, and all on demand': inPanel(
    'deep200',
    async (page, check) => {
      check.equal('rows', await count(page, '.layers tbody tr'), 9);
      await page.getByRole('listbox').press('Home');
      check.equal('selected is added', await text(page, 'tr.on .name'), 'block_1/conv_1');
      await page.getByRole('button', { name: 'Show all 200 layers' }).click();
      check.equal('all rows', await count(page, '.layers tbody tr'), 200);
      check.equal('focus', await focusedText(page), 'Show fewer');
      check.equal('faults', await page.evaluate(layoutFaults), []);
      check.equal('memory', (await memory(page)).showAllLayers, true);
    },
  ),

  'what the reader chose survives a reload': inPanel(
    'sick',
    async (page, check) => {
      check.equal('detail', await text(page, '.detail h2'), 'dense_3 layer 6 of 7');
      check.equal('open', await count(page, '.finding[open]'), 1);
      check.equal('which', await page.locator('.finding').nth(2).getAttribute('open'), '');
      check.equal('sort', await page.locator('[aria-sort]').innerText(), 'Units ↓');
    },
    {
      memory: {
        selectedLayer: 'dense_3',
        openFindings: [2, 99],
        sort: { column: 'units', descending: true },
        showAllLayers: false,
      },
      width: 900,
    },
  ),

  'what an older panel left behind is not trusted': inPanel(
    'sick',
    async (page, check) => check.equal('detail', await text(page, '.detail h2'), 'dense_2 layer 5 of 7'),
    { memory: { selectedLayer: 7, openFindings: 'all', sort: { column: 'toString' }, showAllLayers: 'yes' } },
  ),

  'progress is patched, so that Cancel keeps its focus': inPanel('running', async (page, check, panels) => {
    await page.getByRole('button', { name: 'Cancel' }).focus();
    const { progress, ...state } = panels.states.running;
    await send(page, {
      kind: 'state',
      state: { ...state, progress: { ...progress, stage: 'backward', done: null, detail: '3 of 8' } },
    });
    check.equal('stage', await text(page, 'li.now'), 'Run backward 3 of 8');
    check.equal('focus', await focusedText(page), 'Cancel');
    await page.keyboard.press('Enter');
    check.equal('message', (await sent(page)).at(-1), { kind: 'cancel' });
    await send(page, { kind: 'state', state: panels.states.healthy });
    check.equal('verdict', await text(page, 'h1'), 'No problems found');
  }),

  'a report that becomes stale is patched and can be run again': inPanel('sick', async (page, check, panels) => {
    await page.locator('#cell-0').click();
    await send(page, { kind: 'state', state: { ...panels.states.sick, stale: true } });
    check.equal('banner', await page.locator('.stale').isVisible(), true);
    check.equal('selection', await text(page, '.detail h2'), 'conv2d_1 layer 1 of 7');
    check.equal('primary buttons', await page.locator('.button.primary:visible').count(), 1);
    await page.getByRole('button', { name: 'Run again' }).click();
    check.equal('message', (await sent(page)).at(-1), { kind: 'runAgain' });
  }),

  'a problem offers what helps': inPanel('problem', async (page, check) => {
    check.equal('alert', await count(page, '[role=alert]'), 1);
    await page.getByRole('button', { name: 'Try again' }).click();
    check.equal('again', (await sent(page)).at(-1), { kind: 'runAgain' });
    await page.getByRole('button', { name: 'Open file' }).click();
    check.equal('open', (await sent(page)).at(-1), { kind: 'openFile' });
  }),

  'terms explain themselves on hover and focus, inside the page': inPanel('sick', async (page, check) => {
    const terms = page.locator('dfn:visible');
    for (let index = 0; index < (await terms.count()); index++) {
      await terms.nth(index).hover();
      const tip = page.getByRole('tooltip');
      await tip.waitFor();
      check.equal(`tip ${index}`, await tip.count(), 1);
      const box = await tip.boundingBox();
      check.equal(`tip ${index} inside`, box.x >= 0 && box.x + box.width <= 300, true);
    }
    await page.keyboard.press('Escape');
    check.equal('closed', await page.getByRole('tooltip').count(), 0);
    await page.mouse.move(0, 0);
    await page.locator('summary').first().focus();
    await page.keyboard.press('Tab');
    check.equal('focus', await page.getByRole('tooltip').count(), 1);
  }),

  'units are read out under the pointer': inPanel('sick', async (page, check) => {
    await page.locator('.map').hover({ position: { x: 3, y: 3 } });
    check.equal('unit', /^unit 0: .+, above 0 in 512 of 1,024 samples, mean /.test(await text(page, '.unit')), true);
  }),

  'everything can be reached with the Tab key': inPanel('sick', async (page, check) => {
    const expected = await count(
      page,
      'button:visible, summary:visible, input:visible, dfn:visible, [role=listbox], pre:visible',
    );
    const reached = new Set();
    for (let press = 0; press < expected + 20; press++) {
      await page.keyboard.press('Tab');
      const name = await page.evaluate(() => {
        const focused = document.activeElement;
        focused.dataset.reached ??= String((globalThis.reached = (globalThis.reached ?? 0) + 1));
        const { outlineStyle } = globalThis.getComputedStyle(focused);
        return focused === document.body ? null : `${focused.dataset.reached} ${outlineStyle}`;
      });
      if (name === null) break;
      if (name.endsWith('none')) check.equal(`focus ring of stop ${name}`, 'none', 'solid');
      reached.add(name);
    }
    // Of a group of radio buttons only the chosen one is a stop: two of three are not.
    check.equal('stops', reached.size, expected - 2);
  }),

  'the page stands alone in a browser': async (panels) => {
    const check = expectations();
    const folder = await mkdtemp(path.join(os.tmpdir(), 'panel-'));
    try {
      for (const [name, colorScheme] of [
        ['sick', 'light'],
        ['hostile', 'dark'],
        ['healthy', 'dark'],
      ]) {
        const file = path.join(folder, `${name}.html`);
        await writeFile(file, panels.standalonePage(panels.states[name]));
        const { page, faults } = await panels.page({ viewport: { width: 900, height: 900 }, colorScheme });
        await page.goto(pathToFileURL(file).href);
        await settle(page);
        check.equal(`${name} errors`, faults, []);
        check.equal(`${name} layout`, await page.evaluate(layoutFaults), []);
        check.equal(
          `${name} harm`,
          await page.evaluate(() => [
            globalThis.harmed ?? null,
            document.querySelectorAll('#panel script, #panel img').length,
          ]),
          [null, 0],
        );
        for (const action of ['Run again', 'Export', 'Ignore rule', 'Open in model file', 'Use your data']) {
          check.equal(`${name} ${action}`, await page.getByRole('button', { name: action }).count(), 0);
        }
        check.equal(
          `${name} selects`,
          await page
            .locator('#cell-1')
            .click()
            .then(() => text(page, '.detail h2 .muted')),
          `layer 2 of ${panels.states[name].report.layers.length}`,
        );
        await page.screenshot({
          path: path.join(panels.pictures, `${name}-900-standalone-${colorScheme}.png`),
          fullPage: true,
        });
        await page.close();
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return check.faults;
  },
};
