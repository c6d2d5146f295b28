/**
 * Elementary functions in plain double arithmetic (+, -, *, / and exact bit operations). Their last bits are the same
 * on every machine and in every version of Node; those of `Math` are not.
 *
 * The relative error is below 2 units in the last place (tanh: 3) over the whole range. Each function reduces its
 * argument to a short interval and sums the Taylor series there; every coefficient is a plain fraction.
 */
import { highWord, polynomial, scaleByPowerOfTwo, splitExponents, withHighWord } from './bits.js';

export { acos, asin } from './inverse-trigonometric.js';
export { cos, sin } from './trigonometric.js';

/** ln 2 = LN2_HIGH + LN2_LOW. LN2_HIGH has 32 bits, so its products with integers below 2^21 are exact. */
const LN2_HIGH = 0xb17217f7 / 0x100000000;
const LN2_LOW = 1.9082149292705877e-10;

/** e^x overflows above the first bound and rounds to 0 below the second. */
const EXP_OVERFLOW = 709.782712893384;
const EXP_UNDERFLOW = -745.1332191019411;

/** 1/3!, 1/4!, ... 1/14!: e^r = 1 + r + r^2/2 + r^3 * (1/3! + r/4! + ...). */
const EXP_SERIES = [
  1 / 6,
  1 / 24,
  1 / 120,
  1 / 720,
  1 / 5040,
  1 / 40320,
  1 / 362880,
  1 / 3628800,
  1 / 39916800,
  1 / 479001600,
  1 / 6227020800,
  1 / 87178291200,
];

/** The series 2 (atanh(s) - s) / s = 2/3 s^2 + 2/5 s^4 + ..., divided by s^2. */
const LOG_SERIES = [2 / 3, 2 / 5, 2 / 7, 2 / 9, 2 / 11, 2 / 13, 2 / 15, 2 / 17, 2 / 19, 2 / 21, 2 / 23];

/** e^x */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > EXP_OVERFLOW) return Infinity;
  if (x < EXP_UNDERFLOW) return 0;
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const head = x - k * LN2_HIGH;
  const tail = k * LN2_LOW;
  return scaleByPowerOfTwo(1 + shortExpm1(head, tail), k);
}

/** e^x - 1, accurate near 0. */
export function expm1(x: number): number {
  if (Number.isNaN(x) || x === 0) return x;
  if (x > EXP_OVERFLOW) return Infinity;
  if (x < -40) return -1;
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const head = x - k * LN2_HIGH;
  const tail = k * LN2_LOW;
  const reduced = shortExpm1(head, tail);
  if (k === 0) return reduced;
  // 2^k (1 + reduced) - 1. The order of the subtraction depends on k and loses no bits.
  if (k > 60) return scaleByPowerOfTwo(1 + reduced, k) - 1;
  const power = scaleByPowerOfTwo(1, k);
  return power - 1 + power * reduced;
}

/** e^(head - tail) - 1 for |head - tail| <= ln(2)/2. */
function shortExpm1(head: number, tail: number): number {
  const r = head - tail;
  const rest = head - r - tail;
  return r + (0.5 * r * r + (r * r * r * polynomial(r, EXP_SERIES) + rest * (1 + r)));
}

/** ln x; NaN below 0, -Infinity at 0. */
export function log(x: number): number {
  return logOfSum(x, 0);
}

/**
 * Replaces the first `count` of `values` by their logarithms, with the same bits as `log`. Values must be positive
 * and normal. Faster than single calls, because a processor overlaps the steps of independent values.
 */
export function logAll(values: Float64Array, count: number): void {
  const exponents = new Int32Array(count);
  splitExponents(values, exponents, count);
  for (let i = 0; i < count; i++) values[i] = logOfParts(values[i]!, exponents[i]!, 0);
}

/** log(1 + x), accurate near 0; NaN below -1, -Infinity at -1. */
export function log1p(x: number): number {
  if (x === 0) return x;
  if (x > -0.29 && x < 0.41) return shortLog1p(x, 0, 0);
  const sum = 1 + x;
  if (!(sum > 0) || sum === Infinity) return log(sum);
  const rest = x > 1 ? 1 - (sum - x) : x - (sum - 1);
  return logOfSum(sum, rest);
}

/** log(x + rest) for |rest| below a unit in the last place of x. */
function logOfSum(x: number, rest: number): number {
  if (x < 0) return Number.NaN;
  if (x === 0) return -Infinity;
  if (Number.isNaN(x) || x === Infinity) return x;
  const subnormal = x < 2.2250738585072014e-308;
  const normal = subnormal ? x * 0x40000000000000 : x;
  const high = highWord(normal);
  const exponent = (high >>> 20) - (subnormal ? 1023 + 54 : 1023);
  return logOfParts(withHighWord(normal, (high & 0xfffff) | 0x3ff00000), exponent, rest / x);
}

/** log(2^exponent * mantissa) + rest, for a mantissa in [1, 2). */
function logOfParts(mantissa: number, exponent: number, rest: number): number {
  return mantissa > Math.SQRT2
    ? shortLog1p(0.5 * mantissa - 1, exponent + 1, rest)
    : shortLog1p(mantissa - 1, exponent, rest);
}

/**
 * k ln 2 + log(1 + f) + rest, for 1 + f from sqrt(1/2) to sqrt(2).
 *
 * With s = f / (2 + f): log(1 + f) = 2 atanh(s) = f - s f + s R, and s f = f^2/2 - s f^2/2.
 */
function shortLog1p(f: number, k: number, rest: number): number {
  const s = f / (2 + f);
  const s2 = s * s;
  const half = 0.5 * f * f;
  const series = s2 * polynomial(s2, LOG_SERIES);
  const small = k * LN2_LOW + rest;
  return k * LN2_HIGH - (half - (s * (half + series) + small) - f);
}

export function tanh(x: number): number {
  const size = Math.abs(x);
  if (size < 1) {
    const t = expm1(-2 * size);
    const value = -t / (t + 2);
    return x < 0 || Object.is(x, -0) ? -value : value;
  }
  if (Number.isNaN(x)) return x;
  const value = size > 22 ? 1 : 1 - 2 / (expm1(2 * size) + 2);
  return x < 0 ? -value : value;
}

/** log(1 + e^x), without overflow. */
export function softplus(x: number): number {
  return Math.max(x, 0) + log1p(exp(-Math.abs(x)));
}

/** 1 / (1 + e^-x), without overflow and accurate in both tails. */
export function sigmoid(x: number): number {
  const small = exp(-Math.abs(x));
  return (x < 0 ? small : 1) / (1 + small);
}
