/**
 * Kernels of greedy selection for the logistic loss (science.md): the loss and its derivatives at a point, and exact
 * losses of single candidates. Those of blocks of neurons are in logistic-blocks.ts.
 *
 * At step j, with z the sum of the picks so far: u0 = z / j, delta_q = Phi_q / j, and m = y u the margin.
 */
import { expm, expm2, log } from './double';

/**
 * The loss and its derivatives at u0. Sample s belongs to lane s % 8; those past the last group of eight come last.
 *
 *   z, labels    [n] float64, [n] float32
 *   derivatives  three planes [stride] float32, the first n of each written: first, second (<= 1/4) and third
 *                derivative of the loss in u
 *   stride       bytes of a plane
 *   loss         float64, written: the sum of the losses
 */
export function logisticPoint(
  z: usize,
  labels: usize,
  n: usize,
  j: f64,
  derivatives: usize,
  stride: usize,
  loss: usize,
): void {
  const whole = n & ~7;
  const divisor = f64x2.splat(j);
  const zero = f64x2.splat(0);
  const one = f64x2.splat(1);
  let linear0 = zero;
  let linear1 = zero;
  let linear2 = zero;
  let linear3 = zero;
  let logs: f64 = 0;
  for (let from: usize = 0; from < whole; from += LOG_SEGMENT) {
    const to = min(from + LOG_SEGMENT, whole);
    let product0 = one;
    let product1 = one;
    let product2 = one;
    let product3 = one;
    for (let s = from; s < to; s += 8) {
      const at = derivatives + s * 4;
      const m0 = marginAt(z, labels, s, divisor);
      const m1 = marginAt(z, labels, s + 2, divisor);
      const m2 = marginAt(z, labels, s + 4, divisor);
      const m3 = marginAt(z, labels, s + 6, divisor);
      const e0 = expm2(f64x2.neg(f64x2.abs(m0)));
      const e1 = expm2(f64x2.neg(f64x2.abs(m1)));
      const e2 = expm2(f64x2.neg(f64x2.abs(m2)));
      const e3 = expm2(f64x2.neg(f64x2.abs(m3)));
      storeDerivatives(m0, e0, labels + s * 4, at, stride);
      storeDerivatives(m1, e1, labels + s * 4 + 8, at + 8, stride);
      storeDerivatives(m2, e2, labels + s * 4 + 16, at + 16, stride);
      storeDerivatives(m3, e3, labels + s * 4 + 24, at + 24, stride);
      linear0 = f64x2.add(linear0, f64x2.pmax(zero, f64x2.neg(m0)));
      linear1 = f64x2.add(linear1, f64x2.pmax(zero, f64x2.neg(m1)));
      linear2 = f64x2.add(linear2, f64x2.pmax(zero, f64x2.neg(m2)));
      linear3 = f64x2.add(linear3, f64x2.pmax(zero, f64x2.neg(m3)));
      product0 = f64x2.mul(product0, f64x2.add(one, e0));
      product1 = f64x2.mul(product1, f64x2.add(one, e1));
      product2 = f64x2.mul(product2, f64x2.add(one, e2));
      product3 = f64x2.mul(product3, f64x2.add(one, e3));
    }
    logs += log(productOf(product0, product1, product2, product3));
  }
  let total = sumOf(linear0, linear1, linear2, linear3) + logs;
  for (let s = whole; s < n; s++) {
    const y = f64x2.splat(<f64>load<f32>(labels + s * 4));
    const m = f64x2.div(f64x2.mul(y, f64x2.splat(load<f64>(z + s * 8))), divisor);
    const e = expm2(f64x2.neg(f64x2.abs(m)));
    const at = derivatives + s * 4;
    const high = f64x2.div(one, f64x2.add(one, e));
    const low = f64x2.mul(e, high);
    store<f32>(at, f32x4.extract_lane(f32x4.demote_f64x2_zero(slopeOf(y, m, high, low)), 0));
    store<f32>(at + stride, f32x4.extract_lane(f32x4.demote_f64x2_zero(f64x2.mul(high, low)), 0));
    store<f32>(at + 2 * stride, f32x4.extract_lane(f32x4.demote_f64x2_zero(thirdOf(y, m, high, low)), 0));
    total += lossOf(f64x2.extract_lane(m, 0), f64x2.extract_lane(e, 0));
  }
  store<f64>(loss, total);
}

/** y z / j of two samples. */
function marginAt(z: usize, labels: usize, s: usize, divisor: v128): v128 {
  const y = f64x2.promote_low_f32x4(v128.load64_zero(labels + s * 4));
  return f64x2.div(f64x2.mul(y, v128.load(z + s * 8)), divisor);
}

