/** The workbench as a person uses it: mouse, keyboard and what is on the screen. For end-to-end tests and screenshots. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { PROJECT } from './cache.mjs';
import { openBrowser, startServer, workbenchUrl } from './workbenchServer.mjs';

/** Names of the themes as `workbench.colorTheme` of every release knows them, and the class that they give the workbench. */
export const THEMES = {
  dark: { name: 'Default Dark Modern', marker: 'dark_modern' },
  light: { name: 'Default Light Modern', marker: 'light_modern' },
  'hc-dark': { name: 'Default High Contrast', marker: 'hc_black' },
  'hc-light': { name: 'Default High Contrast Light', marker: 'hc_light' },
};

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
      const page = await opened.context.newPage();
      const workbench = new Workbench(server, browser, page, folder);
      await page.goto(workbenchUrl(server, { folder, developmentPaths }), { waitUntil: 'commit' });
      await page
        .locator('.monaco-workbench .explorer-folders-view .monaco-list-row')
        .first()
        .waitFor({ timeout: 90_000 });
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
    await this.page.locator('.monaco-workbench .part.sidebar').waitFor({ timeout: 90_000 });
  }

  async close() {
    await this.browser.close();
    await this.server.stop();
  }

  /** Runs a command by its title in the palette: `Activation Diagnostics: Clear Report`. */
  async command(title) {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.page.keyboard.press('F1');
        await this.quickInput.fill(`>${title}`, { timeout: 5000 });
        await this.quickPickRow(title).waitFor({ timeout: 5000 });
        await this.page.keyboard.press('Enter');
        // Gone, or already the next question of the command.
        await this.page.waitForFunction(paletteIsClosed, null, { timeout: 5000 });
        return;
      } catch (error) {
        // A view that takes the focus while it opens closes the palette.
        if (attempt === 4) throw error;
      }
    }
  }

  /** The text field of the palette and of every quick pick. */
  get quickInput() {
    return this.page.locator('.quick-input-widget input.input');
  }

  /** Chooses the first row of the open quick pick that holds `text`. */
  async pick(text) {
    await this.quickPickRow(text).click();
  }

  quickPickRow(text) {
    return this.page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first();
  }

  /** Types a path into the open file dialog and confirms it. */
  async answerFileDialog(file) {
    await this.page.locator('.quick-input-widget .quick-input-title', { hasText: /\S/ }).waitFor();
    for (let attempt = 1; attempt <= 20; attempt++) {
      await this.quickInput.fill(file);
      // The dialog overwrites what was typed while it was reading its first folder.
      await this.page.waitForTimeout(300);
      if ((await this.quickInput.inputValue()) === file) return await this.page.keyboard.press('Enter');
    }
    throw new Error(`The file dialog did not take ${file}`);
  }

  /** The row of a file in the explorer; folders on the way are opened. `file` is relative to the workspace. */
  async explorerRow(file) {
    const segments = file.split('/');
    const row = (depth) => {
      const shown = `/${[path.basename(this.folder), ...segments.slice(0, depth)].join('/')}`;
      return this.page.locator('.explorer-folders-view .monaco-list-row', {
        has: this.page.locator(`.explorer-item[aria-label$=${JSON.stringify(shown)}]`),
      });
    };
    for (let depth = 1; depth < segments.length; depth++) {
      await row(depth).waitFor();
      if ((await row(depth).getAttribute('aria-expanded')) !== 'true') await row(depth).click();
    }
    await row(segments.length).waitFor();
    return row(segments.length);
  }

  /** Right-clicks a file in the explorer and chooses an entry of the menu. */
  async contextMenu(file, entry) {
    await (await this.explorerRow(file)).click({ button: 'right' });
    const item = this.page.locator('.context-view .monaco-menu .action-item', { hasText: entry }).first();
    await item.waitFor();
    for (let attempt = 1; await item.isVisible(); attempt++) {
      // A menu ignores a click that comes right after it opened.
      await item.click({ timeout: 5000 }).catch((error) => {
        if (attempt === 3) throw error;
      });
      await item.waitFor({ state: 'hidden', timeout: 1000 }).catch(() => undefined);
    }
  }

  /** Opens a file in an editor. */
  async openFile(file) {
    await (await this.explorerRow(file)).dblclick();
    await this.page.locator('.tab.active', { hasText: path.posix.basename(file) }).waitFor();
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
    await this.contextMenu(file, /^Diagnose Model…$/);
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
    await this.server.changeSettings({ 'workbench.colorTheme': name });
    await this.page.locator(`.monaco-workbench[class*="${marker}"]`).waitFor();
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

/* global document -- paletteIsClosed runs in the page. */
function paletteIsClosed() {
  const input = document.querySelector('.quick-input-widget:not([style*="display: none"]) input.input');
  return !(input?.value ?? '').startsWith('>');
}
