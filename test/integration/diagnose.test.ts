import { strict as assert } from 'node:assert';
import { getLocation } from 'jsonc-parser';
import { describe, it, before, afterEach } from 'mocha';
import { commands, DiagnosticSeverity, extensions, Uri, workspace } from 'vscode';
import { EXTENSION, diagnose, eventually, file, problemsOf, report } from './workspace';

const SICK = 'dead-relu/model.json';

describe('extension', () => {
  it('registers every command that package.json promises', async () => {
    const extension = extensions.getExtension(EXTENSION);
    assert.ok(extension);
    await extension.activate();
    const manifest = extension.packageJSON as { contributes: { commands: { command: string }[] } };
    const registered = await commands.getCommands(true);
    for (const { command } of manifest.contributes.commands) assert.ok(registered.includes(command), command);
  });

  it('holds no tfjs in what the extension host loads', async () => {
    const extension = extensions.getExtension(EXTENSION);
    const bundle = await workspace.fs.readFile(Uri.joinPath(extension!.extensionUri, 'dist', 'extension.js'));
    const text = new TextDecoder().decode(bundle);
    assert.doesNotMatch(text, /registerKernel|tfjs-core|backend-wasm/);
    // Today 70 kB; tfjs alone would be more than a megabyte.
    assert.ok(bundle.length < 300_000, `${bundle.length} bytes`);
  });
});

describe('diagnose', () => {
  afterEach(() => commands.executeCommand('activationDiagnostics.clear'));

  it('reports what is wrong with the sample, and Problems shows it where the layers are configured', async () => {
    const model = file(SICK);
    const { findings, layers } = await report(model);
    const dead = findings.find(({ rule }) => rule === 'dead-relu');
    assert.ok(dead, 'The sample has dead units.');
    await eventually('Problems has an entry for each finding', () => problemsOf(model).length === findings.length);

    const document = await workspace.openTextDocument(model);
    const entry = problemsOf(model).find(({ message }) => message.startsWith(`${dead.layer}: ${dead.title}`));
    assert.ok(entry);
    assert.deepEqual((entry.code as { value: string }).value, 'dead-relu');
    const layer = layers.find(({ name }) => name === dead.layer);
    assert.ok(layer?.jsonPath);
    assert.equal(document.getText(entry.range), `"${layer.className}"`);
    const { path } = getLocation(document.getText(), document.offsetAt(entry.range.start) + 1);
    assert.deepEqual(path, [...layer.jsonPath, 'class_name']);
  });

  it('links each rule code to its section of the documentation', async () => {
    const model = file(SICK);
    await report(model);
    await eventually('Problems shows findings', () => problemsOf(model).length > 0);
    for (const { code } of problemsOf(model)) {
      const { value, target } = code as { value: string; target: Uri };
      const document = await workspace.openTextDocument(target.with({ fragment: '' }));
      const line = Number(target.fragment.slice(1));
      assert.ok(document.lineAt(line - 1).text.includes(value), `${target.toString()} is not about ${value}`);
    }
  });

  it('gives the same report for the same model, its run aside', async () => {
    const model = file(SICK);
    const [first, second] = [await report(model), await report(model)];
    assert.deepEqual({ ...second, run: null }, { ...first, run: null });
  });

  it('finds nothing above information in the healthy sample', async () => {
    const { findings } = await report(file('healthy/model.json'));
    assert.deepEqual(
      findings.filter(({ severity }) => severity !== 'information'),
      [],
    );
  });

  it('replaces the entries of the model diagnosed before', async () => {
    await report(file(SICK));
    await eventually('Problems shows the sick model', () => problemsOf(file(SICK)).length > 0);
    await report(file('healthy/model.json'));
    await eventually('the entries of the sick model are gone', () => problemsOf(file(SICK)).length === 0);
  });

  it('takes the entries away when the model is deleted', async () => {
    const copy = file('copy');
    await workspace.fs.copy(file('dead-relu'), copy);
    const model = Uri.joinPath(copy, 'model.json');
    await report(model);
    await eventually('Problems shows findings', () => problemsOf(model).length > 0);
    await workspace.fs.delete(copy, { recursive: true });
    await eventually('the entries are gone', () => problemsOf(model).length === 0);
  });
});

