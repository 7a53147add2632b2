/**
 * Measures how right the diagnosis is, on networks built from specifications, beside re-implemented rules of other tools.
 *
 *   npm run benchmark:diagnosis                  the tuning half, network by network, then totals
 *   npm run benchmark:diagnosis -- --held-out    totals of the other half, which nobody tunes to
 *   npm run benchmark:diagnosis -- --write       both, totals written to docs/diagnosis-benchmark.md
 *   npm run benchmark:diagnosis -- --only REGEX  networks of the tuning half whose id matches
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';
import { esbuildKernels } from './wasm-kernels.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const outdir = path.join(root, '.cache/benchmark/bundle');
const source = path.join(root, 'test/benchmark/diagnosis');

await esbuild.build({
  absWorkingDir: root,
  entryPoints: ['benchmark', 'buildWorker', 'diagnoseWorker'].map((name) => path.join(source, `${name}.ts`)),
  bundle: true,
  outdir,
  outExtension: { '.js': '.cjs' },
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // As in build.mjs.
  mainFields: ['module', 'main'],
  plugins: [esbuildKernels],
  logLevel: 'warning',
});

const { status } = spawnSync(process.execPath, [path.join(outdir, 'benchmark.cjs'), root, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
