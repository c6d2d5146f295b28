import { defineConfig } from 'vitest/config';

/** Simulations that prove the statistics, too long for every run; their figures stand in docs/statistics.md. */
export default defineConfig({
  test: {
    include: ['test/**/*.simulation.ts'],
    globalSetup: 'test/fit/simulation-seed.ts',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 1_800_000,
    disableConsoleIntercept: true,
  },
});
