/**
 * Greedy selection under the logistic loss (science.md): bounds for every candidate in one pass, exact losses for few.
 *
 * At step j, with z the sum of the picks so far: u0 = z / j, delta_q = Phi_q / j, and m = y u the margin.
 */
import { expm, expm2, log } from './double';
import { addWide, ROW, SEGMENT } from './shape';

/**
 * The loss and its derivatives at u0.
 *
 *   z, labels   [n] float64, [n] float32
 *   slopes      [n] float32, written: dloss/du
 *   curvatures  [n] float32, written: its derivative, <= 1/4
 *
 * Returns the sum of the losses.
 */
export function logisticPoint(
  z: usize,
  labels: usize,
  n: usize,
  j: f64,
  slopes: usize,
  curvatures: usize,
): f64 {
  let linear: f64 = 0;
  let logs: f64 = 0;
  let product: f64 = 1;
  for (let s: usize = 0; s < n; s++) {
    const y = <f64>load<f32>(labels + s * 4);
    const m = (y * load<f64>(z + s * 8)) / j;
    const e = expm(m < 0 ? m : -m);
    const high = 1 / (1 + e);
    const low = e * high;
    store<f32>(slopes + s * 4, <f32>(-y * (m < 0 ? high : low)));
    store<f32>(curvatures + s * 4, <f32>(high * low));
    linear += m < 0 ? -m : 0;
    product *= 1 + e;
    if ((s & (LOG_SEGMENT - 1)) === LOG_SEGMENT - 1) {
      logs += log(product);
      product = 1;
    }
  }
  return linear + (logs + log(product));
}

/** Factors 1 + e <= 2 that are multiplied before a logarithm is taken. */
const LOG_SEGMENT: usize = 256;

/**
 * G_q = sum_s slope_s Phi_q(s) and S_q = sum_s curvature_s Phi_q(s)^2 for the neurons of one block.
 *
 *   phi         [n][24]
 *   first       [24] float64   written: G
 *   second      [24] float64   written: S
 */
export function logisticSums(
  phi: usize,
  slopes: usize,
  curvatures: usize,
  n: usize,
  first: usize,
  second: usize,
): void {
  memory.fill(first, 0, 192);
  memory.fill(second, 0, 192);
  for (let from: usize = 0; from < n; from += SEGMENT) {
    const rows = min(SEGMENT, n - from);
    for (let lane: usize = 0; lane < ROW; lane += 48) {
      sums(
        phi + from * ROW + lane,
        slopes + 4 * from,
        curvatures + 4 * from,
        rows,
        first + 2 * lane,
        second + 2 * lane,
      );
    }
  }
}

/** Twelve neurons, one segment. */
function sums(phi: usize, slopes: usize, curvatures: usize, rows: usize, first: usize, second: usize): void {
  let g0 = f32x4.splat(0);
  let g1 = f32x4.splat(0);
  let g2 = f32x4.splat(0);
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  const end = phi + rows * ROW;
  for (; phi < end; phi += ROW, slopes += 4, curvatures += 4) {
    const g = v128.load32_splat(slopes);
    const h = v128.load32_splat(curvatures);
    const v0 = v128.load(phi);
    const v1 = v128.load(phi, 16);
    const v2 = v128.load(phi, 32);
    g0 = f32x4.add(g0, f32x4.mul(g, v0));
    g1 = f32x4.add(g1, f32x4.mul(g, v1));
    g2 = f32x4.add(g2, f32x4.mul(g, v2));
    s0 = f32x4.add(s0, f32x4.mul(h, f32x4.mul(v0, v0)));
    s1 = f32x4.add(s1, f32x4.mul(h, f32x4.mul(v1, v1)));
    s2 = f32x4.add(s2, f32x4.mul(h, f32x4.mul(v2, v2)));
  }
  addWide(first, g0);
  addWide(first + 32, g1);
  addWide(first + 64, g2);
  addWide(second, s0);
  addWide(second + 32, s1);
  addWide(second + 64, s2);
}

/**
 * The sum over samples of the logistic loss of (z + Phi_q) / j, exact to about 1e-13 of itself.
 *
 *   phi     the neuron's place in row 0 of its block
 *   z       [n] float64
 *   labels  [n] float32
 */
export function logisticLoss(phi: usize, z: usize, labels: usize, n: usize, j: f64): f64 {
  const even = n & ~1;
  const one = f64x2.splat(1);
  const zero = f64x2.splat(0);
  const divisor = f64x2.splat(j);
  let linear = zero;
  let logs: f64 = 0;
  for (let from: usize = 0; from < even; from += LOG_SEGMENT) {
    const to = min(from + LOG_SEGMENT, even);
    let product = one;
    for (let s = from; s < to; s += 2) {
      const outputs = v128.load32_lane(phi + ROW, v128.load32_zero(phi), 1);
      const u = f64x2.add(v128.load(z + s * 8), f64x2.promote_low_f32x4(outputs));
      const y = f64x2.promote_low_f32x4(v128.load64_zero(labels + s * 4));
      const m = f64x2.div(f64x2.mul(y, u), divisor);
      const e = expm2(f64x2.neg(f64x2.abs(m)));
      linear = f64x2.add(linear, f64x2.pmax(zero, f64x2.neg(m)));
      product = f64x2.mul(product, f64x2.add(one, e));
      phi += 2 * ROW;
    }
    logs += log(f64x2.extract_lane(product, 0) * f64x2.extract_lane(product, 1));
  }
  let total = f64x2.extract_lane(linear, 0) + f64x2.extract_lane(linear, 1) + logs;
  if (even < n) {
    const m = (<f64>load<f32>(labels + even * 4) * (load<f64>(z + even * 8) + <f64>load<f32>(phi))) / j;
    total += (m < 0 ? -m : 0) + log(1 + expm(m < 0 ? m : -m));
  }
  return total;
}
