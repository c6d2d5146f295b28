import { expect, it } from 'vitest';
import { halfRateBound, sharpBound, theorem3, theorem10 } from '../../src/theory/theorems.js';

it('the bound of lambda_0 follows the slower end of the spectrum', () => {
  // rho is 0.9 at the lower end; where the upper end overshoots, |1 - 1.95| = 0.95.
  expect(sharpBound(0.5, 0.05, 0.1, 1, 12)).toBeCloseTo(Math.log(10) / (-2 * Math.log(0.9)), 12);
  expect(sharpBound(0.5, 0.05, 0.1, 1, 19.5)).toBeCloseTo(Math.log(10) / (-2 * Math.log(0.95)), 12);
  expect(sharpBound(0.5, 0.05, 0.1, 0, 12)).toBeNull();
  expect(sharpBound(0.5, 0.05, 0.1, 1, 20)).toBeNull();
  expect([sharpBound(0.5, 0.6, 0.1, 1, 12), halfRateBound(0.5, 0.6, 0.1, 1)]).toEqual([0, 0]);
  expect(halfRateBound(0.5, 0.05, 0.1, 0)).toBeNull();
});

it('the theorems grow like n^2 and n, and need n large enough', () => {
  expect(theorem3(10_000, 784, 200)! / theorem3(1000, 784, 200)!).toBeCloseTo(100, 1);
  expect(theorem10(100_000, 784, 200)! / theorem10(10_000, 784, 200)!).toBeCloseTo(10, 0);
  expect(theorem3(1000, 784, 200)).toBeCloseTo(-Math.log(200) / Math.log(1 - 784 / 1e6), 6);
  expect([theorem3(28, 784, 200), theorem10(784, 784, 200)]).toEqual([null, null]);
  expect(theorem3(1000, 784, 1)).toBe(0);
});
