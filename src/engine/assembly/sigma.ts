/**
 * The activation functions and their derivatives on four float32, with a relative error below 1e-6.
 *
 * kind: 0 relu, 1 tanh, 2 softplus.
 */

export const RELU: i32 = 0;
export const TANH: i32 = 1;

/** sigma(z) */
export function sigma(kind: i32, z: v128): v128 {
  return kind === RELU ? f32x4.pmax(z, f32x4.splat(0)) : smooth(kind, z);
}

function smooth(kind: i32, z: v128): v128 {
  return kind === TANH ? tanh4(z) : softplus4(z);
}

/** sigma'(z) of tanh or softplus. */
export function smoothSlope(kind: i32, z: v128): v128 {
  const one = f32x4.splat(1);
  if (kind === TANH) {
    // 4 t / (1 + t)^2 with t = e^(-2 |z|) keeps its relative accuracy where tanh(z)^2 is near 1.
    const t = expOfNegative(f32x4.mul(f32x4.abs(z), f32x4.splat(-2)));
    const sum = f32x4.add(one, t);
    return f32x4.div(f32x4.mul(f32x4.splat(4), t), f32x4.mul(sum, sum));
  }
  const u = expOfNegative(f32x4.neg(f32x4.abs(z)));
  const numerator = v128.bitselect(u, one, f32x4.lt(z, f32x4.splat(0)));
  return f32x4.div(numerator, f32x4.add(one, u));
}

function tanh4(z: v128): v128 {
  const one = f32x4.splat(1);
  const size = f32x4.abs(z);
  const t = expOfNegative(f32x4.mul(size, f32x4.splat(-2)));
  const far = f32x4.div(f32x4.sub(one, t), f32x4.add(one, t));
  // For |z| < 0.625, where 1 - t would cancel: z + z^3 P(z^2) (Cephes, tanhf).
  const s = f32x4.mul(z, z);
  let p = f32x4.splat(-5.70498872745e-3);
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(2.06390887954e-2));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-5.37397155531e-2));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(1.33314422036e-1));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-3.33332819422e-1));
  const near = f32x4.add(f32x4.mul(f32x4.mul(p, s), size), size);
  const value = v128.bitselect(near, far, f32x4.lt(size, f32x4.splat(0.625)));
  return v128.or(value, v128.and(z, f32x4.splat(-0.0)));
}

/** max(z, 0) + log(1 + u) with u = e^(-|z|). */
function softplus4(z: v128): v128 {
  const u = expOfNegative(f32x4.neg(f32x4.abs(z)));
  // log(1 + u) = 2 atanh(s), s = u / (2 + u) <= 1/3: no cancellation for small u.
  const s = f32x4.div(u, f32x4.add(f32x4.splat(2), u));
  const s2 = f32x4.mul(s, s);
  let p = f32x4.splat(2.0 / 15.0);
  p = f32x4.add(f32x4.mul(p, s2), f32x4.splat(2.0 / 13.0));
  p = f32x4.add(f32x4.mul(p, s2), f32x4.splat(2.0 / 11.0));
  p = f32x4.add(f32x4.mul(p, s2), f32x4.splat(2.0 / 9.0));
  p = f32x4.add(f32x4.mul(p, s2), f32x4.splat(2.0 / 7.0));
  p = f32x4.add(f32x4.mul(p, s2), f32x4.splat(2.0 / 5.0));
  p = f32x4.add(f32x4.mul(p, s2), f32x4.splat(2.0 / 3.0));
  const tail = f32x4.mul(f32x4.mul(p, s2), s);
  const log = f32x4.add(f32x4.add(s, s), tail);
  return f32x4.add(f32x4.pmax(z, f32x4.splat(0)), log);
}

/** e^x for x <= 0 (Cephes, expf). 0 below -87.3, where the result would be subnormal. NaN stays NaN. */
export function expOfNegative(x: v128): v128 {
  const floor = f32x4.splat(-87.3);
  const clamped = f32x4.pmax(x, floor);
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(Mathf.LOG2E)));
  let r = f32x4.sub(clamped, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
  let p = f32x4.splat(1.98756915e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return v128.andnot(f32x4.mul(p, power), f32x4.lt(x, floor));
}
