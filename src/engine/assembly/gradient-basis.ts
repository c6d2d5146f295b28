/**
 * Kernels of ../wasm/gradient-basis.ts. Vectors over samples have `padded` float32, a multiple of 16, those past the
 * last sample 0. Sample s belongs to lane s % 16; sums of a lane are float32 over 64 samples, then float64.
 */
import { addWide, ROW, SEGMENT, WIDE_ROW } from './shape';

/** Bytes of 16 float32, and of a vector's part that is summed in float32. */
const GROUP: usize = 64;
const PART: usize = SEGMENT * GROUP;
/** Columns that are formed together. */
const COLUMNS: usize = 4;

/**
 * Products of some rows with one vector.
 *
 *   rows      [count][padded]
 *   vector    [padded]
 *   products  [count] float64, written
 */
export function dotRows(rows: usize, vector: usize, padded: usize, count: usize, products: usize): void {
  const bytes = padded * 4;
  for (let i: usize = 0; i < count; i++, rows += bytes, products += 8) {
    let sum: f64 = 0;
    for (let from: usize = 0; from < bytes; from += PART) {
      const to = min(from + PART, bytes);
      let a = f32x4.splat(0);
      let b = f32x4.splat(0);
      let c = f32x4.splat(0);
      let d = f32x4.splat(0);
      for (let at = from; at < to; at += GROUP) {
        a = f32x4.add(a, f32x4.mul(v128.load(rows + at), v128.load(vector + at)));
        b = f32x4.add(b, f32x4.mul(v128.load(rows + at, 16), v128.load(vector + at, 16)));
        c = f32x4.add(c, f32x4.mul(v128.load(rows + at, 32), v128.load(vector + at, 32)));
        d = f32x4.add(d, f32x4.mul(v128.load(rows + at, 48), v128.load(vector + at, 48)));
      }
      sum += sumOfGroup(a, b, c, d);
    }
    store<f64>(products, sum);
  }
}

