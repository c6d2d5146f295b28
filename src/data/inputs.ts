/**
 * Inputs as a network sees them: the rows of an n x d matrix, compressed.
 *
 *   row r holds entries rowStart[r] .. rowStart[r + 1] - 1 of `column` and `value`
 *   column: ascending within a row, unique; value: float32, the entries that are stored
 *
 * A row of dense inputs (centred, standardised) stores all d columns.
 */
export interface InputMatrix {
  readonly rows: number;
  /** d, the constant column of `bias: true` included (it is the last). */
  readonly columns: number;
  /** rows + 1 offsets. */
  readonly rowStart: Uint32Array;
  readonly column: Uint16Array;
  readonly value: Float32Array;
}
