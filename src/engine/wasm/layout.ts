/**
 * The layout of one memory block of an open network (memory-block.ts, split-memory.ts). Addresses count bytes.
 * Opening the network fixes them, and the memory never grows, so views of it stay valid.
 *
 *   blocks  blocks of 48 neurons in this memory block, of the network's ceil(N / 48); P = 48 * blocks. Padding
 *           neurons fill the network's last block; their weights, signs and shares are 0
 *   B       rows of a batch without repeats
 *   E       entries stored in the n rows
 *   C       Gram columns, min(512, 48 * ceil(N / 48))
 *   d       columns of the inputs, and one more for shifted ones: the last row of a block's weights is then
 *           offset * (the sum of its pixels' weights)
 *   R, S    2048 rows and max(2^18, d) entries of other inputs at a time
 *   K       gathered blocks, min(32, ceil(N / 48))
 *
 *   region            type, shape                    content
 *   weights           f32 [blocks][d][48]            a
 *   velocity          f32 [blocks][d][48]            momentum of a, if momentum is not 0
 *   signs             f32 [P]                        b
 *   signVelocity      f32 [P]                        momentum of b
 *   gains             f32 [P]                        outputScale * b
 *   coefficients      f32 [P]                        share * outputScale * b
 *   factors           f32 [P]                        rate * b
 *   projections       f64 [P]                        <Phi_i, y>
 *   norms             f64 [P]                        ||Phi_i||^2
 *   peaks             f32 [P]                        max |Phi_i|
 *   scratch           f64 [3][48]                    sums within kernels
 *   labels            f32 [n]
 *   runs              u32 [n][2]                     start and end of each row's entries
 *   entries           {u32, f32} [E]                 column * 192, value
 *   batches[0..1]     see BatchLayout                the current batch; for short batches also the next one
 *   counts            u32 [d]                        number of entries in each column of a batch
 *   subsets           see SubsetLayout               gradients of relu neurons on dense inputs
 *   f                 f64 [max(n, R)]                outputs of a batch, of all samples, or of rows of other inputs
 *   slopes            f32 [n]                        dloss/df of a batch
 *   derivatives       f32 [3][n']                    of the logistic loss at z / j: first, second, third. n' is n,
 *                                                    rounded up to a multiple of 16; what lies past n stays 0
 *   z                 f64 [n]                        sum of the picked Phi
 *   values            f32 [n]                        one neuron's outputs, copied between memory blocks
 *   columnEntries     {u32, f32} [12][n + 1]         outputs of the neurons of a Gram pass: sample * 192, value;
 *                                                    logistic selection: margins, f32 [n][2]
 *   columnRuns        u32 [ceil(n / 256)][12][2]     start and end of the entries of each 256 samples
 *   columnSums        f32 [48]                       scratch of a pass
 *   targets           u32 [12]                       destination addresses of those columns
 *   columns           f64 [C][P]                     cached Gram columns
 *   sketch            f32 [blocks][M][48]            M = min(n, 256 + n / 64) of the rows of phi
 *   sketchValues      f32 [M]                        one neuron's outputs on the sketch
 *   basis             f32 [blocks][64][48]           coordinates of all neurons in a basis of cached columns' neurons
 *   basisValues       f32 [64]                       one neuron's coordinates
 *   candidates        f32 [Q][n']                    contiguous outputs of neurons, Q between 64 and 192; for the
 *                                                    squared loss, 64 of them. Empty in small networks
 *   sketchProducts    f64 [P]                        products with sketchValues or basisValues
 *   moments           f64 [blocks][4][48]            logistic selection: terms of the loss's series
 *   losses            f64 [P]                        logistic selection: losses computed in float32
 *   gradients         see BasisLayout                logistic selection: min(128, N / 16) directions of l'
 *   curvatures        see BasisLayout                and half as many of l''
 *   predicted         f32 [3][n']                    derivatives at a predicted z / j
 *   directionSums     f64 [2][12][48]                sums within kernels
 *   staged            see StageLayout                rows of other inputs
 *   phi               f32 [blocks][n][48]            activations; in training [blocks][B][48]: pre-activations, then
 *                                                    deltas. Kernels may read 128 rows past its end
 */
