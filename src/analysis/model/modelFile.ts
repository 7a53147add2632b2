/** The bytes of a model file, with the commonest accidents recognised before any format is tried. */

import { DiagnosisError } from '../../report/errors';
import type { Folder } from './folder';

/** V8 cannot hold a longer string. */
const MAXIMUM_TEXT_BYTES = 2 ** 29 - 24;

const LFS_POINTER = 'version https://git-lfs.github.com/spec/';

/** Throws `file-empty` for no bytes at all, `not-a-model` for a Git LFS pointer, and what `Folder.read` throws. */
export async function readModelFile(folder: Folder, file: string): Promise<Uint8Array> {
  const bytes = await folder.read(file);
  if (bytes.length === 0) {
    throw new DiagnosisError('file-empty', `"${file}" is empty (0 bytes).`, file, 'Save or download the model again.');
  }
  if (isLfsPointer(bytes)) throw lfsPointer(file);
  return bytes;
}

/** As UTF-8, without a byte order mark. */
export function decodeText(bytes: Uint8Array, file: string): string {
  if (bytes.length > MAXIMUM_TEXT_BYTES) {
    throw new DiagnosisError(
      'out-of-memory',
      `"${file}" holds ${bytes.length} bytes of text; at most ${MAXIMUM_TEXT_BYTES} can be read.`,
      file,
      'Keep the weights in files of their own, as tfjs saves them.',
    );
  }
  return new TextDecoder().decode(bytes);
}

/** Git LFS leaves a small text file in place of one that has not been fetched. */
export const isLfsPointer = (bytes: Uint8Array): boolean =>
  bytes.length < 1024 && new TextDecoder().decode(bytes.subarray(0, LFS_POINTER.length)) === LFS_POINTER;

export const lfsPointer = (file: string): DiagnosisError =>
  new DiagnosisError(
    'not-a-model',
    `"${file}" is only a Git LFS pointer; the file itself has not been fetched.`,
    file,
    'Run "git lfs pull" in the repository.',
  );
