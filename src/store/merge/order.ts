/** A total order of what SQLite holds, so that a choice depends on content alone. */
import type { Value } from './tables.js';

const rank = (value: Value): number => (value === null ? 0 : typeof value === 'number' ? 1 : 2);

/** NULL, then numbers, then text by code unit. */
export function compareValues(a: Value, b: Value): number {
  if (a === b) return 0;
  if (typeof a !== typeof b || a === null || b === null) return rank(a) - rank(b);
  return a < b ? -1 : 1;
}

export function compareRows(a: readonly Value[], b: readonly Value[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = compareValues(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
