/** User SQL, in a process of its own that can be stopped at any moment. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { QueryError, StoppedError, StoreError } from '../../base/errors.js';
import { workerFile } from '../../base/paths.js';
import { recognise } from '../file/open.js';
import type { ColumnType } from './column-types.js';
import type { Params, Value } from './parameters.js';
import type { QueryLimits, ToChild, ToParent } from './query-server.js';
import { invalid } from './statement.js';

export type { ColumnType } from './column-types.js';
export type { Params, Value } from './parameters.js';
export type { QueryLimits } from './query-server.js';

/** The longest that Node's timers can wait, about 25 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface QueryOptions {
  /** How long the database may compute, in milliseconds; the time that the consumer takes does not count. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** For `?` an array, for `:name` an object. */
  readonly params?: Params;
  /** Learn the columns' types, which runs the statement twice. */
  readonly typed?: boolean;
  readonly limits?: QueryLimits;
}

/** Part of a result. Every result has at least one batch, so that the columns are known where there are no rows. */
export interface QueryBatch {
  /** Unique: of equal names the later ones are numbered, `a, a_2`. */
  readonly columns: readonly string[];
  /** Parallel to `columns`; null unless they were asked for. Values of a `real` column may be integers. */
  readonly types: readonly ColumnType[] | null;
  /** Integers beyond 2^53 are bigint, blobs hexadecimal text. */
  readonly rows: readonly (readonly Value[])[];
}

/**
 * Runs one reading statement and yields its rows in batches, never more than a few ahead of the consumer. The process
 * ends with the iteration, also when that is left early.
 *
 * @throws StoreError where the file is not one of our databases. QueryError QUERY_INVALID, QUERY_WRITES,
 *   QUERY_TIMEOUT. StoppedError when `signal` aborts.
 */
export async function* querySql(
  file: string,
  sql: string,
  { timeoutMs = MAX_TIMER_MS, signal, params = [], typed = false, limits = {} }: QueryOptions = {},
): AsyncGenerator<QueryBatch, void, void> {
  recognise(file);
  if (signal?.aborted) throw new StoppedError();
  const child = new Child(file, timeoutMs, signal, limits.memoryBytes);
  try {
    child.send({ kind: 'start', file, sql, params, typed, limits });
    const first = await child.next();
    if (first.kind !== 'columns') throw new Error('the query process began with rows');
    const { columns, types } = first;
    for (;;) {
      const batch = await child.next();
      if (batch.kind !== 'rows') throw new Error('the query process sent its columns twice');
      yield { columns, types, rows: batch.rows };
      if (batch.last) return;
      child.send({ kind: 'more' });
    }
  } finally {
    child.end();
  }
}

/** The process, with what it has sent in order. */
class Child {
  private readonly process: ChildProcess;
  private readonly arrived: ToParent[] = [];
  private fault: Error | null = null;
  private leftMs: number;
  private wake = () => {};
  private readonly abort = () => this.fail(new StoppedError());
  readonly end = () => {
    this.signal?.removeEventListener('abort', this.abort);
    process.removeListener('exit', this.end);
    this.process.kill('SIGKILL');
  };

  constructor(
    private readonly file: string,
    private readonly timeoutMs: number,
    private readonly signal: AbortSignal | undefined,
    memoryBytes: number | undefined,
  ) {
    this.leftMs = timeoutMs;
    const entry = workerFile('query');
    if (!existsSync(entry)) throw new Error(`${entry} is missing: run \`npm run build\``);
    this.process = fork(entry, memoryBytes === undefined ? [] : [String(memoryBytes)], {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.process.on('message', message => {
      this.arrived.push(message as ToParent);
      this.wake();
    });
    this.process.on('error', error => this.fail(error));
    this.process.on('exit', (code, name) => {
      const how =
        name === 'SIGKILL' && memoryBytes !== undefined
          ? `it took more than ${memoryBytes >> 20} MB of memory`
          : `the query's process ended early (${name ?? `exit code ${code}`})`;
      this.fail(invalid(how));
    });
    signal?.addEventListener('abort', this.abort);
    process.once('exit', this.end);
  }

  send(message: ToChild): void {
    // A child that is gone says so by its exit.
    this.process.send(message, () => {});
  }

  /** The next message, waited for while the time lasts. What the child reports as an error is thrown. */
  async next(): Promise<Exclude<ToParent, { kind: 'error' }>> {
    const began = performance.now();
    const timer = setTimeout(() => this.fail(this.timeout()), Math.min(this.leftMs, MAX_TIMER_MS));
    try {
      while (this.arrived.length === 0 && !this.fault) {
        await new Promise<void>(wake => {
          this.wake = wake;
        });
      }
    } finally {
      clearTimeout(timer);
      this.leftMs -= performance.now() - began;
    }
    if (this.fault instanceof StoppedError) throw this.fault;
    const message = this.arrived.shift();
    if (!message) throw this.fault;
    if (message.kind === 'error') throw rebuilt(message, this.file);
    return message;
  }

  private fail(error: Error): void {
    this.fault ??= error;
    this.wake();
  }

  private timeout(): QueryError {
    return new QueryError('QUERY_TIMEOUT', `SQL: stopped after ${this.timeoutMs / 1000} s without an end`);
  }
}

function rebuilt({ family, code, message }: Extract<ToParent, { kind: 'error' }>, file: string): Error {
  return family === 'store'
    ? new StoreError(code as StoreError['code'], file, message)
    : new QueryError(code as QueryError['code'], message);
}
