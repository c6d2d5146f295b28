/**
 * Keeps the write-ahead log short.
 *
 * Commits append to the file `-wal`. A checkpoint copies the log into the database. It can truncate the log only while
 * no reader is in a transaction that started before the whole log was copied.
 *
 * - Past `checkpointBytes`, every commit is followed by an attempt to truncate that waits for no lock.
 * - Overlapping short readers would block truncation forever. Past `restBytes`, commits pause (rows wait in memory)
 *   until the current readers end their transactions; new readers then read the database alone. No lock is waited for.
 * - One reader that stays in its transaction cannot stall commits: a pause is abandoned after `restMs`, and the next
 *   starts no sooner than `restAgainMs` after the start of the abandoned one.
 * - A reader that blocks the copying of the same part of the log for `slowMs` is reported, with the size of the log.
 */
import { rmSync, statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { formatBytes } from '../../base/units.js';
import { companionFile } from './companions.js';
import { type ReadingProcess, readingProcesses } from './reading-processes.js';

const LIMITS = {
  checkpointBytes: 4 * 2 ** 20,
  restBytes: 32 * 2 ** 20,
  restMs: 2_000,
  restAgainMs: 30_000,
  slowMs: 30_000,
  /** Interval of the passive checkpoints that detect slow readers between commits. */
  lookMs: 10_000,
};
/** Interval of truncation attempts during a pause. */
const POLL_MS = 10;

export type WalLimits = Readonly<typeof LIMITS>;

/** A reader that stays in one transaction. */
export interface SlowReader {
  /** When it was first noticed; the transaction started no later. ISO 8601, UTC. */
  readonly since: string;
  /** Candidates: the processes now in a read transaction. Empty except on Linux. */
  readonly processes: readonly ReadingProcess[];
  /** Size of the log, which cannot be truncated meanwhile. */
  readonly walBytes: number;
}

/** Describes a slow reader in one line. */
export function describeSlowReader({ since, processes, walBytes }: SlowReader): string {
  const who = processes.map(({ pid, command }) =>
    command === null ? `process ${pid}` : `process ${pid} (${command})`,
  );
  return (
    `a reader has had a transaction open since ${since}: ${who.join(' or ') || 'some process'}; meanwhile the ` +
    `write-ahead log cannot be emptied, and takes ${formatBytes(walBytes)} on the disk`
  );
}

export interface WalOptions {
  /** Pauses commits until `wake`. */
  readonly rest: () => void;
  readonly wake: () => void;
  /** Called at every checkpoint while a reader is slow, and with null when it is gone. */
  readonly slowReader: (reader: SlowReader | null) => void;
  readonly limits?: Partial<WalLimits> | undefined;
}

/** Size of a database's write-ahead log in bytes; 0 if there is none. */
export const walBytes = (database: string): number =>
  statSync(companionFile(database, 'wal'), { throwIfNoEntry: false })?.size ?? 0;

/** The row that `PRAGMA wal_checkpoint` returns. */
interface Checkpoint {
  /** 1 if a reader or writer blocked the checkpoint, else 0. */
  readonly busy: number;
  /** Pages in the log. */
  readonly log: number;
  /** Of these, pages copied into the database. */
  readonly checkpointed: number;
}

export class WriteAheadLog {
  private readonly passiveTimer: NodeJS.Timeout;
  private restTimer: NodeJS.Timeout | null = null;
  private restStarted = Number.NEGATIVE_INFINITY;
  /** The page at which copying is stuck, and since when (`at` by performance.now(), `since` ISO 8601); else null. */
  private stuck: { readonly at: number; readonly page: number; readonly since: string } | null = null;
  private isSlow = false;
  private isHidden = false;
  private readonly files: readonly string[];
  private readonly limits: WalLimits;

  constructor(
    private readonly db: Database,
    private readonly options: WalOptions,
  ) {
    // Checkpoints run after a commit only, so no commit includes the copying of earlier ones.
    db.pragma('wal_autocheckpoint = 0');
    this.files = (['wal', 'shm'] as const).map(which => companionFile(db.name, which));
    this.limits = { ...LIMITS, ...options.limits };
    this.passiveTimer = setInterval(
      () => this.inBackground(() => this.checkpoint('PASSIVE')),
      this.limits.lookMs,
    ).unref();
  }

  /** Truncates the log if it is long, or pauses commits until that is possible. */
  afterCommit(): void {
    const bytes = walBytes(this.db.name);
    if (bytes < this.limits.checkpointBytes || this.restTimer) return;
    let busy = true;
    this.inBackground(() => {
      busy = this.checkpoint('TRUNCATE').busy !== 0;
    });
    const restedRecently = performance.now() - this.restStarted < this.limits.restAgainMs;
    if (busy && bytes >= this.limits.restBytes && !restedRecently) this.rest();
  }

  /**
   * Takes the log's name away, once. SQLite goes on with the nameless file. Under its name, SQLite would take it for the
   * log of another database in this one's place.
   */
  hide(): void {
    if (this.isHidden) return;
    this.isHidden = true;
    this.inBackground(() => this.checkpoint('TRUNCATE'));
    for (const file of this.files) this.inBackground(() => rmSync(file, { force: true }));
  }

  close(): void {
    clearInterval(this.passiveTimer);
    if (this.restTimer) clearInterval(this.restTimer);
  }

  private rest(): void {
    this.restStarted = performance.now();
    this.options.rest();
    this.restTimer = setInterval(() => {
      let busy = true;
      this.inBackground(() => {
        busy = this.checkpoint('TRUNCATE').busy !== 0;
      });
      if (busy && performance.now() - this.restStarted < this.limits.restMs) return;
      clearInterval(this.restTimer!);
      this.restTimer = null;
      if (!busy) this.restStarted = Number.NEGATIVE_INFINITY;
      this.options.wake();
    }, POLL_MS);
  }

  /** Runs a checkpoint that waits for no lock. */
  private checkpoint(mode: 'PASSIVE' | 'TRUNCATE'): Checkpoint {
    const busyTimeout = this.db.pragma('busy_timeout', { simple: true });
    this.db.pragma('busy_timeout = 0');
    try {
      const [result] = this.db.pragma(`wal_checkpoint(${mode})`) as Checkpoint[];
      this.watch(result!);
      return result!;
    } finally {
      this.db.pragma(`busy_timeout = ${busyTimeout}`);
    }
  }

  /** Reports a slow reader, or its end, from the result of a checkpoint. */
  private watch({ log, checkpointed }: Checkpoint): void {
    if (checkpointed >= log) this.stuck = null;
    else if (this.stuck?.page !== checkpointed) {
      this.stuck = { at: performance.now(), page: checkpointed, since: new Date().toISOString() };
    }
    if (this.stuck && performance.now() - this.stuck.at >= this.limits.slowMs) {
      this.isSlow = true;
      const processes = readingProcesses(this.db.name);
      this.options.slowReader({ since: this.stuck.since, processes, walBytes: walBytes(this.db.name) });
    } else if (this.isSlow) {
      this.isSlow = false;
      this.options.slowReader(null);
    }
  }

  /** Ignores errors of `work`: a fault of the disk also fails the next commit, which reports it. */
  private inBackground(work: () => void): void {
    try {
      work();
    } catch {}
  }
}
