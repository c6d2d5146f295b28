import { expect, it } from 'vitest';
import { acos, asin } from '../../src/math/elementary.js';

it('asin and acos are within two units in the last place', () => {
  for (let i = -2000; i <= 2000; i++) {
    const x = i / 2000;
    expect(Math.abs(asin(x) - Math.asin(x))).toBeLessThanOrEqual(
      4.5e-16 * Math.max(1, Math.abs(Math.asin(x))),
    );
    expect(Math.abs(acos(x) - Math.acos(x))).toBeLessThanOrEqual(4.5e-16 * Math.max(1, Math.acos(x)));
  }
  for (const x of [1 - 1e-12, 1e-9, -1e-300]) expect(asin(x) / Math.asin(x)).toBeCloseTo(1, 14);
  expect([asin(1), asin(-1), asin(0), acos(1), acos(-1)]).toEqual([Math.PI / 2, -Math.PI / 2, 0, 0, Math.PI]);
  expect([asin(1.1), acos(-1.1)]).toEqual([Number.NaN, Number.NaN]);
});
