/**
 * Measures speed and memory: the diagnosis beside stock tfjs and, where python3 has it, PyTorch.
 *
 *   npm run benchmark                  prints medians, minima and ratios
 *   npm run benchmark -- --write       the same, written to docs/benchmarks.md
 *   npm run benchmark -- --quick       few turns, no stock tfjs, no growth, no extension
 *   npm run benchmark -- --only REGEX  networks whose id matches (mlp, lenet, deep, mobilenet-v2, lstm, transformer)
 *   npm run benchmark -- --no-torch    leaves out PyTorch
 *
 * On Debian, PyTorch comes with `apt install python3-torch libopenblas0`. Builds dist/ as it is shipped.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { makePackage } from './package.mjs';
import { root, runBenchmark } from './run-benchmark.mjs';

// The package is only weighed in a whole run; building it builds dist/.
if (process.argv.some((argument) => /^--(quick|only)/.test(argument))) {
  spawnSync(process.execPath, [path.join(root, 'scripts/build.mjs'), '--production'], { stdio: 'inherit' });
} else {
  await makePackage();
}
await runBenchmark({
  folder: 'speed',
  outdir: 'speed',
  entries: ['benchmark', 'ownServer', 'stockServer', 'peakMemory'],
});
