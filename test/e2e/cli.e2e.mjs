/**
 * Runs the built command line as its users do, on the samples and on broken copies of them.
 *
 *     npm run build && node test/e2e/cli.e2e.mjs
 *
 * The last line is `N passed, N failed`.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, readdir, realpath, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = path.join(ROOT, 'dist/cli.js');
const SAMPLES = ['dead-relu', 'deep-sigmoid', 'poor-init', 'healthy'];
const DATA = ['--data', 'samples/data/features.npy'];

/** Runs the command line in the project's root. */
function cli(...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    const result = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => (result.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (result.stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...result }));
  });
}

const diagnose = (model, ...options) => cli('diagnose', model, ...options);
const sample = (name) => `samples/${name}/model.json`;

async function reportOf(model, ...options) {
  const { stdout, stderr } = await diagnose(model, '--format', 'json', ...options);
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}

/** Calls `use` with the path of a fresh folder. */
async function inFolder(use) {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'cli-e2e-')));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function filesIn(folder) {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = names.map((entry) => path.join(entry.parentPath ?? entry.path, entry.name)).sort();
  return Promise.all(paths.map(async (file) => [path.relative(folder, file), await readFile(file, 'base64')]));
}

/** Rewrites model.json as text. */
async function edit(folder, change) {
  const file = path.join(folder, 'model.json');
  await writeFile(file, change(await readFile(file, 'utf8')));
}

