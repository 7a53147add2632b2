/* global document */

/** A browser that shows the report panel as VS Code would: same page, same policy, same theme variables. */
import { createServer } from 'node:http';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';
import { chromium as playwright } from 'playwright-core';
import { chromium } from '../../../scripts/vscode-harness/chromium.mjs';
import { THEMES } from './themes.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const pictures = path.join(root, 'artifacts/panel');

/** Bundles a TypeScript file of this repository and returns its text. */
async function bundle(entry, options) {
  const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    target: 'es2022',
    logLevel: 'warning',
    ...options,
  });
  return result.outputFiles[0].text;
}

async function load(entry) {
  const text = await bundle(entry, { format: 'esm', platform: 'neutral' });
  return await import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`);
}

export async function openPanelBrowser() {
  const [script, { STATES }, { panelPage }, style, standalone] = await Promise.all([
    bundle('src/webview/panel.ts', { format: 'iife', platform: 'browser' }),
    load('test/e2e/panel/panelStates.ts'),
    load('src/report/panelPage.ts'),
    readFile(path.join(root, 'media/panel.css'), 'utf8'),
    readFile(path.join(root, 'media/standalone.css'), 'utf8'),
  ]);
  const files = new Map([
    ['/panel.js', ['text/javascript', script]],
    ['/panel.css', ['text/css', style]],
    ['/favicon.ico', ['image/x-icon', '']],
  ]);
  const server = createServer((request, response) => {
    const { pathname, origin } = new URL(request.url, `http://${request.headers.host}`);
    const page = () =>
      panelPage({
        script: { url: `${origin}/panel.js` },
        styles: [{ url: `${origin}/panel.css` }],
        nonce: 'c2l4dGVlbiByYW5kb20=',
        cspSource: origin,
        state: null,
      });
    const [type, text] = pathname === '/' ? ['text/html', page()] : (files.get(pathname) ?? ['text/plain', null]);
    response.writeHead(text === null ? 404 : 200, { 'content-type': `${type}; charset=utf-8` }).end(text ?? '');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${server.address().port}/`;

  await mkdir(pictures, { recursive: true });
  const { executablePath, env } = await chromium();
  const browser = await playwright.launch({
    executablePath,
    env: { ...process.env, ...env },
    args: ['--no-sandbox', '--disable-gpu', '--hide-scrollbars'],
  });

  /** Opens a page; `faults` collects console errors, uncaught errors and violations of its policy. */
  async function page(options = {}) {
    const opened = await browser.newPage({ viewport: { width: 300, height: 700 }, ...options });
    const faults = [];
    opened.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') faults.push(`console: ${message.text()}`);
    });
    opened.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
    opened.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(address) && !url.startsWith('file:')) faults.push(`request to ${url}`);
    });
    return { page: opened, faults };
  }

  /** The panel as a webview, with the messages it has sent in `globalThis.sent`. `memory` is what an earlier page left. */
  async function panel(state, { theme = 'dark-modern', memory = null } = {}) {
    const { page: opened, faults } = await page();
    await opened.addInitScript((remembered) => {
      globalThis.sent = [];
      globalThis.remembered = remembered;
      globalThis.acquireVsCodeApi = () => ({
        postMessage: (message) => globalThis.sent.push(message),
        getState: () => globalThis.remembered,
        setState: (next) => (globalThis.remembered = next),
      });
    }, memory);
    await opened.goto(address);
    await setTheme(opened, theme);
    await send(opened, { kind: 'state', state });
    return { page: opened, faults };
  }

  return {
    states: STATES,
    pictures,
    page,
    panel,
    standalonePage: (state) =>
      panelPage({
        script: { text: script },
        styles: [{ text: standalone }, { text: style }],
        nonce: 'c2l4dGVlbiByYW5kb20=',
        cspSource: null,
        state,
      }),
    close: async () => {
      await browser.close();
      server.close();
    },
  };
}

/** Posts a message as the extension host would and waits until it is drawn. */
export async function send(page, message) {
  await page.evaluate((data) => globalThis.postMessage(data, '*'), message);
  await settle(page);
}

/** Waits for the observers of sizes and two frames after them. */
export const settle = (page) =>
  page.evaluate(async () => {
    for (let frame = 0; frame < 3; frame++) await new Promise((resolve) => globalThis.requestAnimationFrame(resolve));
  });

/** Sets the variables of a theme on the root element and the classes on the body; `overrides` win. */
export async function setTheme(page, name, overrides = {}) {
  await page.evaluate(
    ({ bodyClass, variables }) => {
      document.documentElement.removeAttribute('style');
      for (const [key, value] of Object.entries(variables)) {
        document.documentElement.style.setProperty(`--vscode-${key}`, value);
      }
      // VS Code paints the view behind the page.
      document.documentElement.style.setProperty('background', variables['sideBar-background']);
      document.body.className = bodyClass;
    },
    { bodyClass: THEMES[name].bodyClass, variables: { ...THEMES[name].variables, ...overrides } },
  );
  await settle(page);
}
