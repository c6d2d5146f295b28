/** One batch as the kernels traverse it: by row for outputs, by column for gradients summed over columns. */
import type { BatchLayout } from './layout-parts.js';
import type { MemoryBlock } from './memory-block.js';
import { WorkBudget } from './work-budget.js';

/** Work of sorting one entry into its column. */
const SORT_WORK = 4;

export class Batch {
  readonly #memory: MemoryBlock;
  readonly #layout: BatchLayout;
  readonly #size: number;
  /** The columns to lay out. Momentum and weight decay also change columns without entries, so they need all. */
  readonly #columns: 'all' | 'stored' | 'none';
  /** The positions of the loaded batch; all -1 before the first load. */
  readonly #positions: Int32Array;
  /** Scratch of `#loadRows`: for each row of the inputs, its place in the batch or -1. All -1 outside it. */
  readonly #places: Int32Array;
  #rows = 0;
  #columnCount = 0;
  #entryCount = 0;

  constructor(
    memory: MemoryBlock,
    layout: BatchLayout,
    size: number,
    columns: 'all' | 'stored' | 'none',
    places: Int32Array,
  ) {
    this.#memory = memory;
    this.#layout = layout;
    this.#size = size;
    this.#columns = columns;
    this.#positions = new Int32Array(size).fill(-1);
    this.#places = places;
  }

  get runs(): number {
    return this.#layout.runs;
  }
  get labels(): number {
    return this.#layout.labels;
  }
  get shares(): number {
    return this.#layout.shares;
  }
  get columns(): number {
    return this.#layout.columns;
  }
  /** Number of distinct rows. */
  get rows(): number {
    return this.#rows;
  }
  get columnCount(): number {
    return this.#columnCount;
  }
  get entryCount(): number {
    return this.#entryCount;
  }

  /**
   * Loads the batch at `from`. A repeated row is stored once, with a larger share.
   *
   * @throws RangeError for a position that is no row of the inputs
   */
  load(batches: Int32Array, from: number): void {
    if (this.#isLoaded(batches, from)) return;
    this.#loadRows(batches, from);
    if (this.#columns !== 'none') this.#layColumns();
  }

  #isLoaded(batches: Int32Array, from: number): boolean {
    const positions = this.#positions;
    let at = 0;
    while (at < positions.length && positions[at] === batches[from + at]) at++;
    return at === positions.length;
  }

  #loadRows(batches: Int32Array, from: number): void {
    const { u32, f32, layout: whole, samples } = this.#memory;
    const places = this.#places;
    const size = this.#size;
    const runs = this.#layout.runs / 4;
    const labels = this.#layout.labels / 4;
    const shares = this.#layout.shares / 4;
    const positions = this.#positions;
    for (let at = 0; at < size; at++) {
      const position = batches[from + at]!;
      if (!(position >= 0 && position < samples)) {
        throw new RangeError(`batch position ${position}, expected 0 to ${samples - 1}`);
      }
    }
    positions.set(batches.subarray(from, from + size));
    let rows = 0;
    let entryCount = 0;
    // Address of the next row's entries. Contiguous entries stay in the cache while block after block reads them.
    let gathered = this.#layout.rowEntries;
    for (const position of positions) {
      const existing = places[position]!;
      if (existing >= 0) {
        f32[shares + existing]! += 1;
        continue;
      }
      places[position] = rows;
      let start = u32[whole.runs / 4 + 2 * position]!;
      let end = u32[whole.runs / 4 + 2 * position + 1]!;
      if (gathered !== 0) {
        u32.copyWithin(gathered / 4, start / 4, end / 4);
        end = gathered + end - start;
        start = gathered;
        gathered = end;
      }
      entryCount += (end - start) / 8;
      u32[runs + 2 * rows] = start;
      u32[runs + 2 * rows + 1] = end;
      f32[labels + rows] = f32[whole.labels / 4 + position]!;
      f32[shares + rows] = 1;
      rows++;
    }
    for (const position of positions) places[position] = -1;
    for (let row = 0; row < rows; row++) f32[shares + row]! /= size;
    this.#rows = rows;
    this.#entryCount = entryCount;
  }

  #layColumns(): void {
    const { kernels, layout: whole, columns: d, entriesPerRow, budget, u32 } = this.#memory;
    const { runs, columns, entries } = this.#layout;
    const { counts } = whole;
    u32.fill(0, counts / 4, counts / 4 + d);
    const rows = this.#rows;
    const rowWork = SORT_WORK * entriesPerRow;
    const slice = WorkBudget.piecesOf(rows * rowWork, rows, 1);
    for (let row = 0; row < rows; row += slice) {
      const count = Math.min(slice, rows - row);
      kernels.countColumns(runs + 8 * row, count, counts);
      budget.spend(count * rowWork);
    }
    this.#columnCount = kernels.layColumns(counts, d, entries, columns, this.#columns === 'all');
    for (let row = 0; row < rows; row += slice) {
      const count = Math.min(slice, rows - row);
      kernels.fillColumns(runs + 8 * row, count, row, counts);
      budget.spend(count * rowWork);
    }
  }
}
