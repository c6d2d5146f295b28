/** Finds one type for each column of a result, for consumers that need one: SQLite types single values. */
import type { Statement } from 'better-sqlite3';

/** Type of a column's values, NULLs aside: `integer` all integers, `real` all numbers, `text` anything else. */
export type ColumnType = 'integer' | 'real' | 'text';

/**
 * The type of each column, from the values in `rows` (integers as bigint). A column without values gets its declared
 * type; without a declared INTEGER or TEXT it is `real`, since it is mostly an aggregate over no rows.
 */
export function columnTypes(
  statement: Statement<unknown[], unknown[]>,
  rows: Iterable<unknown[]>,
): ColumnType[] {
  const declared = statement.columns().map(({ type }) => type?.toUpperCase());
  const types: (ColumnType | undefined)[] = declared.map(() => undefined);
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) {
      const value = row[i];
      if (value === null || types[i] === 'text') continue;
      if (typeof value === 'bigint') types[i] ??= 'integer';
      else types[i] = typeof value === 'number' ? 'real' : 'text';
    }
  }
  return types.map(
    (type, i) => type ?? (declared[i] === 'INTEGER' ? 'integer' : declared[i] === 'TEXT' ? 'text' : 'real'),
  );
}
