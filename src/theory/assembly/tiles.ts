/**
 * A symmetric matrix in tiles: column block b (32 lanes) holds its rows 0 .. 32 b + 31, 32 float32 each, one block after
 * the other. The last 32 rows of a block are its square on the diagonal, which is stored whole.
 */

const LANES: u32 = 32;
const ROW: usize = 128;
/** Rows whose tile (8 KB) stays in the first cache between its two halves. */
const STRIPE: u32 = 64;

/** y = K v in float64. v and y have blocks * 32 entries; y must be 0. */
export function multiplyTiles(tiles: usize, blocks: u32, v: usize, y: usize): void {
  for (let b: u32 = 0; b < blocks; b++) {
    const rows = LANES * b;
    const lanes = v + 8 * rows;
    const sums = y + 8 * rows;
    for (let s: u32 = 0; s < rows; s += STRIPE) {
      const count = min(STRIPE, rows - s);
      half(tiles, count, v + 8 * s, lanes, y + 8 * s, sums);
      half(tiles + 64, count, v + 8 * s, lanes + 128, y + 8 * s, sums + 128);
      tiles += ROW * count;
    }
    square(tiles, lanes, sums);
    square(tiles + 64, lanes, sums + 128);
    tiles += ROW * LANES;
  }
}

function low(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}

function high(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 6, 7));
}

/** Sixteen lanes of `count` rows: sums[lane] += K v[row], and y[row] += K lanes[lane]. */
function half(tile: usize, count: u32, v: usize, lanes: usize, y: usize, sums: usize): void {
  let a0 = v128.load(sums);
  let a1 = v128.load(sums, 16);
  let a2 = v128.load(sums, 32);
  let a3 = v128.load(sums, 48);
  let a4 = v128.load(sums, 64);
  let a5 = v128.load(sums, 80);
  let a6 = v128.load(sums, 96);
  let a7 = v128.load(sums, 112);
  for (let s: u32 = 0; s < count; s++, tile += ROW, v += 8, y += 8) {
    const x = v128.load64_splat(v);
    let k = v128.load(tile);
    let e = low(k);
    let o = high(k);
    a0 = f64x2.add(a0, f64x2.mul(e, x));
    a1 = f64x2.add(a1, f64x2.mul(o, x));
    let p = f64x2.mul(e, v128.load(lanes));
    let q = f64x2.mul(o, v128.load(lanes, 16));
    k = v128.load(tile, 16);
    e = low(k);
    o = high(k);
    a2 = f64x2.add(a2, f64x2.mul(e, x));
    a3 = f64x2.add(a3, f64x2.mul(o, x));
    p = f64x2.add(p, f64x2.mul(e, v128.load(lanes, 32)));
    q = f64x2.add(q, f64x2.mul(o, v128.load(lanes, 48)));
    k = v128.load(tile, 32);
    e = low(k);
    o = high(k);
    a4 = f64x2.add(a4, f64x2.mul(e, x));
    a5 = f64x2.add(a5, f64x2.mul(o, x));
    p = f64x2.add(p, f64x2.mul(e, v128.load(lanes, 64)));
    q = f64x2.add(q, f64x2.mul(o, v128.load(lanes, 80)));
    k = v128.load(tile, 48);
    e = low(k);
    o = high(k);
    a6 = f64x2.add(a6, f64x2.mul(e, x));
    a7 = f64x2.add(a7, f64x2.mul(o, x));
    p = f64x2.add(p, f64x2.mul(e, v128.load(lanes, 96)));
    q = f64x2.add(q, f64x2.mul(o, v128.load(lanes, 112)));
    p = f64x2.add(p, q);
    store<f64>(y, load<f64>(y) + (f64x2.extract_lane(p, 0) + f64x2.extract_lane(p, 1)));
  }
  v128.store(sums, a0);
  v128.store(sums, a1, 16);
  v128.store(sums, a2, 32);
  v128.store(sums, a3, 48);
  v128.store(sums, a4, 64);
  v128.store(sums, a5, 80);
  v128.store(sums, a6, 96);
  v128.store(sums, a7, 112);
}

/** Sixteen lanes of the square on the diagonal: sums[lane] += K v[row]. */
function square(tile: usize, v: usize, sums: usize): void {
  for (let s: u32 = 0; s < LANES; s++, tile += ROW, v += 8) {
    const x = v128.load64_splat(v);
    for (let at: usize = 0; at < 64; at += 16) {
      const k = v128.load(tile + at);
      const sum = sums + 2 * at;
      v128.store(sum, f64x2.add(v128.load(sum), f64x2.mul(low(k), x)));
      v128.store(sum, f64x2.add(v128.load(sum, 16), f64x2.mul(high(k), x)), 16);
    }
  }
}
