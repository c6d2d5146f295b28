/**
 * Inputs as a network receives them: an n x d matrix, compressed by rows.
 *
 *   row r has the entries rowStart[r] .. rowStart[r + 1] - 1 of `column` and `value`
 *   column: ascending and unique within a row; value: float32
 *
 * Sparse inputs (raw, unit) store no zeros. Dense inputs (centred, standardised) store all d columns of a row. Shifted
 * inputs (normalised) are sparse ones, and one number that is added to every pixel:
 *
 *   x_c = stored value (0 without an entry) + offset    for c < pixels        a . x = a . stored + offset * sum of a_c
 *
 * Every row of shifted inputs ends with the entry (d, 1): column d is the place of that sum, and of its gradient.
 */

import { DataError, TooLargeError } from '../base/errors.js';
import type { InputScaling } from '../domain/types.js';
import type { Dataset, ImageSet } from './dataset.js';

/**
 * An n x d matrix of inputs, compressed by rows: row r has the entries rowStart[r] to rowStart[r + 1] - 1 of `column`
 * (ascending) and `value`. With a `shift`, each of its first `pixels` columns is the stored value (0 without an entry)
 * plus `offset`, and every row ends with the entry (d, 1).
 */
export interface InputMatrix {
  readonly rows: number;
  /** d, including the constant last column of `bias: true`. */
  readonly columns: number;
  /** rows + 1 offsets. */
  readonly rowStart: Uint32Array;
  /** Of each entry; as many as entries. */
  readonly column: Uint16Array;
  readonly value: Float32Array;
  /** Of shifted inputs only. */
  readonly shift?: Shift;
}

/** A number that is added to every pixel of inputs that are stored without it. */
export interface Shift {
  /** A float32. */
  readonly offset: number;
  /** The columns that it is added to are those below. */
  readonly pixels: number;
}

/** The first rows alone, as a view: a nested sub-data-set. */
export function firstRows(inputs: InputMatrix, rows: number): InputMatrix {
  const { rowStart, column, value } = inputs;
  const end = rowStart[rows]!;
  return {
    ...inputs,
    rows,
    rowStart: rowStart.subarray(0, rows + 1),
    column: column.subarray(0, end),
    value: value.subarray(0, end),
  };
}

/** What inputs under one scaling take. */
export interface InputSizes {
  /** d, including the constant last column of `bias: true`. */
  readonly columns: number;
  /** Mean number of stored entries per row. */
  readonly entriesPerRow: number;
  /** Whether matrices have a `shift`. */
  readonly shifted: boolean;
}

/** @param nonZero mean number of an image's pixels that are not 0; only sparse inputs ask for it */
export function inputSizes(
  scaling: InputScaling,
  bias: boolean,
  pixels: number,
  nonZero: () => number,
): InputSizes {
  const columns = pixels + (bias ? 1 : 0);
  const shifted = scaling === 'normalised';
  const dense = scaling === 'centred' || scaling === 'standardised';
  const entriesPerRow = dense ? columns : nonZero() + (bias ? 1 : 0) + (shifted ? 1 : 0);
  return { columns, entriesPerRow, shifted };
}

/** A data set's images under one scaling; `entriesPerRow` of those that are not dense is estimated from the pool. */
export interface InputSource extends InputSizes {
  /** The given rows of a set, in the given order. @throws RangeError for a row that the set does not have. */
  gather(set: 'pool' | 'test', rows: Int32Array): InputMatrix;
  /** Rows from .. to - 1 of a set. @throws RangeError */
  range(set: 'pool' | 'test', from: number, to: number): InputMatrix;
}

/** The largest Uint16. */
const MAX_COLUMNS = 65_535;
const SAMPLED_ROWS = 2000;

type Scaled = (images: ImageSet, rows: Int32Array) => InputMatrix;

/**
 * The inputs of one data set under one scaling. A byte is a pixel's value times 255.
 *
 *   raw           byte / 255; zeros are not stored
 *   unit          each row scaled to length 1; zeros are not stored; an all-black image stays zero
 *   centred       byte / 255 minus the pixel's mean; all d columns stored
 *   standardised  (byte - mean) / standard deviation of the pixel; 0 if the pixel is constant over the pool, also in
 *                 test images; all d columns stored
 *   normalised    (byte - mean) / standard deviation of all pixels of the pool together, 0 if all are equal; shifted
 *
 * Means and population standard deviations (divided by the count) are over the whole training pool, so a sample has
 * the same inputs in every sub-data-set. `bias` appends a constant 1 as the last column after scaling. Values are
 * computed in float64 and rounded once to float32.
 *
 * @throws DataError (DATA_CORRUPT) for more than 65,535 columns.
 */