describe('cancel', () => {
  it('ends a diagnosis at once, and the next one works', async () => {
    const running = diagnose(file(SICK));
    await commands.executeCommand('activationDiagnostics.cancel');
    const outcome = await running;
    assert.equal(outcome.kind === 'problem' && outcome.problem.code, 'cancelled');
    assert.deepEqual(problemsOf(file(SICK)), []);
    await report(file(SICK));
  });

  it('gives way to a diagnosis of another model', async () => {
    const alone = await report(file('healthy/model.json'));
    const first = diagnose(file(SICK));
    const second = await report(file('healthy/model.json'));
    const outcome = await first;
    assert.equal(outcome.kind === 'problem' && outcome.problem.code, 'cancelled');
    assert.deepEqual({ ...second, run: null }, { ...alone, run: null });
  });
});

describe('rule settings', () => {
  const settings = () => workspace.getConfiguration('activationDiagnostics');
  afterEach(() => settings().update('rules', undefined, false));

  it('change the severity of shown findings without another diagnosis', async () => {
    const model = file(SICK);
    await report(model);
    await settings().update('rules', { 'dead-relu': 'information' }, false);
    await eventually('dead-relu is an information', () =>
      problemsOf(model).some(
        ({ code, severity }) =>
          (code as { value: string }).value === 'dead-relu' && severity === DiagnosticSeverity.Information,
      ),
    );
  });

  it('turn a rule off', async () => {
    const model = file(SICK);
    await report(model);
    await commands.executeCommand('activationDiagnostics.turnRuleOff', 'dead-relu');
    await eventually('no dead-relu is left', () =>
      problemsOf(model).every(({ code }) => (code as { value: string }).value !== 'dead-relu'),
    );
    assert.deepEqual(settings().get('rules'), { 'dead-relu': 'off' });
  });
});

describe('broken files', () => {
  before(async () => {
    await workspace.fs.writeFile(file('secret.bin'), new Uint8Array(400_000));
  });

  const cases: {
    what: string;
    code: string;
    names: RegExp;
    spoil: (folder: Uri) => Promise<void>;
  }[] = [
    {
      what: 'a missing shard',
      code: 'missing-shard',
      names: /\.bin/,
      spoil: async (folder) => {
        for (const shard of await shards(folder)) await workspace.fs.delete(shard);
      },
    },
    {
      what: 'a truncated shard',
      code: 'truncated-shard',
      names: /\.bin/,
      spoil: async (folder) => {
        const [shard] = await shards(folder);
        const bytes = await workspace.fs.readFile(shard);
        await workspace.fs.writeFile(shard, bytes.slice(0, bytes.length - 4));
      },
    },
    {
      what: 'a manifest that points outside its folder',
      code: 'path-outside-model',
      names: /secret\.bin/,
      spoil: (folder) => edit(folder, (text) => text.replace(/"paths":\s*\[[^\]]*\]/, '"paths": ["../secret.bin"]')),
    },
    {
      what: 'invalid JSON',
      code: 'invalid-json',
      names: /model\.json/,
      spoil: (folder) => edit(folder, (text) => text.slice(0, text.length / 2)),
    },
    { what: 'an empty file', code: 'file-empty', names: /model\.json/, spoil: (folder) => edit(folder, () => '') },
    {
      what: 'an unknown layer class',
      code: 'unknown-layer',
      names: /Capsule/,
      spoil: (folder) => edit(folder, (text) => text.replace('"Dense"', '"Capsule"')),
    },
  ];

  for (const { what, code, names, spoil } of cases) {
    it(`${what}: ${code}, with the place and a remedy, and the next diagnosis works`, async () => {
      const folder = file(`broken-${code}`);
      await workspace.fs.copy(file('dead-relu'), folder, { overwrite: true });
      await spoil(folder);
      const model = Uri.joinPath(folder, 'model.json');
      const outcome = await diagnose(model);
      assert.equal(outcome.kind, 'problem');
      if (outcome.kind !== 'problem') return;
      assert.equal(outcome.problem.code, code, JSON.stringify(outcome.problem));
      assert.match(`${outcome.problem.message} ${outcome.problem.place}`, names);
      assert.ok(outcome.problem.remedy, 'A person needs to know what to do.');
      assert.deepEqual(problemsOf(model), []);
      await report(file('healthy/model.json'));
      await workspace.fs.delete(folder, { recursive: true });
    });
  }
});

async function shards(folder: Uri): Promise<Uri[]> {
  const entries = await workspace.fs.readDirectory(folder);
  return entries.filter(([name]) => name.endsWith('.bin')).map(([name]) => Uri.joinPath(folder, name));
}

async function edit(folder: Uri, change: (text: string) => string): Promise<void> {
  const model = Uri.joinPath(folder, 'model.json');
  const text = new TextDecoder().decode(await workspace.fs.readFile(model));
  const changed = change(text);
  assert.notEqual(changed, text, 'The test changed nothing.');
  await workspace.fs.writeFile(model, new TextEncoder().encode(changed));
}
