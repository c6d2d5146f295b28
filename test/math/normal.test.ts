import { describe, expect, test } from 'vitest';
import { erfcx, logCumulative, logNormalInterval, normalCumulative } from '../../src/math/normal.js';

// Computed with 50 digits (mpmath).
const LOG_CUMULATIVE: readonly (readonly [z: number, value: number])[] = [
  [-38, -726.5572160188201],
  [-37.5, -707.6689893175072],
  [-30, -454.3212439563432],
  [-20, -203.91715537109727],
  [-12, -75.4106730015688],
  [-8, -35.01343715991455],
  [-5.6, -18.35137949590933],
  [-5.5, -17.77937635262526],
  [-3, -6.607726221510349],
  [-1.5, -2.7059444008238898],
  [-0.7, -1.4189677615315315],
  [-0.66, -1.3679558848901994],
  [-0.5, -1.1759117615936185],
  [-0.001, -0.6939453834669652],
  [0, -Math.LN2],
  [0.001, -0.6923496142726883],
  [0.5, -0.3689464152886564],
  [0.66, -0.29387040027781763],
  [0.67, -0.289589083101687],
  [1, -0.17275377902344988],
  [2, -0.02301290932896349],
  [3.3, -0.00048354102950672],
  [5, -2.866516129637636e-7],
  [5.66, -7.568649780639943e-9],
  [6, -9.865876455243758e-10],
  [7, -1.279812543886654e-12],
  [8, -6.220960574271786e-16],
];
const LOG_INTERVAL: readonly (readonly [a: number, b: number, value: number])[] = [
  [-1, 1, -0.38171514630212605],
  [-40, -39.5, -784.720879106624],
  [39.5, 40, -784.720879106624],
  [-8, -7.999, -39.82269131252131],
  [7.9, 8.1, -34.42569666253682],
  [0, 1e-6, -14.734449091169113],
  [-1e-9, 1e-9, -20.949057189591137],
  [-0.5, 0.1, -1.464081653767304],
  [12, 12.0001, -82.12987884684935],
  [-30, 30, 0.0],
  [-3, 9, -0.001350809964748194],
  [2.5, 2.504, -9.570397944403116],
  [2.5, 2.51, -8.66159924013888],
  [-20, 5, -2.866516129637636e-7],
];

describe('normal distribution', () => {
  test('ln Phi to 1e-12 on [-38, 8]', () => {
    for (const [z, value] of LOG_CUMULATIVE) {
      expect(Math.abs(logCumulative(z) / value - 1), `at ${z}`).toBeLessThan(1e-12);
      expect(Math.abs(normalCumulative(z) / Math.exp(value) - 1), `at ${z}`).toBeLessThan(1e-12);
    }
  });

  test('ln (Phi(b) - Phi(a)) in either tail, across 0, and of narrow intervals', () => {
    for (const [a, b, value] of LOG_INTERVAL) {
      // The ends themselves are rounded, which moves a narrow interval's length.
      const slack = 1e-12 * Math.max(1, Math.abs(value)) + (4 * Number.EPSILON * Math.abs(b)) / (b - a);
      expect(Math.abs(logNormalInterval(a, b) - value), `(${a}, ${b}]`).toBeLessThan(slack);
      expect(logNormalInterval(-b, -a)).toBeCloseTo(logNormalInterval(a, b), 12);
    }
  });

  test('handles infinite ends, and does not underflow far out', () => {
    expect(logNormalInterval(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)).toBe(0);
    expect(logNormalInterval(Number.NEGATIVE_INFINITY, -3)).toBe(logCumulative(-3));
    expect(logNormalInterval(3, Number.POSITIVE_INFINITY)).toBe(logCumulative(-3));
    expect(logCumulative(-1e6)).toBeCloseTo(-5e11 - Math.log(1e6) - 0.5 * Math.log(2 * Math.PI), 2);
    expect(logNormalInterval(1000, 1001)).toBeLessThan(-499_000);
    expect(erfcx(1e200)).toBeGreaterThan(0);
  });
});
