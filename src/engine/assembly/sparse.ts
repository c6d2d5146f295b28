/** Kernels for sparse products and for the two orders of a batch: by sample for outputs, by column for gradients. */
import { COLUMN } from './entries';
import { addWide, ENTRY, move, ROW, RUN, SEGMENT, WIDE_ROW } from './shape';

/**
 * The pre-activations a_i . x of one block of neurons; in general, linear combinations of the rows of a block.
 *
 *   weights  [d][48]        one block
 *   runs     [count]        the entries of each sample; offset = column * ROW
 *   out      [count][48]    written
 */
export function preactivate(weights: usize, runs: usize, count: usize, out: usize): void {
  const end = runs + count * RUN;
  for (; runs < end; runs += RUN, out += ROW) combineRows(weights, load<u32>(runs), load<u32>(runs, 4), out);
}

/**
 * The sum of value * row over the entries from `entry` to `last`, in order.
 *
 *   rows  address that the entries' offsets count from
 *   sum   [48]    written
 *
 * V8 keeps twelve sums, a value and a product in the 16 registers of x64 as long as this loop stands alone: within
 * another loop it unrolls it, and with more than stores after it, sums spill. Both cost half of the speed.
 */
export function combineRows(rows: usize, entry: usize, last: usize, sum: usize): void {
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let a2 = f32x4.splat(0);
  let a3 = f32x4.splat(0);
  let a4 = f32x4.splat(0);
  let a5 = f32x4.splat(0);
  let a6 = f32x4.splat(0);
  let a7 = f32x4.splat(0);
  let a8 = f32x4.splat(0);
  let a9 = f32x4.splat(0);
  let a10 = f32x4.splat(0);
  let a11 = f32x4.splat(0);
  while (entry < last) {
    const row = rows + load<u32>(entry);
    const x = v128.load32_splat(entry, 4);
    a0 = f32x4.add(a0, f32x4.mul(x, v128.load(row)));
    a1 = f32x4.add(a1, f32x4.mul(x, v128.load(row, 16)));
    a2 = f32x4.add(a2, f32x4.mul(x, v128.load(row, 32)));
    a3 = f32x4.add(a3, f32x4.mul(x, v128.load(row, 48)));
    a4 = f32x4.add(a4, f32x4.mul(x, v128.load(row, 64)));
    a5 = f32x4.add(a5, f32x4.mul(x, v128.load(row, 80)));
    a6 = f32x4.add(a6, f32x4.mul(x, v128.load(row, 96)));
    a7 = f32x4.add(a7, f32x4.mul(x, v128.load(row, 112)));
    a8 = f32x4.add(a8, f32x4.mul(x, v128.load(row, 128)));
    a9 = f32x4.add(a9, f32x4.mul(x, v128.load(row, 144)));
    a10 = f32x4.add(a10, f32x4.mul(x, v128.load(row, 160)));
    a11 = f32x4.add(a11, f32x4.mul(x, v128.load(row, 176)));
    entry += ENTRY;
  }
  v128.store(sum, a0);
  v128.store(sum, a1, 16);
  v128.store(sum, a2, 32);
  v128.store(sum, a3, 48);
  v128.store(sum, a4, 64);
  v128.store(sum, a5, 80);
  v128.store(sum, a6, 96);
  v128.store(sum, a7, 112);
  v128.store(sum, a8, 128);
  v128.store(sum, a9, 144);
  v128.store(sum, a10, 160);
  v128.store(sum, a11, 176);
}

/** As `preactivate`, for a block whose neurons past the first 24 are padding: writes 0 for these. */
export function preactivateHalf(weights: usize, runs: usize, count: usize, out: usize): void {
  const zero = f32x4.splat(0);
  const end = runs + count * RUN;
  for (; runs < end; runs += RUN, out += ROW) {
    let entry: usize = load<u32>(runs);
    const last: usize = load<u32>(runs, 4);
    let a0 = zero;
    let a1 = zero;
    let a2 = zero;
    let a3 = zero;
    let a4 = zero;
    let a5 = zero;
    while (entry < last) {
      const row = weights + load<u32>(entry);
      const x = v128.load32_splat(entry, 4);
      a0 = f32x4.add(a0, f32x4.mul(x, v128.load(row)));
      a1 = f32x4.add(a1, f32x4.mul(x, v128.load(row, 16)));
      a2 = f32x4.add(a2, f32x4.mul(x, v128.load(row, 32)));
      a3 = f32x4.add(a3, f32x4.mul(x, v128.load(row, 48)));
      a4 = f32x4.add(a4, f32x4.mul(x, v128.load(row, 64)));
      a5 = f32x4.add(a5, f32x4.mul(x, v128.load(row, 80)));
      entry += ENTRY;
    }
    v128.store(out, a0);
    v128.store(out, a1, 16);
    v128.store(out, a2, 32);
    v128.store(out, a3, 48);
    v128.store(out, a4, 64);
    v128.store(out, a5, 80);
    v128.store(out, zero, 96);
    v128.store(out, zero, 112);
    v128.store(out, zero, 128);
    v128.store(out, zero, 144);
    v128.store(out, zero, 160);
    v128.store(out, zero, 176);
  }
}