import type { Shape } from '../engine.js';
import {
  type BasisLayout,
  type BatchLayout,
  ENTRY_BYTES,
  LANES,
  layOutBasis,
  layOutBatches,
  layOutStage,
  layOutSubsets,
  PANEL,
  paddedSamples,
  ROW_BYTES,
  STAGED_ROWS,
  type StageLayout,
  type SubsetLayout,
} from './layout-parts.js';

export { PANEL } from './layout-parts.js';

/** Bytes of a page, the unit of a WebAssembly memory's size. */
export const PAGE = 65536;
/** Maximum number of basis vectors for guessed columns (gram-prefetcher.ts). */
export const BASIS = 64;
/** Neurons whose outputs are stored contiguously (exact-candidates.ts), and the N from which on this pays. */
export const MAX_CANDIDATES = 64;
export const CANDIDATE_WIDTH = 745;

/** Logistic selection: maximum directions of gradients, and copies of neurons' outputs; about N / 16 at most. */
const MAX_DIRECTIONS = 128;
const MAX_CONTENDERS = 192;

const GRAM_COLUMNS = 512;
/** Rows past the end of phi that kernels may read, because they read ahead to warm the cache. */
const ROWS_PAST = 128;
/** Samples per float32 sum of a Gram pass. */
export const GRAM_DEPTH = 256;

export interface Layout {
  readonly blocks: number;
  readonly padded: number;
  readonly weights: number;
  /** 0 if momentum is 0. */
  readonly velocity: number;
  readonly signs: number;
  readonly signVelocity: number;
  readonly gains: number;
  readonly coefficients: number;
  readonly factors: number;
  readonly projections: number;
  readonly norms: number;
  readonly peaks: number;
  readonly scratch: number;
  readonly labels: number;
  readonly runs: number;
  readonly entries: number;
  readonly batches: readonly BatchLayout[];
  readonly counts: number;
  /** Null if they do not pay: inputs too sparse, batches too long or neurons too few. */
  readonly subsets: SubsetLayout | null;
  readonly f: number;
  readonly slopes: number;
  readonly derivatives: number;
  readonly z: number;
  readonly values: number;
  readonly columnEntries: number;
  readonly columnRuns: number;
  readonly columnSums: number;
  readonly targets: number;
  readonly columns: number;
  readonly columnCapacity: number;
  readonly sketch: number;
  readonly sketchRows: number;
  readonly sketchValues: number;
  readonly basis: number;
  readonly basisValues: number;
  /** 0 if candidateCapacity is 0. */
  readonly candidates: number;
  /** Number of neurons whose outputs are kept there in selection for the squared loss, and for the logistic. */
  readonly candidateCapacity: number;
  readonly contenderCapacity: number;
  readonly sketchProducts: number;
  readonly moments: number;
  readonly losses: number;
  readonly gradients: BasisLayout;
  readonly curvatures: BasisLayout;
  readonly predicted: number;
  readonly directionSums: number;
  readonly staged: StageLayout;
  readonly phi: number;
  /** Total size, in whole pages. */
  readonly bytes: number;
}

/** Regions with the same content in every memory block of a network, copied between them. */
export type Region = 'f' | 'derivatives' | 'z' | 'values' | 'sketchValues' | 'basisValues';

/** Bytes of the entries of one column of a Gram pass: n, and one that the branchless kernel may write past them. */
export const columnEntryBytes = (n: number): number => (n + 1) * ENTRY_BYTES;

