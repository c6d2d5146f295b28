/** A run's lock on its database: acquired once, renewed by every commit, released at the end. See file/lock-row.ts. */
import type { Database, Statement } from 'better-sqlite3';
import { StoreError } from '../../base/errors.js';
import { TOOL_VERSION } from '../../base/paths.js';
import type { QueueState } from '../../domain/messages.js';
import { acquireLock, heldError, readLockRow } from '../file/lock-row.js';
import { refuseDamaged } from '../file/open.js';
import { isAtItsPath } from '../file/own-connections.js';
import { type SlowReader, type WalLimits, WriteAheadLog } from '../file/write-ahead-log.js';
import { writeBack } from '../file/write-back.js';
import { migrate } from '../schema/migrations.js';
import { closeLostAttempts } from './recorder.js';

/** Retries of leaving WAL mode. A short reader, such as a live page, is gone by one of them. */
const MAX_RETRIES = 20;
const RETRY_MS = 50;

export interface LockOptions {
  /**
   * Called when a reader that stays in one transaction is found, again whenever the log has doubled since the last
   * call, and with null when the reader is gone.
   */
  readonly slowReader?: ((reader: SlowReader | null) => void) | undefined;
  /** Overrides of the write-ahead log's default limits. */
  readonly walLimits?: Partial<WalLimits> | undefined;
}

/** Pauses and resumes commits; GroupCommit implements it. */
export interface Commits {
  rest(): void;
  wake(): void;
}

export class WriterLock {
  readonly token: string;
  private readonly renewal: Statement<(string | number | null)[]>;
  private readonly log: WriteAheadLog;
  private slowReader: SlowReader | null = null;
  private secondsLeft: number | null = null;
  private threads: number | null = null;
  private queue: string | null = null;

  /**
   * Acquires the lock, from a dead holder if there is one, and migrates the database. Trajectories that were left
   * running become pending.
   * @throws StoreError DATABASE_HELD, NOT_A_DATABASE (damaged). Nothing is changed then.
   */
  constructor(
    private readonly file: string,
    private readonly db: Database,
    commits: Commits,
    options: LockOptions,
  ) {
    const acquire = db.transaction(() => {
      const previous = readLockRow(db);
      const token = acquireLock(db, file, TOOL_VERSION);
      migrate(db, TOOL_VERSION);
      if (previous) refuseDamaged(file, db);
      closeLostAttempts(db, new Date().toISOString());
      return token;
    });
    // This program keeps the declared references itself. SQLite would scan whole tables to check them.
    db.pragma('foreign_keys = OFF');
    this.token = acquire.immediate();
    this.renewal = db.prepare(
      'UPDATE holder SET heartbeat = ?, slow_reader = ?, seconds_left = ?, threads = ?, queue = ? WHERE token = ?',
    );
    this.log = new WriteAheadLog(db, {
      rest: () => commits.rest(),
      wake: () => commits.wake(),
      slowReader: found => this.reportSlowReader(found, options.slowReader),
      limits: options.walLimits,
    });
  }

  /** Renews the heartbeat. Runs inside each transaction. @throws StoreError DATABASE_HELD if the lock is lost. */
  renew(): void {
    const slowReader = this.slowReader && JSON.stringify(this.slowReader);
    const now = new Date().toISOString();
    const state = [slowReader, this.secondsLeft, this.threads, this.queue];
    if (this.renewal.run(now, ...state, this.token).changes !== 1) throw this.lostError();
  }

  afterCommit(): void {
    this.log.afterCommit();
  }

  /** Whether the path still leads to the database. If not, its log no longer lies at that path either. */
  isInPlace(): boolean {
    const isInPlace = isAtItsPath(this.db);
    if (!isInPlace) this.log.hide();
    return isInPlace;
  }

  /** Sets the expected seconds to the run's end, which the next `renew` stores. */
  setSecondsLeft(secondsLeft: number | null): void {
    this.secondsLeft = secondsLeft !== null && Number.isFinite(secondsLeft) ? secondsLeft : null;
  }

  /** Sets how many trajectories run at once, which the next `renew` stores. */
  setThreads(threads: number): void {
    this.threads = threads;
  }

  /** Sets the workers of a queue, which the next `renew` stores. */
  setQueue(state: QueueState): void {
    this.queue = JSON.stringify(state);
  }

  /**
   * Releases the lock and closes the connection. If the path no longer leads to the database, writes it back first.
   * @returns the path of a copy beside it, if another file is in its place; else null.
   */
  release(): string | null {
    this.log.close();
    if (!this.isInPlace()) {
      this.db.prepare('DELETE FROM holder WHERE token = ?').run(this.token);
      return writeBack(this.file, this.db);
    }
    try {
      this.db.prepare('DELETE FROM holder WHERE token = ?').run(this.token);
      this.db.pragma('wal_checkpoint(TRUNCATE)');
      this.db.pragma('busy_timeout = 0');
      this.leaveOneFile();
    } catch {
      // A full disk or a reader that stays. The next run takes over from a dead process, and readers read the log too.
    } finally {
      this.db.close();
    }
    return null;
  }

  /** Leaves WAL mode, so the database is a single file that is readable in a read-only folder. */
  private leaveOneFile(): void {
    const sleepCell = new Int32Array(new SharedArrayBuffer(4));
    for (let left = MAX_RETRIES; ; left--) {
      try {
        this.db.pragma('journal_mode = DELETE');
        return;
      } catch (error) {
        if (left === 0) throw error;
        // Sleeps synchronously.
        Atomics.wait(sleepCell, 0, 0, RETRY_MS);
      }
    }
  }

  /** Reports a slow reader unless the log has grown less than twofold since the last report about it. */
  private reportSlowReader(found: SlowReader | null, report: LockOptions['slowReader']): void {
    const reported = this.slowReader;
    if (found && reported && found.since === reported.since && found.walBytes < 2 * reported.walBytes) return;
    this.slowReader = found;
    report?.(found);
  }

  private lostError(): StoreError {
    const holder = readLockRow(this.db);
    if (holder) return heldError(this.file, holder);
    return new StoreError('DATABASE_HELD', this.file, `${this.file}: this run no longer holds the database`);
  }
}
