/** Values for the parameters of a user's statement. */
import type { Statement } from 'better-sqlite3';
import { invalid } from './statement.js';

/** Integers beyond 2^53 are bigint; blobs are hexadecimal. */
export type Value = string | number | bigint | null;
export type Params = readonly Value[] | Named;
type Named = Readonly<Record<string, Value>>;

/**
 * The rows of a statement under these values.
 * @throws QueryError where a value is missing, or is given for a parameter that the statement does not have.
 */
export function bind(
  statement: Statement<unknown[], unknown[]>,
  params: Params,
): IterableIterator<unknown[]> {
  const { values, unused } = Array.isArray(params)
    ? { values: params, unused: [] }
    : watched(params as Named);
  let rows: IterableIterator<unknown[]>;
  try {
    rows = Array.isArray(values) ? statement.iterate(...values) : statement.iterate(values);
  } catch (error) {
    // RangeError or TypeError: too few values, too many.
    const missing = /^Missing named parameter "(.*)"$/.exec((error as Error).message)?.[1];
    throw invalid(
      missing === undefined ? (error as Error).message : `no value is given for :${missing}`,
      error,
    );
  }
  const [first] = unused;
  if (first === undefined) return rows;
  rows.return?.();
  throw invalid(`a value is given for :${first}, which the statement does not have`);
}

/** The values, and the names of those that SQLite has not asked for. */
function watched(params: Named): { values: object; unused: Set<string> } {
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
