import { defineConfig } from 'vitest/config';

/** The long form of the kill test: `npm run test:kill`, about half an hour on two cores. */
export default defineConfig({
  test: {
    include: ['test/kill/*.kill.ts'],
    pool: 'forks',
    testTimeout: 4 * 3600_000,
    reporters: ['verbose', './test/support/counts.ts'],
    disableConsoleIntercept: true,
  },
});
