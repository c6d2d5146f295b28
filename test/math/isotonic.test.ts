import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isotonic } from '../../src/math/isotonic.js';

/** The max-min formula: g_i = min over a <= i of max over b >= i of mean(y_a..y_b), for a non-increasing fit. */
function byFormula(values: readonly number[]): number[] {
  return values.map((_, i) => {
    let least = Number.POSITIVE_INFINITY;
    for (let a = 0; a <= i; a++) {
      let largest = Number.NEGATIVE_INFINITY;
      for (let b = i; b < values.length; b++) {
        const part = values.slice(a, b + 1);
        largest = Math.max(largest, part.reduce((x, y) => x + y, 0) / part.length);
      }
      least = Math.min(least, largest);
    }
    return least;
  });
}

const values = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { maxLength: 25 });

describe('isotonic', () => {
  test('pools values that violate the order, and no others', () => {
    expect([...isotonic([5, 3, 4, 2, 2, 1], 'down')]).toEqual([5, 3.5, 3.5, 2, 2, 1]);
    expect([...isotonic([1, 3, 2, 4], 'up')]).toEqual([1, 2.5, 2.5, 4]);
    expect([...isotonic([1, 2, 3], 'down')]).toEqual([2, 2, 2]);
    expect([...isotonic([0.1, 0.1, 0.1], 'down')]).toEqual([0.1, 0.1, 0.1]);
    expect([...isotonic([], 'up')]).toEqual([]);
  });

  test('is the least-squares fit (max-min formula)', () => {
    fc.assert(
      fc.property(values, y => {
        const fit = isotonic(y, 'down');
        byFormula(y).forEach((expected, i) => {
          expect(fit[i]).toBeCloseTo(expected, 10);
        });
      }),
    );
  });

  test('is exactly monotone, and preserves the sum', () => {
    fc.assert(
      fc.property(values, y => {
        const fit = isotonic(y, 'up');
        for (let i = 1; i < fit.length; i++) expect(fit[i]! >= fit[i - 1]!).toBe(true);
        expect(fit.reduce((a, b) => a + b, 0)).toBeCloseTo(
          y.reduce((a, b) => a + b, 0),
          8,
        );
      }),
    );
  });

  test('the increasing fit mirrors the decreasing one', () => {
    fc.assert(
      fc.property(values, y => {
        const mirrored = isotonic(
          y.map(v => -v),
          'down',
        );
        expect([...isotonic(y, 'up')].map(v => v + 0)).toEqual([...mirrored].map(v => -v + 0));
      }),
    );
  });

  test('is done with a long fit of one block, for which quadratic time is too much', () => {
    const rising = Float64Array.from({ length: 400_000 }, (_, i) => i);
    const fit = isotonic(rising, 'down');
    expect(fit[0]).toBe(fit[399_999]);
  });
});
