import { DiagnosisError } from '../../report/errors';
import type { FileRequest, FileResult, FolderEntry, SharedFolder } from '../../report/protocol';
import type { Folder } from './folder';

/** Folders that another thread reads for this one: asks by message, and hands each answer to who waits for it. */
export class FileQuestions {
  private readonly waiting = new Map<number, (result: FileResult) => void>();
  private asked = 0;

  constructor(private readonly post: (request: number, file: FileRequest) => void) {}

  folder(shared: SharedFolder): Folder {
    return new MessageFolder(shared, (file) => this.ask(file));
  }

  answer(request: number, result: FileResult): void {
    this.waiting.get(request)?.(result);
    this.waiting.delete(request);
  }

  private ask(file: FileRequest): Promise<FileResult> {
    return new Promise((resolve) => {
      const request = this.asked++;
      this.waiting.set(request, resolve);
      this.post(request, file);
    });
  }
}

/** A folder whose contents are asked for. */
export class MessageFolder implements Folder {
  private readonly root: number;
  readonly path: string;

  constructor(
    shared: SharedFolder,
    private readonly ask: (file: FileRequest) => Promise<FileResult>,
  ) {
    this.root = shared.root;
    this.path = shared.path;
  }

  async read(file: string, offset = 0, length?: number): Promise<Uint8Array> {
    const result = await this.ask({ kind: 'read', root: this.root, path: file, offset, length: length ?? null });
    if (result.kind === 'problem') throw DiagnosisError.revive(result.problem);
    if (result.kind !== 'bytes') throw new Error(`A read was answered with "${result.kind}".`);
    return result.bytes;
  }

  async list(folder = ''): Promise<readonly FolderEntry[]> {
    const result = await this.ask({ kind: 'list', root: this.root, path: folder });
    if (result.kind === 'problem') throw DiagnosisError.revive(result.problem);
    if (result.kind !== 'entries') throw new Error(`A listing was answered with "${result.kind}".`);
    return result.entries;
  }
}
