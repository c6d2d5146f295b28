/** The parts of a layout that belong together, and how large they are. See layout.ts. */
import type { Shape } from '../engine.js';

/** Neurons of a block. */
export const LANES = 24;
/** Bytes of one row of a block in float32. */
export const ROW_BYTES = LANES * 4;
/** Rows of other inputs that are looked at together. */
export const STAGED_ROWS = 2048;
/** Rows of a group and columns of a tile of subset sums. */
export const GROUP = 8;
export const TILE_COLUMNS = 16;

/** Bytes of an entry, { u32 offset, f32 value }. */
export const ENTRY_BYTES = 8;
const COLUMN_BYTES = 12;
const STAGED_ENTRIES = 2 ** 18;
const STAGED_FLOATS = 2 ** 20;
const GATHERED_BLOCKS = 64;
/**
 * Subset sums pay where at least this share of the inputs is stored, for at least so many neurons (their tables are
 * formed once for all of them), and while a batch's tables stay in the second-level cache.
 */
const DENSE_SHARE = 0.3;
const SUBSET_WIDTH = 64;
const SUBSET_ROWS = 512;
/** Above this many rows, a batch is long enough that gathering its entries and looking ahead gain nothing. */
const LOOK_AHEAD_ROWS = 1024;

/** Makes room for so many bytes, and says where. */
export type Take = (bytes: number) => number;

/** One batch: its rows, and the same entries by column. */
export interface BatchLayout {
  /** u32 [B][2]: runs of entries, offset = column * 96. */
  readonly runs: number;
  /** { u32 column * 96, f32 value }: these entries, next to one another; 0 where runs lead to those of all samples. */
  readonly rowEntries: number;
  /** f32 [B] */
  readonly labels: number;
  /** f32 [B]: how often the row is in the batch, divided by the batch size. */
  readonly shares: number;
  /** { u32 column * 96, u32 begin, u32 end } [d] */
  readonly columns: number;
  /** { u32 row * 96, f32 value } */
  readonly entries: number;
}

/** Rows of other inputs, and some neurons' outputs on them. */
export interface StageLayout {
  /** u32 [R][2] */
  readonly runs: number;
  /** {u32, f32} [S] */
  readonly entries: number;
  readonly entryCapacity: number;
  /** f32 [K][d][24]: weights of the neurons that are asked for. */
  readonly weights: number;
  /** f32 [K][24] */
  readonly gains: number;
  readonly blocks: number;
  /** f32 [blocks][rows][24], at most `floats` of them; on the way to entries, their values and columns. */
  readonly phi: number;
  readonly floats: number;
}

/** Gradients by subset sums (subset-sums.ts): `groups` of eight rows of a batch, `tiles` of 16 columns. */
export interface SubsetLayout {
  readonly groups: number;
  readonly tiles: number;
  /** f32 [tiles][8 groups][16] */
  readonly panel: number;
  /** f32 [8 groups]: slopes, 0 past the batch's rows. */
  readonly slopes: number;
  /** f32 [groups][256][16] */
  readonly tables: number;
  /** u32 [blocks][groups][24] */
  readonly masks: number;
  /** f64 [P]: gradients of the signs. */
  readonly signSums: number;
  /** f32 [24][16] */
  readonly scratch: number;
}

/** Two batches where the next one is looked at while one is learnt. */
export function takeBatches(
  take: Take,
  { datasetSize, columns, batchSize, entriesPerRow }: Shape,
): BatchLayout[] {
  const short = batchSize <= LOOK_AHEAD_ROWS;
  const entries = Math.min(batchSize * columns, Math.round(entriesPerRow * datasetSize));
  const takeBatch = (): BatchLayout => ({
    runs: take(batchSize * 8),
    rowEntries: short ? take(entries * ENTRY_BYTES) : 0,
    labels: take(batchSize * 4),
    shares: take(batchSize * 4),
    columns: take(columns * COLUMN_BYTES),
    entries: take(entries * ENTRY_BYTES),
  });
  return short ? [takeBatch(), takeBatch()] : [takeBatch()];
}

export function takeStage(take: Take, { width, columns }: Shape, padded: number): StageLayout {
  const entryCapacity = Math.max(STAGED_ENTRIES, columns);
  const gathered = Math.min(Math.ceil(width / LANES), GATHERED_BLOCKS);
  const floats = Math.max(STAGED_FLOATS, padded);
  return {
    runs: take(STAGED_ROWS * 8),
    entries: take(entryCapacity * ENTRY_BYTES),
    entryCapacity,
    weights: take(gathered * columns * ROW_BYTES),
    gains: take(gathered * ROW_BYTES),
    blocks: gathered,
    phi: take(floats * 4),
    floats,
  };
}

/** Null where inputs are too sparse, batches too long or neurons too few for them to pay. */
export function takeSubsets(
  take: Take,
  { width, columns, batchSize, entriesPerRow }: Shape,
  blocks: number,
): SubsetLayout | null {
  const dense = entriesPerRow >= DENSE_SHARE * columns;
  if (!dense || batchSize > SUBSET_ROWS || width < SUBSET_WIDTH) return null;
  const groups = Math.ceil(batchSize / GROUP);
  const tiles = Math.ceil(columns / TILE_COLUMNS);
  return {
    groups,
    tiles,
    panel: take(tiles * groups * GROUP * TILE_COLUMNS * 4),
    slopes: take(groups * GROUP * 4),
    tables: take(groups * (1 << GROUP) * TILE_COLUMNS * 4),
    masks: take(blocks * groups * ROW_BYTES),
    signSums: take(blocks * LANES * 8),
    scratch: take(LANES * TILE_COLUMNS * 4),
  };
}
