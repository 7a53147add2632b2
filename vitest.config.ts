import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/unit/**/*.test.ts'],
    // tfjs keeps one global engine per process; files run in parallel processes, tests of one file in order.
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
