import { expect, it } from 'vitest';
import { lastThatHolds } from '../../src/base/bisect.js';

it('is the last number for which the test holds, and tries neither end', () => {
  for (let last = 3; last < 20; last++) {
    const tried: number[] = [];
    const found = lastThatHolds(3, 20, value => {
      tried.push(value);
      return value <= last;
    });
    expect(found).toBe(last);
    expect(tried.length).toBeLessThanOrEqual(5);
    expect(tried.filter(value => value <= 3 || value >= 20)).toEqual([]);
  }
  expect(lastThatHolds(7, 8, () => false)).toBe(7);
});