const tests = {
  async 'help and version'() {
    const help = await cli('--help');
    assert.equal(help.code, 0);
    assert.match(help.stdout, /^Usage: activation-diagnostics diagnose MODEL/);
    const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'));
    assert.deepEqual(await cli('--version'), { code: 0, stdout: `${version}\n`, stderr: '' });
  },

  async 'exit codes follow --fail-on'() {
    assert.equal((await diagnose(sample('dead-relu'))).code, 1);
    assert.equal((await diagnose(sample('dead-relu'), '--fail-on', 'warning')).code, 1);
    assert.equal((await diagnose(sample('dead-relu'), '--fail-on', 'never')).code, 0);
    assert.equal((await diagnose(sample('healthy'), '--fail-on', 'warning')).code, 0);
  },

  async 'the number of workers changes nothing in the report'() {
    const reports = [];
    for (const workers of ['1', '4']) {
      reports.push({ ...(await reportOf(sample('deep-sigmoid'), '--workers', workers)), run: null });
    }
    assert.deepEqual(reports[1], reports[0]);
  },

  async 'the folder of a model.json is a model'() {
    const { code, stdout } = await diagnose('samples/healthy');
    assert.equal(code, 0);
    assert.match(stdout, /samples\/healthy\/model\.json/);
  },

  async 'the samples get the right verdicts'() {
    const problems = async (name, ...options) =>
      (await reportOf(sample(name), ...options)).findings.filter(({ severity }) => severity !== 'information');
    const dead = (await problems('dead-relu'))[0];
    assert.equal(dead.rule, 'dead-relu');
    assert.equal(dead.layer, 'hidden_2');
    assert.equal(dead.cause.id, 'killed-in-training');
    const sigmoid = (await problems('deep-sigmoid')).find(({ rule }) => rule === 'vanishing-gradient');
    assert.equal(sigmoid.layer, 'hidden_1');
    assert.equal(sigmoid.cause.id, 'activation');
    const poor = await problems('poor-init');
    assert.ok(poor.some(({ rule }) => rule === 'poor-initialization'));
    assert.equal(poor.find(({ rule }) => rule === 'vanishing-gradient').cause.id, 'initialization');
    assert.deepEqual(await problems('healthy'), []);
    assert.deepEqual(await problems('healthy', ...DATA, '--labels', 'samples/data/classes.npy'), []);
  },

  async 'the text keeps within 80 columns, without control characters, and stderr stays empty'() {
    for (const name of SAMPLES) {
      const { stdout, stderr } = await diagnose(sample(name), ...DATA);
      assert.equal(stderr, '');
      assert.doesNotMatch(stdout.replaceAll('\n', ''), /\p{Cc}/u);
      // All that the samples' reports consist of is one column wide.
      for (const line of stdout.split('\n')) assert.ok([...line].length <= 80, line);
    }
  },

  async 'two runs give the same JSON, run aside'() {
    for (const name of SAMPLES) {
      const texts = await Promise.all([1, 2].map(() => diagnose(sample(name), '--format', 'json', '--seed', '3')));
      const [first, second] = texts.map(({ stdout }) => stdout.slice(0, stdout.lastIndexOf('\n  "run": {')));
      assert.ok(first.length > 1000);
      assert.equal(first, second);
    }
  },

  async 'data and labels are used'() {
    const labels = ['--labels', 'samples/data/classes.npy', '--samples', '512'];
    const { probe } = await reportOf(sample('healthy'), ...DATA, ...labels);
    assert.equal(probe.samples, 512);
    assert.equal(probe.inputs[0].source, 'data');
    assert.equal(probe.labels, true);
    assert.equal(probe.backward.loss.name, 'categorical_crossentropy');
    assert.ok(probe.backward.loss.value < 0.3);
  },

  async 'every format can be written to a file'() {
    const beginnings = {
      text: /^✗ \d+ problem/,
      json: /^\{\n {2}"schemaVersion": 1,/,
      html: /^<!DOCTYPE html>/,
      markdown: /^# \d+ problem/,
      sarif: /^\{\n {2}"\$schema"/,
    };
    await inFolder(async (folder) => {
      for (const [format, beginning] of Object.entries(beginnings)) {
        const output = path.join(folder, format);
        const { code, stdout, stderr } = await diagnose(sample('dead-relu'), '--format', format, '--output', output);
        assert.deepEqual({ code, stdout, stderr }, { code: 1, stdout: '', stderr: '' });
        assert.match(await readFile(output, 'utf8'), beginning);
      }
      assert.deepEqual((await readdir(folder)).sort(), Object.keys(beginnings).sort());
    });
  },

  async 'a reader that has seen enough is no error'() {
    const child = spawn(process.execPath, [CLI, 'diagnose', sample('dead-relu'), '--format', 'json'], { cwd: ROOT });
    let stderr = '';
    child.stderr.on('data', (text) => (stderr += text));
    child.stdout.destroy();
    assert.equal(await new Promise((resolve) => child.on('close', resolve)), 1);
    assert.equal(stderr, '');
  },
};

/** What is done to a copy of the healthy sample, and the code and words that the error must have. */
const BROKEN = {
  'a missing shard': {
    damage: (folder) => rm(path.join(folder, 'weights.bin')),
    code: 'missing-shard',
    names: 'weights.bin',
  },
  'a truncated shard': {
    damage: (folder) => truncate(path.join(folder, 'weights.bin'), 5000),
    code: 'truncated-shard',
    names: 'weights.bin',
  },
  'a shard outside the folder': {
    damage: async (folder) => {
      await cp(path.join(folder, 'weights.bin'), path.join(folder, '../x.bin'));
      await edit(folder, (text) => text.replace('"weights.bin"', '"../x.bin"'));
    },
    code: 'path-outside-model',
    names: '../x.bin',
  },
  'invalid JSON': {
    damage: (folder) => edit(folder, (text) => text.slice(0, 1000)),
    code: 'invalid-json',
    names: 'model.json',
  },
  'an empty file': { damage: (folder) => edit(folder, () => ''), code: 'file-empty', names: 'model.json' },
  'an unknown layer class': {
    damage: (folder) => edit(folder, (text) => text.replace('"class_name": "Dense"', '"class_name": "Spline"')),
    code: 'unknown-layer',
    names: 'Spline',
  },
  'data of a wrong shape': {
    damage: async () => {},
    options: ['--data', 'samples/data/classes.npy'],
    code: 'shape-mismatch',
    names: 'classes.npy',
  },
  'an unknown input': {
    damage: async () => {},
    options: ['--data', 'pixels=samples/data/features.npy'],
    code: 'invalid-data',
    names: 'pixels',
  },
  'a missing data file': {
    damage: async () => {},
    options: ['--data', 'nowhere.npy'],
    code: 'file-not-found',
    names: 'nowhere.npy',
  },
};

for (const [name, { damage, options = [], code, names }] of Object.entries(BROKEN)) {
  tests[`${name} gives one line, exit 2 and changes nothing`] = () =>
    inFolder(async (scratch) => {
      const folder = path.join(scratch, 'model');
      await cp(path.join(ROOT, 'samples/healthy'), folder, { recursive: true });
      await damage(folder);
      await writeFile(path.join(scratch, 'old.json'), 'old');
      const before = await filesIn(scratch);
      for (const output of ['new.json', 'old.json']) {
        const arguments_ = [...options, '--format', 'json', '--output', path.join(scratch, output)];
        const result = await diagnose(path.join(folder, 'model.json'), ...arguments_);
        assert.equal(result.code, 2);
        assert.equal(result.stdout, '');
        assert.match(result.stderr, /^error: [^\n]*\n$/);
        assert.ok(result.stderr.startsWith(`error: ${code}: `), result.stderr);
        assert.ok(result.stderr.includes(names), result.stderr);
      }
      assert.deepEqual(await filesIn(scratch), before);
    });
}

for (const args of [[], ['check'], ['diagnose'], ['diagnose', sample('healthy'), '--frmat', 'json']]) {
  tests[`wrong usage: ${JSON.stringify(args)}`] = async () => {
    const { code, stdout, stderr } = await cli(...args);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^error: usage: [^\n]*\n$/);
  };
}

let passed = 0;
let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    passed++;
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}\n${error.stack}\n`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
