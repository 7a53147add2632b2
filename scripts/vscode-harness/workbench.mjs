/** The workbench as a person uses it: mouse, keyboard and what is on the screen. For end-to-end tests and screenshots. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PROJECT } from './cache.mjs';
import { openBrowser, startServer, workbenchUrl } from './workbenchServer.mjs';

/** Names of the themes as `workbench.colorTheme` of every release knows them, and the class that they give the workbench. */
export const THEMES = {
  dark: { name: 'Default Dark Modern', marker: 'dark_modern' },
  light: { name: 'Default Light Modern', marker: 'light_modern' },
  'hc-dark': { name: 'Default High Contrast', marker: 'hc_black' },
  'hc-light': { name: 'Default High Contrast Light', marker: 'hc_light' },
};

/** Milliseconds to wait for what must come. On a loaded machine everything comes, only late. */
const PATIENCE = 90_000;

/**
 * Tries an action with its effect again, for as long as patience lasts; then rejects with the last attempt's error.
 * @param {(brief: number) => Promise<void>} attempt gets the milliseconds after which one try is given up
 */
async function repeated(attempt) {
  const end = Date.now() + PATIENCE;
  for (let brief = 5000; ; brief *= 1.5) {
    try {
      return await attempt(brief);
    } catch (error) {
      if (Date.now() > end || /has been closed/.test(error.message)) throw error;
      await delay(200);
    }
  }
}

/**
 * @typedef {object} WorkbenchOptions
 * @property {string} [folder] the workspace; the project by default
 * @property {readonly string[]} [developmentPaths] extensions loaded from source; the project by default, none with `extensionsDir`
 * @property {string} [extensionsDir] folder of installed extensions
 * @property {keyof typeof THEMES} [theme]
 * @property {Record<string, unknown>} [settings]
 * @property {number} [width] of the window, CSS pixels
 * @property {number} [height]
 * @property {'current' | 'oldest'} [release]
 * @property {() => void} [initScript] runs in every frame before the frame's own scripts
 */

/** One VS Code window. `close` ends everything that `open` started. */
export class Workbench {
  /**
   * @param {WorkbenchOptions} [options]
   * @returns {Promise<Workbench>}
   */
  static async open(options = {}) {
    const { folder = PROJECT, extensionsDir, theme = 'dark', settings, width, height, release } = options;
    const developmentPaths = options.developmentPaths ?? (extensionsDir === undefined ? [PROJECT] : []);
    const server = await startServer({ release, extensionsDir, settings });
    let browser;
    try {
      const opened = await openBrowser({ width, height });
      browser = opened.browser;
      opened.context.setDefaultTimeout(PATIENCE);
      if (options.initScript !== undefined) await opened.context.addInitScript(options.initScript);
      const page = await opened.context.newPage();
      const workbench = new Workbench(server, browser, page, folder);
      await page.goto(workbenchUrl(server, { folder, developmentPaths }), { waitUntil: 'commit' });
      await page.locator('.monaco-workbench .explorer-folders-view .monaco-list-row').first().waitFor();
      await workbench.setTheme(theme);
      return workbench;
    } catch (error) {
      await browser?.close();
      await server.stop();
      throw error;
    }
  }

  constructor(server, browser, page, folder) {
    this.folder = folder;
    this.server = server;
    /** @type {import('playwright-core').Browser} */
    this.browser = browser;
    /** @type {import('playwright-core').Page} */
    this.page = page;
  }

  /** As after a crash or `Developer: Reload Window`. */
  async reload() {
    await this.page.reload({ waitUntil: 'commit' });
    await this.page.locator('.monaco-workbench .part.sidebar').waitFor();
  }

  async close() {
    await this.browser.close();
    await this.server.stop();
  }

  /**
   * Runs a command by its title in the palette: `Activation Diagnostics: Clear Report`.
   * @param {string} title
   * @param {(brief: number) => Promise<unknown>} [effect] rejects until the command has worked; it is run again then
   */
  async command(title, effect = () => Promise.resolve()) {
    await repeated(async (brief) => {
      await this.page.keyboard.press('F1');
      await this.quickInput.fill(`>${title}`, { timeout: brief });
      // The list shows what it held before until it is filtered. A view that takes the focus while it opens closes the
      // palette, and Enter would go there.
      await this.page.waitForFunction(paletteOffers, title, { timeout: brief });
      await this.page.keyboard.press('Enter');
      // Gone, or already the next question of the command.
      await this.page.waitForFunction(paletteIsClosed, null, { timeout: 6 * brief });
      await effect(brief);
    });
  }

