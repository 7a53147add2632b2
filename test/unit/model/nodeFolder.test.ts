import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeFolder } from '../../../src/analysis/model/nodeFolder';

let root = '';
let folder: NodeFolder;

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'folder-'));
  mkdirSync(path.join(root, 'model/sub'), { recursive: true });
  writeFileSync(path.join(root, 'secret'), 'secret');
  writeFileSync(path.join(root, 'model/b.bin'), Uint8Array.of(1, 2, 3, 4, 5));
  writeFileSync(path.join(root, 'model/sub/c'), '');
  symlinkSync(path.join(root, 'secret'), path.join(root, 'model/link'));
  symlinkSync(root, path.join(root, 'model/up'));
  symlinkSync('b.bin', path.join(root, 'model/alias'));
  symlinkSync('nowhere', path.join(root, 'model/dangling'));
  symlinkSync(path.join(root, 'model'), path.join(root, 'entrance'));
  folder = new NodeFolder(path.join(root, 'model'));
});
afterAll(() => rmSync(root, { recursive: true }));

describe('NodeFolder', () => {
  it('reads whole files and parts, fewer bytes at the end', async () => {
    expect([...(await folder.read('b.bin'))]).toEqual([1, 2, 3, 4, 5]);
    expect([...(await folder.read('b.bin', 1, 2))]).toEqual([2, 3]);
    expect([...(await folder.read('b.bin', 3, 100))]).toEqual([4, 5]);
    expect([...(await folder.read('b.bin', 9))]).toEqual([]);
    expect([...(await folder.read('alias'))]).toEqual([1, 2, 3, 4, 5]);
  });

  it('puts what it reads into the room that it is given, if it fits', async () => {
    const room = new Uint8Array(3);
    const read = await folder.read('b.bin', 1, 2, room);
    expect([...read]).toEqual([2, 3]);
    expect(read.buffer).toBe(room.buffer);
    expect([...(await folder.read('b.bin', 0, 4, room))]).toEqual([1, 2, 3, 4]);
  });

  it('lists by name, without what it would not read', async () => {
    expect(await folder.list()).toEqual([
      { name: 'alias', kind: 'file', size: 5 },
      { name: 'b.bin', kind: 'file', size: 5 },
      { name: 'sub', kind: 'folder', size: 0 },
    ]);
    expect(await folder.list('sub')).toEqual([{ name: 'c', kind: 'file', size: 0 }]);
  });

  it.each(['../secret', 'sub/../../secret', 'link', 'up/secret', 'up', '/etc/hostname', '..'])(
    'refuses %s, which lies outside',
    async (file) => {
      await expect(folder.read(file)).rejects.toMatchObject({ code: 'path-outside-model' });
      await expect(folder.list(file)).rejects.toMatchObject({ code: 'path-outside-model' });
    },
  );

  it('may itself be reached through a link', async () => {
    expect(await new NodeFolder(path.join(root, 'entrance')).read('b.bin', 0, 1)).toEqual(Uint8Array.of(1));
  });

  it('tells missing files from unreadable ones', async () => {
    await expect(folder.read('none')).rejects.toMatchObject({ code: 'file-not-found' });
    await expect(folder.read('dangling')).rejects.toMatchObject({ code: 'file-not-found' });
    await expect(folder.list('none')).rejects.toMatchObject({ code: 'file-not-found' });
    await expect(folder.read('sub')).rejects.toMatchObject({ code: 'file-unreadable' });
    await expect(new NodeFolder(path.join(root, 'none')).list()).rejects.toMatchObject({ code: 'file-not-found' });
  });

  it.skipIf(process.platform === 'win32')('does not wait for a named pipe', async () => {
    execFileSync('mkfifo', [path.join(root, 'model/pipe')]);
    await expect(folder.read('pipe')).rejects.toMatchObject({ code: 'file-unreadable' });
  });
});
