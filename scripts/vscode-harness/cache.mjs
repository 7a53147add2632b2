/**
 * The project's `.cache/`: downloaded tools, each in a folder of its own that is named after its exact version.
 * A folder is filled elsewhere and moved into place when it is complete, and holds a stamp that says what it is made
 * of: what a broken or older run left behind is seen and replaced.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const CACHE = path.join(PROJECT, '.cache');
const STAMP = 'installed.json';

/**
 * The folder `.cache/<name>`, filled by `fill` unless it already holds what `recipe` describes.
 * @param {string} name
 * @param {object} recipe everything that decides the content: versions, and a number for the way of installing
 * @param {(folder: string, workspace: string) => Promise<void>} fill puts the content into `folder`; `workspace` is thrown away
 * @returns {Promise<string>} absolute path
 */
export async function cached(name, recipe, fill) {
  const target = path.join(CACHE, name);
  const wanted = JSON.stringify(recipe);
  if ((await stampOf(target)) === wanted) return target;

  await mkdir(CACHE, { recursive: true });
  const workspace = await mkdtemp(path.join(CACHE, 'filling-'));
  try {
    const folder = path.join(workspace, 'content');
    await mkdir(folder);
    await fill(folder, workspace);
    await writeFile(path.join(folder, STAMP), wanted);
    // Another process may have been faster; what it installed is the same.
    if ((await stampOf(target)) !== wanted) {
      await rm(target, { recursive: true, force: true });
      await rename(folder, target);
    }
    return target;
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

async function stampOf(folder) {
  const stamp = path.join(folder, STAMP);
  return existsSync(stamp) ? await readFile(stamp, 'utf8') : null;
}

/**
 * `npm install` of exact versions into `folder`, without running any of the packages' scripts.
 * @param {string} folder a package of its own, so that npm does not touch the project's
 * @param {readonly string[]} packages `name@version`; empty: what the folder's own package.json asks for
 */
export async function npmInstall(folder, packages) {
  if (!existsSync(path.join(folder, 'package.json'))) {
    await writeFile(path.join(folder, 'package.json'), '{ "private": true }');
  }
  // `npm test` hands its own settings down, the project's folder among them.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name) || name === 'npm_config_registry'),
  );
  const args = [
    'install',
    '--omit=dev',
    '--ignore-scripts',
    '--legacy-peer-deps',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    ...packages,
  ];
  await promisify(execFile)('npm', args, { cwd: folder, env, shell: process.platform === 'win32', maxBuffer: 2 ** 26 });
}
