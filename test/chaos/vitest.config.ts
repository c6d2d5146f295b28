import { defineConfig } from 'vitest/config';

/** `npm run test:chaos`. */
export default defineConfig({
  test: {
    pool: 'forks',
    include: ['test/chaos/**/*.chaos.ts'],
    testTimeout: 2 * 3_600_000,
    hookTimeout: 120_000,
    reporters: ['verbose', './test/support/counts.ts'],
  },
});
