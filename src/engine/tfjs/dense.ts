/** Dense matrices on the host, row after row, as the device takes and gives them. */
import type { InputMatrix } from '../../data/inputs.js';
import type { Problem } from '../engine.js';

/** Neurons that are summed in float32 before an output f goes on in float64. */
export const NEURONS_PER_SUM = 256;

/** The given rows of compressed inputs as a dense matrix, rows x d, in memory of its own. */
export function denseRows(inputs: InputMatrix, rows: Int32Array): Float32Array {
  const { columns, rowStart, column, value } = inputs;
  const dense = new Float32Array(rows.length * columns);
  for (const [at, row] of rows.entries()) {
    if (!(row >= 0 && row < inputs.rows)) {
      throw new RangeError(`row ${row} of inputs, expected 0 to ${inputs.rows - 1}`);
    }
    for (let e = rowStart[row]!; e < rowStart[row + 1]!; e++) dense[at * columns + column[e]!] = value[e]!;
  }
  return dense;
}

/** All rows in order, `atMost` at a time. */
export function* slicesOf(rows: number, atMost: number): Generator<Int32Array> {
  for (let from = 0; from < rows; from += atMost) {
    yield Int32Array.from({ length: Math.min(atMost, rows - from) }, (_, i) => from + i);
  }
}

/** Copies the columns of a matrix, row after row in `values`, to places `from` and on of as many arrays. */
export function deinterleave(
  values: Float32Array,
  columns: readonly (Float32Array | Float64Array)[],
  from: number,
): void {
  const rows = values.length / columns.length;
  for (const [c, column] of columns.entries()) {
    for (let s = 0; s < rows; s++) column[from + s] = values[s * columns.length + c]!;
  }
}

/**
 * N x groups of neurons: outputScale * share_i in the column of i's group, 0 elsewhere; with its shape. A product with
 * it sums each group in float32, and leaves the sum over groups to float64.
 */
export function groupedShares({ width, shares, outputScale }: Problem): [Float32Array, [number, number]] {
  const groups = Math.ceil(width / NEURONS_PER_SUM);
  const grouped = new Float32Array(width * groups);
  for (let i = 0; i < width; i++) {
    grouped[i * groups + Math.floor(i / NEURONS_PER_SUM)] = outputScale * (shares?.[i] ?? 1 / width);
  }
  return [grouped, [width, groups]];
}
