/** Kernels between the two sparse products of a step: outputs, slopes of the loss, deltas. */
import { expm } from './double';
import { addWide, HALF, ROW, SEGMENT, sumOfLanes } from './shape';
import { RELU, sigma, smoothSlope } from './sigma';

/**
 * Adds one block's part to the network's outputs: f_s += sum over half a block of coefficient_i * sigma(z_is), for
 * each half.
 *
 *   z             [count][48]
 *   coefficients  [48]            share * outputScale * b
 *   f             [count] float64
 */
export function addOutputs(kind: i32, z: usize, count: usize, coefficients: usize, f: usize): void {
  addHalfOutputs(kind, z, count, coefficients, f);
  addHalfOutputs(kind, z + HALF, count, coefficients + HALF, f);
}

function addHalfOutputs(kind: i32, z: usize, count: usize, coefficients: usize, f: usize): void {
  const c0 = v128.load(coefficients);
  const c1 = v128.load(coefficients, 16);
  const c2 = v128.load(coefficients, 32);
  const c3 = v128.load(coefficients, 48);
  const c4 = v128.load(coefficients, 64);
  const c5 = v128.load(coefficients, 80);
  const end = f + count * 8;
  for (; f < end; f += 8, z += ROW) {
    const p0 = f32x4.mul(c0, sigma(kind, v128.load(z)));
    const p1 = f32x4.mul(c1, sigma(kind, v128.load(z, 16)));
    const p2 = f32x4.mul(c2, sigma(kind, v128.load(z, 32)));
    const p3 = f32x4.mul(c3, sigma(kind, v128.load(z, 48)));
    const p4 = f32x4.mul(c4, sigma(kind, v128.load(z, 64)));
    const p5 = f32x4.mul(c5, sigma(kind, v128.load(z, 80)));
    const sum = f32x4.add(f32x4.add(f32x4.add(p0, p1), f32x4.add(p2, p3)), f32x4.add(p4, p5));
    store<f64>(f, load<f64>(f) + sumOfLanes(sum));
  }
}

/**
 * dloss/df of each sample, times its weight in the batch mean. Stops and returns false at the first output that is
 * not finite.
 *
 *   f        [count] float64
 *   labels   [count] float32, -1 or +1
 *   weights  [count] float32, multiplicity of the sample in the batch / B
 *   slopes   [count] float32, written
 */
export function lossSlopes(
  logistic: bool,
  f: usize,
  labels: usize,
  weights: usize,
  count: usize,
  slopes: usize,
): bool {
  for (let s: usize = 0; s < count; s++) {
    const output = load<f64>(f + s * 8);
    if (!(abs(output) < Infinity)) return false;
    const label = <f64>load<f32>(labels + s * 4);
    let slope = output - label;
    if (logistic) {
      // -y / (1 + e^m), m = y f, computed with e^(-|m|) to avoid overflow.
      const m = label * output;
      const e = expm(m < 0 ? m : -m);
      slope = (-label * (m < 0 ? 1.0 : e)) / (1.0 + e);
    }
    store<f32>(slopes + s * 4, <f32>(slope * <f64>load<f32>(weights + s * 4)));
  }
  return true;
}

/**
 * Converts one block's pre-activations into deltas, in place: delta_is = factor_i * slope_s * sigma'(z_is).
 *
 *   z        [count][48]   pre-activations, then deltas
 *   slopes   [count]
 *   factors  [48]          rate * b
 */
export function deltas(kind: i32, z: usize, count: usize, slopes: usize, factors: usize): void {
  const end = z + count * ROW;
  for (; z < end; z += ROW, slopes += 4) {
    const slope = v128.load32_splat(slopes);
    if (kind === RELU) {
      for (let lane: usize = 0; lane < ROW; lane += 64) {
        maskedSlope(z + lane, factors + lane, slope);
        maskedSlope(z + lane + 16, factors + lane + 16, slope);
        maskedSlope(z + lane + 32, factors + lane + 32, slope);
        maskedSlope(z + lane + 48, factors + lane + 48, slope);
      }
    } else {
      for (let lane: usize = 0; lane < ROW; lane += 16) {
        const factor = f32x4.mul(v128.load(factors + lane), slope);
        v128.store(z + lane, f32x4.mul(factor, smoothSlope(kind, v128.load(z + lane))));
      }
    }
  }
}

/** relu: factor * slope where z > 0, else 0. */
function maskedSlope(z: usize, factors: usize, slope: v128): void {
  const active = f32x4.gt(v128.load(z), f32x4.splat(0));
  v128.store(z, v128.and(f32x4.mul(v128.load(factors), slope), active));
}

/**
 * Adds some samples of one block to the gradient of its signs.
 *
 *   z        [count][48]   pre-activations
 *   slopes   [count]
 *   sums     [48] float64  += sum_s slope_s * sigma(z_is)
 *   scratch  [48] float32
 */
export function addSignSums(
  kind: i32,
  z: usize,
  count: usize,
  slopes: usize,
  sums: usize,
  scratch: usize,
): void {
  for (let from: usize = 0; from < count; from += SEGMENT) {
    const to = min(from + SEGMENT, count);
    memory.fill(scratch, 0, ROW);
    for (let s = from; s < to; s++) {
      const slope = v128.load32_splat(slopes + s * 4);
      for (let lane: usize = 0; lane < ROW; lane += 16) {
        const value = sigma(kind, v128.load(z + s * ROW + lane));
        v128.store(scratch + lane, f32x4.add(v128.load(scratch + lane), f32x4.mul(slope, value)));
      }
    }
    for (let lane: usize = 0; lane < ROW; lane += 16) addWide(sums + 2 * lane, v128.load(scratch + lane));
  }
}
