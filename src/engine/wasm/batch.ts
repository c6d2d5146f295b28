/** One batch as the kernels walk it: by row for the outputs, by column for gradients that are summed so. */
import type { BatchLayout } from './layout-parts.js';
import type { MemoryBlock } from './memory-block.js';
import { WorkBudget } from './work-budget.js';

/** Work of sorting an entry into its column. */
const SORT_WORK = 8;

export class Batch {
  readonly #memory: MemoryBlock;
  readonly #layout: BatchLayout;
  readonly #size: number;
  /** The columns that gradients are summed over; momentum and weight decay change those without entries, too. */
  readonly #columns: 'all' | 'stored' | 'none';
  /** The positions that were loaded last; the first is -1 where none were. */
  readonly #positions: Int32Array;
  /** For each row of the inputs, its place in the batch while that is loaded, else -1. */
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
  /** Rows without repeats. */
  get rows(): number {
    return this.#rows;
  }
  get columnCount(): number {
    return this.#columnCount;
  }
  get entryCount(): number {
    return this.#entryCount;
  }

  /** Loads the batch at `from`. A row that is in it several times is held once, with a larger share. */
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
      positions[at] = position;
    }
    let rows = 0;
    let entryCount = 0;
    // Where the next row's entries go: side by side, they stay in the cache while one block after the other reads them.
    let gathered = this.#layout.rowEntries;
    for (const position of positions) {
      const held = places[position]!;
      if (held >= 0) {
        f32[shares + held]! += 1;
        continue;
      }
      places[position] = rows;
      let begin = u32[whole.runs / 4 + 2 * position]!;
      let end = u32[whole.runs / 4 + 2 * position + 1]!;
      if (gathered !== 0) {
        u32.copyWithin(gathered / 4, begin / 4, end / 4);
        end = gathered + end - begin;
        begin = gathered;
        gathered = end;
      }
      entryCount += (end - begin) / 8;
      u32[runs + 2 * rows] = begin;
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
