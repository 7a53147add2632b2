import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT } from '../../scripts/vscode-harness/cache.mjs';
import { vscodeServer } from '../../scripts/vscode-harness/vscodeServer.mjs';
import { Workbench } from '../../scripts/vscode-harness/workbench.mjs';
import { VSIX } from '../../scripts/package.mjs';

const LINUX_ONLY = process.platform !== 'linux';

describe('the package', () => {
  let files: Record<string, Uint8Array>;
  let packed: number;

  beforeAll(async () => {
    const bytes = await readFile(VSIX);
    packed = bytes.length;
    files = unzipSync(bytes);
  });

  it('holds what runs and what is read, and nothing else', () => {
    const names = Object.keys(files).map((name) => name.replace(/^extension\//, ''));
    for (const name of names) {
      expect(name).toMatch(
        /^(\[Content_Types\]\.xml|.*\.vsixmanifest|package(\.nls)?\.json|(readme|changelog)\.md|LICENSE\.txt|l10n\/[\w.]+\.json|docs\/rules\.md|media\/[\w-]+\.(svg|css|png|ttf)|dist\/((code|extension|hdf5|panel|worker)\.js|[\w-]+\.wasm))$/i,
      );
    }
    for (const name of [
      'dist/extension.js',
      'dist/code.js',
      'dist/worker.js',
      'dist/hdf5.js',
      'dist/panel.js',
      'media/panel.css',
      'docs/rules.md',
    ]) {
      expect(names).toContain(name);
    }
  });

  it('is small', () => {
    const unpacked = Object.values(files).reduce((total, { length }) => total + length, 0);
    expect(unpacked).toBeLessThan(10_000_000);
    expect(packed).toBeLessThan(3_500_000);
  });

  it('keeps tfjs out of the extension host', () => {
    const text = new TextDecoder().decode(files['extension/dist/extension.js']);
    expect(text).not.toMatch(/registerKernel|tfjs-core/);
    expect(text.length).toBeLessThan(150_000);
  });

  it('keeps the reader of HDF5 out of the worker', () => {
    expect(files['extension/dist/worker.js'].length).toBeLessThan(2_000_000);
  });
});

describe.skipIf(LINUX_ONLY)('the package, installed', () => {
  let extensionsDir: string;
  let workbench: Workbench;

  beforeAll(async () => {
    extensionsDir = await mkdtemp(path.join(tmpdir(), 'adp-'));
    const { node, server } = await vscodeServer();
    await promisify(execFile)(
      node,
      ['out/server-main.js', '--install-extension', VSIX, '--extensions-dir', extensionsDir],
      {
        cwd: server,
        env: { ...process.env, EXTENSIONS_GALLERY: '{}' },
      },
    );
    workbench = await Workbench.open({ folder: path.join(PROJECT, 'samples'), extensionsDir });
  });
  afterAll(async () => {
    await workbench?.close();
    await rm(extensionsDir, { recursive: true, force: true });
  });

  it('diagnoses a model', async () => {
    await workbench.diagnose('dead-relu/model.json');
    await workbench.panel.locator('h1', { hasText: 'hidden_2' }).waitFor();
    const rows = await workbench.problems();
    await rows.filter({ hasText: /Activation Diagnostics\W*dead-relu/ }).waitFor();
    await workbench.screenshot('e2e/packaged.png');
  });
});
