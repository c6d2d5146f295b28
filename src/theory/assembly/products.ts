/** Sparse products with a panel: d rows of 32 lanes, 128 bytes each. */

const ROW: usize = 128;
const LOG_ROW: u32 = 7;

/**
 * out[s] = sum of value * panel[column] over the entries of row s, in order.
 *
 *   panel    [d][32]       float32
 *   starts   [count + 1]   uint32: where each row's entries start
 *   columns  uint16        values  float32        of all rows
 *   out      [count][32]   float32, written
 */
export function combine(
  panel: usize,
  starts: usize,
  columns: usize,
  values: usize,
  count: u32,
  out: usize,
): void {
  for (let s: u32 = 0; s < count; s++, starts += 4, out += ROW) {
    const entry = <usize>load<u32>(starts);
    const last = <usize>load<u32>(starts, 4);
    combineRow(panel, columns + 2 * entry, values + 4 * entry, values + 4 * last, out);
  }
}

/** A loop by itself: within another one V8 lets the sums spill. */
function combineRow(panel: usize, column: usize, value: usize, end: usize, out: usize): void {
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let a2 = f32x4.splat(0);
  let a3 = f32x4.splat(0);
  let a4 = f32x4.splat(0);
  let a5 = f32x4.splat(0);
  let a6 = f32x4.splat(0);
  let a7 = f32x4.splat(0);
  while (value < end) {
    const row = panel + ((<usize>load<u16>(column)) << LOG_ROW);
    const x = v128.load32_splat(value);
    a0 = f32x4.add(a0, f32x4.mul(x, v128.load(row)));
    a1 = f32x4.add(a1, f32x4.mul(x, v128.load(row, 16)));
    a2 = f32x4.add(a2, f32x4.mul(x, v128.load(row, 32)));
    a3 = f32x4.add(a3, f32x4.mul(x, v128.load(row, 48)));
    a4 = f32x4.add(a4, f32x4.mul(x, v128.load(row, 64)));
    a5 = f32x4.add(a5, f32x4.mul(x, v128.load(row, 80)));
    a6 = f32x4.add(a6, f32x4.mul(x, v128.load(row, 96)));
    a7 = f32x4.add(a7, f32x4.mul(x, v128.load(row, 112)));
    value += 4;
    column += 2;
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
  v128.store(out, a2, 32);
  v128.store(out, a3, 48);
  v128.store(out, a4, 64);
  v128.store(out, a5, 80);
  v128.store(out, a6, 96);
  v128.store(out, a7, 112);
}

/** panel[column] += value * coefficients[s] over the entries of all rows, in order: the transpose of `combine`. */
export function scatter(
  panel: usize,
  starts: usize,
  columns: usize,
  values: usize,
  count: u32,
  coefficients: usize,
): void {
  for (let s: u32 = 0; s < count; s++, starts += 4, coefficients += ROW) {
    const entry = <usize>load<u32>(starts);
    const last = <usize>load<u32>(starts, 4);
    scatterRow(panel, columns + 2 * entry, values + 4 * entry, values + 4 * last, coefficients);
  }
}

function scatterRow(panel: usize, column: usize, value: usize, end: usize, coefficients: usize): void {
  const c0 = v128.load(coefficients);
  const c1 = v128.load(coefficients, 16);
  const c2 = v128.load(coefficients, 32);
  const c3 = v128.load(coefficients, 48);
  const c4 = v128.load(coefficients, 64);
  const c5 = v128.load(coefficients, 80);
  const c6 = v128.load(coefficients, 96);
  const c7 = v128.load(coefficients, 112);
  while (value < end) {
    const row = panel + ((<usize>load<u16>(column)) << LOG_ROW);
    const x = v128.load32_splat(value);
    v128.store(row, f32x4.add(v128.load(row), f32x4.mul(x, c0)));
    v128.store(row, f32x4.add(v128.load(row, 16), f32x4.mul(x, c1)), 16);
    v128.store(row, f32x4.add(v128.load(row, 32), f32x4.mul(x, c2)), 32);
    v128.store(row, f32x4.add(v128.load(row, 48), f32x4.mul(x, c3)), 48);
    v128.store(row, f32x4.add(v128.load(row, 64), f32x4.mul(x, c4)), 64);
    v128.store(row, f32x4.add(v128.load(row, 80), f32x4.mul(x, c5)), 80);
    v128.store(row, f32x4.add(v128.load(row, 96), f32x4.mul(x, c6)), 96);
    v128.store(row, f32x4.add(v128.load(row, 112), f32x4.mul(x, c7)), 112);
    value += 4;
    column += 2;
  }
}

/**
 * out[s][lane] = factors[s] where the gate is open, else 0.
 *
 *   gates    one uint32 of 32 gates per row, `stride` bytes apart
 *   factors  [count] float64, rounded to float32
 */
export function spread(gates: usize, stride: usize, factors: usize, count: u32, out: usize): void {
  const bits = i32x4(1, 2, 4, 8);
  for (let s: u32 = 0; s < count; s++, gates += stride, factors += 8) {
    const factor = f32x4.splat(<f32>load<f64>(factors));
    const gate = load<u32>(gates);
    for (let lane: u32 = 0; lane < 32; lane += 4, out += 16) {
      const open = i32x4.eq(v128.and(i32x4.splat(gate >> lane), bits), bits);
      v128.store(out, v128.and(open, factor));
    }
  }
}

/** sums[s] += the sum of rows[s] * factors[s] over the lanes, in float64. */
export function reduce(rows: usize, factors: usize, count: u32, sums: usize): void {
  for (let s: u32 = 0; s < count; s++, sums += 8) {
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    for (let lane = 0; lane < 32; lane += 4, rows += 16, factors += 16) {
      const product = f32x4.mul(v128.load(rows), v128.load(factors));
      low = f64x2.add(low, f64x2.promote_low_f32x4(product));
      high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i32>(product, product, 2, 3, 6, 7)));
    }
    const sum = f64x2.add(low, high);
    store<f64>(sums, load<f64>(sums) + (f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1)));
  }
}