export function createInputSource(dataset: Dataset, scaling: InputScaling, bias: boolean): InputSource {
  const sizes = inputSizes(scaling, bias, dataset.pool.pixels, () => meanEntries(dataset.pool));
  const { columns } = sizes;
  if (columns > MAX_COLUMNS) {
    throw new DataError(
      'DATA_CORRUPT',
      `${dataset.name}: ${columns} inputs per image, expected at most ${MAX_COLUMNS}`,
    );
  }
  const scaled = scaledRows(dataset.pool, scaling, bias);
  const gather = (set: 'pool' | 'test', rows: Int32Array): InputMatrix => {
    const { count } = dataset[set];
    const outside = rows.find(row => row < 0 || row >= count);
    if (outside !== undefined) throw new RangeError(`row ${outside} of a ${set} of ${count} images`);
    return scaled(dataset[set], rows);
  };
  return {
    ...sizes,
    gather,
    range: (set, from, to) =>
      gather(
        set,
        Int32Array.from({ length: to - from }, (_, i) => from + i),
      ),
  };
}

function scaledRows(pool: ImageSet, scaling: InputScaling, bias: boolean): Scaled {
  switch (scaling) {
    case 'raw':
      return sparseRows(() => 255, bias);
    case 'unit':
      return sparseRows(lengthOf, bias);
    case 'normalised':
      return shiftedRows(pool, bias);
    case 'centred':
    case 'standardised':
      return centredRows(poolStatistics(pool, scaling), bias);
  }
}

/** Mean number of pixels per image that are not 0, over the first images. */
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

/** Rows of byte / divisor, without zeros. With a shift, the last entry is that of column d. */
function sparseRows(
  divisorOf: (images: Uint8Array, base: number, pixels: number) => number,
  bias: boolean,
  shift?: Shift,
): Scaled {
  return ({ pixels, images }, rows) => {
    const columns = pixels + (bias ? 1 : 0);
    const ones = [...(bias ? [pixels] : []), ...(shift ? [columns] : [])];
    let entries = rows.length * ones.length;
    for (const row of rows) {
      const end = (row + 1) * pixels;
      for (let i = row * pixels; i < end; i++) if (images[i] !== 0) entries++;
    }
    const matrix = { ...allocate(rows.length, columns, entries), ...(shift && { shift }) };
    const { rowStart, column, value } = matrix;
    let next = 0;
    for (let r = 0; r < rows.length; r++) {
      const base = rows[r]! * pixels;
      const divisor = divisorOf(images, base, pixels);
      for (let i = 0; i < pixels; i++) {
        const byte = images[base + i]!;
        if (byte === 0) continue;
        column[next] = i;
        value[next++] = byte / divisor;
      }
      for (const one of ones) {
        column[next] = one;
        value[next++] = 1;
      }
      rowStart[r + 1] = next;
    }
    return matrix;
  };
}

/** The length of a row in units of bytes: 0 for an all-black one, which has no entries to divide. */
function lengthOf(images: Uint8Array, base: number, pixels: number): number {
  let sum = 0;
  for (let i = base; i < base + pixels; i++) sum += images[i]! * images[i]!;
  return Math.sqrt(sum);
}

function shiftedRows(pool: ImageSet, bias: boolean): Scaled {
  const { pixels } = pool;
  const count = pool.count * pixels;
  const sums = pixelSums(pool);
  const sum = total(sums.sum);
  const divisor = deviation(count, sum, total(sums.squares));
  const offset = divisor === 0 ? 0 : Math.fround(-sum / count / divisor);
  // Equal pixels everywhere: any test image's stored values are 0 too.
  return sparseRows(() => (divisor === 0 ? Number.POSITIVE_INFINITY : divisor), bias, { offset, pixels });
}

/** Per pixel, in units of bytes: an input is (byte - mean) / divisor, or 0 if the divisor is 0. */
interface PixelStatistics {
  readonly mean: Float64Array;
  readonly divisor: Float64Array;
}

/** Sums of each pixel's bytes and of their squares. As those of all pixels, they are whole numbers, and exact. */
function pixelSums({ count, pixels, images }: ImageSet): { sum: Float64Array; squares: Float64Array } {
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
  return { sum, squares };
}

const total = (sums: Float64Array): number => sums.reduce((all, one) => all + one, 0);

function poolStatistics(pool: ImageSet, scaling: 'centred' | 'standardised'): PixelStatistics {
  const { sum, squares } = pixelSums(pool);
  return {
    mean: sum.map(bytes => bytes / pool.count),
    divisor: sum.map((bytes, i) => (scaling === 'centred' ? 255 : deviation(pool.count, bytes, squares[i]!))),
  };
}

/** Population standard deviation of `count` bytes. Integer arithmetic makes it 0 for equal bytes only. */
function deviation(count: number, sum: number, squares: number): number {
  return Math.sqrt(Number(BigInt(count) * BigInt(squares) - BigInt(sum) * BigInt(sum))) / count;
}

function centredRows({ mean, divisor }: PixelStatistics, bias: boolean): Scaled {
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
