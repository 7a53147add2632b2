import { strict as assert } from 'node:assert';
import { symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, it, afterEach } from 'mocha';
import { commands, extensions, Uri, window, workspace } from 'vscode';
import { AnalysisWorker } from '../../src/editor/analysisWorker';
import { Diagnoses } from '../../src/editor/diagnoses';
import { ReportMemory } from '../../src/editor/reportMemory';
import { diagnose, eventually, EXTENSION, file, report } from './workspace';

const MODEL = 'healthy/model.json';

describe('activationDiagnostics.models', () => {
  const update = (value: unknown) => workspace.getConfiguration('activationDiagnostics').update('models', value, false);

  afterEach(async () => {
    await update(undefined);
    await commands.executeCommand('activationDiagnostics.clear');
  });

  it('names the data, labels, scale and loss of a plain diagnosis', async () => {
    const plain = await report(file(MODEL));
    assert.equal(plain.probe.inputs[0].source, 'normal');
    assert.equal(plain.probe.backward.loss, null);
    await update({
      [MODEL]: { data: 'data/features.npy', labels: 'data/classes.npy', scale: 1, loss: 'mse' },
      'dead-relu/model.json': { data: 'nowhere.npy' },
    });
    const unscaled = (await report(file(MODEL))).probe;
    assert.deepEqual([unscaled.inputs[0].source, unscaled.inputs[0].file], ['data', 'features.npy']);
    assert.equal(unscaled.backward.loss?.name, 'mean_squared_error');

    await update({ [`./${MODEL}`]: { data: 'data/features.npy', scale: '1/4' } });
    const { probe } = await report(file(MODEL));
    const quarter = unscaled.inputs[0].maximum! / 4;
    assert.ok(Math.abs(probe.inputs[0].maximum! - quarter) < 1e-5, `${probe.inputs[0].maximum} is not ${quarter}`);
    assert.equal(probe.backward.loss, null);
  });

  it('finds data by the name of the input, and image folders', async () => {
    const [{ name }] = (await report(file(MODEL))).probe.inputs;
    await update({ [MODEL]: { data: { [name]: 'data/features.npy' } } });
    assert.equal((await report(file(MODEL))).probe.inputs[0].file, 'features.npy');
    await update({ [MODEL]: { data: 'data' } });
    const outcome = await diagnose(file(MODEL));
    assert.match(outcome.kind === 'problem' ? outcome.problem.message : '', /no PNG or JPEG images/);
  });

  it('chooses columns of a table, and its labels by their name', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => [i, ...Array.from({ length: 9 }, (__, k) => (i * k) % 7), i % 2]);
    const names = ['n', ...Array.from({ length: 9 }, (_, k) => `x${k}`), 'kind'];
    const text = [names, ...rows].map((cells) => `${cells.join(',')}\n`).join('');
    await workspace.fs.writeFile(file('table.csv'), new TextEncoder().encode(text));
    await update({
      [MODEL]: { data: 'table.csv', columns: ['x1', '4-10'], labels: { kind: 'table.csv' }, loss: 'mse' },
    });
    const { probe } = await report(file(MODEL));
    assert.equal(probe.backward.loss?.name, 'mean_squared_error');
    assert.ok(probe.limits.includes('table.csv: not fed to the model: n, x0, kind.'), probe.limits.join(' '));
  });

  it('reads nothing outside the workspace folder', async () => {
    const link = file('leads-out.npy');
    await symlink(path.join(os.tmpdir()), link.fsPath);
    try {
      for (const data of ['../x.npy', '/etc/hosts', 'data/../../x.npy', 'leads-out.npy']) {
        await update({ [MODEL]: { data } });
        const outcome = await diagnose(file(MODEL));
        assert.equal(outcome.kind === 'problem' && outcome.problem.code, 'path-outside-model', data);
      }
    } finally {
      await workspace.fs.delete(link);
    }
  });

  it('makes the report stale when it changes for the model, until it is as it was', async () => {
    const log = window.createOutputChannel('stale reports', { log: true });
    const worker = new AnalysisWorker(
      Uri.joinPath(extensions.getExtension(EXTENSION)!.extensionUri, 'dist/worker.js').fsPath,
    );
    const diagnoses = new Diagnoses(worker, new ReportMemory(file('.stale-memory')), log);
    const shown: boolean[] = [];
    const subscription = diagnoses.onDidChange((state) => {
      if (state.kind === 'report') shown.push(state.stale);
    });
    /** The state that the panel was sent after a change of the settings. */
    const staleAfter = async (value: unknown): Promise<boolean> => {
      const before = shown.length;
      await update(value);
      await eventually('the panel hears of it', () => shown.length > before);
      return shown.at(-1) === true;
    };
    try {
      const subject = { model: file(MODEL), data: [], labels: null };
      await update({ [MODEL]: { data: 'data/features.npy', loss: 'mse' } });
      assert.equal((await diagnoses.diagnose(subject)).kind, 'report');
      assert.deepEqual(shown, [false]);
      const DATA = { data: 'data/features.npy', loss: 'mse' };
      assert.equal(await staleAfter({ [MODEL]: { ...DATA, loss: 'mae' } }), true, 'loss');
      assert.equal(await staleAfter({ [`./${MODEL}`]: DATA }), false, 'as it was');
      assert.equal(await staleAfter({ [MODEL]: { ...DATA, labels: 'data/classes.npy' } }), true, 'labels');
      assert.equal(
        await staleAfter({ [MODEL]: DATA, 'dead-relu/model.json': { loss: 'mae' } }),
        false,
        'another model',
      );
      assert.equal(await staleAfter({ [MODEL]: { loss: 'mse' } }), true, 'data');
      assert.equal((await diagnoses.diagnose(subject)).kind, 'report');
      assert.equal(shown.at(-1), false, 'diagnosed again');

      // In the next session of the window too, and for data that the user chose only what still counts.
      const chosen = { ...subject, data: [{ input: null, uri: file('data/features.npy'), isFolder: false }] };
      assert.equal((await diagnoses.diagnose(chosen)).kind, 'report');
      assert.equal(await staleAfter({ [MODEL]: { loss: 'mse', data: 'data' } }), false, 'data that were not used');
      await eventually(
        'it is kept',
        async () => (await new ReportMemory(file('.stale-memory')).recall())?.subject.data.length === 1,
      );
      const later = new Diagnoses(worker, new ReportMemory(file('.stale-memory')), log);
      await later.restore();
      assert.equal(later.state.kind === 'report' && later.state.stale, false);
      await update({ [MODEL]: { loss: 'mae' } });
      assert.equal(later.state.kind === 'report' && later.state.stale, true);
      later.dispose();
    } finally {
      subscription.dispose();
      diagnoses.dispose();
      worker.dispose();
      log.dispose();
      await workspace.fs.delete(file('.stale-memory'), { recursive: true });
    }
  });

  it('says what is wrong with an entry', async () => {
    const cases: [unknown, string, RegExp][] = [
      ['x.npy', 'usage', /"x\.npy" in place of an object/],
      [{ data: 7 }, 'usage', /7 in place of a path/],
      [{ data: 'data/features.npy', columns: ['a'] }, 'usage', /Only a table/],
      [{ data: 'data/features.npy', columns: 'a' }, 'usage', /"a" in place of a list/],
      [{ labels: 'data/classes.npy' }, 'usage', /labels belong to samples/],
      [{ data: 'data/features.npy', scale: 'big' }, 'usage', /"big" is no scale/],
      [{ data: 'data/features.npy', loss: 'guess' }, 'usage', /"guess" is not known/],
      [{ data: 'data/missing.npy' }, 'file-not-found', /missing\.npy/],
    ];
    for (const [entry, code, message] of cases) {
      await update({ [MODEL]: entry });
      const outcome = await diagnose(file(MODEL));
      assert.ok(outcome.kind === 'problem', JSON.stringify(entry));
      assert.equal(outcome.problem.code, code);
      assert.match(`${outcome.problem.message} ${outcome.problem.place}`, message);
    }
  });
});
