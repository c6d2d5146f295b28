/**
 * Inputs as a network sees them: the rows of an n x d matrix, compressed.
 *
 *   row r holds entries rowStart[r] .. rowStart[r + 1] - 1 of `column` and `value`
 *   column: ascending within a row, unique; value: float32, the entries that are stored
 *
 * A row of dense inputs (centred, standardised) stores all d columns.
 */

import { DataError, TooLargeError } from '../base/errors.js';
import type { InputScaling } from '../domain/types.js';
import type { Dataset, ImageSet } from './dataset.js';

export interface InputMatrix {
  readonly rows: number;
  /** d, the constant column of `bias: true` included (it is the last). */
  readonly columns: number;
  /** rows + 1 offsets. */
  readonly rowStart: Uint32Array;
  readonly column: Uint16Array;
  readonly value: Float32Array;
}

/** A data set's images under one scaling. */
export interface InputSource {
  /** d, the constant column of `bias: true` included. */
  readonly columns: number;
  /** Mean number of stored entries of a row: exact for dense inputs, from a sample of the pool for sparse ones. */
  readonly entriesPerRow: number;
  /** The given rows of a set, in the given order. Throws RangeError for a row that the set does not have. */
  gather(set: 'pool' | 'test', rows: Int32Array): InputMatrix;
  /** Rows from .. to - 1. */
  range(set: 'pool' | 'test', from: number, to: number): InputMatrix;
}

/** What a Uint16 can number. */
const MOST_COLUMNS = 65_535;
const SAMPLED_ROWS = 2000;

type Scaled = (images: ImageSet, rows: Int32Array) => InputMatrix;

/**
 * Inputs of one data set under one scaling; a byte is a pixel's value times 255.
 *
 *   raw           byte / 255; zeros are not stored
 *   unit          each row scaled to length 1; zeros are not stored, and an all-black image stays zero
 *   centred       byte / 255 minus the pixel's mean; all d columns stored
 *   standardised  (byte - mean) / standard deviation of the pixel; 0 where the pixel is constant over the pool,
 *                 whatever it is in a test image; all d columns stored
 *
 * Means and deviations (of the population, divided by the count) are those of the whole training pool, so that a
 * sample has the same inputs in every sub-data-set. With `bias`, a constant 1 is appended as the last column after
 * scaling. Values are computed in float64 and rounded once to float32.
 *
 * Throws DataError where there are more columns than 65535.
 */
export function createInputSource(dataset: Dataset, scaling: InputScaling, bias: boolean): InputSource {
  const { pixels } = dataset.pool;
  const columns = pixels + (bias ? 1 : 0);
  if (columns > MOST_COLUMNS) {
    throw new DataError(
      'DATA_CORRUPT',
      `${dataset.name}: ${columns} inputs per image, expected at most ${MOST_COLUMNS}`,
    );
  }
  const sparse = scaling === 'raw' || scaling === 'unit';
  const scaled: Scaled = sparse
    ? (images, rows) => sparseRows(images, rows, scaling === 'unit', bias)
    : denseRows(poolStatistics(dataset.pool, scaling), bias);
  const gather = (set: 'pool' | 'test', rows: Int32Array): InputMatrix => {
    const { count } = dataset[set];
    const outside = rows.find(row => row < 0 || row >= count);
    if (outside !== undefined) throw new RangeError(`row ${outside} of a ${set} of ${count} images`);
    return scaled(dataset[set], rows);
  };
  return {
    columns,
    entriesPerRow: sparse ? meanEntries(dataset.pool) + (bias ? 1 : 0) : columns,
    gather,
    range: (set, from, to) =>
      gather(
        set,
        Int32Array.from({ length: to - from }, (_, i) => from + i),
      ),
  };
}

/** Mean number of pixels that are not 0 in an image, from the first images. */
function meanEntries({ count, pixels, images }: ImageSet): number {
  const rows = Math.min(count, SAMPLED_ROWS);
  let entries = 0;
  for (let i = 0; i < rows * pixels; i++) if (images[i] !== 0) entries++;
  return entries / rows;
}

