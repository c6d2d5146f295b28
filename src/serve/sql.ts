/** The SQL box: runs a page's statement in a process of its own, with limits on time, rows and memory. */
import { InstallationError, QueryError, StoppedError, StoreError } from '../base/errors.js';
import { counted } from '../base/units.js';
import { querySql, type Value } from '../store/user-sql/query.js';
import type { SqlAnswer } from './messages.js';

const LIMITS = { rows: 500, bytes: 4 << 20, cellChars: 2_000, memoryBytes: 512 << 20, timeoutMs: 15_000 };
/** Concurrent statements; further ones wait in a queue. */
const MAX_RUNNING = 2;
const MAX_WAITING = 20;

export class SqlBox {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly stop = new AbortController();

  constructor(private readonly file: string) {}

  /**
   * @param signal aborts when the page disconnects.
   * @throws QueryError, StoreError, StoppedError as `querySql`; QueryError QUERY_TIMEOUT where too many wait.
   */
  async query(sql: string, signal: AbortSignal): Promise<SqlAnswer> {
    await this.waitForTurn();
    const started = performance.now();
    try {
      const answer = await this.read(sql, AbortSignal.any([signal, this.stop.signal]));
      return { ...answer, milliseconds: Math.round(performance.now() - started) };
    } finally {
      this.running--;
      this.waiting.shift()?.();
    }
  }

  close(): void {
    this.stop.abort();
  }

  private async waitForTurn(): Promise<void> {
    if (this.running >= MAX_RUNNING) {
      if (this.waiting.length >= MAX_WAITING)
        throw new QueryError('QUERY_TIMEOUT', 'SQL: too many queries are waiting, try again later');
      await new Promise<void>(resolve => this.waiting.push(resolve));
    }
    this.running++;
  }

  private async read(sql: string, signal: AbortSignal): Promise<Omit<SqlAnswer, 'milliseconds'>> {
    const { rows: maxRows, bytes: maxBytes, timeoutMs, ...limits } = LIMITS;
    const rows: SqlAnswer['rows'][number][] = [];
    let columns: readonly string[] = [];
    let bytes = 0;
    for await (const batch of querySql(this.file, sql, { timeoutMs, signal, limits })) {
      columns = batch.columns;
      for (const row of batch.rows) {
        if (rows.length === maxRows)
          return { columns, rows, cut: `only the first ${maxRows} rows are shown` };
        for (const cell of row) bytes += typeof cell === 'string' ? cell.length : 8;
        if (bytes > maxBytes)
          return {
            columns,
            rows,
            cut: `only the first ${counted(rows.length, 'row is', 'rows are')} shown: ${rows.length === 1 ? 'it is' : 'they are'} large`,
          };
        rows.push(row.map(sendable));
      }
    }
    return { columns, rows, cut: null };
  }
}

/** Whether the page may show the error's message: the statement failed or was stopped. Other errors are defects. */
export const isRefusal = (error: unknown): error is Error =>
  [QueryError, StoreError, StoppedError, InstallationError].some(refusal => error instanceof refusal);

const sendable = (value: Value): string | number | null =>
  typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value)) ? String(value) : value;