/** The sum of 16 lanes in float64: lane i with i + 8, then with i + 4, i + 2, i + 1. */
function sumOfGroup(a: v128, b: v128, c: v128, d: v128): f64 {
  const p = f64x2.add(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(c));
  const q = f64x2.add(f64x2.promote_low_f32x4(high(a)), f64x2.promote_low_f32x4(high(c)));
  const r = f64x2.add(f64x2.promote_low_f32x4(b), f64x2.promote_low_f32x4(d));
  const t = f64x2.add(f64x2.promote_low_f32x4(high(b)), f64x2.promote_low_f32x4(high(d)));
  const sum = f64x2.add(f64x2.add(p, r), f64x2.add(q, t));
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

function high(v: v128): v128 {
  return v128.shuffle<f32>(v, v, 2, 3, 2, 3);
}

/**
 * vector -= sum_i coefficient_i row_i, row after row.
 *
 *   rows          [count][padded]
 *   coefficients  [count]
 *   vector        [padded], changed
 */
export function subtractRows(
  rows: usize,
  coefficients: usize,
  padded: usize,
  count: usize,
  vector: usize,
): void {
  const bytes = padded * 4;
  for (let at: usize = 0; at < bytes; at += GROUP) {
    let a = v128.load(vector + at);
    let b = v128.load(vector + at, 16);
    let c = v128.load(vector + at, 32);
    let d = v128.load(vector + at, 48);
    let row = rows + at;
    for (let i: usize = 0; i < count; i++, row += bytes) {
      const coefficient = v128.load32_splat(coefficients + i * 4);
      a = f32x4.sub(a, f32x4.mul(coefficient, v128.load(row)));
      b = f32x4.sub(b, f32x4.mul(coefficient, v128.load(row, 16)));
      c = f32x4.sub(c, f32x4.mul(coefficient, v128.load(row, 32)));
      d = f32x4.sub(d, f32x4.mul(coefficient, v128.load(row, 48)));
    }
    v128.store(vector + at, a);
    v128.store(vector + at, b, 16);
    v128.store(vector + at, c, 32);
    v128.store(vector + at, d, 48);
  }
}

/**
 * The terms of `logisticMoments` for one neuron.
 *
 *   outputs      [padded]
 *   derivatives  three planes [padded]
 *   moments      [4] float64, written
 */
export function candidateMoments(outputs: usize, derivatives: usize, padded: usize, moments: usize): void {
  const bytes = padded * 4;
  memory.fill(moments, 0, 32);
  for (let from: usize = 0; from < bytes; from += PART) {
    const to = min(from + PART, bytes);
    // Four lanes at a time, so that the sums stay in registers.
    for (let lane: usize = 0; lane < GROUP; lane += 16) {
      let a = f32x4.splat(0);
      let b = f32x4.splat(0);
      let c = f32x4.splat(0);
      let d = f32x4.splat(0);
      for (let at = from + lane; at < to; at += GROUP) {
        const v = v128.load(outputs + at);
        const place = derivatives + at;
        const square = f32x4.mul(v, v);
        a = f32x4.add(a, f32x4.mul(v128.load(place), v));
        c = f32x4.add(c, f32x4.mul(square, f32x4.mul(v128.load(place + 2 * bytes), v)));
        const curved = f32x4.mul(v128.load(place + bytes), square);
        b = f32x4.add(b, curved);
        d = f32x4.add(d, f32x4.mul(curved, square));
      }
      store<f64>(moments, load<f64>(moments) + sumOfFour(a));
      store<f64>(moments, load<f64>(moments, 8) + sumOfFour(b), 8);
      store<f64>(moments, load<f64>(moments, 16) + sumOfFour(c), 16);
      store<f64>(moments, load<f64>(moments, 24) + sumOfFour(d), 24);
    }
  }
}

function sumOfFour(v: v128): f64 {
  const sum = f64x2.add(f64x2.promote_low_f32x4(v), f64x2.promote_low_f32x4(high(v)));
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/**
 * Products of some vectors with the neurons of one block.
 *
 *   phi       [n][48]
 *   vectors   [n][12], of which the first `columns` count, a multiple of 4
 *   products  [12][48] float64, added to
 *
 * If several calls cover the samples, all but the last must pass a multiple of SEGMENT samples.
 */
export function panelProducts(phi: usize, vectors: usize, n: usize, columns: usize, products: usize): void {
  addProducts<i32>(phi, vectors, n, columns, products);
}

/** As `panelProducts`, of the squares of the neurons' outputs. */
export function panelSquares(phi: usize, vectors: usize, n: usize, columns: usize, products: usize): void {
  addProducts<f32>(phi, vectors, n, columns, products);
}

function addProducts<Kind>(phi: usize, vectors: usize, n: usize, columns: usize, products: usize): void {
  for (let from: usize = 0; from < n; from += SEGMENT) {
    const rows = min(SEGMENT, n - from);
    for (let column: usize = 0; column < columns; column += COLUMNS) {
      for (let lane: usize = 0; lane < ROW; lane += 32) {
        addPanel<Kind>(
          phi + from * ROW + lane,
          vectors + from * VECTORS + column * 4,
          rows,
          products + column * WIDE_ROW + 2 * lane,
        );
      }
    }
  }
}

/** Bytes of a sample's entries of the vectors. */
const VECTORS: usize = 48;

/** Eight neurons, four columns, one segment. */
function addPanel<Kind>(phi: usize, vectors: usize, rows: usize, products: usize): void {
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let b0 = f32x4.splat(0);
  let b1 = f32x4.splat(0);
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let d0 = f32x4.splat(0);
  let d1 = f32x4.splat(0);
  const end = phi + rows * ROW;
  for (; phi < end; phi += ROW, vectors += VECTORS) {
    let v0 = v128.load(phi);
    let v1 = v128.load(phi, 16);
    if (isFloat<Kind>()) {
      v0 = f32x4.mul(v0, v0);
      v1 = f32x4.mul(v1, v1);
    }
    const a = v128.load32_splat(vectors);
    a0 = f32x4.add(a0, f32x4.mul(a, v0));
    a1 = f32x4.add(a1, f32x4.mul(a, v1));
    const b = v128.load32_splat(vectors, 4);
    b0 = f32x4.add(b0, f32x4.mul(b, v0));
    b1 = f32x4.add(b1, f32x4.mul(b, v1));
    const c = v128.load32_splat(vectors, 8);
    c0 = f32x4.add(c0, f32x4.mul(c, v0));
    c1 = f32x4.add(c1, f32x4.mul(c, v1));
    const d = v128.load32_splat(vectors, 12);
    d0 = f32x4.add(d0, f32x4.mul(d, v0));
    d1 = f32x4.add(d1, f32x4.mul(d, v1));
  }
  addWide(products, a0);
  addWide(products + 32, a1);
  addWide(products + WIDE_ROW, b0);
  addWide(products + WIDE_ROW + 32, b1);
  addWide(products + 2 * WIDE_ROW, c0);
  addWide(products + 2 * WIDE_ROW + 32, c1);
  addWide(products + 3 * WIDE_ROW, d0);
  addWide(products + 3 * WIDE_ROW + 32, d1);
}