function allocate(rows: number, columns: number, entries: number): InputMatrix {
  if (entries >= 2 ** 32) {
    throw new TooLargeError(`${entries} input values, expected fewer than 2^32: choose fewer samples`);
  }
  return {
    rows,
    columns,
    rowStart: new Uint32Array(rows + 1),
    column: new Uint16Array(entries),
    value: new Float32Array(entries),
  };
}

function sparseRows(
  { pixels, images }: ImageSet,
  rows: Int32Array,
  unit: boolean,
  bias: boolean,
): InputMatrix {
  let entries = bias ? rows.length : 0;
  for (const row of rows) {
    const end = (row + 1) * pixels;
    for (let i = row * pixels; i < end; i++) if (images[i] !== 0) entries++;
  }
  const matrix = allocate(rows.length, pixels + (bias ? 1 : 0), entries);
  const { rowStart, column, value } = matrix;
  let next = 0;
  for (let r = 0; r < rows.length; r++) {
    const base = rows[r]! * pixels;
    // Squares of bytes add up exactly. An all-black row divides nothing by its length 0.
    const divisor = unit ? Math.sqrt(sumOfSquares(images, base, pixels)) : 255;
    for (let i = 0; i < pixels; i++) {
      const byte = images[base + i]!;
      if (byte === 0) continue;
      column[next] = i;
      value[next++] = byte / divisor;
    }
    if (bias) {
      column[next] = pixels;
      value[next++] = 1;
    }
    rowStart[r + 1] = next;
  }
  return matrix;
}

function sumOfSquares(bytes: Uint8Array, base: number, length: number): number {
  let sum = 0;
  for (let i = base; i < base + length; i++) sum += bytes[i]! * bytes[i]!;
  return sum;
}

/** By pixel, in units of bytes: what is subtracted, and what the rest is divided by (0: the input is 0). */
interface PixelStatistics {
  readonly mean: Float64Array;
  readonly divisor: Float64Array;
}

function poolStatistics(pool: ImageSet, scaling: 'centred' | 'standardised'): PixelStatistics {
  const { count, pixels, images } = pool;
  const sum = new Float64Array(pixels);
  const squares = new Float64Array(pixels);
  for (let base = 0; base < count * pixels; base += pixels) {
    for (let i = 0; i < pixels; i++) {
      const byte = images[base + i]!;
      if (byte === 0) continue;
      sum[i]! += byte;
      squares[i]! += byte * byte;
    }
  }
  const mean = sum.map(total => total / count);
  const divisor =
    scaling === 'centred'
      ? new Float64Array(pixels).fill(255)
      : sum.map((total, i) => deviation(count, total, squares[i]!));
  return { mean, divisor };
}

/** Of `count` bytes with this sum and sum of squares. Integers throughout, so that it is 0 only for equal bytes. */
function deviation(count: number, sum: number, squares: number): number {
  return Math.sqrt(Number(BigInt(count) * BigInt(squares) - BigInt(sum) * BigInt(sum))) / count;
}

function denseRows({ mean, divisor }: PixelStatistics, bias: boolean): Scaled {
  return ({ pixels, images }, rows) => {
    const columns = pixels + (bias ? 1 : 0);
    const matrix = allocate(rows.length, columns, rows.length * columns);
    const { rowStart, column, value } = matrix;
    let next = 0;
    for (let r = 0; r < rows.length; r++) {
      const base = rows[r]! * pixels;
      for (let i = 0; i < pixels; i++) {
        column[next] = i;
        value[next++] = divisor[i] === 0 ? 0 : (images[base + i]! - mean[i]!) / divisor[i]!;
      }
      if (bias) {
        column[next] = pixels;
        value[next++] = 1;
      }
      rowStart[r + 1] = next;
    }
    return matrix;
  };
}
