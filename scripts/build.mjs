/**
 * Bundles the extension host, its part for training code, the analysis worker, the command line with its entry, the reader
 * of HDF5 and the report panel into dist/.
 * `--watch` rebuilds on every change; `--production` minifies all of them and leaves out source maps.
 */
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import esbuild from 'esbuild';
import { esbuildKernels } from './wasm-kernels.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = path.join(root, 'dist');
const watch = process.argv.includes('--watch');
const production = process.argv.includes('--production');

const common = {
  absWorkingDir: root,
  bundle: true,
  outdir: dist,
  sourcemap: production ? false : 'linked',
  minify: production,
  logLevel: watch ? 'info' : 'warning',
  define: { 'process.env.NODE_ENV': '"production"' },
};
// ES modules where a package has them: some `main` builds are UMD, whose requires esbuild cannot follow, and that of
// tfjs marks backend-cpu as free of side effects, so that the bundle would lack its kernels.
const node = { ...common, platform: 'node', target: 'node18', format: 'cjs', mainFields: ['module', 'main'] };

/** Training code and its parsers are a bundle of their own, which the extension host loads when such a file is opened. */
const loadCodeLater = {
  name: 'load-code-later',
  setup(build) {
    build.onResolve({ filter: /\/trainingCode$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './code.js', external: true } : undefined,
    );
  },
};

/** The reader of HDF5 is four times as large as all else: a bundle of its own, which is loaded when such a file is opened. */
const loadHdf5Later = {
  name: 'load-hdf5-later',
  setup(build) {
    build.onResolve({ filter: /^h5wasm$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './hdf5.js', external: true } : undefined,
    );
  },
};

const builds = [
  {
    ...node,
    entryPoints: { extension: 'src/extension.ts', code: 'src/editor/code/trainingCode.ts' },
    external: ['vscode'],
    plugins: [loadCodeLater],
    // VS Code serves the module `vscode` to `require` only.
    supported: { 'dynamic-import': false },
  },
  {
    ...node,
    entryPoints: { worker: 'src/analysis/worker.ts', commandLine: 'src/cli/commandLine.ts' },
    plugins: [esbuildKernels, loadHdf5Later],
    // Every process reads them whole, and half of 3.5 MB takes some milliseconds less.
    minify: true,
    // tfjs would take it where Node has no fetch of its own, which every supported one has; and nothing is fetched.
    external: ['node-fetch'],
    // One character beyond Latin-1 would double the memory and the time that V8 needs for the whole text.
    charset: 'ascii',
    // A plain `require`, which every host has.
    supported: { 'dynamic-import': false },
  },
  { ...node, entryPoints: { cli: 'src/cli/cli.ts' } },
  // It holds a WebAssembly module as text, which escapes would make a third larger.
  { ...node, entryPoints: { hdf5: 'h5wasm' }, charset: 'utf8' },
  { ...common, platform: 'browser', target: 'es2022', format: 'iife', entryPoints: { panel: 'src/webview/panel.ts' } },
];

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
const wasm = path.join(root, 'node_modules/@tensorflow/tfjs-backend-wasm/dist');
for (const name of ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm']) {
  await copyFile(path.join(wasm, name), path.join(dist, name));
}
if (watch) {
  for (const options of builds) await (await esbuild.context(options)).watch();
} else {
  await Promise.all(builds.map((options) => esbuild.build(options)));
}
