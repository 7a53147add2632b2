import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';
import { esbuildKernels } from './wasm-kernels.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Bundles programs of test/benchmark and runs the one that is called "benchmark" with the project's root and the arguments of
 * this process, whose exit code becomes that of the benchmark.
 *
 * @param {{ folder: string, outdir: string, entries: readonly string[] }} options `folder` within test/benchmark, `outdir`
 *   within .cache/benchmark, `entries` names without ending
 */
export async function runBenchmark({ folder, outdir, entries }) {
  const bundles = path.join(root, '.cache/benchmark', outdir);
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: entries.map((name) => path.join(root, 'test/benchmark', folder, `${name}.ts`)),
    bundle: true,
    outdir: bundles,
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // As in build.mjs.
    mainFields: ['module', 'main'],
    plugins: [esbuildKernels],
    logLevel: 'warning',
  });
  const program = path.join(bundles, 'benchmark.cjs');
  const { status } = spawnSync(process.execPath, [program, root, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
