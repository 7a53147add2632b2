import { DiagnosisError } from '../../report/errors';
import type { Source } from '../diagnose';
import type { Folder } from '../model/folder';

/** A run of bytes that is read in parts: a file, a member of an archive, or memory. */
export interface Bytes {
  /** As the user knows it, for messages. */
  readonly place: string;
  /** Up to `length` bytes from `offset`; fewer at the end, none after it. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** What may be held of one file at a time, in bytes; larger ones have to be read in parts or are refused. */
export const MEMORY_LIMIT = 256 * 1024 * 1024;

export function fileBytes(folder: Folder, file: string): Bytes {
  return {
    place: placeOf({ folder, file }),
    read: (offset, length) => folder.read(file, offset, length),
  };
}

export function memoryBytes(place: string, bytes: Uint8Array): Bytes {
  return { place, read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)) };
}

/** The `length` bytes from `offset` on. */
export function partOf(bytes: Bytes, offset: number, length: number, place: string): Bytes {
  return {
    place,
    read: (start, count) => bytes.read(offset + start, Math.max(0, Math.min(count, length - start))),
  };
}

/** Everything, or `invalid-data` when that is more than may be held. */
export async function readAll(bytes: Bytes, remedy: string): Promise<Uint8Array> {
  const beyond = await bytes.read(MEMORY_LIMIT, 1);
  if (beyond.length > 0) {
    throw new DiagnosisError(
      'invalid-data',
      'The file is larger than 256 MB, too large for its format.',
      bytes.place,
      remedy,
    );
  }
  return bytes.read(0, MEMORY_LIMIT);
}

/** How the user knows a file or folder. */
export function placeOf({ folder, file }: Source): string {
  if (file === null) return folder.path;
  return folder.path === '' || folder.path === '.' ? file : `${folder.path.replace(/[\\/]$/, '')}/${file}`;
}
