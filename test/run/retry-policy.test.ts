import { expect, it } from 'vitest';
import { retryAfter } from '../../src/run/retry-policy.js';

it('retries failures that another attempt can fix, up to the limit', () => {
  for (const code of ['ERROR', 'WORKER_DIED', 'TIMEOUT']) {
    expect([1, 2, 3].map(failures => retryAfter(code, failures, 2))).toEqual([
      { alone: false },
      { alone: false },
      null,
    ]);
  }
  expect(retryAfter('OUT_OF_MEMORY', 1, 2)).toEqual({ alone: true });
  expect(retryAfter('DIVERGED', 1, 2)).toBeNull();
  expect(retryAfter('WORKER_DIED', 1, 0)).toBeNull();
});
