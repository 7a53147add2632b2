import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';
import { Script } from 'node:vm';

/**
 * Where compiled code is kept: `NODE_COMPILE_CACHE` if it is set, else a folder among the user's caches; null when
 * `NODE_DISABLE_COMPILE_CACHE` forbids it. Both variables are those of Node's own cache, which Node 20 lacks.
 */
export function cacheFolder(variables: NodeJS.ProcessEnv): string | null {
  if (variables['NODE_DISABLE_COMPILE_CACHE']) return null;
  const own = variables['NODE_COMPILE_CACHE'];
  if (own) return own;
  const caches = variables['XDG_CACHE_HOME'] || variables['LOCALAPPDATA'];
  return path.join(caches || path.join(homedir(), '.cache'), 'activation-diagnostics');
}

type Wrapper = (exports: unknown, require: NodeJS.Require, module: object, file: string, folder: string) => void;

/**
 * A CommonJS bundle of ASCII text that is compiled once: V8's code for it is kept in a folder from one process to the next.
 * Node compiles a bundle anew in every process, which takes about as long as all the rest of its start. Code of another
 * version of Node or of another state of the bundle is not used, and what cannot be read or written is done without.
 */
export class CompiledBundle {
  private script: Script | null = null;
  /** Whether the code that was kept has been used. */
  accepted = false;

  constructor(
    private readonly file: string,
    private readonly folder: string | null,
  ) {}

  /** Runs the bundle. @returns what it exports */
  load(): unknown {
    const source = readFileSync(this.file, 'latin1');
    const cachedData = this.kept();
    // On one line with the bundle's first, so that places in error messages stay right.
    this.script = new Script(`(function (exports, require, module, __filename, __dirname) { ${source}\n})`, {
      filename: this.file,
      ...(cachedData === null ? {} : { cachedData }),
    });
    this.accepted = cachedData !== null && this.script.cachedDataRejected === false;
    const module = { exports: {} };
    const wrapper = this.script.runInThisContext() as Wrapper;
    wrapper(module.exports, createRequire(this.file), module, this.file, path.dirname(this.file));
    return module.exports;
  }

  /** Keeps the code for the next process, with all that has been compiled by now. */
  save(): void {
    if (this.folder === null || this.script === null || this.accepted) return;
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      for (const other of readdirSync(this.folder)) {
        if (other.startsWith(this.prefix)) rmSync(path.join(this.folder, other), { force: true });
      }
      // Another process never sees half of it.
      const unfinished = path.join(this.folder, `${this.prefix}${process.pid}.unfinished`);
      writeFileSync(unfinished, this.script.createCachedData(), { mode: 0o600 });
      renameSync(unfinished, path.join(this.folder, this.name));
    } catch {
      // A folder that cannot be written: the next process compiles as this one did.
    }
  }

  private kept(): Buffer | null {
    if (this.folder === null) return null;
    try {
      return readFileSync(path.join(this.folder, this.name));
    } catch {
      return null;
    }
  }

  /** Of all states of the bundle. */
  private get prefix(): string {
    return `${path.basename(this.file, '.js')}-`;
  }

  /** V8 compares no more of the text than its length, so the name tells the state of the file. */
  private get name(): string {
    const { size, mtimeMs, ino } = statSync(this.file);
    return `${this.prefix}${[process.version, process.arch, size, mtimeMs, ino].join('-')}.v8`;
  }
}
