/**
 * Bundles the extension host, the analysis worker, the command line and the report panel into dist/.
 * `--watch` rebuilds on every change; `--production` minifies and leaves out source maps.
 */
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import esbuild from 'esbuild';

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
  logLevel: 'warning',
  define: { 'process.env.NODE_ENV': '"production"' },
};
const node = { ...common, platform: 'node', target: 'node18', format: 'cjs' };

const builds = [
  { ...node, entryPoints: { extension: 'src/extension.ts' }, external: ['vscode'] },
  // tfjs marks backend-cpu as free of side effects in its `main` build, and the bundle would then lack its kernels.
  { ...node, entryPoints: { worker: 'src/analysis/worker.ts', cli: 'src/cli/cli.ts' }, mainFields: ['module', 'main'] },
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
