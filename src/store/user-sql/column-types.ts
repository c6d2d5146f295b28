/** Types for the columns of a result, where a reader wants one for each: SQLite gives every value its own. */
import type { Statement } from 'better-sqlite3';

/** What the values of a column are, NULLs aside: integers; numbers, integers among them; or anything. */
export type ColumnType = 'integer' | 'real' | 'text';

/** By the values; where a column has none, by its declaration, or `real`, as an aggregate of nothing mostly is. */
export function typesOf(statement: Statement<unknown[], unknown[]>, rows: Iterable<unknown[]>): ColumnType[] {
  const declared = statement.columns().map(({ type }) => type?.toUpperCase());
  const found: (ColumnType | undefined)[] = declared.map(() => undefined);
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) {
      const value = row[i];
      if (value === null || found[i] === 'text') continue;
      if (typeof value === 'bigint') found[i] ??= 'integer';
      else found[i] = typeof value === 'number' ? 'real' : 'text';
    }
  }
  return found.map(
    (type, i) => type ?? (declared[i] === 'INTEGER' ? 'integer' : declared[i] === 'TEXT' ? 'text' : 'real'),
  );
}
