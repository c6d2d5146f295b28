/**
 * Keeps the write-ahead log short. Commits append to the file `-wal`; a checkpoint copies it into the database, and can
 * empty it only while no reader is in a transaction that began before its end.
 *
 * - Past `checkpointBytes`, emptying is tried after every commit, without waiting for anybody.
 * - Readers that come and go without pause would never let it succeed: past `restBytes` commits rest (rows wait in
 *   memory) until the readers that are in a transaction have ended it. New ones then read the database alone. Nobody
 *   waits for a lock. A rest is given up after `restMs` and not repeated for a while, for the sake of a reader that stays.
 * - A reader that keeps the same part of the log from being copied for `slowMs` is named, with what it costs.
 */
import { statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { formatBytes } from '../../base/memory.js';
import { type ReadingProcess, readingProcesses } from './reading-processes.js';
import { sqliteFile } from './sqlite-files.js';

const LIMITS = {
  checkpointBytes: 4 * 2 ** 20,
  restBytes: 32 * 2 ** 20,
  restMs: 2_000,
  /** After a rest that was given up. */
  restAgainMs: 30_000,
  slowMs: 30_000,
  lookMs: 10_000,
};
const POLL_MS = 10;

export type WalLimits = Readonly<typeof LIMITS>;

/** A reader that stays in one transaction. */
export interface SlowReader {
  /** Since when at the latest. ISO 8601, UTC. */
  readonly since: string;
  /** Who may be it: the processes that are in a transaction; none where the system does not tell. */
  readonly processes: readonly ReadingProcess[];
  /** What the log has grown to, since it cannot be emptied. */
  readonly walBytes: number;
}

/** One line. */
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
  /** Commits rest, until `wake`. */
  readonly rest: () => void;
  readonly wake: () => void;
  /** One is found, is still there with another cost, or (null) is gone. */
  readonly slowReader: (reader: SlowReader | null) => void;
  readonly limits?: Partial<WalLimits> | undefined;
}

export const walBytes = (database: string): number =>
  statSync(sqliteFile(database, 'wal'), { throwIfNoEntry: false })?.size ?? 0;

interface Checkpoint {
  readonly busy: number;
  /** Pages in the log, and how many of them are copied. */
  readonly log: number;
  readonly checkpointed: number;
}

export class WriteAheadLog {
  private readonly look: NodeJS.Timeout;
  private poll: NodeJS.Timeout | null = null;
  private restFrom = Number.NEGATIVE_INFINITY;
  /** Since when copying has stood still, at which page. */
  private stuck: { readonly at: number; readonly page: number; readonly since: string } | null = null;
  private isSlow = false;
  private readonly limits: WalLimits;

  constructor(
    private readonly db: Database,
    private readonly options: WalOptions,
  ) {
    // By afterCommit only, so that no commit pays for the copying of another.
    db.pragma('wal_autocheckpoint = 0');
    this.limits = { ...LIMITS, ...options.limits };
    this.look = setInterval(
      () => this.inBackground(() => this.checkpoint('PASSIVE')),
      this.limits.lookMs,
    ).unref();
  }

  afterCommit(): void {
    const bytes = walBytes(this.db.name);
    if (bytes < this.limits.checkpointBytes || this.poll) return;
    let busy = true;
    this.inBackground(() => {
      busy = this.checkpoint('TRUNCATE').busy !== 0;
    });
    const rested = performance.now() - this.restFrom < this.limits.restAgainMs;
    if (busy && bytes >= this.limits.restBytes && !rested) this.rest();
  }

  close(): void {
    clearInterval(this.look);
    if (this.poll) clearInterval(this.poll);
  }

  private rest(): void {
    this.restFrom = performance.now();
    this.options.rest();
    this.poll = setInterval(() => {
      let busy = true;
      this.inBackground(() => {
        busy = this.checkpoint('TRUNCATE').busy !== 0;
      });
      if (busy && performance.now() - this.restFrom < this.limits.restMs) return;
      clearInterval(this.poll!);
      this.poll = null;
      if (!busy) this.restFrom = Number.NEGATIVE_INFINITY;
      this.options.wake();
    }, POLL_MS);
  }

  private checkpoint(mode: 'PASSIVE' | 'TRUNCATE'): Checkpoint {
    const waits = this.db.pragma('busy_timeout', { simple: true });
    this.db.pragma('busy_timeout = 0');
    try {
      const [result] = this.db.pragma(`wal_checkpoint(${mode})`) as Checkpoint[];
      this.watch(result!);
      return result!;
    } finally {
      this.db.pragma(`busy_timeout = ${waits}`);
    }
  }

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

  /** A fault of the disk shows itself in the next commit. */
  private inBackground(work: () => void): void {
    try {
      work();
    } catch {}
  }
}
