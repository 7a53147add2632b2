import { DiagnosisError } from '../../report/errors';
import type { FileRequest, FileResult, FolderEntry } from '../../report/protocol';
import type { Folder } from '../model/folder';
import { MessageFolder } from '../model/messageFolder';

/** A question to a folder, and its answer. */
export interface FileAnswer {
  readonly request: FileRequest;
  readonly result: FileResult;
}

/** A folder that remembers what it was asked, so that another thread that asks the same can be given it beforehand. */
export class RecordedFolder implements Folder {
  private readonly requests = new Map<string, FileRequest>();

  constructor(private readonly folder: Folder) {}

  get path(): string {
    return this.folder.path;
  }

  read(path: string, offset = 0, length?: number): Promise<Uint8Array> {
    this.record({ kind: 'read', root: 0, path, offset, length: length ?? null });
    return this.folder.read(path, offset, length);
  }

  list(path = ''): Promise<readonly FolderEntry[]> {
    this.record({ kind: 'list', root: 0, path });
    return this.folder.list(path === '' ? undefined : path);
  }

  /** Asks everything once more: what the files hold is not kept. Never rejects; what goes wrong is part of the answers. */
  answers(): Promise<readonly FileAnswer[]> {
    return Promise.all(
      [...this.requests.values()].map(async (request) => ({ request, result: await answerFrom(this.folder, request) })),
    );
  }

  private record(request: FileRequest): void {
    this.requests.set(keyOf(request), request);
  }
}

/** A folder that holds nothing but these answers. */
export function answeredFolder(path: string, answers: readonly FileAnswer[]): Folder {
  const known = new Map(answers.map(({ request, result }) => [keyOf(request), result]));
  return new MessageFolder({ root: 0, path }, (request) => {
    const result = known.get(keyOf(request));
    if (result === undefined) return Promise.reject(new Error(`"${request.path}" was not handed over.`));
    return Promise.resolve(result);
  });
}

const keyOf = (request: FileRequest): string =>
  request.kind === 'list'
    ? JSON.stringify(['list', request.path])
    : JSON.stringify(['read', request.path, request.offset, request.length]);

/** What `folder` answers. Never rejects: what goes wrong is part of the answer. */
export async function answerFrom(folder: Folder, request: FileRequest): Promise<FileResult> {
  try {
    if (request.kind === 'list') return { kind: 'entries', entries: await folder.list(request.path || undefined) };
    const { path, offset, length } = request;
    return { kind: 'bytes', bytes: await folder.read(path, offset, length ?? undefined) };
  } catch (error) {
    return { kind: 'problem', problem: DiagnosisError.from(error).problem };
  }
}
