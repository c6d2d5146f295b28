/** Kernels for sparse products and for the two orders of a batch: by sample for outputs, by column for gradients. */
import { addWide, ENTRY, move, ROW, RUN, SEGMENT, WIDE_ROW } from './shape';

/**
 * The pre-activations a_i . x of one block of neurons; in general, linear combinations of the rows of a block.
 *
 *   weights  [d][24]        one block
 *   runs     [count]        the entries of each sample; offset = column * ROW
 *   out      [count][24]    written
 */
export function preactivate(weights: usize, runs: usize, count: usize, out: usize): void {
  const end = runs + count * RUN;
  while (runs < end) {
    let entry: usize = load<u32>(runs);
    const last: usize = load<u32>(runs, 4);
    let a0 = f32x4.splat(0);
    let a1 = f32x4.splat(0);
    let a2 = f32x4.splat(0);
    let a3 = f32x4.splat(0);
    let a4 = f32x4.splat(0);
    let a5 = f32x4.splat(0);
    while (entry < last) {
      const w = weights + load<u32>(entry);
      const x = v128.load32_splat(entry, 4);
      a0 = f32x4.add(a0, f32x4.mul(x, v128.load(w)));
      a1 = f32x4.add(a1, f32x4.mul(x, v128.load(w, 16)));
      a2 = f32x4.add(a2, f32x4.mul(x, v128.load(w, 32)));
      a3 = f32x4.add(a3, f32x4.mul(x, v128.load(w, 48)));
      a4 = f32x4.add(a4, f32x4.mul(x, v128.load(w, 64)));
      a5 = f32x4.add(a5, f32x4.mul(x, v128.load(w, 80)));
      entry += ENTRY;
    }
    v128.store(out, a0);
    v128.store(out, a1, 16);
    v128.store(out, a2, 32);
    v128.store(out, a3, 48);
    v128.store(out, a4, 64);
    v128.store(out, a5, 80);
    runs += RUN;
    out += ROW;
  }
}

/**
 * Packs rows of inputs into entries with offset = column * ROW.
 *
 *   columns  [count] u16
 *   values   [count]
 *   entries  [count], written
 */
export function packEntries(columns: usize, values: usize, count: usize, entries: usize): void {
  const row = i32x4.splat(<i32>ROW);
  const end = entries + count * ENTRY;
  const whole = entries + (count & ~3) * ENTRY;
  for (; entries < whole; entries += 4 * ENTRY, columns += 8, values += 16) {
    const offsets = i32x4.mul(v128.load16x4_u(columns), row);
    const four = v128.load(values);
    v128.store(entries, v128.shuffle<f32>(offsets, four, 0, 4, 1, 5));
    v128.store(entries, v128.shuffle<f32>(offsets, four, 2, 6, 3, 7), 16);
  }
  for (; entries < end; entries += ENTRY, columns += 2, values += 4) {
    store<u32>(entries, <u32>load<u16>(columns) * <u32>ROW);
    store<u32>(entries, load<u32>(values), 4);
  }
}

/**
 * Counts the entries of `count` samples by column: adds to `counts`, [d] u32.
 */
export function countColumns(runs: usize, count: usize, counts: usize): void {
  const end = runs + count * RUN;
  while (runs < end) {
    let entry: usize = load<u32>(runs);
    const last: usize = load<u32>(runs, 4);
    while (entry < last) {
      const cell = counts + load<u32>(entry) / 24;
      store<u32>(cell, load<u32>(cell) + 1);
      entry += ENTRY;
    }
    runs += RUN;
  }
}

/**
 * Lays out the columns of a batch from their counts, and returns how many it wrote.
 *
 *   counts   [d] u32        entries per column; replaced by the address of the column's first entry
 *   entries                 address of the entries of all columns, for `fillColumns`
 *   columns  [returned] x { u32 weight offset, u32 start, u32 end }   written; includes empty columns only if `all`
 */
export function layColumns(counts: usize, d: usize, entries: usize, columns: usize, all: bool): usize {
  const first = columns;
  for (let c: usize = 0; c < d; c++) {
    const cell = counts + c * 4;
    const held = <usize>load<u32>(cell);
    store<u32>(cell, <u32>entries);
    if (held !== 0 || all) {
      store<u32>(columns, <u32>(c * ROW));
      store<u32>(columns, <u32>entries, 4);
      entries += held * ENTRY;
      store<u32>(columns, <u32>entries, 8);
      columns += COLUMN;
    }
  }
  return (columns - first) / COLUMN;
}

/** Bytes of a column of a batch. */
const COLUMN: usize = 12;

/**
 * Writes the entries of `count` samples into the columns that `layColumns` laid out, with offset = sample * ROW,
 * where the first sample is number `sample`. Within a column, samples ascend.
 *
 *   places   [d] u32        address of each column's next entry, advanced
 */
