/** Joins the rows that several databases have of one trajectory. */
import { compareValues } from './order.js';
import type { Row, TableColumns, Value } from './tables.js';

/** Two databases have different values of one column of one row. */
export interface Difference {
  readonly column: string;
  readonly row: Row;
  /** Places in the list of bundles. */
  readonly first: number;
  readonly second: number;
  readonly values: readonly [Value, Value];
}

/**
 * One row for each key, ordered by key. Times are those of the first bundle that has the row; metrics that it lacks come
 * from the next. Changes rows of the bundles.
 *
 * @param bundles rows of each database, the one that is preferred first.
 * @param refuse is called where both have recorded a value, and not the same; it throws.
 */
export function joinRows(
  columns: TableColumns,
  bundles: readonly (readonly Row[])[],
  refuse: (difference: Difference) => never,
): Row[] {
  const [only = [], ...others] = bundles;
  if (others.every(rows => rows.length === 0)) return sortedByKey(columns, [...only]);
  const joined = new Map<string, { row: Row; first: number }>();
  for (const [place, rows] of bundles.entries()) {
    for (const row of rows) {
      const key = columns.key.map(i => row[i]).join(' ');
      const existing = joined.get(key);
      if (!existing) joined.set(key, { row, first: place });
      else fill(columns, existing, row, place, refuse);
    }
  }
  return sortedByKey(
    columns,
    Array.from(joined.values(), ({ row }) => row),
  );
}

function fill(
  { names, kinds, bits, mask }: TableColumns,
  { row: held, first }: { readonly row: Row; readonly first: number },
  other: Row,
  second: number,
  refuse: (difference: Difference) => never,
): void {
  const heldMask = mask < 0 ? 0 : (held[mask] as number);
  const otherMask = mask < 0 ? 0 : (other[mask] as number);
  for (let i = 0; i < names.length; i++) {
    const kind = kinds[i]!;
    const [a, b] = [held[i]!, other[i]!];
    if (kind === 'mask') held[i] = heldMask | otherMask;
    else if (kind === 'finished') {
      // As a run does that adds sets to a cell.
      if ((otherMask & ~heldMask) !== 0) held[i] = Math.max(a as number, b as number);
    } else if (kind === 'value' && a !== b) {
      // A NULL of a set that was recorded is a NaN or an infinity.
      const bothRecorded = (bits[i]! & heldMask & otherMask) !== 0;
      if (bothRecorded || (a !== null && b !== null))
        refuse({ column: names[i]!, row: held, first, second, values: [a, b] });
      if (a === null) held[i] = b;
    }
  }
}

export function sortedByKey({ key }: TableColumns, rows: Row[]): Row[] {
  return rows.sort((a, b) => {
    for (const i of key) {
      const order = compareValues(a[i]!, b[i]!);
      if (order !== 0) return order;
    }
    return 0;
  });
}

/** Of rows with one key, the first. */
export function firstOfEach({ key }: TableColumns, rows: readonly Row[]): Row[] {
  const seen = new Map<string, Row>();
  for (const row of rows) {
    const name = JSON.stringify(key.map((i): Value => row[i]!));
    if (!seen.has(name)) seen.set(name, row);
  }
  return [...seen.values()];
}
