/** How something depends on the data set size n: which curves belong together, and which must be told apart. */

/** One value everywhere; one at each size, but not the same at all; or several values at some size. */
export type DependenceOnSize = 'constant' | 'moves' | 'divides';

/** @param pick compared by identity; where it returns null, the row has no value and is skipped. */
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
