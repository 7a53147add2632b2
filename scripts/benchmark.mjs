/**
 * Measures speed and memory: the diagnosis beside stock tfjs and, where python3 has it, PyTorch; and the extension in a
 * real VS Code, where one can be had.
 *
 *   npm run benchmark                  prints medians, minima and ratios
 *   npm run benchmark -- --write       the same, written to docs/benchmarks.md
 *   npm run benchmark -- --quick       few turns, no stock tfjs, no growth, no extension
 *   npm run benchmark -- --only REGEX  networks whose id matches (mlp, lenet, deep, mobilenet-v2, lstm, transformer)
 *   npm run benchmark -- --no-torch    leaves out PyTorch
 *   npm run benchmark -- --extension   only the extension: its sizes, how soon it cancels, and its times in a real VS Code
 *
 * On Debian, PyTorch comes with `apt install python3-torch libopenblas0`. Builds dist/ as it is shipped.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { measureInEditor } from './benchmark-editor.mjs';
import { makePackage } from './package.mjs';
import { root, runBenchmark } from './run-benchmark.mjs';

// The package is only weighed, and VS Code only started, in a whole run; building the package builds dist/.
const editorNumbers = path.join(root, '.cache/benchmark/editor-numbers.json');
await rm(editorNumbers, { force: true });
if (process.argv.some((argument) => /^--(quick|only)/.test(argument))) {
  spawnSync(process.execPath, [path.join(root, 'scripts/build.mjs'), '--production'], { stdio: 'inherit' });
} else {
  await makePackage();
  const inEditor = await measureInEditor();
  await mkdir(path.dirname(editorNumbers), { recursive: true });
  if (inEditor !== null) await writeFile(editorNumbers, JSON.stringify(inEditor));
}
await runBenchmark({
  folder: 'speed',
  outdir: 'speed',
  entries: ['benchmark', 'ownServer', 'stockServer', 'peakMemory'],
});
