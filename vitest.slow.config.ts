import { defineConfig } from 'vitest/config';

/** Tests too slow for every change: the same as the fast ones, in more cases. CI runs both. */
export default defineConfig({
  test: {
    include: ['test/**/*.slow.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // On a busy machine what is waited for may come late.
    expect: { poll: { timeout: 60_000 } },
    reporters: ['default', './test/support/counts.ts'],
  },
});
