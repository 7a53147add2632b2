import { access, constants, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Source } from '../analysis/source';
import { DiagnosisError } from '../report/errors';

/** Where a report goes: found out before the diagnosis, so that a long one does not end in a path that cannot be written. */
export interface Output {
  write(text: string): Promise<void>;
}

/**
 * The file `name`. It is written beside its place and moved there, so that no half of a report is ever seen. Rejects
 * with `usage` where it cannot be written or is one of the files to be read, `inputs`.
 */
export async function fileOutput(name: string, inputs: readonly Source[]): Promise<Output> {
  // A link is followed, so that it stays a link.
  const target = await realpath(name).catch(() => path.resolve(name));
  for (const { folder, file } of inputs) {
    if ((await realpath(path.join(folder.path, file ?? '')).catch(() => null)) === target) {
      throw unwritable(name, 'it is a file of this diagnosis');
    }
  }
  const existing = await stat(target).catch(() => null);
  if (existing?.isDirectory() === true) throw unwritable(name, 'it is a folder');
  const folder = path.dirname(target);
  try {
    await access(folder, constants.W_OK);
  } catch {
    throw unwritable(name, `the folder "${path.dirname(name)}" is missing or read-only`);
  }
  // Devices and pipes (/dev/stdout) are written to, not replaced.
  if (existing !== null && !existing.isFile()) return { write: (text) => writeFile(target, text) };
  return {
    async write(text) {
      const temporary = path.join(folder, `.${path.basename(target)}.${process.pid}.tmp`);
      try {
        await writeFile(temporary, text, { flag: 'wx' });
        await rename(temporary, target);
      } catch (error) {
        await rm(temporary, { force: true });
        throw unwritable(name, (error as Error).message);
      }
    },
  };
}

function unwritable(name: string, why: string): DiagnosisError {
  return new DiagnosisError(
    'usage',
    `The report cannot be written to "${name}": ${why}.`,
    null,
    'Give another --output.',
  );
}

/** Whoever reads the report may have seen enough (`| head`): that is no error. */
const isBrokenPipe = (error: Error): boolean => (error as NodeJS.ErrnoException).code === 'EPIPE';

process.stdout.on('error', (error: Error) => {
  if (!isBrokenPipe(error)) throw error;
});

export const standardOutput: Output = {
  write: (text) =>
    new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => {
        if (error && !isBrokenPipe(error)) reject(error);
        else resolve();
      });
    }),
};