  /** Shows the explorer in the side bar. */
  async showExplorer() {
    await this.command('View: Show Explorer', (timeout) => this.explorer.waitFor({ timeout }));
  }

  get explorer() {
    return this.page.locator('.explorer-folders-view');
  }

  /** The text field of the palette and of every quick pick. */
  get quickInput() {
    return this.page.locator('.quick-input-widget input.input');
  }

  /**
   * Chooses the row of the open quick pick whose label begins with `label`. Only the beginning and its case tell it from
   * the rows of what opens next: the file dialog behind the choice `JSON` offers `model.json`.
   */
  async pick(label) {
    const row = this.quickPickRow(new RegExp(`^\\s*${label.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`));
    await row.waitFor();
    await repeated(async (brief) => {
      if (await row.isVisible()) await row.click({ timeout: brief });
      await row.waitFor({ state: 'hidden', timeout: brief });
    });
  }

  quickPickRow(text) {
    return this.page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first();
  }

  /** Types a path into the open file dialog and confirms it. */
  async answerFileDialog(file) {
    const title = this.page.locator('.quick-input-widget .quick-input-title', { hasText: /\S/ });
    await title.waitFor();
    const thisDialog = this.page.locator('.quick-input-widget .quick-input-title', {
      hasText: await title.innerText(),
    });
    // The dialog overwrites what was typed while it was reading its first folder, and ignores Enter while it reads any.
    await repeated(async (brief) => {
      if (!(await thisDialog.isVisible())) return;
      await this.quickInput.fill(file, { timeout: brief });
      await this.page.waitForTimeout(300);
      if (!(await thisDialog.isVisible())) return;
      if ((await this.quickInput.inputValue()) !== file) throw new Error(`The file dialog did not take ${file}`);
      await this.page.keyboard.press('Enter');
      await thisDialog.waitFor({ state: 'hidden', timeout: brief });
    });
  }

  /** The row of a file in the explorer; folders on the way are opened. `file` is relative to the workspace. */
  async explorerRow(file) {
    const segments = file.split('/');
    const row = (depth) => {
      const shown = `/${[path.basename(this.folder), ...segments.slice(0, depth)].join('/')}`;
      return this.page.locator('.explorer-folders-view .monaco-list-row', {
        has: this.page.locator(`.explorer-item${labelled(shown)}`),
      });
    };
    for (let depth = 1; depth < segments.length; depth++) {
      await row(depth).waitFor();
      // The explorer opens the folders of the active file by itself: a click may come too late and close them again.
      await repeated(async (brief) => {
        if ((await row(depth).getAttribute('aria-expanded')) !== 'true') await row(depth).click({ timeout: brief });
        await row(depth + 1).waitFor({ timeout: brief });
      });
    }
    await row(segments.length).waitFor();
    return row(segments.length);
  }

  /** Right-clicks a file in the explorer and chooses an entry of the menu. */
  async contextMenu(file, entry) {
    const menu = this.page.locator('.context-view .monaco-menu');
    const item = menu.locator('.action-item', { hasText: entry }).first();
    await repeated(async (brief) => {
      await (await this.explorerRow(file)).click({ button: 'right', timeout: brief });
      try {
        // A menu that opened before the extension was known lacks its entries, and does not get them later.
        await item.waitFor({ timeout: brief });
        // A menu ignores a click that comes right after it opened.
        await repeated(async () => {
          if (await item.isVisible()) await item.click({ timeout: brief });
          await item.waitFor({ state: 'hidden', timeout: 1000 });
        });
      } catch (error) {
        await this.page.keyboard.press('Escape');
        throw error;
      }
    });
  }

  /** Opens a file in an editor. */
  async openFile(file) {
    const shown = `/${path.basename(this.folder)}/${file}`;
    const tab = this.page.locator(`.tab.active .monaco-icon-label${labelled(shown)}`);
    await repeated(async (brief) => {
      await (await this.explorerRow(file)).dblclick({ timeout: brief });
      await tab.waitFor({ timeout: brief });
    });
  }

