import { defineConfig } from 'vitest/config';
import { viteKernels } from './scripts/wasm-kernels.mjs';

export default defineConfig({
  plugins: [viteKernels],
  test: {
    include: ['test/unit/**/*.test.ts'],
    // tfjs keeps one global engine per process; files run in parallel processes, tests of one file in order.
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
