/**
 * `npm test`: every check of the project, stage by stage. `node scripts/test.mjs unit integration` runs only those.
 * Prints a summary and, as the last line, `N passed, N failed`; ends with 1 if anything failed.
 *
 * lint, typecheck and build count as one test for each of their parts.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { runIntegrationTests } from './integration.mjs';
import { makePackage } from './package.mjs';
import { PROJECT } from './vscode-harness/cache.mjs';

/** @typedef {{ passed: number, failed: number, skipped?: number }} Counts */

/** @type {Record<string, () => Promise<Counts>>} */
const STAGES = {
  lint: async () => sum([await tool('eslint', '.', '--max-warnings', '0'), await tool('prettier', '--check', '.')]),
  typecheck: async () =>
    sum([await tool('tsc', '--noEmit', '-p', '.'), await tool('tsc', '--noEmit', '-p', 'src/webview')]),
  build: () => check(process.execPath, 'scripts/build.mjs'),
  unit: () => vitest('vitest.config.ts'),
  integration: runIntegrationTests,
  e2e: async () =>
    sum([
      await script('test/e2e/cli.e2e.mjs'),
      await script('test/e2e/panel.e2e.mjs'),
      await vitest('vitest.workbench.config.ts', 'test/e2e'),
    ]),
  package: async () => {
    await makePackage();
    return await vitest('vitest.workbench.config.ts', 'test/package');
  },
};

const sum = (counts) =>
  counts.reduce(
    (total, { passed, failed, skipped = 0 }) => ({
      passed: total.passed + passed,
      failed: total.failed + failed,
      skipped: total.skipped + skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );

/** Runs a program with its output on this terminal; resolves with whether it succeeded. */
function succeeds(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: PROJECT, stdio: 'inherit' });
    child.on('error', (error) => {
      console.error(error.message);
      resolve(false);
    });
    child.on('exit', (code) => resolve(code === 0));
  });
}

async function check(command, ...args) {
  return (await succeeds(command, args)) ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Runs a script of tests whose last line is `N passed, N failed`. */
async function script(file) {
  let tail = '';
  const ok = await new Promise((resolve) => {
    const child = spawn(process.execPath, [file], { cwd: PROJECT, stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.on('data', (chunk) => {
      process.stdout.write(chunk);
      tail = (tail + chunk).slice(-200);
    });
    child.on('close', (code) => resolve(code === 0));
  });
  const [, passed, failed] = /(\d+) passed, (\d+) failed\s*$/.exec(tail) ?? [];
  if (passed === undefined) return { passed: 0, failed: 1 };
  return { passed: Number(passed), failed: ok ? Number(failed) : Math.max(1, Number(failed)) };
}

const TOOLS = {
  eslint: 'eslint/bin/eslint.js',
  prettier: 'prettier/bin/prettier.cjs',
  tsc: 'typescript/bin/tsc',
  vitest: 'vitest/vitest.mjs',
};
const pathOf = (name) => path.join('node_modules', TOOLS[name]);
const tool = (name, ...args) => check(process.execPath, pathOf(name), ...args);

/** Runs vitest and counts single tests; a file that cannot even be loaded counts as one failure. */
async function vitest(config, ...filters) {
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'adt-'));
  const results = path.join(scratch, 'results.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  try {
    const ok = await succeeds(process.execPath, [
      pathOf('vitest'),
      'run',
      '--config',
      config,
      ...reporters,
      ...filters,
    ]);
    const report = await readFile(results, 'utf8').then(JSON.parse, () => null);
    if (report === null) return { passed: 0, failed: 1 };
    const unloadable = report.testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
    ).length;
    const failed = report.numFailedTests + unloadable;
    return {
      passed: report.numPassedTests,
      failed: ok ? failed : Math.max(1, failed),
      skipped: report.numPendingTests + report.numTodoTests,
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !Object.hasOwn(STAGES, name));
if (unknown.length > 0) {
  console.error(`Unknown stage: ${unknown.join(', ')}. Stages: ${Object.keys(STAGES).join(', ')}`);
  process.exit(2);
}

const rows = [];
for (const [name, stage] of Object.entries(STAGES)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  console.log(`\n=== ${name} ===`);
  const start = performance.now();
  let counts;
  try {
    counts = await stage();
  } catch (error) {
    console.error(error);
    counts = { passed: 0, failed: 1 };
  }
  rows.push({ name, seconds: (performance.now() - start) / 1000, ...counts });
}

console.log('\n=== summary ===');
for (const { name, seconds, passed, failed, skipped = 0 } of rows) {
  const skips = skipped === 0 ? '' : `, ${skipped} skipped`;
  console.log(
    `${failed === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(12)} ${passed} passed, ${failed} failed${skips} (${seconds.toFixed(0)} s)`,
  );
}
const total = sum(rows);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
