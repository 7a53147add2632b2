import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { fileBytes, MEMORY_LIMIT } from '../../../src/analysis/probe/bytes';
import { openNpz } from '../../../src/analysis/probe/npz';
import { zipMembers } from '../../../src/analysis/probe/zip';
import { memoryFolder } from './memoryFolder';
import { npyFloats } from './npyFile';
import { targetOf } from './target';

const x = npyFloats([3, 2], [1, 2, 3, 4, 5, 6]);
const y = npyFloats([3], [0, 1, 0]);
const stored = (files: Record<string, Uint8Array>) => zipSync(files, { level: 0 });
const packed = (files: Record<string, Uint8Array>) => zipSync(files, { level: 9 });

function open(file: Uint8Array) {
  const folder = memoryFolder({ 'd.npz': file });
  return { folder, npz: openNpz('d.npz', fileBytes(folder, 'd.npz')) };
}

describe('openNpz', () => {
  it.each([
    ['stored', stored({ 'x.npy': x, 'y.npy': y, 'readme.txt': y })],
    ['compressed', packed({ 'x.npy': x, 'y.npy': y })],
    ['zip64', zip64('x.npy', x, 'y.npy', y)],
  ])('reads arrays by name (%s)', async (_, file) => {
    const npz = await open(file).npz;
    expect([npz.name, npz.place, npz.arrays, npz.labels]).toEqual(['d.npz', 'data/d.npz', ['x', 'y'], 'y']);
    const reader = await npz.open('x', targetOf([2]));
    expect([reader.rows, reader.shape, [...(await reader.read(1, 2))]]).toEqual([3, [2], [3, 4, 5, 6]]);
    expect([...(await (await npz.open('y', targetOf([1], 'labels'))).read(0, 3))]).toEqual([0, 1, 0]);
  });

  it('takes the only array that holds no labels for the input', async () => {
    const npz = await open(packed({ 'features.npy': x, 'y.npy': y })).npz;
    expect((await npz.open(null, targetOf([2]))).shape).toEqual([2]);
    const two = await open(packed({ 'a.npy': x, 'b.npy': x })).npz;
    await expect(two.open(null, targetOf([2]))).rejects.toThrow('the arrays a, b, and it is not clear');
  });

  it('reads stored arrays in parts', async () => {
    const { folder, npz } = open(stored({ 'x.npy': npyFloats([100_000, 4], new Float32Array(400_000)), 'y.npy': y }));
    const reader = await (await npz).open('x', targetOf([4]));
    const before = folder.reads.length;
    await reader.read(70_000, 5);
    expect(folder.reads.slice(before).map(({ length }) => length)).toEqual([5 * 4 * 4]);
  });

  it('inflates over many chunks', async () => {
    let state = 1;
    const noise = Float32Array.from({ length: 100_000 }, () => (state = (state * 48271) % 2147483647));
    const npz = await open(packed({ 'x.npy': npyFloats([1000, 100], noise) })).npz;
    expect(await (await npz.open('x', targetOf([100]))).read(0, 1000)).toEqual(noise);
  });

  it('knows no special names', async () => {
    const npz = await open(stored({ '__proto__.npy': x, 'constructor.npy': y })).npz;
    expect(npz.arrays).toEqual(['__proto__', 'constructor']);
    expect((await npz.open('__proto__', targetOf([2]))).shape).toEqual([2]);
  });

  describe('refuses', () => {
    const archive = packed({ 'x.npy': x });
    const central = find(archive, 0x02014b50);
    const patched = (at: number, ...bytes: number[]) => {
      const copy = archive.slice();
      copy.set(bytes, at);
      return copy;
    };
    it.each([
      ['an empty file', new Uint8Array(), 'empty'],
      ['another format', x, 'not a zip archive'],
      ['a truncated archive', archive.slice(0, -30), 'not a zip archive'],
      ['a directory that lies beyond the end', patched(archive.length - 6, 0xff, 0xff, 0xff, 0x7f), 'cut off'],
      ['a directory that is too long', patched(archive.length - 10, 0xff, 0xff, 0xff, 0x0f), 'cut off'],
      ['a password', patched(central + 8, 1), 'encrypted'],
      ['an unknown compression', patched(central + 10, 99), 'method 99'],
      ['a member that is not there', patched(central + 42, 7), 'no member'],
      ['a bomb that says so', patched(central + 24, 0xff, 0xff, 0xff, 0x7f), 'too much to hold in memory'],
      ['a size that deflate cannot reach', patched(central + 24, 0xff, 0xff, 0xff, 0x0f), 'damaged'],
      ['a bomb that does not say so', patched(central + 24, 16, 0, 0, 0), 'damaged'],
      ['damaged data', patched(40, 0xff, 0xff, 0xff), 'damaged'],
      ['a truncated array', packed({ 'x.npy': x.slice(0, -4) }), 'ends before'],
      ['two arrays of one name', twice(stored({ 'x.npy': x, 'z.npy': x })), 'two arrays named x'],
    ])('%s', async (_, file, message) => {
      const opened = open(file).npz.then((npz) => npz.open('x', targetOf([2])));
      await expect(opened).rejects.toMatchObject({
        name: 'DiagnosisError',
        message: expect.stringContaining(message) as string,
        place: expect.stringContaining('data/d.npz') as string,
      });
    });

    it('a bomb without unpacking it', async () => {
      const bomb = packed({ 'x.npy': new Uint8Array(MEMORY_LIMIT + 1) });
      const npz = await open(bomb).npz;
      await expect(npz.open('x', targetOf([2]))).rejects.toMatchObject({
        remedy: expect.stringContaining('np.savez') as string,
      });
    });
  });
});

