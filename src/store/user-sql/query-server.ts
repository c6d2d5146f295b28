/** The child's side of a query: see query.ts for the parent's. */
import type { Database } from 'better-sqlite3';
import { QueryError, StoreError } from '../../base/errors.js';
import { connectReader, storeFault } from '../file/open.js';
import { type ColumnType, typesOf } from './column-types.js';
import { bind, type Params, type Value } from './parameters.js';
import { invalid, prepareReading } from './statement.js';

/** For SQL from people who are not at this machine. */
export interface QueryLimits {
  /** Longer text (and hexadecimal) is cut, and ends in an ellipsis. */
  readonly cellChars?: number;
  /** What the query's process may take, all in all, in bytes; beyond it the query fails. */
  readonly memoryBytes?: number;
}

/** What is asked. With `typed`, the statement is run twice, the first time to learn its columns' types. */
export interface Question {
  readonly file: string;
  readonly sql: string;
  readonly params: Params;
  readonly typed: boolean;
  readonly limits: QueryLimits;
}

/** Parent to child: first one `start`, then a `more` for each batch that was used up. */
export type ToChild = ({ readonly kind: 'start' } & Question) | { readonly kind: 'more' };

/** Child to parent: `columns`, then `rows` until one is the last; or `error` at any point. */
export type ToParent =
  | {
      readonly kind: 'columns';
      readonly columns: readonly string[];
      readonly types: readonly ColumnType[] | null;
    }
  | { readonly kind: 'rows'; readonly rows: readonly (readonly Value[])[]; readonly last: boolean }
  | {
      readonly kind: 'error';
      readonly family: 'store' | 'query';
      readonly code: string;
      readonly message: string;
    };

/** A batch ends at either, whichever is first. */
const BATCH_ROWS = 1_000;
const BATCH_BYTES = 1 << 20;
/** Batches that may be under way or waiting at the parent. */
const AHEAD = 2;

export function serveQuery(): void {
  let credit = AHEAD;
  let batches: Generator<ToParent> | null = null;
  const send = () => {
    while (batches && credit > 0) {
      const { value, done } = batches.next();
      if (done) {
        batches = null;
        return;
      }
      if (value.kind === 'rows') credit--;
      process.send!(value);
    }
  };
  process.on('message', (message: ToChild) => {
    if (message.kind === 'start') batches = answer(message);
    else credit++;
    send();
  });
}

function* answer({ file, sql, params, typed, limits }: Question): Generator<ToParent> {
  let db: Database | null = null;
  try {
    db = connectReader(file);
    const statement = prepareReading(db, sql).raw().safeIntegers();
    const columns = uniqueNames(statement.columns().map(column => column.name));
    // One transaction: both times the statement sees the same database.
    db.exec('BEGIN');
    const types = typed ? typesOf(statement, bind(statement, params)) : null;
    const rows = bind(statement, params);
    yield { kind: 'columns', columns, types };
    yield* batched(rows, limits.cellChars ?? Number.POSITIVE_INFINITY);
  } catch (error) {
    yield described(file, error);
  } finally {
    db?.close();
  }
}

function* batched(rows: Iterator<unknown[]>, cellChars: number): Generator<ToParent> {
  let batch: Value[][] = [];
  let bytes = 0;
  for (;;) {
    const { value, done } = rows.next();
    if (done) break;
    const row = value.map(cell => plain(cell, cellChars));
    batch.push(row);
    for (const cell of row) bytes += typeof cell === 'string' ? cell.length : 8;
    if (batch.length < BATCH_ROWS && bytes < BATCH_BYTES) continue;
    yield { kind: 'rows', rows: batch, last: false };
    batch = [];
    bytes = 0;
  }
  yield { kind: 'rows', rows: batch, last: true };
}

function plain(value: unknown, cellChars: number): Value {
  if (typeof value === 'bigint') {
    const near = Number(value);
    return Number.isSafeInteger(near) ? near : value;
  }
  const text = Buffer.isBuffer(value) ? value.toString('hex', 0, Math.min(value.length, cellChars)) : value;
  return typeof text === 'string' && text.length > cellChars
    ? `${text.slice(0, cellChars)}…`
    : (text as Value);
}

/** Later ones of equal names get a number: `a, a_2`. */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set(names);
  const seen = new Set<string>();
  return names.map(name => {
    let unique = name;
    for (let i = 2; seen.has(unique) || (unique !== name && taken.has(unique)); i++) unique = `${name}_${i}`;
    seen.add(unique);
    return unique;
  });
}

function described(file: string, error: unknown): ToParent {
  const fault = storeFault(file, error);
  if (fault instanceof StoreError) return { kind: 'error', family: 'store', ...fields(fault) };
  const query = fault instanceof QueryError ? fault : invalid((fault as Error).message);
  return { kind: 'error', family: 'query', ...fields(query) };
}

const fields = ({ code, message }: { code: string; message: string }) => ({ code, message });
