/** Runs user SQL in a child process, since only killing a process stops SQLite at any moment. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { InstallationError, QueryError, StoppedError, StoreError } from '../../base/errors.js';
import { workerFile } from '../../base/paths.js';
import { checkHeader } from '../file/open.js';
import type { ColumnType } from './column-types.js';
import type { Params, Value } from './parameters.js';
import type { QueryCommand, QueryLimits, QueryReply } from './query-server.js';
import { invalidQuery } from './statement.js';

export type { ColumnType } from './column-types.js';
export type { Params, Value } from './parameters.js';
export type { QueryLimits } from './query-server.js';

/** The longest delay of Node's timers, about 25 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** How a statement is run. */
export interface QueryOptions {
  /** Limit of the database's computing time in milliseconds. Time spent in the consumer does not count. */
  readonly timeoutMs?: number;
  /** An abort ends the query with a StoppedError. */
  readonly signal?: AbortSignal;
  /** An array for `?`, an object for `:name`. */
  readonly params?: Params;
  /** Finds the columns' types, which runs the statement twice. */
  readonly typed?: boolean;
  readonly limits?: QueryLimits;
}

/** Part of a result. Every result has at least one batch, so a result without rows still has its columns. */
export interface QueryBatch {
  /** Unique: repeated names are numbered, `a, a_2`. */
  readonly columns: readonly string[];
  /** Parallel to `columns`; null unless `typed`. Values of a `real` column may be integers. */
  readonly types: readonly ColumnType[] | null;
  /** Integers beyond 2^53 are bigint, blobs hexadecimal text. */
  readonly rows: readonly (readonly Value[])[];
}

/**
 * Runs one statement that reads and yields its rows in batches, at most a few ahead of the consumer. The child
 * process ends with the iteration, even if the consumer leaves it early.
 *
 * @example
 * const sql = 'SELECT dataset_size, upper FROM thresholds WHERE seed = :seed';
 * for await (const { rows } of querySql('results/my.sqlite', sql, { params: { seed: 0 } })) console.log(rows);
 *
 * @throws StoreError if the file is not an espalier database. QueryError QUERY_INVALID, QUERY_WRITES, QUERY_TIMEOUT.
 *   StoppedError when `signal` aborts. InstallationError.
 */
export async function* querySql(
  file: string,
  sql: string,
  { timeoutMs = MAX_TIMER_MS, signal, params = [], typed = false, limits = {} }: QueryOptions = {},
): AsyncGenerator<QueryBatch, void, void> {
  checkHeader(file);
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

/** The child process and the queue of its messages. */
class Child {
  private readonly process: ChildProcess;
  private readonly messages: QueryReply[] = [];
  private fault: Error | null = null;
  private remainingMs: number;
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
    this.remainingMs = timeoutMs;
    const entry = workerFile('query');
    if (!existsSync(entry))
      throw new InstallationError('the process for SQL is not built: run `npm run build`');
    const limits = [process.pid, memoryBytes ?? Number.POSITIVE_INFINITY];
    this.process = fork(entry, limits.map(String), {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.process.on('message', message => {
      this.messages.push(message as QueryReply);
      this.wake();
    });
    this.process.on('error', error => this.fail(error));
    this.process.on('exit', (code, name) => {
      const reason =
        name === 'SIGKILL' && memoryBytes !== undefined
          ? `it took more than ${memoryBytes >> 20} MB of memory`
          : `the query's process ended early (${name ?? `exit code ${code}`})`;
      this.fail(invalidQuery(reason));
    });
    signal?.addEventListener('abort', this.abort);
    process.once('exit', this.end);
  }

  send(message: QueryCommand): void {
    // Errors are ignored here: if the child is gone, its `exit` event reports it.
    this.process.send(message, () => {});
  }

  /** Waits for the next message. Throws errors that the child sends, and QUERY_TIMEOUT when no time is left. */
  async next(): Promise<Exclude<QueryReply, { kind: 'error' }>> {
    const started = performance.now();
    const timer = setTimeout(() => this.fail(this.timeout()), Math.min(this.remainingMs, MAX_TIMER_MS));
    try {
      while (this.messages.length === 0 && !this.fault) {
        await new Promise<void>(wake => {
          this.wake = wake;
        });
      }
    } finally {
      clearTimeout(timer);
      this.remainingMs -= performance.now() - started;
    }
    if (this.fault instanceof StoppedError) throw this.fault;
    const message = this.messages.shift();
    if (!message) throw this.fault;
    if (message.kind === 'error') throw toError(message, this.file);
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

function toError({ family, code, message }: Extract<QueryReply, { kind: 'error' }>, file: string): Error {
  switch (family) {
    case 'store':
      return new StoreError(code as StoreError['code'], file, message);
    case 'query':
      return new QueryError(code as QueryError['code'], message);
    case 'installation':
      return new InstallationError(message);
  }
}
