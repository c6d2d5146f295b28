/** The child process's side of a query: runs the statement and sends its rows. The parent's side is query.ts. */
import type { Database } from 'better-sqlite3';
import { QueryError, StoreError } from '../../base/errors.js';
import { asInstallationError } from '../../base/system-error.js';
import { connectReader, toStoreError } from '../file/open.js';
import { type ColumnType, columnTypes } from './column-types.js';
import { bind, type Params, type Value } from './parameters.js';
import { invalidQuery, prepareReadOnly } from './statement.js';

/** Limits for SQL from remote users. */
export interface QueryLimits {
  /** Characters of a text or hexadecimal value; a longer one is cut and ends in an ellipsis. */
  readonly cellChars?: number;
  /** Resident bytes of the query's process (workers/query.ts watches them); above this the query fails. */
  readonly memoryBytes?: number;
}

/** One query. With `typed`, the statement runs twice: the first run finds the types of its columns. */
export interface QueryRequest {
  readonly file: string;
  readonly sql: string;
  readonly params: Params;
  readonly typed: boolean;
  readonly limits: QueryLimits;
}

/** Parent to child: one `start`, then a `more` after each batch that the consumer has finished. */
export type QueryCommand = ({ readonly kind: 'start' } & QueryRequest) | { readonly kind: 'more' };

/** Child to parent: `columns`, then `rows` up to the `last`; or `error` at any point. */
export type QueryReply =
  | {
      readonly kind: 'columns';
      readonly columns: readonly string[];
      readonly types: readonly ColumnType[] | null;
    }
  | { readonly kind: 'rows'; readonly rows: readonly (readonly Value[])[]; readonly last: boolean }
  | {
      readonly kind: 'error';
      readonly family: 'store' | 'query' | 'installation';
      readonly code: string;
      readonly message: string;
    };

/** A batch ends at the first of these limits. */
const BATCH_ROWS = 1_000;
const BATCH_BYTES = 1 << 20;
/** Limit of batches sent but not yet finished by the consumer. */
const MAX_UNFINISHED_BATCHES = 2;

/** Serves one query over this process's IPC channel. */
export function serveQuery(): void {
  let credit = MAX_UNFINISHED_BATCHES;
  let batches: Generator<QueryReply> | null = null;
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
  process.on('message', (message: QueryCommand) => {
    if (message.kind === 'start') batches = runQuery(message);
    else credit++;
    send();
  });
}

function* runQuery({ file, sql, params, typed, limits }: QueryRequest): Generator<QueryReply> {
  let db: Database | null = null;
  try {
    db = connectReader(file);
    const statement = prepareReadOnly(db, sql).raw().safeIntegers();
    const columns = uniqueNames(statement.columns().map(column => column.name));
    // In one transaction, both runs of the statement see the same database.
    db.exec('BEGIN');
    const types = typed ? columnTypes(statement, bind(statement, params)) : null;
    const rows = bind(statement, params);
    yield { kind: 'columns', columns, types };
    yield* batched(rows, limits.cellChars ?? Number.POSITIVE_INFINITY);
  } catch (error) {
    yield toErrorMessage(file, error);
  } finally {
    db?.close();
  }
}

function* batched(rows: Iterator<unknown[]>, cellChars: number): Generator<QueryReply> {
  let batch: Value[][] = [];
  let bytes = 0;
  for (;;) {
    const { value, done } = rows.next();
    if (done) break;
    const row = value.map(cell => toValue(cell, cellChars));
    batch.push(row);
    for (const cell of row) bytes += typeof cell === 'string' ? cell.length : 8;
    if (batch.length < BATCH_ROWS && bytes < BATCH_BYTES) continue;
    yield { kind: 'rows', rows: batch, last: false };
    batch = [];
    bytes = 0;
  }
  yield { kind: 'rows', rows: batch, last: true };
}

/** Integers as numbers where exact, blobs as hexadecimal text, text cut to `cellChars`. */
function toValue(value: unknown, cellChars: number): Value {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  const text = Buffer.isBuffer(value) ? value.toString('hex', 0, Math.min(value.length, cellChars)) : value;
  return typeof text === 'string' && text.length > cellChars
    ? `${text.slice(0, cellChars)}…`
    : (text as Value);
}

/** Numbers repeated names: `a, a` becomes `a, a_2`. */
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

function toErrorMessage(file: string, error: unknown): QueryReply {
  const fault = toStoreError(file, error);
  if (fault instanceof StoreError) return { kind: 'error', family: 'store', ...fields(fault) };
  const installation = asInstallationError(fault);
  if (installation) return { kind: 'error', family: 'installation', ...fields(installation) };
  const query = fault instanceof QueryError ? fault : invalidQuery((fault as Error).message);
  return { kind: 'error', family: 'query', ...fields(query) };
}

const fields = ({ code, message }: { code: string; message: string }) => ({ code, message });
