/**
 * Kernels of greedy selection for the logistic loss (science.md): the sums that bound every candidate's loss, in one
 * pass; losses of whole blocks in float32; exact losses of single candidates.
 *
 * At step j, with z the sum of the picks so far: u0 = z / j, delta_q = Phi_q / j, and m = y u the margin.
 */
import { expm, expm2, log } from './double';
import { addWide, ROW, SEGMENT, WIDE_ROW } from './shape';
import { expOfNegative } from './sigma';

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
    store<f32>(at, f32x4.extract_lane(f32x4.demote_f64x2_zero(slopeOf(y, m, e)), 0));
    store<f32>(at + stride, f32x4.extract_lane(f32x4.demote_f64x2_zero(curvatureOf(e)), 0));
    store<f32>(at + 2 * stride, f32x4.extract_lane(f32x4.demote_f64x2_zero(thirdOf(y, m, e)), 0));
    total += lossOf(f64x2.extract_lane(m, 0), f64x2.extract_lane(e, 0));
  }
  store<f64>(loss, total);
}

/** y z / j of two samples. */
function marginAt(z: usize, labels: usize, s: usize, divisor: v128): v128 {
  const y = f64x2.promote_low_f32x4(v128.load64_zero(labels + s * 4));
  return f64x2.div(f64x2.mul(y, v128.load(z + s * 8)), divisor);
}

/** The three derivatives of two samples, from m and e = e^-|m|. */
function storeDerivatives(m: v128, e: v128, labels: usize, at: usize, stride: usize): void {
  const y = f64x2.promote_low_f32x4(v128.load64_zero(labels));
  v128.store64_lane(at, f32x4.demote_f64x2_zero(slopeOf(y, m, e)), 0);
  v128.store64_lane(at + stride, f32x4.demote_f64x2_zero(curvatureOf(e)), 0);
  v128.store64_lane(at + 2 * stride, f32x4.demote_f64x2_zero(thirdOf(y, m, e)), 0);
}

function slopeOf(y: v128, m: v128, e: v128): v128 {
  const high = f64x2.div(f64x2.splat(1), f64x2.add(f64x2.splat(1), e));
  const low = f64x2.mul(e, high);
  return f64x2.mul(f64x2.neg(y), v128.bitselect(high, low, f64x2.lt(m, f64x2.splat(0))));
}

function curvatureOf(e: v128): v128 {
  const high = f64x2.div(f64x2.splat(1), f64x2.add(f64x2.splat(1), e));
  return f64x2.mul(high, f64x2.mul(e, high));
}

