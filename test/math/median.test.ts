import { expect, test } from 'vitest';
import { median } from '../../src/math/median.js';

test('the median is the middle value, or the mean of the two in the middle, in any order', () => {
  expect(median([3])).toBe(3);
  expect(median([10, 9, 1])).toBe(9);
  expect(median([4, 1, 100, 2])).toBe(3);
  const values = [2, 1];
  expect(median(values)).toBe(1.5);
  expect(values).toEqual([2, 1]);
});
