/** The distinct neurons among the first k picks, k the largest of `sizes` (ascending). */
export const distinctOf = (picks: Int32Array, sizes: readonly number[]): Int32Array =>
  Int32Array.from(new Set(picks.subarray(0, sizes.at(-1) ?? 0)));
