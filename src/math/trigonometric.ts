/** sin and cos in plain double arithmetic, re-exported by `elementary.ts`. */
import { polynomial } from './bits.js';

/** pi/2 as a sum of four parts. Products of the first three with integers below 2^20 are exact. */
const HALF_PI = [
  6746518852 / 0x1_0000_0000,
  2242054355 / 0x2_0000_0000_0000_0000,
  640881756 / 0x4_0000_0000_0000_0000_0000_0000,
  8.4784276603689e-32,
] as const;
const TWO_OVER_PI = 0.6366197723675814;
/** 2^20 quarter turns. */
const MAX_ANGLE = 1647099;

/** -1/3!, 1/5!, ...: sin r = r + r^3 * (-1/3! + r^2/5! - ...). */
const SIN_SERIES = [
  -1 / 6,
  1 / 120,
  -1 / 5040,
  1 / 362880,
  -1 / 39916800,
  1 / 6227020800,
  -1 / 1307674368000,
  1 / 355687428096000,
];
/** 1/4!, -1/6!, ...: cos r = 1 - r^2/2 + r^4 * (1/4! - r^2/6! + ...). */
const COS_SERIES = [
  1 / 24,
  -1 / 720,
  1 / 40320,
  -1 / 3628800,
  1 / 479001600,
  -1 / 87178291200,
  1 / 20922789888000,
];

/** The sine of x radians. NaN for |x| > 1,647,099 (2^20 quarter turns), which no caller needs. */
export function sin(x: number): number {
  if (x === 0) return x;
  return quarterTurns(x, 0);
}

/** The cosine of x radians. NaN for |x| > 1,647,099. */
export function cos(x: number): number {
  return quarterTurns(x, 1);
}

/** sin(x + shift * pi/2) */
function quarterTurns(x: number, shift: 0 | 1): number {
  if (!(Math.abs(x) <= MAX_ANGLE)) return Number.NaN;
  const k = Math.floor(x * TWO_OVER_PI + 0.5);
  const exact = x - k * HALF_PI[0];
  const second = k * HALF_PI[1];
  const afterSecond = exact - second;
  const third = k * HALF_PI[2];
  const afterThird = afterSecond - third;
  const correction =
    roundingError(exact, second, afterSecond) +
    roundingError(afterSecond, third, afterThird) -
    k * HALF_PI[3];
  const r = afterThird + correction;
  const rest = afterThird - r + correction;
  const quadrant = (k + shift) & 3;
  const value = quadrant & 1 ? shortCos(r, rest) : shortSin(r, rest);
  return quadrant & 2 ? -value : value;
}

/** The rounding error of difference = a - b: the exact value minus the rounded one. */
function roundingError(a: number, b: number, difference: number): number {
  const back = a - difference;
  return a - (difference + back) + (back - b);
}

/** sin(r + rest) for |r| <= pi/4. */
function shortSin(r: number, rest: number): number {
  const r2 = r * r;
  return r + (r * r2 * polynomial(r2, SIN_SERIES) + rest * (1 - 0.5 * r2));
}

/** cos(r + rest) for |r| <= pi/4. */
function shortCos(r: number, rest: number): number {
  const r2 = r * r;
  const half = 0.5 * r2;
  const head = 1 - half;
  return head + (1 - head - half + (r2 * r2 * polynomial(r2, COS_SERIES) - r * rest));
}
