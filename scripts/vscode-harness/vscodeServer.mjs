/**
 * The VS Code server that ships in the npm package `code-server`, with the Node that it needs: a real VS Code for
 * machines that cannot download the desktop one. Only VS Code's own server is used, none of code-server's.
 */
import { cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { cached, npmInstall } from './cache.mjs';

/** What `npm test` runs in, and the oldest release that `engines.vscode` admits. */
const RELEASES = {
  current: { 'code-server': '4.139.1', node: '24.21.0', way: 3 },
  oldest: { 'code-server': '4.17.1', node: '18.20.8', way: 3 },
};

/** Large parts of the server that no test of this extension can reach, relative to the server's folder. */
const UNUSED = [
  'extensions/copilot',
  'extensions/microsoft-authentication',
  'extensions/ms-vscode.js-debug',
  'extensions/ms-vscode.vscode-js-profile-table',
  'node_modules/@devcontainers',
  'node_modules/@github',
  'node_modules/@microsoft/mxc-sdk',
  'node_modules/@vscode/windows-process-tree',
];

/**
 * Installs the server once and returns where it is.
 * @param {keyof typeof RELEASES} [release]
 * @returns {Promise<{ node: string, server: string }>} the Node executable and the folder that holds `out/server-main.js`
 */
export async function vscodeServer(release = 'current') {
  if (process.platform !== 'linux') throw new Error('The VS Code server from npm is used on Linux only.');
  const recipe = { ...RELEASES[release], arch: process.arch };
  const folder = await cached(`vscode-server-${recipe['code-server']}`, recipe, async (content, workspace) => {
    const nodePackage = `node-linux-${process.arch}`;
    await npmInstall(workspace, [`code-server@${recipe['code-server']}`, `${nodePackage}@${recipe.node}`]);
    const packages = path.join(workspace, 'node_modules');
    const server = path.join(content, 'server');
    await rename(path.join(packages, 'code-server/lib/vscode'), server);
    await cp(path.join(packages, nodePackage, 'bin/node'), path.join(content, 'node'));
    await npmInstall(server, []);
    await prune(server);
    await replaceNatives(path.join(server, 'node_modules/@vscode'));
  });
  return { node: path.join(folder, 'node'), server: path.join(folder, 'server') };
}

async function prune(server) {
  for (const unused of UNUSED) await rm(path.join(server, unused), { recursive: true, force: true });
  const searchers = path.join(server, 'node_modules/@vscode/ripgrep-universal/bin');
  if (!existsSync(searchers)) return;
  for (const platform of await readdir(searchers)) {
    if (platform !== `linux-${process.arch}`) await rm(path.join(searchers, platform), { recursive: true });
  }
}

/**
 * Two compiled modules are absent because no install script ran. The server works without, but writes an error for
 * each; these stand-ins do the same in JavaScript.
 */
async function replaceNatives(scope) {
  const write = async (name, source) => {
    await mkdir(path.join(scope, name), { recursive: true });
    await writeFile(path.join(scope, name, 'index.js'), source);
  };
  await write('spdlog', SPDLOG);
  await write('native-watchdog', WATCHDOG);
}

const SPDLOG = `'use strict';
const fs = require('fs');
const path = require('path');
class Logger {
  constructor(file) { this.file = file; }
  write(level, message) {
    try { fs.appendFileSync(this.file, new Date().toISOString() + ' [' + level + '] ' + message + '\\n'); } catch {}
  }
  getLevel() { return 0; }
  setLevel() {}
  setPattern() {}
  clearFormatters() {}
  flush() {}
  drop() {}
}
for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'critical']) {
  Logger.prototype[level] = function (message) { this.write(level, message); };
}
const create = async (name, file) => {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  return new Logger(file);
};
// Single assignments: Node finds the names that an ES module may import by looking for these.
exports.version = 0;
exports.Logger = Logger;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
`;

const WATCHDOG = `'use strict';
exports.start = (pid) => {
  setInterval(() => { try { process.kill(pid, 0); } catch { process.exit(55); } }, 1000).unref();
};
exports.exit = (code) => process.exit(code || 0);
`;
