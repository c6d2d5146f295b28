/** Inputs with every column stored. */
import type { InputMatrix } from './inputs.js';

/** The given rows as a new row-major matrix, rows x d. @throws RangeError for a row out of range. */
export function denseRows(inputs: InputMatrix, rows: Int32Array): Float32Array {
  const { columns, rowStart, column, value, shift } = inputs;
  const dense = new Float32Array(rows.length * columns);
  for (const [at, row] of rows.entries()) {
    if (!(row >= 0 && row < inputs.rows)) {
      throw new RangeError(`row ${row} of inputs, expected 0 to ${inputs.rows - 1}`);
    }
    const start = at * columns;
    if (shift) dense.fill(shift.offset, start, start + shift.pixels);
    // The last entry of shifted inputs is that of column d.
    const end = rowStart[row + 1]! - (shift ? 1 : 0);
    for (let e = rowStart[row]!; e < end; e++) {
      const c = column[e]!;
      dense[start + c] = value[e]! + (shift && c < shift.pixels ? shift.offset : 0);
    }
  }
  return dense;
}

/** Rows `from` to `to` - 1 as a new row-major matrix. */
export const denseRange = (inputs: InputMatrix, from: number, to: number): Float32Array =>
  denseRows(
    inputs,
    Int32Array.from({ length: to - from }, (_, i) => from + i),
  );

/** Shifted inputs without their shift, all d columns stored; others as they are. */
export function unshifted(inputs: InputMatrix): InputMatrix {
  const { rows, columns, shift } = inputs;
  if (!shift) return inputs;
  const column = new Uint16Array(rows * columns);
  for (let e = 0; e < column.length; e++) column[e] = e % columns;
  return {
    rows,
    columns,
    rowStart: Uint32Array.from({ length: rows + 1 }, (_, r) => r * columns),
    column,
    value: denseRange(inputs, 0, rows),
  };
}
