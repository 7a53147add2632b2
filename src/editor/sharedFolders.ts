import { open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { FileSystemError, FileType, Uri, workspace } from 'vscode';
import { DiagnosisError, type DiagnosisProblem } from '../report/errors';
import type { FileRequest, FileResult, FolderEntry, SharedFolder } from '../report/protocol';
import { relativeSegments } from '../report/relativePath';

interface Root {
  readonly uri: Uri;
  /** As the user knows it, for messages. */
  readonly path: string;
}

/**
 * The folders that one diagnosis may read, and nothing outside them: the worker names a folder by its number and a
 * path relative to it. Paths that leave the folder are refused, through symbolic links too.
 */
export class SharedFolders {
  readonly #roots: Root[] = [];
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
    const root = this.#roots[request.root];
    try {
      if (root === undefined) throw new Error(`no folder ${request.root} was shared`);
      return request.kind === 'list'
        ? { kind: 'entries', entries: await list(root, request.path) }
        : { kind: 'bytes', bytes: await this.#bytes(root, request.path, request.offset, request.length) };
    } catch (error) {
      return { kind: 'problem', problem: asProblem(error, root?.path ?? '', request.path) };
    }
  }

  async #bytes(root: Root, relative: string, offset: number, length: number | null): Promise<Uint8Array> {
    const uri = await locate(root, relative);
    // A pipe or a device would block or never end.
    if (((await workspace.fs.stat(uri)).type & FileType.File) === 0) throw new Error('it is not a regular file');
    const key = uri.toString();
    this.#read.set(key, uri);
    if (offset === 0 && length === null) return await workspace.fs.readFile(uri);
    // workspace.fs has no ranged read, and a data file may be larger than memory.
    if (uri.scheme === 'file') return await readRange(uri.fsPath, offset, length);
    if (this.#lastWhole?.uri !== key) this.#lastWhole = { uri: key, bytes: await workspace.fs.readFile(uri) };
    return this.#lastWhole.bytes.slice(offset, length === null ? undefined : offset + length);
  }
}

/** The file or folder `relative`, which lies inside the root also after every symbolic link has been followed. */
async function locate({ uri, path: shown }: Root, relative: string): Promise<Uri> {
  const segments = relativeSegments(relative);
  if (segments === null) throw outside(shown, relative);
  const target = Uri.joinPath(uri, ...segments);
  if (uri.scheme === 'file') {
    const [realFolder, realTarget] = await Promise.all([realpath(uri.fsPath), realpath(target.fsPath)]);
    const way = path.relative(realFolder, realTarget);
    if (way === '..' || way.startsWith(`..${path.sep}`) || path.isAbsolute(way)) throw outside(shown, relative);
    return target;
  }
  // Elsewhere nothing tells where a link leads, so none is followed.
  for (let depth = 1; depth <= segments.length; depth++) {
    const { type } = await workspace.fs.stat(Uri.joinPath(uri, ...segments.slice(0, depth)));
    if ((type & FileType.SymbolicLink) !== 0) throw outside(shown, relative);
  }
  return target;
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

/** What lies in a folder, sorted by name, without what could not be read from it: links that lead out or nowhere, devices. */
async function list(root: Root, relative: string): Promise<readonly FolderEntry[]> {
  const names = (await workspace.fs.readDirectory(await locate(root, relative))).map(([name]) => name).sort();
  const entries = names.map(async (name): Promise<FolderEntry | null> => {
    try {
      const { type, size } = await workspace.fs.stat(await locate(root, `${relative}/${name}`.replace(/^\//, '')));
      if ((type & FileType.Directory) !== 0) return { name, kind: 'folder', size: 0 };
      return (type & FileType.File) !== 0 ? { name, kind: 'file', size } : null;
    } catch {
      return null;
    }
  });
  return (await Promise.all(entries)).filter((entry) => entry !== null);
}

function outside(folder: string, relative: string): DiagnosisError {
  return new DiagnosisError(
    'path-outside-model',
    `"${relative}" lies outside the model's folder and is not read.`,
    folder,
    "Move the file into the model's folder and name it relative to that folder.",
  );
}

function asProblem(error: unknown, folder: string, relative: string): DiagnosisProblem {
  if (error instanceof DiagnosisError) return error.problem;
  const place = path.posix.join(folder, relative);
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR' || (error instanceof FileSystemError && code === 'FileNotFound')) {
    return new DiagnosisError('file-not-found', `There is no "${place}".`, place, 'Check the path.').problem;
  }
  const reason = error instanceof Error ? error.message : String(error);
  const message = `"${place}" cannot be read: ${reason}.`;
  return new DiagnosisError('file-unreadable', message, place, 'Check its permissions.').problem;
}
