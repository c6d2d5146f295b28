/** Classifies how a value depends on the data set size n, which decides which curves form one group. */

/**
 * - `constant`: one value at all sizes (or none)
 * - `moves`: one value at each size, not the same at all sizes
 * - `divides`: several values at some size
 */
export type DependenceOnSize = 'constant' | 'moves' | 'divides';

/** @param pick returns a row's value, compared with `===`; rows with a null value are skipped. */
export function dependenceOnSize<T>(
  rows: Iterable<T>,
  sizeOf: (row: T) => number,
  pick: (row: T) => unknown,
): DependenceOnSize {
  const bySize = new Map<number, unknown>();
  for (const row of rows) {
    const value = pick(row);
    if (value === null) continue;
    const size = sizeOf(row);
    if (bySize.has(size) && bySize.get(size) !== value) return 'divides';
    bySize.set(size, value);
  }
  return new Set(bySize.values()).size > 1 ? 'moves' : 'constant';
}
