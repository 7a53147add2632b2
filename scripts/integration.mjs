/** Runs test/integration inside a real VS Code. The tests work on a copy of samples/, so that they may break it. */
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { bundleForVSCode, runInVSCode } from './in-vscode.mjs';
import { PROJECT } from './vscode-harness/cache.mjs';

const SOURCE = path.join(PROJECT, 'test/integration');
const BUNDLES = path.join(PROJECT, '.cache/integration');

/**
 * @returns {Promise<{ passed: number, failed: number, failures: readonly string[] }>} of Mocha, with what failed and the
 *   first line of why; a VS Code that ends without a result is one failure
 */
export async function runIntegrationTests() {
  const names = (await readdir(SOURCE)).filter((name) => name.endsWith('.test.ts') || name === 'runMocha.ts');
  await bundleForVSCode(
    names.map((name) => path.join(SOURCE, name)),
    BUNDLES,
  );
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'adr-'));
  try {
    const results = path.join(scratch, 'results.json');
    try {
      await runInVSCode(path.join(BUNDLES, 'runMocha.cjs'), { INTEGRATION_RESULTS: results });
    } catch (error) {
      // A failed test also ends VS Code with an error; then the counts are there.
      console.error(error.message);
    }
    return await readFile(results, 'utf8').then(JSON.parse, () => ({
      passed: 0,
      failed: 1,
      failures: ['VS Code ended without a result'],
    }));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  // Read by vscode-harness/: the oldest release that engines.vscode admits and npm has.
  if (process.argv.includes('--oldest')) process.env.HARNESS_RELEASE = 'oldest';
  const { passed, failed } = await runIntegrationTests();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
