/** A run's hold on its database: taken once, shown by every commit, let go at the end. See lock-row.ts. */
import type { Database, Statement } from 'better-sqlite3';
import { StoreError } from '../../base/errors.js';
import { TOOL_VERSION } from '../../base/paths.js';
import { acquireLock, heldError, readLockRow } from '../file/lock-row.js';
import { refuseDamaged } from '../file/open.js';
import { type SlowReader, type WalLimits, WriteAheadLog } from '../file/write-ahead-log.js';
import { migrate } from '../schema/migrations.js';
import { recoverLost } from './recorder.js';

/** A reader that only looks, as a live page does, is gone by the next of so many tries. */
const LOOKS = 20;
const LOOK_MS = 50;

export interface LockOptions {
  /** A reader that stays in one transaction is found, costs twice as much as when last told, or (null) is gone. */
  readonly slowReader?: ((reader: SlowReader | null) => void) | undefined;
  /** Of the write-ahead log, where they are not to be the usual ones. */
  readonly walLimits?: Partial<WalLimits> | undefined;
}

/** What the hold asks of those who commit. */
export interface Commits {
  rest(): void;
  wake(): void;
}

export class WriterLock {
  private readonly token: string;
  private readonly tell: Statement<(string | number | null)[]>;
  private readonly log: WriteAheadLog;
  private slowReader: SlowReader | null = null;
  private secondsLeft: number | null = null;

  /**
   * Takes the database over from a dead holder, if there is one, and migrates it. Trajectories that were left running
   * are pending again.
   * @throws StoreError DATABASE_HELD, NOT_A_DATABASE (damaged): nothing is changed then.
   */
  constructor(
    private readonly file: string,
    private readonly db: Database,
    commits: Commits,
    options: LockOptions,
  ) {
    const take = db.transaction(() => {
      const before = readLockRow(db);
      const token = acquireLock(db, file, TOOL_VERSION);
      migrate(db, TOOL_VERSION);
      if (before) refuseDamaged(file, db);
      recoverLost(db, new Date().toISOString());
      return token;
    });
    // The declared references are kept by this program alone; SQLite would scan whole tables to check them.
    db.pragma('foreign_keys = OFF');
    this.token = take.immediate();
    this.tell = db.prepare(
      'UPDATE holder SET heartbeat = ?, slow_reader = ?, seconds_left = ? WHERE token = ?',
    );
    this.log = new WriteAheadLog(db, {
      rest: () => commits.rest(),
      wake: () => commits.wake(),
      slowReader: found => this.note(found, options.slowReader),
      limits: options.walLimits,
    });
  }

  /** Inside each transaction: shows that this process is alive and still holds the database. @throws StoreError */
  beat(): void {
    const slowReader = this.slowReader && JSON.stringify(this.slowReader);
    const now = new Date().toISOString();
    if (this.tell.run(now, slowReader, this.secondsLeft, this.token).changes !== 1) throw this.lost();
  }

  afterCommit(): void {
    this.log.afterCommit();
  }

  expect(secondsLeft: number | null): void {
    this.secondsLeft = secondsLeft !== null && Number.isFinite(secondsLeft) ? secondsLeft : null;
  }

  /** Closes the connection. */
  release(): void {
    this.log.close();
    try {
      this.db.prepare('DELETE FROM holder WHERE token = ?').run(this.token);
      this.db.pragma('wal_checkpoint(TRUNCATE)');
      this.db.pragma('busy_timeout = 0');
      this.leaveOneFile();
    } catch {
      // A full disk, or a reader that stays: the row of a dead process is taken over, and the log is read with the file.
    } finally {
      this.db.close();
    }
  }

  /** A finished database is one file, which can be read from a folder that nobody may write to. */
  private leaveOneFile(): void {
    const clock = new Int32Array(new SharedArrayBuffer(4));
    for (let left = LOOKS; ; left--) {
      try {
        this.db.pragma('journal_mode = DELETE');
        return;
      } catch (error) {
        if (left === 0) throw error;
        Atomics.wait(clock, 0, 0, LOOK_MS);
      }
    }
  }

  private note(found: SlowReader | null, tell: LockOptions['slowReader']): void {
    const told = this.slowReader;
    if (found && told && found.since === told.since && found.walBytes < 2 * told.walBytes) return;
    this.slowReader = found;
    tell?.(found);
  }

  private lost(): StoreError {
    const holder = readLockRow(this.db);
    if (holder) return heldError(this.file, holder);
    return new StoreError('DATABASE_HELD', this.file, `${this.file}: this run no longer holds the database`);
  }
}
