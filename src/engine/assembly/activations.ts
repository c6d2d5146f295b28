/** Kernels that build Phi, [block][n][48] float32, and compute sums over it. */
import { addWide, HALF, ROW, SEGMENT } from './shape';
import { sigma } from './sigma';

/**
 * Converts one block's pre-activations into outputs, in place: phi_is = gain_i * sigma(z_is).
 *
 *   z      [count][48]
 *   gains  [48]          outputScale * b
 */
export function activate(kind: i32, z: usize, count: usize, gains: usize): void {
  activateHalf(kind, z, count, gains);
  activateHalf(kind, z + HALF, count, gains + HALF);
}

/** 24 neurons. */
function activateHalf(kind: i32, z: usize, count: usize, gains: usize): void {
  const c0 = v128.load(gains);
  const c1 = v128.load(gains, 16);
  const c2 = v128.load(gains, 32);
  const c3 = v128.load(gains, 48);
  const c4 = v128.load(gains, 64);
  const c5 = v128.load(gains, 80);
  const end = z + count * ROW;
  for (; z < end; z += ROW) {
    v128.store(z, f32x4.mul(c0, sigma(kind, v128.load(z))));
    v128.store(z, f32x4.mul(c1, sigma(kind, v128.load(z, 16))), 16);
    v128.store(z, f32x4.mul(c2, sigma(kind, v128.load(z, 32))), 32);
    v128.store(z, f32x4.mul(c3, sigma(kind, v128.load(z, 48))), 48);
    v128.store(z, f32x4.mul(c4, sigma(kind, v128.load(z, 64))), 64);
    v128.store(z, f32x4.mul(c5, sigma(kind, v128.load(z, 80))), 80);
  }
}

/**
 * Adds some samples of one block to each neuron's sums.
 *
 *   phi          [count][48]
 *   labels       [count]
 *   projections  [48] float64   += <Phi_i, y>
 *   norms        [48] float64   += ||Phi_i||^2
 *   peaks        [48] float32   max |Phi_i|
 *
 * If several calls cover the samples, all but the last must pass a multiple of SEGMENT samples.
 */
export function addStatistics(
  phi: usize,
  labels: usize,
  count: usize,
  projections: usize,
  norms: usize,
  peaks: usize,
): void {
  for (let from: usize = 0; from < count; from += SEGMENT) {
    const samples = min(SEGMENT, count - from);
    const rows = phi + from * ROW;
    for (let lane: usize = 0; lane < ROW; lane += 32) {
      addEight(
        rows + lane,
        labels + from * 4,
        samples,
        projections + 2 * lane,
        norms + 2 * lane,
        peaks + lane,
      );
    }
  }
}

/** Eight neurons, one segment. */
function addEight(
  phi: usize,
  labels: usize,
  count: usize,
  projections: usize,
  norms: usize,
  peaks: usize,
): void {
  let p0 = f32x4.splat(0);
  let p1 = f32x4.splat(0);
  let n0 = f32x4.splat(0);
  let n1 = f32x4.splat(0);
  let m0 = v128.load(peaks);
  let m1 = v128.load(peaks, 16);
  const end = phi + count * ROW;
  for (; phi < end; phi += ROW, labels += 4) {
    const y = v128.load32_splat(labels);
    const v0 = v128.load(phi);
    const v1 = v128.load(phi, 16);
    p0 = f32x4.add(p0, f32x4.mul(y, v0));
    p1 = f32x4.add(p1, f32x4.mul(y, v1));
    n0 = f32x4.add(n0, f32x4.mul(v0, v0));
    n1 = f32x4.add(n1, f32x4.mul(v1, v1));
    m0 = f32x4.pmax(m0, f32x4.abs(v0));
    m1 = f32x4.pmax(m1, f32x4.abs(v1));
  }
  addWide(projections, p0);
  addWide(projections + 32, p1);
  addWide(norms, n0);
  addWide(norms + 32, n1);
  v128.store(peaks, m0);
  v128.store(peaks, m1, 16);
}

/**
 * z_s += phi_s of one neuron.
 *
 *   phi  the neuron's address in row 0 of its block
 *   z    [count] float64
 */
export function addNeuron(phi: usize, count: usize, z: usize): void {
  const end = z + count * 8;
  for (; z < end; z += 8, phi += ROW) store<f64>(z, load<f64>(z) + <f64>load<f32>(phi));
}
