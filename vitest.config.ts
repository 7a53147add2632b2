import { build } from 'esbuild';
import { defineConfig, type Plugin } from 'vitest/config';
import { viteKernels } from './scripts/wasm-kernels.mjs';

const TFJS_ENTRIES =
  /tfjs-(?:core\/dist\/(?:.*register_all_\w+|ops\/ops_for_converter)|converter\/dist\/operations\/operation_(?:executor|mapper))\.js$/;

/** What tfjs publishes only as hundreds of small modules: bundled, since transforming each takes seconds per run. */
const bundleTfjsEntries: Plugin = {
  name: 'bundle-tfjs-entries',
  enforce: 'pre',
  async load(id) {
    if (!TFJS_ENTRIES.test(id)) return null;
    const { outputFiles } = await build({
      entryPoints: [id],
      bundle: true,
      format: 'esm',
      packages: 'external',
      write: false,
    });
    return outputFiles[0].text;
  },
};

export default defineConfig({
  plugins: [viteKernels, bundleTfjsEntries],
  test: {
    include: ['test/unit/**/*.test.ts'],
    // tfjs keeps one global engine per process; files run in parallel processes, tests of one file in order.
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
