/**
 * The shapes that all kernels share.
 *
 * Neurons are stored in blocks of 48, one float32 each: three registers of 16 lanes, the widest of any processor. A
 * matrix over neurons has the shape [block][row][48], so the address of neuron i in row r of its block is
 *
 *   base + (i / 48) * rows * ROW + r * ROW + (i % 48) * 4
 *
 * Padding neurons, whose weights, signs and shares are 0, fill the last block. Kernels treat them like the others,
 * and they stay at 0.
 *
 * Sparse vectors are lists of entries of 8 bytes, { u32 offset, f32 value }. offset = row * ROW locates the row that
 * the value multiplies: a weight row for an input, a delta row for a column of a batch. Two addresses, { u32 start,
 * u32 end }, give a run of entries.
 *
 * Sums over many samples run in float32 over SEGMENT samples in order; float64 adds the segments. The order is the
 * same for every neuron, so neurons with equal weights have bitwise equal results.
 */

/** Bytes of one row of a block. */
export const ROW: usize = 192;
/** Bytes of half a row, 24 neurons: six registers of four lanes leave as many for products (x64 has 16). */
export const HALF: usize = ROW / 2;
/** Bytes of one row of a block in float64. */
export const WIDE_ROW: usize = 2 * ROW;
/** Bytes of an entry. */
export const ENTRY: usize = 8;
/** Bytes of a run of entries. */
export const RUN: usize = 8;
/** Samples per float32 sum. */
export const SEGMENT: usize = 64;

/** Adds four float32 to four float64 in memory. */
export function addWide(target: usize, sum: v128): void {
  const high = v128.shuffle<f32>(sum, sum, 2, 3, 2, 3);
  v128.store(target, f64x2.add(v128.load(target), f64x2.promote_low_f32x4(sum)));
  v128.store(target, f64x2.add(v128.load(target, 16), f64x2.promote_low_f32x4(high)), 16);
}

/** ((l0 + l1) + (l2 + l3)) of a vector's lanes, in float64. */
export function sumOfLanes(v: v128): f64 {
  const low = f64x2.promote_low_f32x4(v);
  const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3));
  return (
    f64x2.extract_lane(low, 0) +
    f64x2.extract_lane(low, 1) +
    (f64x2.extract_lane(high, 0) + f64x2.extract_lane(high, 1))
  );
}

/** Four neurons: v <- momentum v + gradient + decay w        w <- w - eta v. Address v is 0 if momentum is 0. */
export function move(w: usize, v: usize, gradient: v128, momentum: f32, decay: f32, eta: v128): void {
  const held = v128.load(w);
  let velocity = f32x4.add(gradient, f32x4.mul(f32x4.splat(decay), held));
  if (v !== 0) {
    velocity = f32x4.add(velocity, f32x4.mul(f32x4.splat(momentum), v128.load(v)));
    v128.store(v, velocity);
  }
  v128.store(w, f32x4.sub(held, f32x4.mul(eta, velocity)));
}
