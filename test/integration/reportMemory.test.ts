import { strict as assert } from 'node:assert';
import { after, before, describe, it } from 'mocha';
import { Uri, workspace } from 'vscode';
import type { Subject } from '../../src/editor/diagnoses';
import { ReportMemory, type KeptReport } from '../../src/editor/reportMemory';
import { SCHEMA_VERSION, type Report } from '../../src/report/report';
import { file } from './workspace';

describe('ReportMemory', () => {
  const folder = (): Uri => file('memory');
  const model = (): Uri => Uri.joinPath(folder(), 'model.json');
  const weights = (): Uri => Uri.joinPath(folder(), 'weights.bin');
  const storage = (): Uri => Uri.joinPath(folder(), 'storage');
  const REPORT = { schemaVersion: SCHEMA_VERSION, findings: [] } as unknown as Report;
  const subject = (): Subject => ({
    model: model(),
    data: [{ input: 'a', uri: Uri.joinPath(folder(), 'x.npy'), isFolder: false }],
    labels: { input: null, uri: Uri.joinPath(folder(), 'y.npy'), isFolder: false },
  });

  const kept = (filesRead: readonly Uri[]): KeptReport => ({
    subject: subject(),
    report: REPORT,
    settings: '["0..1"]',
    filesRead,
  });

  before(async () => {
    await workspace.fs.writeFile(model(), Uint8Array.of(1));
    await workspace.fs.writeFile(weights(), Uint8Array.of(1));
  });
  after(() => workspace.fs.delete(folder(), { recursive: true }));

  it('recalls nothing when nothing was kept', async () => {
    assert.equal(await new ReportMemory(storage()).recall(), null);
    assert.equal(await new ReportMemory(undefined).recall(), null);
  });

  it('recalls the report and what it was made from', async () => {
    await new ReportMemory(storage()).remember(kept([model(), weights()]));
    const recalled = await new ReportMemory(storage()).recall();
    assert.ok(recalled);
    const { subject: known, report, filesRead, stale, modelDeleted } = recalled;
    assert.deepEqual({ report, stale, modelDeleted }, { report: REPORT, stale: false, modelDeleted: false });
    assert.equal(recalled.settings, '["0..1"]');
    const uris = ({ model, data, labels }: Subject): string[] =>
      [model, data[0].uri, labels!.uri].map((uri) => uri.toString());
    assert.deepEqual(uris(known), uris(subject()));
    assert.deepEqual([known.data[0].input, known.data[0].isFolder, known.labels!.input], ['a', false, null]);
    assert.deepEqual(filesRead.map(String), [model(), weights()].map(String));
  });

  it('sees that a file has changed or gone since', async () => {
    const memory = new ReportMemory(storage());
    await memory.remember(kept([model(), weights()]));
    await workspace.fs.writeFile(weights(), Uint8Array.of(1, 2));
    const changed = await memory.recall();
    assert.deepEqual([changed?.stale, changed?.modelDeleted], [true, false]);
    await workspace.fs.delete(model());
    assert.equal((await memory.recall())?.modelDeleted, true);
  });

  it('recalls nothing of another schema, and nothing broken', async () => {
    const memory = new ReportMemory(storage());
    await memory.remember({ ...kept([]), report: { ...REPORT, schemaVersion: 0 } as unknown as Report });
    assert.equal(await memory.recall(), null);
    await workspace.fs.writeFile(Uri.joinPath(storage(), 'last-report.json'), new TextEncoder().encode('{"model":'));
    assert.equal(await memory.recall(), null);
  });

  it('recalls a report whose window closed while it took the place of the earlier one', async () => {
    const memory = new ReportMemory(storage());
    await memory.remember(kept([weights()]));
    const [target, unfinished] = ['last-report.json', 'last-report.json.new'].map((name) =>
      Uri.joinPath(storage(), name),
    );
    await workspace.fs.rename(target, unfinished);
    assert.deepEqual((await memory.recall())?.filesRead.map(String), [weights().toString()]);

    await memory.remember(kept([]));
    await workspace.fs.writeFile(unfinished, new TextEncoder().encode('{"model":'));
    assert.deepEqual((await memory.recall())?.filesRead, []);
    await memory.forget();
    assert.deepEqual(await workspace.fs.readDirectory(storage()), []);
  });

  it('keeps and forgets in the order in which it was asked to', async () => {
    const memory = new ReportMemory(storage());
    await Promise.all([memory.remember(kept([model(), weights()])), memory.forget()]);
    assert.equal(await memory.recall(), null);
    await Promise.all([memory.forget(), memory.remember(kept([])), memory.remember(kept([weights()]))]);
    assert.deepEqual((await memory.recall())?.filesRead.map(String), [weights().toString()]);
  });

  it('forgets', async () => {
    const memory = new ReportMemory(storage());
    await memory.remember(kept([]));
    await memory.forget();
    assert.equal(await memory.recall(), null);
    await memory.forget();
  });
});
