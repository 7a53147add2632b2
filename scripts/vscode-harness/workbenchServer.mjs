/** Starts the VS Code server, and opens its workbench in Chromium. */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { chromium as playwright } from 'playwright-core';
import { chromium } from './chromium.mjs';
import { vscodeServer } from './vscodeServer.mjs';

/** Nothing unasked on the screen, nothing on the network. */
const SETTINGS = {
  'chat.disableAIFeatures': true,
  'editor.hover.delay': 100,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'files.autoSave': 'off',
  'git.openRepositoryInParentFolders': 'never',
  'remote.autoForwardPorts': false,
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'window.autoDetectColorScheme': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/**
 * @typedef {object} Server
 * @property {string} origin `http://127.0.0.1:PORT`
 * @property {string} authority `127.0.0.1:PORT`
 * @property {(changes: Record<string, unknown>) => Promise<void>} changeSettings adds to the user settings
 * @property {() => Promise<void>} stop ends the server and removes everything it wrote
 */

/**
 * @param {object} [options]
 * @param {'current' | 'oldest'} [options.release]
 * @param {string} [options.userDataDir] a new one by default
 * @param {string} [options.extensionsDir] a new one by default
 * @param {Record<string, unknown>} [options.settings] user settings, on top of the quiet ones
 * @param {Record<string, string>} [options.env]
 * @returns {Promise<Server>}
 */
export async function startServer(options = {}) {
  const { node, server } = await vscodeServer(options.release);
  // A short path: the server keeps Unix sockets here, whose paths are limited to 107 bytes.
  const home = await mkdtemp(path.join(os.tmpdir(), 'vsc-'));
  const userDataDir = options.userDataDir ?? path.join(home, 'user');
  const extensionsDir = options.extensionsDir ?? path.join(home, 'extensions');
  await mkdir(extensionsDir, { recursive: true });
  await writeSettings(userDataDir, { ...SETTINGS, ...options.settings });

  const args = ['out/server-main.js', '--host', '127.0.0.1', '--port', '0', '--without-connection-token'];
  args.push(
    '--accept-server-license-terms',
    '--disable-workspace-trust',
    '--disable-telemetry',
    '--disable-experiments',
  );
  // Without this a built workbench ignores extensionDevelopmentPath and extensionTestsPath in its address.
  args.push('--enable-smoke-test-driver');
  args.push('--server-data-dir', path.join(home, 'server'));
  args.push('--user-data-dir', userDataDir, '--extensions-dir', extensionsDir);
  const child = spawn(node, args, {
    cwd: server,
    env: { ...process.env, EXTENSIONS_GALLERY: '{}', TMPDIR: home, XDG_RUNTIME_DIR: home, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, so that the extension hosts end with it.
    detached: true,
  });
  const stop = async () => {
    const gone = child.exitCode !== null ? Promise.resolve() : new Promise((resolve) => child.once('exit', resolve));
    signalGroup(child.pid, 'SIGTERM');
    await Promise.race([gone, delay(3000)]);
    signalGroup(child.pid, 'SIGKILL');
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    const authority = `127.0.0.1:${await listeningPort(child, path.join(home, 'server.log'))}`;
    const changeSettings = (changes) => writeSettings(userDataDir, changes);
    return { authority, origin: `http://${authority}`, changeSettings, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function writeSettings(userDataDir, changes) {
  const file = path.join(userDataDir, 'User/settings.json');
  await mkdir(path.dirname(file), { recursive: true });
  const present = await readFile(file, 'utf8').then(JSON.parse, () => ({}));
  await writeFile(file, JSON.stringify({ ...present, ...changes }, null, 2));
}

/** The port that the server reports. Rejects with what the server wrote when it ends or says nothing for a minute. */
async function listeningPort(child, logFile) {
  const log = createWriteStream(logFile);
  let written = '';
  return await new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`The VS Code server ${why}.\n${written.slice(-4000)}`));
    const timer = setTimeout(() => fail('did not start within a minute'), 60_000);
    const take = (chunk) => {
      log.write(chunk);
      if (written.length > 100_000) return;
      written += chunk;
      const port = /Extension host agent listening on (\d+)/.exec(written)?.[1];
      if (port !== undefined) {
        clearTimeout(timer);
        resolve(port);
      }
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', (error) => fail(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      log.end();
      fail(`ended (${signal ?? code})`);
    });
  });
}

function signalGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

const delay = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * The address that opens the workbench.
 * @param {Server} server
 * @param {object} options
 * @param {string} [options.folder] or a .code-workspace file; an empty window by default
 * @param {readonly string[]} [options.developmentPaths] extensions to load from their source folders
 * @param {string} [options.testsPath] module to run in the extension host in place of a person
 * @returns {string}
 */
export function workbenchUrl(server, { folder, developmentPaths = [], testsPath }) {
  // The authority must be that of the page.
  const remote = (file) => `vscode-remote://${server.authority}${encodeURI(path.resolve(file))}`;
  const payload = developmentPaths.map((file) => ['extensionDevelopmentPath', remote(file)]);
  if (testsPath !== undefined) payload.push(['extensionTestsPath', remote(testsPath)]);
  payload.push(['skipWelcome', 'true']);
  const query = new URLSearchParams({ payload: JSON.stringify(payload) });
  if (folder === undefined) query.set('ew', 'true');
  else query.set(folder.endsWith('.code-workspace') ? 'workspace' : 'folder', path.resolve(folder));
  return `${server.origin}/?${query}`;
}

/**
 * @param {{ width?: number, height?: number }} [viewport]
 * @returns {Promise<{ browser: import('playwright-core').Browser, context: import('playwright-core').BrowserContext }>}
 */
export async function openBrowser({ width = 1400, height = 900 } = {}) {
  const { executablePath, env } = await chromium();
  const browser = await playwright.launch({
    executablePath,
    env: { ...process.env, ...env },
    headless: true,
    // Root cannot use Chromium's sandbox; a container's /dev/shm is often too small. Only our own pages are shown.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  const context = await browser.newContext({ viewport: { width, height } });
  return { browser, context };
}
