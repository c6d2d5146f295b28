import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** What loads engines, mocks modules, changes what a whole process is told, or counts the children of its process. */
const ISOLATED = ['test/{engine,execute,run,trajectory,bench,kill}/**/*.test.ts', 'test/store/query.test.ts'];

export default defineConfig({
  test: {
    pool: 'forks',
    // Many tests wait for processes that they start. By default one core would stay free.
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // On a busy machine what is waited for may come late.
    expect: { poll: { timeout: 60_000 } },
    reporters: ['default', './test/support/counts.ts'],
    projects: [
      { extends: true, test: { name: 'isolated', include: ISOLATED } },
      {
        extends: true,
        test: { name: 'shared', include: ['test/**/*.test.ts'], exclude: ISOLATED, isolate: false },
      },
    ],
  },
});
