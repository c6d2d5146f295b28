import { defineConfig, mergeConfig } from 'vitest/config';
import fast from './vitest.config.js';

/** Tests too slow for every change: the same as the fast ones, in more cases. CI runs both. */
const slow = mergeConfig(fast, defineConfig({ test: { testTimeout: 600_000 } }));
slow.test!.include = ['test/**/*.slow.ts'];
export default slow;
