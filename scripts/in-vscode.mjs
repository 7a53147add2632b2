/** Runs a module of this project inside the extension host of a real VS Code, with @vscode/test-electron. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { runTests } from '@vscode/test-electron';
import esbuild from 'esbuild';
import { PROJECT } from './vscode-harness/cache.mjs';
import { vscode } from './vscode-harness/vscode.mjs';

/**
 * Bundles TypeScript modules as the extension host loads them: CommonJS, without what VS Code or npm gives.
 * @param {readonly string[]} modules
 * @param {string} folder is emptied first; each module becomes `<name>.cjs` in it
 */
export async function bundleForVSCode(modules, folder) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await esbuild.build({
    absWorkingDir: PROJECT,
    entryPoints: [...modules],
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node18',
    external: ['vscode', 'mocha'],
    mainFields: ['module', 'main'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
}

/**
 * Starts VS Code with the extension on a copy of samples/, which may be broken, and calls the `run` that a module
 * exports. Resolves when VS Code has ended; rejects when it cannot be had or the run failed.
 * @param {string} module a CommonJS file
 * @param {Record<string, string>} env variables for the module
 */
export async function runInVSCode(module, env) {
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'adi-'));
  try {
    const workspace = path.join(scratch, 'workspace');
    await cp(path.join(PROJECT, 'samples'), workspace, { recursive: true });
    await writeFile(path.join(workspace, 'notes.txt'), 'Not a model.\n');
    const { executable, description } = await vscode();
    console.log(`Running in ${description}`);
    await runTests({
      vscodeExecutablePath: executable,
      extensionDevelopmentPath: PROJECT,
      extensionTestsPath: module,
      launchArgs: [
        workspace,
        '--disable-extensions',
        `--user-data-dir=${path.join(scratch, 'user')}`,
        `--extensions-dir=${path.join(scratch, 'extensions')}`,
      ],
      extensionTestsEnv: env,
    });
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