export function fillColumns(runs: usize, count: usize, sample: usize, places: usize): void {
  const end = runs + count * RUN;
  let offset = sample * ROW;
  while (runs < end) {
    let entry: usize = load<u32>(runs);
    const last: usize = load<u32>(runs, 4);
    while (entry < last) {
      const cell = places + load<u32>(entry) / 24;
      const place: usize = load<u32>(cell);
      store<u32>(place, <u32>offset);
      store<u32>(place, load<u32>(entry, 4), 4);
      store<u32>(cell, <u32>(place + ENTRY));
      entry += ENTRY;
    }
    runs += RUN;
    offset += ROW;
  }
}

/**
 * One gradient step on some columns of one block's weights.
 *
 *   G = sum over the column's entries of x * delta        v <- momentum v + G + decay w        w <- w - rate v
 *
 *   weights   [d][24]        changed
 *   velocity  [d][24]        changed; 0 where momentum is 0
 *   deltas    [B][24]
 *   columns   [count] x { u32 weight offset, u32 start, u32 end }
 *   scratch   [24] float64, [24] float32
 *
 * With momentum or decay, `columns` must contain all d columns.
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
  scratch: usize,
): void {
  const plain = velocity === 0 && decay === 0;
  const eta = f32x4.splat(rate);
  const end = columns + count * COLUMN;
  for (; columns < end; columns += COLUMN) {
    const offset: usize = load<u32>(columns);
    let entry: usize = load<u32>(columns, 4);
    const last: usize = load<u32>(columns, 8);
    const several = last - entry > COLUMN_SEGMENT;
    if (several) memory.fill(scratch, 0, WIDE_ROW);
    let a0: v128, a1: v128, a2: v128, a3: v128, a4: v128, a5: v128;
    do {
      const stop = last - entry > COLUMN_SEGMENT ? entry + COLUMN_SEGMENT : last;
      a0 = f32x4.splat(0);
      a1 = f32x4.splat(0);
      a2 = f32x4.splat(0);
      a3 = f32x4.splat(0);
      a4 = f32x4.splat(0);
      a5 = f32x4.splat(0);
      while (entry < stop) {
        const delta = deltas + load<u32>(entry);
        const x = v128.load32_splat(entry, 4);
        a0 = f32x4.add(a0, f32x4.mul(x, v128.load(delta)));
        a1 = f32x4.add(a1, f32x4.mul(x, v128.load(delta, 16)));
        a2 = f32x4.add(a2, f32x4.mul(x, v128.load(delta, 32)));
        a3 = f32x4.add(a3, f32x4.mul(x, v128.load(delta, 48)));
        a4 = f32x4.add(a4, f32x4.mul(x, v128.load(delta, 64)));
        a5 = f32x4.add(a5, f32x4.mul(x, v128.load(delta, 80)));
        entry += ENTRY;
      }
      if (several) {
        addWide(scratch, a0);
        addWide(scratch + 32, a1);
        addWide(scratch + 64, a2);
        addWide(scratch + 96, a3);
        addWide(scratch + 128, a4);
        addWide(scratch + 160, a5);
      }
    } while (entry < last);
    const w = weights + offset;
    if (several) {
      a0 = narrow(scratch);
      a1 = narrow(scratch + 32);
      a2 = narrow(scratch + 64);
      a3 = narrow(scratch + 96);
      a4 = narrow(scratch + 128);
      a5 = narrow(scratch + 160);
    }
    if (plain) {
      v128.store(w, f32x4.sub(v128.load(w), f32x4.mul(eta, a0)));
      v128.store(w, f32x4.sub(v128.load(w, 16), f32x4.mul(eta, a1)), 16);
      v128.store(w, f32x4.sub(v128.load(w, 32), f32x4.mul(eta, a2)), 32);
      v128.store(w, f32x4.sub(v128.load(w, 48), f32x4.mul(eta, a3)), 48);
      v128.store(w, f32x4.sub(v128.load(w, 64), f32x4.mul(eta, a4)), 64);
      v128.store(w, f32x4.sub(v128.load(w, 80), f32x4.mul(eta, a5)), 80);
    } else {
      const v: usize = velocity === 0 ? 0 : velocity + offset;
      move(w, v, a0, momentum, decay, eta);
      move(w + 16, v === 0 ? 0 : v + 16, a1, momentum, decay, eta);
      move(w + 32, v === 0 ? 0 : v + 32, a2, momentum, decay, eta);
      move(w + 48, v === 0 ? 0 : v + 48, a3, momentum, decay, eta);
      move(w + 64, v === 0 ? 0 : v + 64, a4, momentum, decay, eta);
      move(w + 80, v === 0 ? 0 : v + 80, a5, momentum, decay, eta);
    }
  }
}

/** Bytes of a column's entries per float32 sum. */
const COLUMN_SEGMENT: usize = 4 * SEGMENT * ENTRY;

/** Loads four float64 as float32. */
function narrow(wide: usize): v128 {
  const low = f32x4.demote_f64x2_zero(v128.load(wide));
  const high = f32x4.demote_f64x2_zero(v128.load(wide, 16));
  return v128.shuffle<f32>(low, high, 0, 1, 4, 5);
}
