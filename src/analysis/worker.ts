/**
 * The analysis worker: takes one diagnosis at a time by message, reads files through the host, answers with a report or a
 * problem. Started by another of its kind or by the command line, it is a helper.
 */

import { parentPort, workerData } from 'node:worker_threads';
import path from 'node:path';
import { DiagnosisError } from '../report/errors';
import type { DiagnoseArguments, FromWorker, ToWorker } from '../report/protocol';
import type { Report } from '../report/report';
import { startBackend } from './backend/backend';
import { HelperThread } from './threads/helperThread';
import type { ToHelper } from './threads/messages';
import { HELPER, NodeHelperPool } from './threads/nodePool';
import { diagnose } from './diagnose';
import { FileQuestions } from './model/messageFolder';
import { parseScale } from './probe/scale';
import { memoryBudget } from './nodeMemory';
import { workerCount } from './nodeWorkers';

const port = parentPort!;
const post = (message: FromWorker): void => port.postMessage(message);

const files = new FileQuestions((request, file) => post({ kind: 'file', request, file }));
/** Waits for the next diagnosis together with this thread, and ends with it. */
const helpers = new NodeHelperPool(__filename);
const WASM_FOLDER = __dirname + path.sep;

async function run({
  model,
  data,
  labels,
  samples,
  seed,
  budget,
  scale,
  loss,
  columns,
  memory = null,
  workers = null,
}: DiagnoseArguments): Promise<Report> {
  helpers.size = workerCount(workers) - 1;
  return await diagnose(
    {
      model: { folder: files.folder(model.folder), file: model.file },
      data: data.map(({ input, folder, file }) => ({ input, folder: files.folder(folder), file })),
      labels: labels === null ? null : { array: labels.input, folder: files.folder(labels.folder), file: labels.file },
      samples,
      seed,
      budget,
      scale: scale === null ? null : parseScale(scale),
      loss,
      columns,
    },
    {
      wasmFolder: WASM_FOLDER,
      memory: memoryBudget(memory),
      helpers,
      onProgress: (progress) => post({ kind: 'progress', progress }),
    },
  );
}

function receive(message: ToWorker): void {
  if (message.kind === 'file') {
    files.answer(message.request, message.result);
    return;
  }
  run(message.arguments).then(
    (report) => post({ kind: 'report', report }),
    (error: unknown) => post({ kind: 'problem', problem: DiagnosisError.from(error).problem }),
  );
}

if (workerData === HELPER) {
  const helper = new HelperThread(
    (message) => port.postMessage(message),
    () => startBackend(WASM_FOLDER),
  );
  port.on('message', (message: ToHelper) => helper.receive(message));
} else {
  port.on('message', receive);
}
