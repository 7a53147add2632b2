/**
 * Runs test/integration inside a real VS Code with @vscode/test-electron. The tests work on a copy of samples/, so
 * that they may break it.
 */
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { runTests } from '@vscode/test-electron';
import esbuild from 'esbuild';
import { PROJECT } from './vscode-harness/cache.mjs';
import { vscode } from './vscode-harness/vscode.mjs';

const SOURCE = path.join(PROJECT, 'test/integration');
const BUNDLES = path.join(PROJECT, '.cache/integration');

/**
 * @returns {Promise<{ passed: number, failed: number }>} of Mocha; a VS Code that ends without a result is one failure
 */
export async function runIntegrationTests() {
  await rm(BUNDLES, { recursive: true, force: true });
  await mkdir(BUNDLES, { recursive: true });
  const names = (await readdir(SOURCE)).filter((name) => name.endsWith('.test.ts') || name === 'runMocha.ts');
  await esbuild.build({
    absWorkingDir: PROJECT,
    entryPoints: names.map((name) => path.join(SOURCE, name)),
    outdir: BUNDLES,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node18',
    external: ['vscode', 'mocha'],
    mainFields: ['module', 'main'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });

  const scratch = await mkdtemp(path.join(os.tmpdir(), 'adi-'));
  try {
    const workspace = path.join(scratch, 'workspace');
    const results = path.join(scratch, 'results.json');
    await cp(path.join(PROJECT, 'samples'), workspace, { recursive: true });
    await writeFile(path.join(workspace, 'notes.txt'), 'Not a model.\n');
    const { executable, description } = await vscode();
    console.log(`Running in ${description}`);
    try {
      await runTests({
        vscodeExecutablePath: executable,
        extensionDevelopmentPath: PROJECT,
        extensionTestsPath: path.join(BUNDLES, 'runMocha.cjs'),
        launchArgs: [
          workspace,
          '--disable-extensions',
          `--user-data-dir=${path.join(scratch, 'user')}`,
          `--extensions-dir=${path.join(scratch, 'extensions')}`,
        ],
        extensionTestsEnv: { INTEGRATION_RESULTS: results },
      });
    } catch (error) {
      // A failed test also ends VS Code with an error; then the counts are there.
      console.error(error.message);
    }
    return await readFile(results, 'utf8').then(JSON.parse, () => ({ passed: 0, failed: 1 }));
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  // Read by vscode-harness/: the oldest release that engines.vscode admits and npm has.
  if (process.argv.includes('--oldest')) process.env.HARNESS_RELEASE = 'oldest';
  const { passed, failed } = await runIntegrationTests();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
