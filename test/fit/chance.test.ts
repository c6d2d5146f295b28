import { expect, test } from 'vitest';
import { leastShare } from './chance.js';

test('the least share that chance explains is the quantile of the binomial distribution at 1 in 200', () => {
  // R: qbinom(0.005, count, share) / count.
  expect(leastShare(0.5, 10)).toBe(0.1);
  expect(leastShare(0.92, 24)).toBe(18 / 24);
  expect(leastShare(0.95, 400)).toBe(368 / 400);
  // 0.08^1260 is below the smallest number.
  expect(leastShare(0.92, 1260)).toBeCloseTo(0.9, 2);
});
