/** Kernels that measure the machine's limits with the engine's instructions: strict SIMD, 16 bytes wide. */

/**
 * Independent multiply-adds on registers only, 96 operations per round. Each chain waits for its last result, so
 * twelve chains of four lanes run in parallel. Returning the result prevents removal as dead code.
 */
export function multiplyAdd(rounds: u32, factor: f32, term: f32): f32 {
  const m = f32x4.splat(factor);
  const t = f32x4.splat(term);
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(1);
  let a2 = f32x4.splat(2);
  let a3 = f32x4.splat(3);
  let a4 = f32x4.splat(4);
  let a5 = f32x4.splat(5);
  let a6 = f32x4.splat(6);
  let a7 = f32x4.splat(7);
  let a8 = f32x4.splat(8);
  let a9 = f32x4.splat(9);
  let a10 = f32x4.splat(10);
  let a11 = f32x4.splat(11);
  for (let round: u32 = 0; round < rounds; round++) {
    a0 = f32x4.add(f32x4.mul(a0, m), t);
    a1 = f32x4.add(f32x4.mul(a1, m), t);
    a2 = f32x4.add(f32x4.mul(a2, m), t);
    a3 = f32x4.add(f32x4.mul(a3, m), t);
    a4 = f32x4.add(f32x4.mul(a4, m), t);
    a5 = f32x4.add(f32x4.mul(a5, m), t);
    a6 = f32x4.add(f32x4.mul(a6, m), t);
    a7 = f32x4.add(f32x4.mul(a7, m), t);
    a8 = f32x4.add(f32x4.mul(a8, m), t);
    a9 = f32x4.add(f32x4.mul(a9, m), t);
    a10 = f32x4.add(f32x4.mul(a10, m), t);
    a11 = f32x4.add(f32x4.mul(a11, m), t);
  }
  const low = f32x4.add(f32x4.add(a0, a1), f32x4.add(a2, a3));
  const middle = f32x4.add(f32x4.add(a4, a5), f32x4.add(a6, a7));
  const high = f32x4.add(f32x4.add(a8, a9), f32x4.add(a10, a11));
  return f32x4.extract_lane(f32x4.add(f32x4.add(low, middle), high), 0);
}

/**
 * Reads `bytes` (a multiple of 256) starting at `from`, once. Four parallel streams read faster than one.
 * Returning the result prevents removal as dead code.
 */
export function streamingRead(from: usize, bytes: usize): u64 {
  const part = bytes / 4;
  let a = i64x2.splat(0);
  let b = i64x2.splat(0);
  let c = i64x2.splat(0);
  let d = i64x2.splat(0);
  const end = from + part;
  for (; from < end; from += 64) {
    a = line(a, from);
    b = line(b, from + part);
    c = line(c, from + 2 * part);
    d = line(d, from + 3 * part);
  }
  return <u64>i64x2.extract_lane(v128.or(v128.or(a, b), v128.or(c, d)), 0);
}

function line(sum: v128, at: usize): v128 {
  const low = v128.or(v128.load(at), v128.load(at, 16));
  const high = v128.or(v128.load(at, 32), v128.load(at, 48));
  return v128.or(sum, v128.or(low, high));
}