function thirdOf(y: v128, m: v128, e: v128): v128 {
  const high = f64x2.div(f64x2.splat(1), f64x2.add(f64x2.splat(1), e));
  const low = f64x2.mul(e, high);
  const curvature = f64x2.mul(high, low);
  const excess = v128.bitselect(f64x2.sub(high, low), f64x2.sub(low, high), f64x2.lt(m, f64x2.splat(0)));
  return f64x2.mul(f64x2.mul(y, curvature), excess);
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
 * The terms of the loss's Taylor series at u0, in powers of Phi_q, for the neurons of one block:
 *
 *   sum_s l' Phi_q(s)    sum_s l'' Phi_q(s)^2    sum_s l''' Phi_q(s)^3    sum_s l'' Phi_q(s)^4
 *
 *   phi          [n][48]
 *   derivatives  three planes of `stride` bytes, [n] float32 each
 *   moments      [4][48] float64, added to
 *
 * If several calls cover the samples, all but the last must pass a multiple of SEGMENT samples.
 *
 * As in `gram`, it reads rows ahead to load them early, up to SEGMENT rows past the block.
 */
export function logisticMoments(
  phi: usize,
  derivatives: usize,
  stride: usize,
  n: usize,
  moments: usize,
): u64 {
  let touched: u64 = 0;
  for (let from: usize = 0; from < n; from += SEGMENT) {
    const rows = min(SEGMENT, n - from);
    let ahead = phi + (from + rows) * ROW;
    for (let lane: usize = 0; lane < ROW; lane += 32) {
      touched |= addMoments(
        phi + from * ROW + lane,
        derivatives + from * 4,
        stride,
        rows,
        moments + 2 * lane,
        ahead,
      );
      ahead += rows * 32;
    }
  }
  return touched;
}

/** Eight neurons, one segment. */
function addMoments(
  phi: usize,
  derivatives: usize,
  stride: usize,
  rows: usize,
  moments: usize,
  ahead: usize,
): u64 {
  let touched: u64 = 0;
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let b0 = f32x4.splat(0);
  let b1 = f32x4.splat(0);
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let d0 = f32x4.splat(0);
  let d1 = f32x4.splat(0);
  const end = phi + rows * ROW;
  for (; phi < end; phi += ROW, derivatives += 4, ahead += 32) {
    touched |= load<u64>(ahead);
    const v0 = v128.load(phi);
    const v1 = v128.load(phi, 16);
    const first = v128.load32_splat(derivatives);
    a0 = f32x4.add(a0, f32x4.mul(first, v0));
    a1 = f32x4.add(a1, f32x4.mul(first, v1));
    const square0 = f32x4.mul(v0, v0);
    const square1 = f32x4.mul(v1, v1);
    const third = v128.load32_splat(derivatives + 2 * stride);
    c0 = f32x4.add(c0, f32x4.mul(square0, f32x4.mul(third, v0)));
    c1 = f32x4.add(c1, f32x4.mul(square1, f32x4.mul(third, v1)));
    const second = v128.load32_splat(derivatives + stride);
    const curved0 = f32x4.mul(second, square0);
    const curved1 = f32x4.mul(second, square1);
    b0 = f32x4.add(b0, curved0);
    b1 = f32x4.add(b1, curved1);
    d0 = f32x4.add(d0, f32x4.mul(curved0, square0));
    d1 = f32x4.add(d1, f32x4.mul(curved1, square1));
  }
  addWide(moments, a0);
  addWide(moments + 32, a1);
  addWide(moments + WIDE_ROW, b0);
  addWide(moments + WIDE_ROW + 32, b1);
  addWide(moments + 2 * WIDE_ROW, c0);
  addWide(moments + 2 * WIDE_ROW + 32, c1);
  addWide(moments + 3 * WIDE_ROW, d0);
  addWide(moments + 3 * WIDE_ROW + 32, d1);
  return touched;
}

/**
 * The values per sample that `logisticLosses` needs at step j.
 *
 *   margins  [n][2] float32, written: y z / j and y / j
 */
export function logisticMargins(z: usize, labels: usize, n: usize, j: f64, margins: usize): void {
  for (let s: usize = 0; s < n; s++) {
    const y = <f64>load<f32>(labels + s * 4);
    store<f32>(margins + s * 8, <f32>((y * load<f64>(z + s * 8)) / j));
    store<f32>(margins + s * 8, <f32>(y / j), 4);
  }
}

/**
 * The sums over samples of the logistic loss of (z + Phi_q) / j for the neurons of one block, in float32. The error
 * is at most 1e-5 of the sum plus 1e-6 per sample.
 *
 *   phi      [n][48]
 *   margins  [n][2]
 *   losses   [48] float64, written
 *   scratch  [48] float64
 */
export function logisticLosses(phi: usize, margins: usize, n: usize, losses: usize, scratch: usize): void {
  memory.fill(losses, 0, WIDE_ROW);
  resetProducts(scratch);
  let pending: usize = 0;
  for (let from: usize = 0; from < n; from += SEGMENT) {
    const rows = min(SEGMENT, n - from);
    for (let lane: usize = 0; lane < ROW; lane += 16) {
      addLosses(phi + from * ROW + lane, margins + from * 8, rows, losses + 2 * lane, scratch + 2 * lane);
    }
    pending += rows;
    // A product of 960 factors up to 2 does not overflow float64.
    if (pending > 960 - SEGMENT) {
      takeLogarithms(losses, scratch);
      pending = 0;
    }
  }
  takeLogarithms(losses, scratch);
}

/** Four neurons, one segment. log(1 + e^-m) = max(-m, 0) + log(1 + e^-|m|); multiplies the factors 1 + e^-|m|. */
function addLosses(phi: usize, margins: usize, rows: usize, losses: usize, products: usize): void {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  let linear = zero;
  let product = one;
  const end = phi + rows * ROW;
  for (; phi < end; phi += ROW, margins += 8) {
    const m = f32x4.add(v128.load32_splat(margins), f32x4.mul(v128.load32_splat(margins, 4), v128.load(phi)));
    const e = expOfNegative(f32x4.neg(f32x4.abs(m)));
    linear = f32x4.add(linear, f32x4.pmax(zero, f32x4.neg(m)));
    product = f32x4.mul(product, f32x4.add(one, e));
  }
  addWide(losses, linear);
  const high = v128.shuffle<f32>(product, product, 2, 3, 2, 3);
  v128.store(products, f64x2.mul(v128.load(products), f64x2.promote_low_f32x4(product)));
  v128.store(products, f64x2.mul(v128.load(products, 16), f64x2.promote_low_f32x4(high)), 16);
}

function resetProducts(products: usize): void {
  for (let lane: usize = 0; lane < WIDE_ROW; lane += 8) store<f64>(products + lane, 1);
}

function takeLogarithms(losses: usize, products: usize): void {
  for (let lane: usize = 0; lane < WIDE_ROW; lane += 8) {
    store<f64>(losses + lane, load<f64>(losses + lane) + log(load<f64>(products + lane)));
  }
  resetProducts(products);
}

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