/**
 * One gradient step on some columns of one block's weights.
 *
 *   G = sum over the column's entries of x * delta        v <- momentum v + G + decay w        w <- w - rate v
 *
 *   weights   [d][48]        changed
 *   velocity  [d][48]        changed; 0 where momentum is 0
 *   deltas    [B][48]
 *   columns   [count] x { u32 weight offset, u32 start, u32 end }
 *   shift     [48]           added to G in every column; 0 for nothing
 *   scratch   [48] float32, [48] float64
 *
 * With momentum, decay or a shift, `columns` must contain all d columns.
 */
export function descend(
  weights: usize,
  velocity: usize,
  deltas: usize,
  columns: usize,
  count: usize,
  momentum: f32,
  decay: f32,
  rate: f32,
  shift: usize,
  scratch: usize,
): void {
  const plain = velocity === 0 && decay === 0;
  const eta = f32x4.splat(rate);
  const end = columns + count * COLUMN;
  for (; columns < end; columns += COLUMN) {
    const offset: usize = load<u32>(columns);
    const first: usize = load<u32>(columns, 4);
    const last: usize = load<u32>(columns, 8);
    if (last - first > COLUMN_SEGMENT) combineSegments(deltas, first, last, scratch);
    else combineRows(deltas, first, last, scratch);
    if (shift !== 0) addRow(scratch, shift);
    const w = weights + offset;
    if (plain) {
      for (let lane: usize = 0; lane < ROW; lane += 16) {
        const gradient = v128.load(scratch + lane);
        v128.store(w + lane, f32x4.sub(v128.load(w + lane), f32x4.mul(eta, gradient)));
      }
    } else {
      const v: usize = velocity === 0 ? 0 : velocity + offset;
      for (let lane: usize = 0; lane < ROW; lane += 16) {
        move(w + lane, v === 0 ? 0 : v + lane, v128.load(scratch + lane), momentum, decay, eta);
      }
    }
  }
}

function addRow(row: usize, other: usize): void {
  for (let lane: usize = 0; lane < ROW; lane += 16) {
    v128.store(row + lane, f32x4.add(v128.load(row + lane), v128.load(other + lane)));
  }
}

/**
 * factor * (the sum of the first rows of a block): float32 over each SEGMENT rows, float64 over these sums.
 *
 *   rows     [count][48]
 *   sum      [48]    written
 *   scratch  [48] float64
 */
export function sumRows(rows: usize, count: usize, factor: f32, sum: usize, scratch: usize): void {
  memory.fill(scratch, 0, WIDE_ROW);
  const times = f32x4.splat(factor);
  const end = rows + count * ROW;
  while (rows < end) {
    const stop = min(rows + SEGMENT * ROW, end);
    for (let lane: usize = 0; lane < ROW; lane += 64) {
      let a0 = f32x4.splat(0);
      let a1 = f32x4.splat(0);
      let a2 = f32x4.splat(0);
      let a3 = f32x4.splat(0);
      for (let row = rows + lane; row < stop; row += ROW) {
        a0 = f32x4.add(a0, v128.load(row));
        a1 = f32x4.add(a1, v128.load(row, 16));
        a2 = f32x4.add(a2, v128.load(row, 32));
        a3 = f32x4.add(a3, v128.load(row, 48));
      }
      addWide(scratch + 2 * lane, a0);
      addWide(scratch + 2 * lane + 32, a1);
      addWide(scratch + 2 * lane + 64, a2);
      addWide(scratch + 2 * lane + 96, a3);
    }
    rows = stop;
  }
  for (let lane: usize = 0; lane < ROW; lane += 16) {
    v128.store(sum + lane, f32x4.mul(times, narrow(scratch + 2 * lane)));
  }
}

/**
 * As `combineRows`, of many entries: float32 over each COLUMN_SEGMENT of them, float64 over these sums.
 *
 *   sum  [48] float32, written, followed by scratch of [48] float64
 */
function combineSegments(rows: usize, entry: usize, last: usize, sum: usize): void {
  const wide = sum + ROW;
  memory.fill(wide, 0, WIDE_ROW);
  for (; entry < last; entry += COLUMN_SEGMENT) {
    combineRows(rows, entry, min(entry + COLUMN_SEGMENT, last), sum);
    for (let lane: usize = 0; lane < ROW; lane += 16) addWide(wide + 2 * lane, v128.load(sum + lane));
  }
  for (let lane: usize = 0; lane < ROW; lane += 16) v128.store(sum + lane, narrow(wide + 2 * lane));
}

/** Bytes of a column's entries per float32 sum. */
const COLUMN_SEGMENT: usize = 4 * SEGMENT * ENTRY;

/** Loads four float64 as float32. */
function narrow(wide: usize): v128 {
  const low = f32x4.demote_f64x2_zero(v128.load(wide));
  const high = f32x4.demote_f64x2_zero(v128.load(wide, 16));
  return v128.shuffle<f32>(low, high, 0, 1, 4, 5);
}
