import { defineConfig } from 'vitest/config';

/** Tests that drive a whole VS Code: one window at a time. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts', 'test/package/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
