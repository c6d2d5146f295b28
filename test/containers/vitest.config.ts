import { defineConfig } from 'vitest/config';

/** `npm run test:containers`: some minutes, most of them npm's. */
export default defineConfig({
  test: {
    pool: 'forks',
    include: ['test/containers/*.containers.ts'],
    testTimeout: 3_600_000,
    hookTimeout: 3_600_000,
    expect: { poll: { timeout: 300_000, interval: 500 } },
    reporters: ['verbose', './test/support/counts.ts'],
    disableConsoleIntercept: true,
  },
});
