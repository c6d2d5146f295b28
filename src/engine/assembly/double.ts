/** Exponentials and logarithms in float64, accurate to about 1e-15. */

/** ln 2 = HIGH + LOW. HIGH has so few bits that its products with the exponents used here are exact. */
const LN2_HIGH: f64 = 0.6931471803691238;
const LN2_LOW: f64 = 1.9082149292705877e-10;
/** e^x counts as 0 for x below this. */
const UNDERFLOW: f64 = -700;
/** 1.5 * 2^52. Adding it rounds to an integer, in the low bits of the float64. */
const TO_INTEGER: f64 = 6755399441055744;

/** e^x of each of two x <= 0. NaN stays NaN. */
export function expm2(x: v128): v128 {
  const floor = f64x2.splat(UNDERFLOW);
  const clamped = f64x2.pmax(x, floor);
  const shifted = f64x2.add(f64x2.mul(clamped, f64x2.splat(Math.LOG2E)), f64x2.splat(TO_INTEGER));
  const n = f64x2.sub(shifted, f64x2.splat(TO_INTEGER));
  let r = f64x2.sub(clamped, f64x2.mul(n, f64x2.splat(LN2_HIGH)));
  r = f64x2.sub(r, f64x2.mul(n, f64x2.splat(LN2_LOW)));
  let p = f64x2.splat(1.0 / 479001600.0);
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 39916800.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 3628800.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 362880.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 40320.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 5040.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 720.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 120.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 24.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 6.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1));
  const power = i64x2.add(p, i64x2.shl(shifted, 52));
  return v128.andnot(power, f64x2.lt(x, floor));
}

/** e^x for x <= 0. */
export function expm(x: f64): f64 {
  return f64x2.extract_lane(expm2(f64x2.splat(x)), 0);
}

/** log(x) for a normal x >= 1. NaN stays NaN. */
export function log(x: f64): f64 {
  if (!(x >= 1)) return x;
  const bits = reinterpret<u64>(x);
  let exponent = <f64>(<i64>(bits >> 52) - 1023);
  let mantissa = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (mantissa > Math.SQRT2) {
    mantissa *= 0.5;
    exponent += 1;
  }
  // log(m) = 2 atanh(s), s = (m - 1) / (m + 1) <= 0.172
  const s = (mantissa - 1) / (mantissa + 1);
  const s2 = s * s;
  let p: f64 = 2.0 / 21.0;
  p = p * s2 + 2.0 / 19.0;
  p = p * s2 + 2.0 / 17.0;
  p = p * s2 + 2.0 / 15.0;
  p = p * s2 + 2.0 / 13.0;
  p = p * s2 + 2.0 / 11.0;
  p = p * s2 + 2.0 / 9.0;
  p = p * s2 + 2.0 / 7.0;
  p = p * s2 + 2.0 / 5.0;
  p = p * s2 + 2.0 / 3.0;
  return exponent * LN2_HIGH + (2 * s + (s * s2 * p + exponent * LN2_LOW));
}