describe('zipMembers', () => {
  it('reads the sizes of a zip64 archive', async () => {
    const folder = memoryFolder({ 'd.npz': zip64('x.npy', x, 'y.npy', y) });
    const members = await zipMembers(fileBytes(folder, 'd.npz'));
    expect(members.map(({ name, size, packed: bytes }) => [name, size, bytes])).toEqual([
      ['x.npy', x.length, x.length],
      ['y.npy', y.length, y.length],
    ]);
  });
});

/** Offset of the last place with this signature. */
function find(archive: Uint8Array, signature: number): number {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.length);
  for (let at = archive.length - 4; at >= 0; at--) if (view.getUint32(at, true) === signature) return at;
  throw new Error('no such record');
}

/** Calls `z` `x`, in the directory too. */
function twice(archive: Uint8Array): Uint8Array {
  return archive.map((byte, i) => (byte === 0x7a && archive[i + 1] === 0x2e ? 0x78 : byte));
}

/** Two stored members, whose sizes and offsets stand in zip64 fields only (APPNOTE 4.3.14, 4.3.15, 4.5.3). */
function zip64(...parts: [string, Uint8Array, string, Uint8Array]): Uint8Array {
  const bytes: number[] = [];
  const central: number[] = [];
  const put = (to: number[], width: number, ...values: number[]) => {
    for (const value of values) for (let i = 0; i < width; i++) to.push(Math.floor(value / 256 ** i) % 256);
  };
  const text = (to: number[], name: string) => to.push(...new TextEncoder().encode(name));
  const unknown = 0xffffffff;
  for (let i = 0; i < 4; i += 2) {
    const [name, content] = [parts[i] as string, parts[i + 1] as Uint8Array];
    const offset = bytes.length;
    put(bytes, 4, 0x04034b50);
    put(bytes, 2, 45, 0, 0, 0, 0);
    put(bytes, 4, 0, unknown, unknown);
    put(bytes, 2, name.length, 20);
    text(bytes, name);
    put(bytes, 2, 1, 16);
    put(bytes, 8, content.length, content.length);
    bytes.push(...content);
    put(central, 4, 0x02014b50);
    put(central, 2, 45, 45, 0, 0, 0, 0);
    put(central, 4, 0, unknown, unknown);
    put(central, 2, name.length, 4 + 4 + 28, 0, 0, 0);
    put(central, 4, 0, unknown);
    text(central, name);
    put(central, 2, 0x9999, 4); // An extra field of another kind comes first.
    put(central, 4, 0);
    put(central, 2, 1, 24);
    put(central, 8, content.length, content.length, offset);
  }
  const start = bytes.length;
  bytes.push(...central);
  const end64 = bytes.length;
  put(bytes, 4, 0x06064b50);
  put(bytes, 8, 44);
  put(bytes, 2, 45, 45);
  put(bytes, 4, 0, 0);
  put(bytes, 8, 2, 2, central.length, start);
  put(bytes, 4, 0x07064b50, 0);
  put(bytes, 8, end64);
  put(bytes, 4, 1);
  put(bytes, 4, 0x06054b50);
  put(bytes, 2, 0, 0, 0xffff, 0xffff);
  put(bytes, 4, unknown, unknown);
  put(bytes, 2, 0);
  return Uint8Array.from(bytes);
}
