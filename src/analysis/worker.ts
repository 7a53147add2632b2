/** The analysis worker: takes one diagnosis at a time by message, reads files through the host, answers with a report or a problem. */

import { parentPort } from 'node:worker_threads';
import path from 'node:path';
import { DiagnosisError } from '../report/errors';
import type {
  DiagnoseArguments,
  FileRequest,
  FileResult,
  FolderEntry,
  FromWorker,
  SharedFolder,
  ToWorker,
} from '../report/protocol';
import type { Report } from '../report/report';
import { diagnose } from './diagnose';
import type { Folder } from './model/folder';
import { parseScale } from './probe/scale';
import { memoryBudget } from './nodeMemory';

const port = parentPort!;
const post = (message: FromWorker): void => port.postMessage(message);

/** Requests to the host that wait for an answer. */
const waiting = new Map<number, (result: FileResult) => void>();
let requests = 0;

function ask(file: FileRequest): Promise<FileResult> {
  return new Promise((resolve) => {
    const request = requests++;
    waiting.set(request, resolve);
    post({ kind: 'file', request, file });
  });
}

/** A folder that the host reads for us. */
class HostFolder implements Folder {
  private readonly root: number;
  readonly path: string;

  constructor(shared: SharedFolder) {
    this.root = shared.root;
    this.path = shared.path;
  }

  async read(file: string, offset = 0, length?: number): Promise<Uint8Array> {
    const result = await ask({ kind: 'read', root: this.root, path: file, offset, length: length ?? null });
    if (result.kind === 'problem') throw DiagnosisError.revive(result.problem);
    if (result.kind !== 'bytes') throw new Error(`The host answered a read with "${result.kind}".`);
    return result.bytes;
  }

  async list(folder = ''): Promise<readonly FolderEntry[]> {
    const result = await ask({ kind: 'list', root: this.root, path: folder });
    if (result.kind === 'problem') throw DiagnosisError.revive(result.problem);
    if (result.kind !== 'entries') throw new Error(`The host answered a listing with "${result.kind}".`);
    return result.entries;
  }
}

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
}: DiagnoseArguments): Promise<Report> {
  return await diagnose(
    {
      model: { folder: new HostFolder(model.folder), file: model.file },
      data: data.map(({ input, folder, file }) => ({ input, folder: new HostFolder(folder), file })),
      labels:
        labels === null ? null : { array: labels.input, folder: new HostFolder(labels.folder), file: labels.file },
      samples,
      seed,
      budget,
      scale: scale === null ? null : parseScale(scale),
      loss,
      columns,
    },
    {
      wasmFolder: __dirname + path.sep,
      memory: memoryBudget(memory),
      onProgress: (progress) => post({ kind: 'progress', progress }),
    },
  );
}

port.on('message', (message: ToWorker) => {
  if (message.kind === 'file') {
    waiting.get(message.request)?.(message.result);
    waiting.delete(message.request);
    return;
  }
  run(message.arguments).then(
    (report) => post({ kind: 'report', report }),
    (error: unknown) => post({ kind: 'problem', problem: DiagnosisError.from(error).problem }),
  );
});
