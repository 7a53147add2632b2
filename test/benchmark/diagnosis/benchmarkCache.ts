import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Results in files, each under the hash of everything it depends on: what it is made from, and the sources that make it.
 * A changed specification or builder so never meets an old result.
 */
export class ResultCache {
  private constructor(
    private readonly folder: string,
    private readonly sources: string,
  ) {}

  /** @param sources paths of the source files that the results depend on */
  static async open(folder: string, sources: readonly string[]): Promise<ResultCache> {
    const hash = createHash('sha256');
    for (const source of sources) hash.update(await readFile(source));
    await mkdir(folder, { recursive: true });
    return new ResultCache(folder, hash.digest('hex'));
  }

  /** The stored result, or that of `make`, stored. */
  async get<T>(subject: unknown, make: () => Promise<T>): Promise<T> {
    const key = createHash('sha256').update(this.sources).update(JSON.stringify(subject)).digest('hex');
    const file = path.join(this.folder, `${key.slice(0, 32)}.json`);
    try {
      return JSON.parse(await readFile(file, 'utf8')) as T;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const result = await make();
    // Another process may write the same file at the same moment.
    const partial = `${file}.${process.pid}`;
    await writeFile(partial, JSON.stringify(result));
    await rename(partial, file);
    return result;
  }
}
