import { strict as assert } from 'node:assert';
import { after, before, describe, it } from 'mocha';
import { extensions, Uri, window, workspace, type LogOutputChannel } from 'vscode';
import { AnalysisWorker } from '../../src/editor/analysisWorker';
import { Diagnoses } from '../../src/editor/diagnoses';
import { ReportMemory } from '../../src/editor/reportMemory';
import type { PanelState } from '../../src/report/protocol';
import { file } from './workspace';

describe('a worker that dies', () => {
  let diagnoses: Diagnoses;
  let worker: AnalysisWorker;
  let log: LogOutputChannel;

  before(async () => {
    const extension = extensions.getExtension('activation-diagnostics.activation-diagnostics');
    assert.ok(extension);
    // The real worker, which dies when it is handed the weights of a model called `doomed`.
    const script = file('dying-worker.js');
    const real = JSON.stringify(Uri.joinPath(extension.extensionUri, 'dist', 'worker.js').fsPath);
    const source = `
      let doomed = false;
      require('node:worker_threads').parentPort.on('message', (message) => {
        if (message.kind === 'diagnose') doomed = message.arguments.model.folder.path.includes('doomed');
        else if (doomed) process.exit(134);
      });
      require(${real});
    `;
    await workspace.fs.writeFile(script, new TextEncoder().encode(source));
    await workspace.fs.copy(file('dead-relu'), file('doomed'));
    log = window.createOutputChannel('dying worker', { log: true });
    worker = new AnalysisWorker(script.fsPath);
    diagnoses = new Diagnoses(worker, new ReportMemory(undefined), log);
  });
  after(async () => {
    diagnoses.dispose();
    worker.dispose();
    log.dispose();
    await workspace.fs.delete(file('dying-worker.js'));
    await workspace.fs.delete(file('doomed'), { recursive: true });
  });

  const diagnose = (folder: string) =>
    diagnoses.diagnose({ model: Uri.joinPath(file(folder), 'model.json'), data: [], labels: null });

  it('becomes a problem on the screen, and the next diagnosis works', async () => {
    const states: PanelState['kind'][] = [];
    const subscription = diagnoses.onDidChange(({ kind }) => states.push(kind));
    const died = await diagnose('doomed');
    assert.equal(died.kind === 'problem' && died.problem.code, 'internal');
    assert.equal(states.at(-1), 'problem');
    const next = await diagnose('dead-relu');
    assert.equal(next.kind, 'report', JSON.stringify(next));
    assert.equal(states.at(-1), 'report');
    subscription.dispose();
  });

  it('leaves nothing pending when it dies again and again', async () => {
    for (let i = 0; i < 3; i++) assert.equal((await diagnose('doomed')).kind, 'problem');
    assert.equal(diagnoses.state.kind, 'problem');
    diagnoses.clear();
    assert.equal(diagnoses.state.kind, 'empty');
  });
});
