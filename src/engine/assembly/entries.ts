/** Kernels that lay out sparse inputs: rows as entries, and the entries of a batch by column. */
import { ENTRY, ROW, RUN } from './shape';

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
      const cell = counts + load<u32>(entry) / (<u32>ROW / 4);
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
export const COLUMN: usize = 12;

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
      const cell = places + load<u32>(entry) / (<u32>ROW / 4);
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
