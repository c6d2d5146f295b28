/** Kernels of ../wasm/gram-prefetcher.ts: a sketch of Phi (some of its rows), and single exact products. */
import { addWide, HALF, ROW, SEGMENT, sumOfLanes, WIDE_ROW } from './shape';

/**
 * Copies m of the n rows of one block, evenly spread.
 *
 *   phi     [n][48]
 *   sketch  [m][48], written
 */
export function sketchRows(phi: usize, n: usize, m: usize, sketch: usize): void {
  for (let t: usize = 0; t < m; t++) {
    const row = <usize>(((<u64>(2 * t) + 1) * <u64>n) / <u64>(2 * m));
    memory.copy(sketch + t * ROW, phi + row * ROW, ROW);
  }
}

/**
 * <values, Phi_q> over the rows of the sketch, for the neurons of one block.
 *
 *   sketch    [m][48]
 *   values    [m]
 *   products  [48] float64, written
 */
export function sketchProducts(sketch: usize, values: usize, m: usize, products: usize): void {
  memory.fill(products, 0, WIDE_ROW);
  for (let from: usize = 0; from < m; from += SEGMENT) {
    const rows = min(SEGMENT, m - from);
    for (let half: usize = 0; half < ROW; half += HALF) {
      addProducts(sketch + from * ROW + half, values + from * 4, rows, products + 2 * half);
    }
  }
}

/** 24 neurons, one segment. */
function addProducts(row: usize, values: usize, rows: usize, products: usize): void {
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let a2 = f32x4.splat(0);
  let a3 = f32x4.splat(0);
  let a4 = f32x4.splat(0);
  let a5 = f32x4.splat(0);
  const end = values + rows * 4;
  for (; values < end; values += 4, row += ROW) {
    const v = v128.load32_splat(values);
    a0 = f32x4.add(a0, f32x4.mul(v, v128.load(row)));
    a1 = f32x4.add(a1, f32x4.mul(v, v128.load(row, 16)));
    a2 = f32x4.add(a2, f32x4.mul(v, v128.load(row, 32)));
    a3 = f32x4.add(a3, f32x4.mul(v, v128.load(row, 48)));
    a4 = f32x4.add(a4, f32x4.mul(v, v128.load(row, 64)));
    a5 = f32x4.add(a5, f32x4.mul(v, v128.load(row, 80)));
  }
  addWide(products, a0);
  addWide(products + 32, a1);
  addWide(products + 64, a2);
  addWide(products + 96, a3);
  addWide(products + 128, a4);
  addWide(products + 160, a5);
}

/**
 * Copies one neuron's outputs to contiguous addresses.
 *
 *   phi     the neuron's address in row 0 of its block
 *   values  [n], written
 */
export function copyNeuron(phi: usize, n: usize, values: usize): void {
  const end = values + n * 4;
  for (; values < end; values += 4, phi += ROW) store<u32>(values, load<u32>(phi));
}

/** <a, b> of two vectors of n float32. */
export function dot(a: usize, b: usize, n: usize): f64 {
  let sum: f64 = 0;
  for (let from: usize = 0; from < n; from += SEGMENT) {
    let products = f32x4.splat(0);
    const count = min(SEGMENT, n - from);
    const whole = a + (count & ~3) * 4;
    const end = a + count * 4;
    for (; a < whole; a += 16, b += 16) {
      products = f32x4.add(products, f32x4.mul(v128.load(a), v128.load(b)));
    }
    sum += sumOfLanes(products);
    for (; a < end; a += 4, b += 4) sum += <f64>load<f32>(a) * <f64>load<f32>(b);
  }
  return sum;
}
