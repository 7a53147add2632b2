import type { Folder } from '../../../src/analysis/model/folder';
import { DiagnosisError } from '../../../src/report/errors';
import type { FolderEntry } from '../../../src/report/protocol';

/** A folder of files that were never written. */
export class FilesInMemory implements Folder {
  constructor(
    readonly path: string,
    private readonly files: Readonly<Record<string, Uint8Array>>,
  ) {}

  read(name: string, offset = 0, length = Infinity): Promise<Uint8Array> {
    const file = Object.hasOwn(this.files, name) ? this.files[name] : undefined;
    if (file === undefined) return Promise.reject(new DiagnosisError('file-not-found', 'There is no such file.', name));
    return Promise.resolve(new Uint8Array(file.subarray(offset, Math.min(file.length, offset + length))));
  }

  list(): Promise<readonly FolderEntry[]> {
    const names = Object.keys(this.files).sort();
    return Promise.resolve(names.map((name) => ({ name, kind: 'file', size: this.files[name].length })));
  }
}
