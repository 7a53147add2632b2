import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { fileBytes, memoryBytes, type Bytes } from '../../../src/analysis/probe/bytes';
import { npyReader } from '../../../src/analysis/probe/npy';
import { syntheticProbe } from '../../../src/analysis/probe/syntheticProbe';
import { startTestBackend } from '../measure/networks';
import { memoryFolder } from './memoryFolder';
import { networkInput } from './networkInput';
import { bytesOf, npyFile, npyFloats, npyWithHeader } from './npyFile';

beforeAll(startTestBackend);

const open = (file: Uint8Array) => npyReader(memoryBytes('x.npy', file));
/** Uses the room that it is given, as the file system does. */
function roomy(file: Uint8Array): Bytes {
  const bytes = memoryBytes('x.npy', file);
  return {
    ...bytes,
    async read(offset, length, room) {
      const part = await bytes.read(offset, length);
      room?.set(part);
      return room?.subarray(0, part.length) ?? part;
    },
  };
}
const refusal = (file: Uint8Array) => expect(open(file)).rejects;

describe('npyReader', () => {
  // Each value written by hand in the bytes of its type: 1, -2 (or the largest for unsigned types), and 0.5 where it exists.
  it.each([
    ['<f4', [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0], [1, -2]],
    ['>f4', [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0], [1, -2]],
    ['=f4', [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0], [1, -2]],
    ['<f8', [0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0], [1, -2]],
    ['>f8', [0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0], [1, -2]],
    ['<f2', [0x00, 0x3c, 0x00, 0xc0], [1, -2]],
    ['>f2', [0x38, 0x00, 0x00, 0x01], [0.5, 2 ** -24]],
    ['<f2', [0x00, 0x7c, 0xff, 0x7b], [Infinity, 65504]],
    ['|i1', [1, 0xfe], [1, -2]],
    ['<i2', [1, 0, 0xfe, 0xff], [1, -2]],
    ['>i2', [0, 1, 0xff, 0xfe], [1, -2]],
    ['<i4', [1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff], [1, -2]],
    ['<i8', [1, 0, 0, 0, 0, 0, 0, 0, 0xfe, 255, 255, 255, 255, 255, 255, 255], [1, -2]],
    ['>i8', [0, 0, 0, 0, 0, 0, 0, 1, 255, 255, 255, 255, 255, 255, 255, 0xfe], [1, -2]],
    ['|u1', [1, 0xfe], [1, 254]],
    ['<u2', [1, 0, 0xfe, 0xff], [1, 65534]],
    ['>u4', [0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfe], [1, 4294967294]],
    ['<u8', [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], [1, 2 ** 32]],
    ['|b1', [1, 0], [1, 0]],
    ['?', [2, 0], [1, 0]],
  ])('reads %s', async (descr, body, values) => {
    const file = npyFile(descr, [2], Uint8Array.from(body));
    for (const bytes of [memoryBytes('x.npy', file), roomy(file)]) {
      const reader = await npyReader(bytes);
      expect([reader.rows, reader.shape]).toEqual([2, []]);
      expect([...(await reader.read(0, 2))]).toEqual(values);
      expect([...(await reader.read(1, 1))]).toEqual(values.slice(1));
    }
  });

  it.each([1, 2, 3])('reads the header of version %i', async (version) => {
    const reader = await open(npyFile('<f4', [2, 1], bytesOf(Float32Array.of(5, 6)), { version }));
    expect([...(await reader.read(0, 2))]).toEqual([5, 6]);
  });

  it('reads the header in any order, and the long integers of Python 2', async () => {
    const header = "{'shape': (2L, 3L), 'descr': '<f4', 'fortran_order': False}";
    const reader = await open(npyWithHeader(header, bytesOf(Float32Array.of(1, 2, 3, 4, 5, 6))));
    expect(reader.shape).toEqual([3]);
    expect([...(await reader.read(1, 1))]).toEqual([4, 5, 6]);
  });

  it('turns Fortran order into rows', async () => {
    // Element [i, j, k] of a 2×3×2 array is 100 i + 10 j + k; Fortran order varies i fastest.
    const columns: number[] = [];
    for (let k = 0; k < 2; k++)
      for (let j = 0; j < 3; j++) for (let i = 0; i < 2; i++) columns.push(100 * i + 10 * j + k);
    const reader = await open(npyFile('>f8', [2, 3, 2], swapped(Float64Array.from(columns)), { fortran: true }));
    expect([...(await reader.read(0, 1))]).toEqual([0, 1, 10, 11, 20, 21]);
    expect([...(await reader.read(1, 1))]).toEqual([100, 101, 110, 111, 120, 121]);
  });

  it('reads no more of the file than is asked for', async () => {
    const folder = memoryFolder({ 'x.npy': npyFloats([10_000, 8], new Float32Array(80_000)) });
    const reader = await npyReader(fileBytes(folder, 'x.npy'));
    await reader.read(5000, 10);
    expect(folder.reads[folder.reads.length - 1].length).toBe(10 * 8 * 4);
    expect(folder.reads.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(1000);
  });

  describe('refuses', () => {
    const body = bytesOf(Float32Array.of(1, 2));
    const cases: [string, Uint8Array, string][] = [
      ['an empty file', new Uint8Array(), 'empty'],
      ['another format', new TextEncoder().encode('PK\x03\x04 and more bytes'), 'not a .npy file'],
      ['a magic string alone', npyFloats([1], [1]).slice(0, 6), 'cut off'],
      ['an unknown version', npyFile('<f4', [2], body, { version: 4 }), 'unknown version (4)'],
      ['a header cut off', npyFloats([2], [1, 2]).slice(0, 40), 'cannot be read'],
      ['a header that is no dictionary', npyWithHeader('import os', body), 'cannot be read'],
      [
        'a huge header',
        npyFile('<f4', [2], new Uint8Array(70_000), { version: 2 }).fill(0xff, 8, 12),
        'larger than 64 KB',
      ],
      ['a truncated file', npyFloats([100], new Float32Array(100)).slice(0, -1), 'ends before the 100 numbers'],
      ['a truncated file in Fortran order', npyFile('<f4', [4, 4], body, { fortran: true }), 'ends before the 4 × 4'],
      ['negative dimensions', npyFile('<f4', [-1, 2], body), 'impossible shape'],
      ['fractional dimensions', npyFile('<f4', ['1.5', 2], body), 'impossible shape'],
      ['dimensions of 1e18', npyFile('<f4', [10n ** 18n, 2], body), 'impossible shape'],
      ['a product beyond all files', npyFile('<f4', [2 ** 31, 2 ** 31], body), 'impossible shape'],
      ['a product that wraps to zero in 64 bits', npyFile('<f4', [2 ** 32, 2 ** 32], body), 'impossible shape'],
      ['a thousand dimensions', npyFile('<f4', new Array<number>(1000).fill(1), body), 'impossible shape'],
      ['no dimension', npyFile('<f4', [''], body.slice(4)), 'impossible shape'],
      ['pickled objects', npyFile('|O', [2], body), 'pickled Python objects'],
      ['records', npyFile("[('a', '<f4')]", [2], body), 'a record'],
      ['texts', npyFile('<U5', [2], body), '<U5, not numbers'],
      ['complex numbers', npyFile('<c8', [1], body), '<c8, not numbers'],
      ['16-byte floats', npyFile('<f16', [1], new Uint8Array(16)), '<f16, not numbers'],
    ];
    it.each(cases)('%s', async (_, file, message) => {
      await refusal(file).toMatchObject({
        name: 'DiagnosisError',
        code: file.length === 0 ? 'file-empty' : 'invalid-data',
        message: expect.stringContaining(message) as string,
        place: 'x.npy',
        remedy: expect.any(String) as string,
      });
    });

    it('a number without axes', async () => {
      await refusal(npyWithHeader("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", body)).toThrow(
        'single number',
      );
    });
  });
});

const tool = resolve('..', 'shared', 'tools', 'probe.js');

describe.skipIf(!existsSync(tool))('the reference probe of ../shared/tools/probe.js', () => {
  it.each([
    ['uniform', networkInput([4, 4, 3], { kind: 'image', range: [0, 1] })],
    ['normal', networkInput([5, 3])],
    ['int:37', networkInput([9], { kind: 'indices', limit: 37 })],
  ])('reads back as the synthetic probe of seed 1234 (%s)', async (kind, input) => {
    const folder = mkdtempSync(join(tmpdir(), 'probe-'));
    try {
      const file = join(folder, 'probe.npy');
      execFileSync(process.execPath, [tool, file, kind, '0', '33', ...input.shape.map(String)]);
      const reader = await open(new Uint8Array(readFileSync(file)));
      expect([reader.rows, ...reader.shape]).toEqual([33, ...input.shape]);
      const drawn = await syntheticProbe([input], 1234).batch(0, 33);
      expect(await reader.read(0, 33)).toEqual(drawn.inputs[0]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function swapped(array: Float64Array): Uint8Array {
  const bytes = bytesOf(array).slice();
  for (let i = 0; i < bytes.length; i += 8) bytes.subarray(i, i + 8).reverse();
  return bytes;
}
