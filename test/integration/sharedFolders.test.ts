import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { after, before, describe, it } from 'mocha';
import { Disposable, EventEmitter, FileSystemError, FileType, Uri, workspace, type FileSystemProvider } from 'vscode';
import { SharedFolders } from '../../src/editor/sharedFolders';
import { file } from './workspace';

describe('SharedFolders', () => {
  const base = (): Uri => file('shared-folders');
  const at = (...path: string[]): Uri => Uri.joinPath(base(), ...path);
  let folders: SharedFolders;

  before(async () => {
    await workspace.fs.writeFile(at('model', 'weights.bin'), Uint8Array.of(0, 1, 2, 3, 4));
    await workspace.fs.writeFile(at('model', 'inner', 'shard'), Uint8Array.of(7));
    await workspace.fs.writeFile(at('secret'), Uint8Array.of(42));
    await symlink(at('secret').fsPath, at('model', 'out').fsPath);
    await symlink(at().fsPath, at('model', 'up').fsPath);
    await symlink(at('model', 'weights.bin').fsPath, at('model', 'same').fsPath);
    await symlink(at('nowhere').fsPath, at('model', 'dangling').fsPath);
    folders = new SharedFolders();
    folders.share(at('model'), 'model');
  });
  after(() => workspace.fs.delete(base(), { recursive: true }));

  const read = (path: string, offset = 0, length: number | null = null) =>
    folders.answer({ kind: 'read', root: 0, path, offset, length });

  async function bytes(...request: Parameters<typeof read>): Promise<number[]> {
    const result = await read(...request);
    assert.equal(result.kind, 'bytes', JSON.stringify(result));
    return result.kind === 'bytes' ? [...result.bytes] : [];
  }

  async function problem(path: string): Promise<string> {
    const result = await read(path);
    return result.kind === 'problem' ? result.problem.code : result.kind;
  }

  it('reads files, and parts of them', async () => {
    assert.deepEqual(await bytes('weights.bin'), [0, 1, 2, 3, 4]);
    assert.deepEqual(await bytes('weights.bin', 1, 3), [1, 2, 3]);
    assert.deepEqual(await bytes('weights.bin', 3, 10), [3, 4]);
    assert.deepEqual(await bytes('weights.bin', 9, 1), []);
    assert.deepEqual(await bytes('inner/shard'), [7]);
    assert.deepEqual(await bytes('same'), [0, 1, 2, 3, 4]);
  });

  it('refuses whatever leads out of the folder', async () => {
    for (const path of ['../secret', 'inner/../../secret', 'out', 'up/secret', at('secret').fsPath, '..\\secret']) {
      assert.equal(await problem(path), 'path-outside-model', path);
    }
  });

  it('says when a file does not exist, and reads nothing but files', async () => {
    assert.equal(await problem('missing.bin'), 'file-not-found');
    assert.equal(await problem('dangling'), 'file-not-found');
    assert.equal(await problem('inner'), 'file-unreadable');
  });

  it('does not wait at a pipe', async function () {
    if (process.platform === 'win32') this.skip();
    execFileSync('mkfifo', [at('model', 'pipe').fsPath]);
    assert.equal(await problem('pipe'), 'file-unreadable');
  });

  it('lists what can be read', async () => {
    const listing = async (path: string) => {
      const result = await folders.answer({ kind: 'list', root: 0, path });
      return result.kind === 'entries' ? result.entries : result;
    };
    assert.deepEqual(await listing(''), [
      { name: 'inner', kind: 'folder', size: 0 },
      { name: 'same', kind: 'file', size: 5 },
      { name: 'weights.bin', kind: 'file', size: 5 },
    ]);
    assert.deepEqual(await listing('inner'), [{ name: 'shard', kind: 'file', size: 1 }]);
    assert.equal(((await listing('up')) as { kind: string }).kind, 'problem');
  });

  it('answers for a folder that was never shared with a problem', async () => {
    const result = await folders.answer({ kind: 'read', root: 5, path: 'weights.bin', offset: 0, length: null });
    assert.equal(result.kind, 'problem');
  });

  it('knows which files were read', () => {
    const names = folders.filesRead.map(({ path }) => path.slice(at('model').path.length + 1)).sort();
    assert.deepEqual(names, ['inner/shard', 'same', 'weights.bin']);
  });
});

describe('SharedFolders over another file system', () => {
  it('reads whole files and parts, and refuses to leave', async () => {
    const memory = new Map([['/m/w.bin', Uint8Array.of(1, 2, 3)]]);
    const provider = memoryFileSystem(memory);
    const registration = workspace.registerFileSystemProvider('memory-test', provider, { isReadonly: true });
    const folders = new SharedFolders();
    folders.share(Uri.parse('memory-test:/m'), 'm');
    const read = (path: string, offset: number, length: number | null) =>
      folders.answer({ kind: 'read', root: 0, path, offset, length });
    const whole = await read('w.bin', 0, null);
    assert.deepEqual(whole.kind === 'bytes' && [...whole.bytes], [1, 2, 3]);
    const part = await read('w.bin', 1, 1);
    assert.deepEqual(part.kind === 'bytes' && [...part.bytes], [2]);
    for (const path of ['../m/w.bin', 'link']) {
      const refused = await read(path, 0, null);
      assert.equal(refused.kind === 'problem' && refused.problem.code, 'path-outside-model', path);
    }
    const missing = await read('none', 0, null);
    assert.equal(missing.kind === 'problem' && missing.problem.code, 'file-not-found');
    registration.dispose();
  });
});

/** Read-only files in memory; everything called `link` is a symbolic link. */
function memoryFileSystem(files: ReadonlyMap<string, Uint8Array>): FileSystemProvider {
  const refuse = (): never => {
    throw FileSystemError.NoPermissions();
  };
  return {
    onDidChangeFile: new EventEmitter<never>().event,
    watch: () => new Disposable(() => undefined),
    stat: ({ path }) => {
      const times = { ctime: 0, mtime: 0 };
      if (path.endsWith('/link')) return { type: FileType.File | FileType.SymbolicLink, size: 1, ...times };
      const bytes = files.get(path);
      if (bytes === undefined) throw FileSystemError.FileNotFound(path);
      return { type: FileType.File, size: bytes.length, ...times };
    },
    readFile: ({ path }) => files.get(path) ?? Uint8Array.of(9),
    readDirectory: () => [],
    createDirectory: refuse,
    writeFile: refuse,
    delete: refuse,
    rename: refuse,
  };
}
