/** The progress of a database's sweeps, for `status` and the live page. */

import { groupBy } from '../../base/group-by.js';
import type { QueueState } from '../../domain/messages.js';
import type { LockRow } from '../file/lock-row.js';
import { type SlowReader, walBytes } from '../file/write-ahead-log.js';
import type { FailureRow, SweepProgress, TrajectoryStatus } from '../schema/rows.js';
import type { Duration, Reader } from './reader.js';

/** The rate covers the last five minutes, or the time since the run's start if that is shorter. */
const RATE_MS = 5 * 60_000;
const SLOWEST = 5;

/** The object that `status --json` prints, one per line with `--watch`. Times are ISO 8601, UTC. */
export interface StatusReport {
  readonly db: string;
  /** The run that holds the database. If not `alive`, its process is gone, and the next run takes over. */
  readonly holder: {
    readonly host: string;
    readonly pid: number;
    readonly since: string;
    readonly sweep: string | null;
    readonly alive: boolean;
    /** Trajectories that run at once, 0 while it is paused; null before they start. */
    readonly threads: number | null;
    /** What runs the hot loops, e.g. `native-512`; null before they start, and where there is no choice. */
    readonly kernels: string | null;
  } | null;
  /** Workers and queue of the run that is alive, as of its last commit; null without `run --queue`. */
  readonly queue: QueueState | null;
  /** Number of trajectories that are in some sweep, by status. */
  readonly trajectories: Readonly<Record<TrajectoryStatus, number>>;
  readonly sweeps: readonly (SweepProgress & {
    /** What the sweep file says about the sweep; null where it says nothing. */
    readonly description: string | null;
  })[];
  /** Null if no run is alive, or if it has finished no cell in the period. */
  readonly cellsPerSecond: number | null;
  /**
   * Seconds to the end of the running sweep: the run's own estimate, from all its work and not only its cells. Without
   * one, the unfinished cells divided by `cellsPerSecond`.
   */
  readonly secondsLeft: number | null;
  /** A reader that blocks truncation of the write-ahead log, with the log's present size in bytes. */
  readonly slowReader: SlowReader | null;
  readonly slowest: readonly Duration[];
  readonly failures: readonly FailureRow[];
}

function slowReaderOf(holder: (LockRow & { alive: boolean }) | null, db: string): SlowReader | null {
  if (!holder?.alive || holder.slow_reader === null) return null;
  return { ...JSON.parse(holder.slow_reader), walBytes: walBytes(db) };
}

function expectedSeconds(holder: (LockRow & { alive: boolean }) | null, now: number): number | null {
  if (!holder?.alive || holder.seconds_left === null) return null;
  return Math.max(0, holder.seconds_left - (now - Date.parse(holder.heartbeat)) / 1000);
}

const secondsAtRate = (sweep: SweepProgress | undefined, cellsPerSecond: number | null): number | null =>
  sweep && cellsPerSecond ? (sweep.cells - sweep.cellsDone) / cellsPerSecond : null;

/** Failures with the same error code and message. */
export interface FailureGroup {
  readonly errorCode: string;
  readonly error: string;
  readonly count: number;
  /** The first of them, in order of trajectory. */
  readonly first: readonly FailureRow[];
}

/** Groups failures by error, most frequent first, ties by first occurrence. `shown`: failures kept in each group. */
export function groupFailures(failures: readonly FailureRow[], shown = 1): FailureGroup[] {
  return [...groupBy(failures, row => `${row.errorCode} ${row.error}`).values()]
    .sort((a, b) => b.length - a.length)
    .map(rows => {
      const { errorCode, error } = rows[0]!;
      return { errorCode, error, count: rows.length, first: rows.slice(0, shown) };
    });
}

/** The part of Reader that `readStatus` needs. */
export type StatusSource = Pick<
  Reader,
  | 'inTransaction'
  | 'holder'
  | 'progress'
  | 'descriptions'
  | 'latestKernels'
  | 'cellsFinishedSince'
  | 'statusCounts'
  | 'slowest'
  | 'failures'
>;

export function readStatus(reader: StatusSource, db: string, now = Date.now()): StatusReport {
  return reader.inTransaction(() => {
    const lockRow = reader.holder();
    const holder = lockRow && {
      host: lockRow.host,
      pid: lockRow.pid,
      since: lockRow.since,
      sweep: lockRow.sweep,
      alive: lockRow.alive,
      threads: lockRow.threads,
      kernels: lockRow.threads === null ? null : reader.latestKernels(),
    };
    const descriptions = reader.descriptions();
    const sweeps = reader
      .progress()
      .map(row => ({ ...row, description: descriptions.get(row.sweep) ?? null }));
    const rateStart = Math.max(now - RATE_MS, Date.parse(lockRow?.since ?? ''));
    const finished = holder?.alive ? reader.cellsFinishedSince(rateStart) : 0;
    const cellsPerSecond = finished > 0 && now > rateStart ? (1000 * finished) / (now - rateStart) : null;
    const running = sweeps.find(({ sweep }) => sweep === holder?.sweep);
    return {
      db,
      holder,
      queue: lockRow?.alive && lockRow.queue ? (JSON.parse(lockRow.queue) as QueueState) : null,
      trajectories: reader.statusCounts(),
      sweeps,
      cellsPerSecond,
      secondsLeft:
        holder?.threads === 0
          ? null
          : (expectedSeconds(lockRow, now) ?? secondsAtRate(running, cellsPerSecond)),
      slowReader: slowReaderOf(lockRow, db),
      slowest: reader.slowest(SLOWEST),
      failures: reader.failures(),
    };
  });
}
