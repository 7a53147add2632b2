/** A `Folder` on Node's file system. */

import type { Stats } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { DiagnosisError } from '../../report/errors';
import type { FolderEntry } from '../../report/protocol';
import type { Folder } from './folder';

export class NodeFolder implements Folder {
  private root: Promise<string> | null = null;

  /** `path` is absolute or relative to the working directory; it is resolved when it is first used. */
  constructor(readonly path: string) {}

  async read(file: string, offset = 0, length?: number, room?: Uint8Array): Promise<Uint8Array> {
    const real = await this.resolve(file);
    try {
      // A named pipe or a device would block or never end.
      if (!(await stat(real)).isFile()) throw this.unreadable(file, 'it is not a regular file');
      const handle = await open(real, 'r');
      try {
        const information = await handle.stat();
        const end = Math.min(information.size, offset + (length ?? information.size));
        const size = Math.max(0, end - offset);
        const bytes = room !== undefined && room.length >= size ? room.subarray(0, size) : new Uint8Array(size);
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
    } catch (error) {
      throw this.translate(error, file);
    }
  }

  async list(folder = '.'): Promise<readonly FolderEntry[]> {
    const real = await this.resolve(folder);
    try {
      const names = (await readdir(real)).sort();
      const entries = await Promise.all(names.map((name) => this.entry(folder, real, name)));
      return entries.filter((entry) => entry !== null);
    } catch (error) {
      throw this.translate(error, folder);
    }
  }

  /** Null for what cannot be read through this folder: dangling or outward links, devices. */
  private async entry(folder: string, real: string, name: string): Promise<FolderEntry | null> {
    let information: Stats;
    try {
      await this.resolve(path.join(folder, name));
      information = await stat(path.join(real, name));
    } catch {
      return null;
    }
    if (information.isDirectory()) return { name, kind: 'folder', size: 0 };
    return information.isFile() ? { name, kind: 'file', size: information.size } : null;
  }

  /** The real path of `relative`, which must lie in the folder after all symbolic links have been followed. */
  private async resolve(relative: string): Promise<string> {
    const root = await this.realRoot();
    const wanted = path.resolve(root, relative);
    if (!isInside(root, wanted)) throw this.outside(relative);
    let real: string;
    try {
      real = await realpath(wanted);
    } catch (error) {
      throw this.translate(error, relative);
    }
    if (!isInside(root, real)) throw this.outside(relative);
    return real;
  }

  private realRoot(): Promise<string> {
    this.root ??= realpath(this.path).catch((error: unknown) => {
      this.root = null;
      throw this.translate(error, '.');
    });
    return this.root;
  }

  private translate(error: unknown, relative: string): DiagnosisError {
    if (error instanceof DiagnosisError) return error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      const place = path.join(this.path, relative);
      return new DiagnosisError('file-not-found', `There is no "${place}".`, place, 'Check the path.');
    }
    return this.unreadable(relative, (error as Error).message);
  }

  private unreadable(relative: string, why: string): DiagnosisError {
    const place = path.join(this.path, relative);
    return new DiagnosisError('file-unreadable', `"${place}" cannot be read: ${why}.`, place, 'Check its permissions.');
  }

  private outside(relative: string): DiagnosisError {
    return new DiagnosisError(
      'path-outside-model',
      `"${relative}" lies outside the model's folder and is not read.`,
      this.path,
      "Move the file into the model's folder and name it relative to that folder.",
    );
  }
}

function isInside(root: string, target: string): boolean {
  const relative = path.relative(root, target);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}
