/**
 * The gradient step of a memory block's relu neurons on a batch of dense inputs, one tile of 16 columns after
 * another. All neurons share the tables of a tile. See ../assembly/subset-sums.ts.
 */
import type { Batch } from './batch.js';
import { GROUP, ROW_BYTES, type SubsetLayout, TILE_COLUMNS } from './layout-parts.js';
import type { MemoryBlock } from './memory-block.js';

/**
 * Work of spreading one row of a batch; of forming one sum of a table; of adding the sums and updating the weights, per
 * group and column.
 */
const SPREAD_WORK = 12;
const TABLE_WORK = 0.25;
const SUM_WORK = 4;

export class SubsetSums {
  readonly #memory: MemoryBlock;
  readonly #layout: SubsetLayout;

  constructor(memory: MemoryBlock, layout: SubsetLayout) {
    this.#memory = memory;
    this.#layout = layout;
  }

  /**
   * Updates weights and velocity from the batch's pre-activations `z`, f32 [blocks][stride rows][48], and the slopes
   * at layout.slopes.
   */
  descend(
    batch: Batch,
    z: number,
    stride: number,
    rates: { momentum: number; decay: number; rate: number },
  ): void {
    const { kernels, layout, budget, columns: d } = this.#memory;
    const { tiles, panel, tables, masks, slopes, scratch } = this.#layout;
    const { momentum, decay, rate } = rates;
    const groups = Math.ceil(batch.rows / GROUP);
    const rows = groups * GROUP;
    this.#spread(batch, rows);
    for (let block = 0; block < layout.blocks; block++) {
      kernels.maskRows(z + block * stride * ROW_BYTES, batch.rows, masks + block * groups * ROW_BYTES);
      budget.spend(batch.rows);
    }
    for (let tile = 0; tile < tiles; tile++) {
      kernels.sumSubsets(panel + tile * rows * TILE_COLUMNS * 4, slopes, groups, tables);
      budget.spend(TABLE_WORK * groups * (1 << GROUP));
      const column = tile * TILE_COLUMNS;
      for (let block = 0; block < layout.blocks; block++) {
        const offset = (block * d + column) * ROW_BYTES;
        kernels.descendTile(
          layout.weights + offset,
          layout.velocity === 0 ? 0 : layout.velocity + offset,
          masks + block * groups * ROW_BYTES,
          tables,
          groups,
          Math.min(TILE_COLUMNS, d - column),
          layout.factors + block * ROW_BYTES,
          momentum,
          decay,
          rate,
          scratch,
        );
        budget.spend(SUM_WORK * (groups + TILE_COLUMNS));
      }
    }
  }

  /** Writes the batch's inputs into the panel and its slopes, both padded with 0 to `rows` rows. */
  #spread({ runs, rows: count }: Batch, rows: number): void {
    const { kernels, layout: whole, f32, budget } = this.#memory;
    const { panel, slopes, tiles } = this.#layout;
    f32.fill(0, panel / 4, panel / 4 + tiles * rows * TILE_COLUMNS);
    kernels.spreadRows(runs, count, rows, panel);
    f32.fill(0, slopes / 4, slopes / 4 + rows);
    f32.copyWithin(slopes / 4, whole.slopes / 4, whole.slopes / 4 + count);
    budget.spend(SPREAD_WORK * count);
  }
}