  /**
   * Moves the pointer onto `target` until a hover that holds `text` is there: one that opened before the extension had
   * its answer, or that a change of the editor closed, is asked for again.
   * @returns {Promise<import('playwright-core').Locator>} the hover
   */
  async hoverOver(target, text) {
    const hover = this.page.locator('.monaco-hover:not(.hidden)', { hasText: text }).first();
    await repeated(async (brief) => {
      await this.parkPointer();
      await target.hover({ timeout: brief });
      await hover.waitFor({ timeout: brief });
    });
    return hover;
  }

  /** Moves the pointer where it hovers over nothing. */
  async parkPointer() {
    await this.page.mouse.move(1, 1);
  }

  /** The document inside the report view. */
  get panel() {
    return this.page.frameLocator('iframe.webview.ready').last().frameLocator('iframe#active-frame');
  }

  /** Right-clicks a model, diagnoses it, and waits until the panel shows what came of it. */
  async diagnose(file) {
    if ((await this.page.locator('iframe.webview.ready').count()) > 0) {
      // What is on the screen now is not the answer.
      await this.panel
        .locator('main > *')
        .evaluateAll((shown) => shown.forEach((each) => each.classList.add('earlier')));
    }
    await this.explorer.waitFor();
    await repeated(async (brief) => {
      if (await this.explorer.isVisible()) await this.contextMenu(file, /^Diagnose Model…$/);
      // The report view takes its place.
      await this.explorer.waitFor({ state: 'hidden', timeout: brief });
    });
    await this.panel.locator('main > :not(.earlier, :has(.welcome, [aria-busy="true"])) h1').waitFor();
  }

  /** Opens Problems. @returns its rows */
  async problems() {
    await this.command('Problems: Focus on Problems View');
    return this.page.locator('.markers-panel .monaco-list-row');
  }

  /** Drags the edge of the side bar until the report view is `width` CSS pixels wide. */
  async setSideBarWidth(width) {
    const bar = await this.page.locator('.part.sidebar').boundingBox();
    const edge = { x: bar.x + bar.width, y: bar.y + bar.height / 2 };
    await this.page.mouse.move(edge.x, edge.y);
    await this.page.mouse.down();
    await this.page.mouse.move(bar.x + width, edge.y, { steps: 8 });
    await this.page.mouse.up();
    // Away from the edge, which would stay highlighted.
    await this.page.mouse.move(edge.x, 2);
  }

  /** Changes the theme as the settings editor does: a theme that is set before the window opens is not always found. */
  async setTheme(theme) {
    const { name, marker } = THEMES[theme];
    await repeated(async (brief) => {
      // Written again where the window was not watching its settings yet.
      await this.server.changeSettings({ 'workbench.colorTheme': name });
      await this.page.locator(`.monaco-workbench[class*="${marker}"]`).waitFor({ timeout: brief });
    });
  }

  /** Hides what covers or crowds a screenshot: notifications and hovers. */
  async tidy() {
    await this.page.keyboard.press('Escape');
    await this.command('Notifications: Clear All Notifications');
  }

  /**
   * Keeps a picture.
   * @param {string} file relative to the project's `artifacts/`, or absolute
   * @param {{ only?: 'window' | 'sidebar' }} [what]
   * @returns {Promise<string>} where it is
   */
  async screenshot(file, { only = 'window' } = {}) {
    const target = path.resolve(PROJECT, 'artifacts', file);
    await mkdir(path.dirname(target), { recursive: true });
    const subject = only === 'sidebar' ? this.page.locator('.part.sidebar') : this.page;
    await subject.screenshot({ path: target });
    return target;
  }
}

/** Selects the label of a file; what decorates it, such as the number of its problems, is named after it. */
function labelled(file) {
  return `:is([aria-label$=${JSON.stringify(file)}], [aria-label*=${JSON.stringify(`${file} `)}])`;
}

/* global document -- These two run in the page. */
function paletteOffers(title) {
  const chosen = document.querySelector('.quick-input-list .monaco-list-row.focused');
  const input = document.querySelector('.quick-input-widget input.input');
  return document.activeElement === input && (chosen?.textContent ?? '').includes(title);
}

function paletteIsClosed() {
  const input = document.querySelector('.quick-input-widget:not([style*="display: none"]) input.input');
  return !(input?.value ?? '').startsWith('>');
}
