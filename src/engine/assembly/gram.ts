/** Kernels for columns of the Gram matrix Phi^T Phi, several per pass over Phi. */
import { addWide, ENTRY, ROW, RUN, WIDE_ROW } from './shape';
import { combineRows } from './sparse';

/** Maximum columns per pass. */
const PANEL: usize = 12;
/** Samples per float32 sum: few enough that Phi's rows and the columns' entries stay in the nearest caches. */
const DEPTH: usize = 256;

/**
 * Writes a neuron's non-zero outputs as entries of column c of a pass.
 *
 *   phi      outputs `stride` bytes apart, n of them
 *   entries  [n + 1]                   written; offset = sample * ROW
 *   runs     [ceil(n / DEPTH)][12]     those of column c are written
 */
export function gatherColumn(
  phi: usize,
  stride: usize,
  n: usize,
  entries: usize,
  runs: usize,
  c: usize,
): void {
  runs += c * RUN;
  for (let from: usize = 0; from < n; from += DEPTH) {
    store<u32>(runs, <u32>entries);
    const end = min(from + DEPTH, n) * ROW;
    for (let offset = from * ROW; offset < end; offset += ROW, phi += stride) {
      const value = load<f32>(phi);
      store<u32>(entries, <u32>offset);
      store<f32>(entries, value, 4);
      // No branch: which outputs are 0 is unpredictable.
      entries += <usize>(value !== 0) * ENTRY;
    }
    store<u32>(runs, <u32>entries, 4);
    runs += PANEL * RUN;
  }
}

/**
 * <Phi_q, Phi_c> for the neurons q of one block and the columns c of a pass. A product's bits depend only on its two
 * columns, not on their places: omitted entries are 0.
 *
 *   phi      [n][48]                   one block
 *   runs     [ceil(n / DEPTH)][12]
 *   targets  [columns] u32             addresses of each column's 24 float64, written
 *   columns  at most 12
 *   scratch  [48]
 *
 * The kernel first reads each segment's rows sequentially, at the full memory bandwidth. The return value only keeps
 * the compiler from removing these reads.
 */
export function gram(phi: usize, n: usize, runs: usize, targets: usize, columns: usize, scratch: usize): u32 {
  for (let c: usize = 0; c < columns; c++) memory.fill(load<u32>(targets + 4 * c), 0, WIDE_ROW);
  let touched: u32 = 0;
  let line = phi;
  for (let from: usize = 0; from < n; from += DEPTH) {
    const end = line + min(DEPTH, n - from) * ROW;
    for (; line < end; line += 64) touched |= load<u32>(line);
    for (let c: usize = 0; c < columns; c++) {
      const run = runs + c * RUN;
      combineRows(phi, load<u32>(run), load<u32>(run, 4), scratch);
      const target: usize = load<u32>(targets + 4 * c);
      for (let lane: usize = 0; lane < ROW; lane += 16) addWide(target + 2 * lane, v128.load(scratch + lane));
    }
    runs += PANEL * RUN;
  }
  return touched;
}
