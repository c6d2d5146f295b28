/** The composite parts of a layout and their sizes. See layout.ts. */
import type { Shape } from '../engine.js';

/** Neurons per block: three registers of 512 bits, the widest of any processor. */
export const LANES = 48;
/** Bytes of one row of a block in float32. */
export const ROW_BYTES = LANES * 4;
/** Columns of the Gram matrix, or vectors, per pass. */
export const PANEL = 12;
/** Maximum number of rows of other inputs per stage. */
export const STAGED_ROWS = 2048;
/** Subset sums: rows per group and columns per tile. */
export const GROUP = 8;
export const TILE_COLUMNS = 16;

/** n, rounded up to the lanes of the kernels that work on vectors over samples. */
export const paddedSamples = (n: number): number => Math.ceil(n / 16) * 16;

/** Bytes of an entry, { u32 offset, f32 value }. */
export const ENTRY_BYTES = 8;
const COLUMN_BYTES = 12;
const STAGED_ENTRIES = 2 ** 18;
const STAGED_FLOATS = 2 ** 20;
const GATHERED_BLOCKS = 32;
/**
 * Subset sums pay if at least DENSE_SHARE of the inputs' entries are stored, for at least SUBSET_WIDTH neurons (which
 * share the tables), and up to SUBSET_ROWS rows per batch (whose tables fit in the second-level cache).
 */
const DENSE_SHARE = 0.3;
const SUBSET_WIDTH = 64;
const SUBSET_ROWS = 512;
/** Batches with more rows gain nothing from contiguous entries or from interleaving with the next batch. */
const LOOK_AHEAD_ROWS = 1024;

/** Reserves this many bytes and returns their address. */
export type Reserve = (bytes: number) => number;

/** One batch: its entries by row, and the same entries by column. */
export interface BatchLayout {
  /** u32 [B][2]: runs of entries, offset = column * 192. */
  readonly runs: number;
  /** { u32 column * 192, f32 value }: the rows' entries, contiguous; 0 if `runs` refer to Layout.entries. */
  readonly rowEntries: number;
  /** f32 [B] */
  readonly labels: number;
  /** f32 [B]: multiplicity of the row in the batch, divided by the batch size. */
  readonly shares: number;
  /** { u32 column * 192, u32 start, u32 end } [d] */
  readonly columns: number;
  /** { u32 row * 192, f32 value } */
  readonly entries: number;
}

/** A stage: rows of other inputs, and outputs of neurons on them. */
export interface StageLayout {
  /** u32 [R][2] */
  readonly runs: number;
  /** {u32, f32} [S] */
  readonly entries: number;
  readonly entryCapacity: number;
  /** f32 [K][d][48]: weights of the gathered neurons. */
  readonly weights: number;
  /** f32 [K][48] */
  readonly gains: number;
  readonly blocks: number;
  /** f32 [blocks][rows][48], at most `floats` floats. `writeRows` uses it as scratch for values and columns. */
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
  /** u32 [blocks][groups][48] */
  readonly masks: number;
  /** f64 [P]: gradients of the signs. */
  readonly signSums: number;
  /** f32 [48][16] */
  readonly scratch: number;
}

/** Directions of vectors over samples, and products of all neurons with them (gradient-basis.ts). n' is n, padded. */
export interface BasisLayout {
  /** 0 in small networks. */
  readonly capacity: number;
  /** f32 [capacity][n'] */
  readonly directions: number;
  /** f32 [blocks][capacity][48] */
  readonly products: number;
  /** f32 [capacity] */
  readonly coefficients: number;
  /** f32 [n'] */
  readonly residual: number;
  /** f32 [n][12] */
  readonly panel: number;
}

export function layOutBasis(take: Reserve, n: number, blocks: number, capacity: number): BasisLayout {
  return {
    capacity,
    directions: take(capacity * paddedSamples(n) * 4),
    products: take(blocks * capacity * ROW_BYTES),
    coefficients: take(capacity * 4),
    residual: take(paddedSamples(n) * 4),
    panel: take(n * PANEL * 4),
  };
}

/** Two batches if training interleaves one with the next, else one. */
export function layOutBatches(
  take: Reserve,
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

export function layOutStage(take: Reserve, { width, columns }: Shape, padded: number): StageLayout {
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

/** Null if subset sums do not pay: inputs too sparse or shifted, batches too long or neurons too few. */
export function layOutSubsets(
  take: Reserve,
  { width, columns, batchSize, entriesPerRow, shifted }: Shape,
  blocks: number,
): SubsetLayout | null {
  const dense = entriesPerRow >= DENSE_SHARE * columns;
  if (!dense || shifted || batchSize > SUBSET_ROWS || width < SUBSET_WIDTH) return null;
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
