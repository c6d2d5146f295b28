/** Binds values to the parameters of a user's statement. */
import type { Statement } from 'better-sqlite3';
import { invalidQuery } from './statement.js';

/** A value in or out: integers beyond 2^53 are bigint, blobs hexadecimal text. */
export type Value = string | number | bigint | null;
/** Values of `?` by position, or of `:name` by name. */
export type Params = readonly Value[] | Readonly<Record<string, Value>>;

/**
 * Runs a statement with these values and iterates over its rows.
 * @throws QueryError QUERY_INVALID if a value is missing, or if the statement lacks a parameter that has a value.
 */
export function bind(
  statement: Statement<unknown[], unknown[]>,
  params: Params,
): IterableIterator<unknown[]> {
  const { values, unused } = Array.isArray(params)
    ? { values: params, unused: [] }
    : trackReads(params as Exclude<Params, readonly Value[]>);
  let rows: IterableIterator<unknown[]>;
  try {
    rows = Array.isArray(values) ? statement.iterate(...values) : statement.iterate(values);
  } catch (error) {
    // better-sqlite3 throws RangeError or TypeError for too few or too many values.
    const missing = /^Missing named parameter "(.*)"$/.exec((error as Error).message)?.[1];
    throw invalidQuery(
      missing === undefined ? (error as Error).message : `no value is given for :${missing}`,
      error,
    );
  }
  const [first] = unused;
  if (first === undefined) return rows;
  rows.return?.();
  throw invalidQuery(`a value is given for :${first}, which the statement does not have`);
}

/** The values behind getters, and the names that SQLite has not read yet. */
function trackReads(params: Exclude<Params, readonly Value[]>): { values: object; unused: Set<string> } {
  const unused = new Set(Object.keys(params));
  const values = {};
  for (const [name, value] of Object.entries(params)) {
    const get = () => {
      unused.delete(name);
      return value;
    };
    Object.defineProperty(values, name, { get, enumerable: true });
  }
  return { values, unused };
}
