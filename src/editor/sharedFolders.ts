import { open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { FileSystemError, FileType, Uri, workspace } from 'vscode';
import { DiagnosisError } from '../report/errors';
import type { FileRequest, FileResult, FolderEntry, SharedFolder } from '../report/protocol';
import { relativeSegments } from '../report/relativePath';

/**
 * The folders that one diagnosis may read, and nothing outside them: the worker names a folder by its number and a
 * path relative to it. Paths that leave the folder are refused, through symbolic links too.
 */
export class SharedFolders {
  readonly #roots: { readonly uri: Uri; readonly path: string }[] = [];
  readonly #read = new Map<string, Uri>();
  #lastWhole: { readonly uri: string; readonly bytes: Uint8Array } | null = null;

  /** @param path the folder as the user knows it, for messages */
  share(uri: Uri, path: string): SharedFolder {
    return { root: this.#roots.push({ uri, path }) - 1, path };
  }

  /** Every file that was read so far. */
  get filesRead(): readonly Uri[] {
    return [...this.#read.values()];
  }

  /** Never rejects: what goes wrong is part of the result. */
  async answer(request: FileRequest): Promise<FileResult> {
    try {
      const uri = await this.#resolve(request.root, request.path);
      return request.kind === 'list'
        ? { kind: 'entries', entries: await list(uri) }
        : { kind: 'bytes', bytes: await this.#bytes(uri, request.offset, request.length) };
    } catch (error) {
      return { kind: 'problem', problem: asProblem(error, request.path) };
    }
  }

  async #resolve(root: number, relative: string): Promise<Uri> {
    const folder = this.#roots[root]?.uri;
    const segments = relativeSegments(relative);
    if (folder === undefined || segments === null) throw outside(relative);
    const target = Uri.joinPath(folder, ...segments);
    if (folder.scheme === 'file') {
      const [realFolder, realTarget] = await Promise.all([realpath(folder.fsPath), realpath(target.fsPath)]);
      const way = path.relative(realFolder, realTarget);
      if (way === '..' || way.startsWith(`..${path.sep}`) || path.isAbsolute(way)) throw outside(relative);
    } else {
      // Elsewhere nothing tells where a link leads, so none is followed.
      for (let depth = 1; depth <= segments.length; depth++) {
        const { type } = await workspace.fs.stat(Uri.joinPath(folder, ...segments.slice(0, depth)));
        if ((type & FileType.SymbolicLink) !== 0) throw outside(relative);
      }
    }
    return target;
  }

  async #bytes(uri: Uri, offset: number, length: number | null): Promise<Uint8Array> {
    this.#read.set(uri.toString(), uri);
    if (offset === 0 && length === null) return await workspace.fs.readFile(uri);
    // workspace.fs has no ranged read, and a data file may be larger than memory.
    if (uri.scheme === 'file') return await readRange(uri.fsPath, offset, length);
    const key = uri.toString();
    if (this.#lastWhole?.uri !== key) this.#lastWhole = { uri: key, bytes: await workspace.fs.readFile(uri) };
    return this.#lastWhole.bytes.slice(offset, length === null ? undefined : offset + length);
  }
}

async function readRange(file: string, offset: number, length: number | null): Promise<Uint8Array> {
  const handle = await open(file, 'r');
  try {
    const rest = Math.max(0, (await handle.stat()).size - offset);
    const bytes = new Uint8Array(Math.min(rest, length ?? rest));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await handle.close();
  }
}

async function list(folder: Uri): Promise<readonly FolderEntry[]> {
  const entries = await workspace.fs.readDirectory(folder);
  const described = entries.map(async ([name, type]): Promise<FolderEntry> => {
    if ((type & FileType.Directory) !== 0) return { name, kind: 'folder', size: 0 };
    const { size } = await workspace.fs.stat(Uri.joinPath(folder, name));
    return { name, kind: 'file', size };
  });
  // A link that leads nowhere is not there.
  const present = (await Promise.allSettled(described)).flatMap((entry) =>
    entry.status === 'fulfilled' ? [entry.value] : [],
  );
  return present.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function outside(relative: string): DiagnosisError {
  return new DiagnosisError(
    'path-outside-model',
    'The model refers to a file outside its own folder, which is never read.',
    relative,
    'Put the file into the folder of the model and correct the path.',
  );
}

function asProblem(error: unknown, relative: string): DiagnosisError['problem'] {
  if (error instanceof DiagnosisError) return error.problem;
  const code = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? '') : '';
  if (error instanceof FileSystemError ? code === 'FileNotFound' : code === 'ENOENT' || code === 'ENOTDIR') {
    return new DiagnosisError('file-not-found', 'The file does not exist.', relative, 'Check the name and the folder.')
      .problem;
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new DiagnosisError('file-unreadable', `The file cannot be read: ${reason}`, relative).problem;
}
