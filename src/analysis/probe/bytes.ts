import { DiagnosisError } from '../../report/errors';
import type { Source } from '../source';
import type { Folder } from '../model/folder';

/** A run of bytes that is read in parts: a file, a member of an archive, or memory. */
export interface Bytes {
  /** As the user knows it, for messages. */
  readonly place: string;
  /** Number of bytes. */
  size(): Promise<number>;
  /** Up to `length` bytes from `offset`; fewer at the end, none after it. They may be put into `room`, if they fit. */
  read(offset: number, length: number, room?: Uint8Array): Promise<Uint8Array>;
}

/** What may be held of one file at a time, in bytes; larger ones have to be read in parts or are refused. */
export const MEMORY_LIMIT = 256 * 1024 * 1024;

export function fileBytes(folder: Folder, file: string): Bytes {
  const place = placeOf({ folder, file });
  return {
    place,
    async size() {
      const [name, ...above] = file.split('/').reverse();
      const entries = await folder.list(above.length === 0 ? undefined : above.reverse().join('/'));
      const entry = entries.find((other) => other.name === name && other.kind === 'file');
      if (entry === undefined)
        throw new DiagnosisError('file-not-found', 'There is no such file.', place, 'Check the path.');
      return entry.size;
    },
    read: (offset, length, room) => folder.read(file, offset, length, room),
  };
}

export function memoryBytes(place: string, bytes: Uint8Array): Bytes {
  return {
    place,
    size: () => Promise.resolve(bytes.length),
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}

/** The `length` bytes from `offset` on. */
export function partOf(bytes: Bytes, offset: number, length: number, place: string): Bytes {
  return {
    place,
    size: () => Promise.resolve(length),
    read: (start, count, room) => bytes.read(offset + start, Math.max(0, Math.min(count, length - start)), room),
  };
}

/** How the user knows a file or folder. */
export function placeOf({ folder, file }: Source): string {
  if (file === null) return folder.path;
  return folder.path === '' || folder.path === '.' ? file : `${folder.path.replace(/[\\/]$/, '')}/${file}`;
}
