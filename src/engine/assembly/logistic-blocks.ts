/**
 * Kernels of logistic selection over blocks of neurons (science.md): the sums that bound every candidate's loss, in one
 * pass, and losses in float32. Notation as in logistic.ts.
 */
import { log } from './double';
import { addWide, ROW, SEGMENT, WIDE_ROW } from './shape';
import { expOfNegative } from './sigma';

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