/** Stores the three derivatives of two samples, from m and e = e^-|m|. */
function storeDerivatives(m: v128, e: v128, labels: usize, at: usize, stride: usize): void {
  const y = f64x2.promote_low_f32x4(v128.load64_zero(labels));
  const high = f64x2.div(f64x2.splat(1), f64x2.add(f64x2.splat(1), e));
  const low = f64x2.mul(e, high);
  v128.store64_lane(at, f32x4.demote_f64x2_zero(slopeOf(y, m, high, low)), 0);
  v128.store64_lane(at + stride, f32x4.demote_f64x2_zero(f64x2.mul(high, low)), 0);
  v128.store64_lane(at + 2 * stride, f32x4.demote_f64x2_zero(thirdOf(y, m, high, low)), 0);
}

/** The first derivative, from the larger and the smaller of the two labels' probabilities; their product is the second. */
function slopeOf(y: v128, m: v128, high: v128, low: v128): v128 {
  return f64x2.mul(f64x2.neg(y), v128.bitselect(high, low, f64x2.lt(m, f64x2.splat(0))));
}

function thirdOf(y: v128, m: v128, high: v128, low: v128): v128 {
  const excess = v128.bitselect(f64x2.sub(high, low), f64x2.sub(low, high), f64x2.lt(m, f64x2.splat(0)));
  return f64x2.mul(f64x2.mul(y, f64x2.mul(high, low)), excess);
}

function productOf(a: v128, b: v128, c: v128, d: v128): f64 {
  const product = f64x2.mul(f64x2.mul(a, b), f64x2.mul(c, d));
  return f64x2.extract_lane(product, 0) * f64x2.extract_lane(product, 1);
}

function sumOf(a: v128, b: v128, c: v128, d: v128): f64 {
  const sum = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** The loss of one sample from m and e = e^-|m|. */
function lossOf(m: f64, e: f64): f64 {
  return (m < 0 ? -m : 0) + log(1 + e);
}

/** Factors 1 + e <= 2 that are multiplied before taking one logarithm. */
const LOG_SEGMENT: usize = 256;

/**
 * The sum over samples of the logistic loss of (z + Phi_q) / j, with a relative error of about 1e-13. Lanes as in
 * `logisticPoint`.
 *
 *   outputs    [n] float32, Phi_q
 *   z, labels  [n] float64, [n] float32
 *   loss       float64, written
 */
export function logisticLoss(outputs: usize, z: usize, labels: usize, n: usize, j: f64, loss: usize): void {
  const whole = n & ~7;
  const one = f64x2.splat(1);
  const zero = f64x2.splat(0);
  const divisor = f64x2.splat(j);
  let linear0 = zero;
  let linear1 = zero;
  let linear2 = zero;
  let linear3 = zero;
  let logs: f64 = 0;
  for (let from: usize = 0; from < whole; from += LOG_SEGMENT) {
    const to = min(from + LOG_SEGMENT, whole);
    let product0 = one;
    let product1 = one;
    let product2 = one;
    let product3 = one;
    for (let s = from; s < to; s += 8) {
      const m0 = movedMargin(outputs, z, labels, s, divisor);
      const m1 = movedMargin(outputs, z, labels, s + 2, divisor);
      const m2 = movedMargin(outputs, z, labels, s + 4, divisor);
      const m3 = movedMargin(outputs, z, labels, s + 6, divisor);
      linear0 = f64x2.add(linear0, f64x2.pmax(zero, f64x2.neg(m0)));
      linear1 = f64x2.add(linear1, f64x2.pmax(zero, f64x2.neg(m1)));
      linear2 = f64x2.add(linear2, f64x2.pmax(zero, f64x2.neg(m2)));
      linear3 = f64x2.add(linear3, f64x2.pmax(zero, f64x2.neg(m3)));
      product0 = f64x2.mul(product0, f64x2.add(one, expm2(f64x2.neg(f64x2.abs(m0)))));
      product1 = f64x2.mul(product1, f64x2.add(one, expm2(f64x2.neg(f64x2.abs(m1)))));
      product2 = f64x2.mul(product2, f64x2.add(one, expm2(f64x2.neg(f64x2.abs(m2)))));
      product3 = f64x2.mul(product3, f64x2.add(one, expm2(f64x2.neg(f64x2.abs(m3)))));
    }
    logs += log(productOf(product0, product1, product2, product3));
  }
  let total = sumOf(linear0, linear1, linear2, linear3) + logs;
  for (let s = whole; s < n; s++) {
    const u = load<f64>(z + s * 8) + <f64>load<f32>(outputs + s * 4);
    const m = (<f64>load<f32>(labels + s * 4) * u) / j;
    total += lossOf(m, expm(-Math.abs(m)));
  }
  store<f64>(loss, total);
}

/** y (z + Phi_q) / j of two samples. */
function movedMargin(outputs: usize, z: usize, labels: usize, s: usize, divisor: v128): v128 {
  const moved = f64x2.add(v128.load(z + s * 8), f64x2.promote_low_f32x4(v128.load64_zero(outputs + s * 4)));
  const y = f64x2.promote_low_f32x4(v128.load64_zero(labels + s * 4));
  return f64x2.div(f64x2.mul(y, moved), divisor);
}