/** Rows of a block's weights: d, and one more for shifted inputs (data/inputs.ts). */
export const storedColumns = ({ columns, shifted }: Pick<Shape, 'columns' | 'shifted'>): number =>
  shifted ? columns + 1 : columns;

/** Number of blocks of 48 neurons in a network. */
export const blocksOf = ({ width }: Shape): number => Math.ceil(width / LANES);

/**
 * The layout of a memory block with this many blocks of neurons, of a network of this shape. `bytes` may exceed what
 * a memory can hold.
 */
export function layOut(given: Shape, blocks = blocksOf(given)): Layout {
  const shape = { ...given, columns: storedColumns(given) };
  const { datasetSize: n, columns: d } = shape;
  const padded = blocks * LANES;
  const entryCount = Math.round(shape.entriesPerRow * n);
  const weightBytes = blocks * d * ROW_BYTES;
  // Address 0 means "none".
  let end = 64;
  const take = (bytes: number): number => {
    const start = end;
    end = Math.ceil((start + bytes) / 64) * 64;
    return start;
  };
  const columnCapacity = Math.min(blocksOf(shape) * LANES, GRAM_COLUMNS);
  const candidateCapacity = shape.width < CANDIDATE_WIDTH ? 0 : MAX_CANDIDATES;
  const directionCapacity = shape.width < CANDIDATE_WIDTH ? 0 : Math.min(MAX_DIRECTIONS, shape.width >> 4);
  const contenderCapacity =
    candidateCapacity === 0 ? 0 : Math.max(candidateCapacity, Math.min(MAX_CONTENDERS, shape.width >> 4));
  const sketchRows = Math.min(n, 256 + Math.floor(n / 64));
  const layout = {
    blocks,
    padded,
    weights: take(weightBytes),
    velocity: shape.momentum ? take(weightBytes) : 0,
    signs: take(padded * 4),
    signVelocity: take(padded * 4),
    gains: take(padded * 4),
    coefficients: take(padded * 4),
    factors: take(padded * 4),
    projections: take(padded * 8),
    norms: take(padded * 8),
    peaks: take(padded * 4),
    scratch: take(3 * LANES * 8),
    labels: take(n * 4),
    runs: take(n * 8),
    entries: take(entryCount * ENTRY_BYTES),
    batches: layOutBatches(take, shape),
    counts: take(d * 4),
    subsets: layOutSubsets(take, shape, blocks),
    f: take(Math.max(n, STAGED_ROWS) * 8),
    slopes: take(n * 4),
    derivatives: take(3 * paddedSamples(n) * 4),
    z: take(n * 8),
    values: take(n * 4),
    columnEntries: take(PANEL * columnEntryBytes(n)),
    columnRuns: take(Math.ceil(n / GRAM_DEPTH) * PANEL * 8),
    columnSums: take(ROW_BYTES),
    targets: take(PANEL * 4),
    columns: take(columnCapacity * padded * 8),
    columnCapacity,
    sketch: take(blocks * sketchRows * ROW_BYTES),
    sketchRows,
    sketchValues: take(sketchRows * 4),
    basis: take(blocks * BASIS * ROW_BYTES),
    basisValues: take(BASIS * 4),
    candidates: contenderCapacity === 0 ? 0 : take(contenderCapacity * paddedSamples(n) * 4),
    candidateCapacity,
    contenderCapacity,
    sketchProducts: take(padded * 8),
    moments: take(padded * 32),
    losses: take(padded * 8),
    gradients: layOutBasis(take, n, blocks, directionCapacity),
    curvatures: layOutBasis(take, n, blocks, directionCapacity >> 1),
    predicted: take(3 * paddedSamples(n) * 4),
    directionSums: take(Math.max(directionCapacity, 2 * PANEL * LANES) * 8),
    staged: layOutStage(take, shape, padded),
    phi: take((blocks * n + ROWS_PAST) * ROW_BYTES),
  };
  return { ...layout, bytes: Math.ceil(end / PAGE) * PAGE };
}
