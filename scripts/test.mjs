/**
 * `npm test`: every check of the project, stage by stage. `node scripts/test.mjs unit integration` runs only those.
 * Prints a summary, what failed with the first line of its error, and, as the last line, `N passed, N failed`; ends with
 * 1 if anything failed.
 *
 * lint, typecheck and build count as one test for each of their parts.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { runIntegrationTests } from './integration.mjs';
import { makePackage } from './package.mjs';
import { PROJECT } from './vscode-harness/cache.mjs';

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} [skipped]
 * @property {readonly string[]} [failures] names of what failed, each with the first line of its error
 */

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
    (total, { passed, failed, skipped = 0, failures = [] }) => ({
      passed: total.passed + passed,
      failed: total.failed + failed,
      skipped: total.skipped + skipped,
      failures: [...total.failures, ...failures],
    }),
    { passed: 0, failed: 0, skipped: 0, failures: [] },
  );

/** One line: what failed, and the first line of why. */
const failure = (name, error = '') => {
  const [why = ''] = stripVTControlCharacters(error).trim().split('\n');
  return why === '' ? name : `${name}: ${why.trim()}`;
};

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
  if (await succeeds(command, args)) return { passed: 1, failed: 0 };
  return { passed: 0, failed: 1, failures: [failure([path.basename(args[0]), ...args.slice(1)].join(' '))] };
}

/** Runs a script of tests that writes `FAIL name` and a line that says why, and at last `N passed, N failed`. */
async function script(file) {
  let printed = '';
  const ok = await new Promise((resolve) => {
    const child = spawn(process.execPath, [file], { cwd: PROJECT, stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.on('data', (chunk) => {
      process.stdout.write(chunk);
      printed += chunk;
    });
    child.on('close', (code) => resolve(code === 0));
  });
  const [, passed, failed] = /(\d+) passed, (\d+) failed\s*$/.exec(printed) ?? [];
  if (passed === undefined) return { passed: 0, failed: 1, failures: [failure(file, 'ended without a result')] };
  const failures = [...printed.matchAll(/^FAIL (.*)\n(.*)$/gm)].map(([, name, why]) =>
    failure(`${file} > ${name}`, why),
  );
  return { passed: Number(passed), failed: ok ? Number(failed) : Math.max(1, Number(failed)), failures };
}

/** Named at the end. */
const MOST_FAILURES = 14;

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
    if (report === null) return { passed: 0, failed: 1, failures: [failure(config, 'vitest ended without a result')] };
    const unloadable = report.testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
    );
    const failed = report.numFailedTests + unloadable.length;
    const nameOf = (file) => path.relative(PROJECT, file);
    const failures = [
      ...unloadable.map(({ name, message }) => failure(nameOf(name), message)),
      ...report.testResults.flatMap(({ name, assertionResults }) =>
        assertionResults
          .filter(({ status }) => status === 'failed')
          .map(({ fullName, failureMessages }) => failure(`${nameOf(name)} > ${fullName}`, failureMessages[0])),
      ),
    ];
    return {
      passed: report.numPassedTests,
      failed: ok ? failed : Math.max(1, failed),
      skipped: report.numPendingTests + report.numTodoTests,
      failures,
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
    counts = { passed: 0, failed: 1, failures: [failure('the stage itself', String(error))] };
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
// Close to the end, where a log that was cut still has it.
const failures = rows.flatMap(({ name, failures = [] }) => failures.map((text) => `${name}: ${text}`.slice(0, 240)));
for (const text of failures.slice(0, MOST_FAILURES)) console.log(`  x ${text}`);
if (failures.length > MOST_FAILURES) console.log(`  x and ${failures.length - MOST_FAILURES} more, above`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
