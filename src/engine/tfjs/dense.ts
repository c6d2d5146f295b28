import type { InputMatrix } from '../../data/inputs.js';

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
