import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder, CompiledBundle } from '../../../src/cli/compiledBundle';

// V8 remembers in the process what it has compiled there; here every load is to be that of a new process.
setFlagsFromString('--no-compilation-cache');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bundle-'));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

interface Exports {
  readonly value: number;
  readonly place: string;
  readonly file: string;
  double(x: number): number;
}

/** A bundle that exports this value and what it was given. */
function writeBundle(value: number): string {
  const file = path.join(folder, 'main.js');
  const text = `const { basename } = require('node:path');
    exports.value = ${value};
    exports.place = basename(__dirname);
    exports.file = basename(__filename);
    exports.double = (x) => 2 * x;`;
  writeFileSync(file, text);
  return file;
}

/** Loads the bundle as a process would, keeps its code, and tells whether code that was kept has been used. */
function loaded(file: string, cache: string | null): { exports: Exports; accepted: boolean } {
  const bundle = new CompiledBundle(file, cache);
  const exports = bundle.load() as Exports;
  expect(exports.double(exports.value)).toBe(2 * exports.value);
  bundle.save();
  return { exports, accepted: bundle.accepted };
}

describe('a compiled bundle', () => {
  it('runs as a CommonJS module, from its text first and from kept code then', () => {
    const file = writeBundle(7);
    const cache = path.join(folder, 'some', 'cache');
    for (const accepted of [false, true, true]) {
      const result = loaded(file, cache);
      expect(result.accepted).toBe(accepted);
      expect(result.exports).toMatchObject({ value: 7, place: path.basename(folder), file: 'main.js' });
    }
    expect(readdirSync(cache)).toHaveLength(1);
  });

  it('is never run from the code of another state of its file, even of the same length', () => {
    const cache = path.join(folder, 'cache');
    const file = writeBundle(7);
    loaded(file, cache);
    writeBundle(8);
    utimesSync(file, 1, 1);
    expect(loaded(file, cache)).toMatchObject({ accepted: false, exports: { value: 8 } });
    // The code of the old state is gone.
    expect(readdirSync(cache)).toHaveLength(1);
  });

  it('runs from its text where what was kept is damaged, and keeps it anew', () => {
    const cache = path.join(folder, 'cache');
    const file = writeBundle(7);
    loaded(file, cache);
    const kept = path.join(cache, readdirSync(cache)[0]);
    for (const damaged of [Buffer.alloc(0), Buffer.from('nonsense'), readFileSync(kept).subarray(0, 100)]) {
      writeFileSync(kept, damaged);
      expect(loaded(file, cache)).toMatchObject({ accepted: false, exports: { value: 7 } });
      expect(loaded(file, cache).accepted).toBe(true);
    }
  });

  it('runs where nothing can be kept', () => {
    const file = writeBundle(7);
    for (const cache of [null, path.join(file, 'below a file')]) {
      for (let run = 0; run < 2; run++) {
        expect(loaded(file, cache)).toMatchObject({ accepted: false, exports: { value: 7 } });
      }
    }
    expect(readdirSync(folder)).toEqual(['main.js']);
  });
});

describe('the folder of compiled code', () => {
  it('is that of the variables of Node, or among the caches of the user', () => {
    expect(cacheFolder({ NODE_DISABLE_COMPILE_CACHE: '1', NODE_COMPILE_CACHE: '/a' })).toBeNull();
    expect(cacheFolder({ NODE_COMPILE_CACHE: '/a' })).toBe('/a');
    expect(cacheFolder({ XDG_CACHE_HOME: '/b' })).toBe(path.join('/b', 'activation-diagnostics'));
    expect(path.basename(cacheFolder({})!)).toBe('activation-diagnostics');
  });
});
