/** Dense row-major matrices on the host, as the device reads and returns them. */
import type { Problem } from '../engine.js';

/** Neurons per float32 sum; an output f adds these sums in float64. */
export const NEURONS_PER_SUM = 256;

/** All row numbers in order, at most `maxRows` per slice. */
export function* slicesOf(rows: number, maxRows: number): Generator<Int32Array> {
  for (let from = 0; from < rows; from += maxRows) {
    yield Int32Array.from({ length: Math.min(maxRows, rows - from) }, (_, i) => from + i);
  }
}

/** Copies each column of the row-major matrix `values` into its array of `columns`, from index `from` on. */
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
 * A matrix N x groups of neurons with outputScale * share_i in the column of i's group, 0 elsewhere; and its shape.
 * A product with it sums each group in float32. The caller adds the groups in float64.
 */
export function groupedShares({ width, shares, outputScale }: Problem): [Float32Array, [number, number]] {
  const groups = Math.ceil(width / NEURONS_PER_SUM);
  const grouped = new Float32Array(width * groups);
  for (let i = 0; i < width; i++) {
    grouped[i * groups + Math.floor(i / NEURONS_PER_SUM)] = outputScale * (shares?.[i] ?? 1 / width);
  }
  return [grouped, [width, groups]];
}
