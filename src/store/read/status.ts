/** How far the sweeps of a database are, for `status` and the live page. */

import type { LockRow } from '../file/lock-row.js';
import { type SlowReader, walBytes } from '../file/write-ahead-log.js';
import type { FailureRow, SweepProgress, TrajectoryStatus } from '../schema/rows.js';
import type { Duration, Reader } from './reader.js';

/** The rate is that of the last five minutes, or since the run began. */
const RATE_MS = 5 * 60_000;
const SLOWEST = 5;

/** The shape of `status --json`; with `--watch`, one such object a line. Times are ISO 8601, UTC. */
export interface StatusReport {
  readonly db: string;
  /** The run that holds the database; not `alive`: its process is gone, and running again takes over. */
  readonly holder: {
    readonly host: string;
    readonly pid: number;
    readonly since: string;
    readonly sweep: string | null;
    readonly alive: boolean;
  } | null;
  /** Of the trajectories that any sweep asks for. */
  readonly trajectories: Readonly<Record<TrajectoryStatus, number>>;
  readonly sweeps: readonly SweepProgress[];
  /** Null where no run is alive, or none of its cells is finished yet. */
  readonly cellsPerSecond: number | null;
  /**
   * To the end of the running sweep: as the run itself expects from what it has finished (all of its work, not its
   * cells alone), or, where it does not tell, if its cells keep coming at this rate.
   */
  readonly secondsLeft: number | null;
  /** A reader that keeps the write-ahead log from being emptied, and the bytes that this takes on the disk now. */
  readonly slowReader: SlowReader | null;
  readonly slowest: readonly Duration[];
  readonly failures: readonly FailureRow[];
}

function slowReaderOf(holder: (LockRow & { alive: boolean }) | null, db: string): SlowReader | null {
  if (!holder?.alive || holder.slow_reader === null) return null;
  return { ...JSON.parse(holder.slow_reader), walBytes: walBytes(db) };
}

function expectedOf(holder: (LockRow & { alive: boolean }) | null, now: number): number | null {
  if (!holder?.alive || holder.seconds_left === null) return null;
  return Math.max(0, holder.seconds_left - (now - Date.parse(holder.heartbeat)) / 1000);
}

const atThisRate = (sweep: SweepProgress | undefined, cellsPerSecond: number | null): number | null =>
  sweep && cellsPerSecond ? (sweep.cells - sweep.cellsDone) / cellsPerSecond : null;

/** Failures that have the same reason. */
export interface FailureGroup {
  readonly errorCode: string;
  readonly error: string;
  readonly count: number;
  /** The first of them, in the order of their trajectories. */
  readonly first: readonly FailureRow[];
}

/** The most frequent reason first; of equally frequent ones, the one that comes first. */
export function groupFailures(failures: readonly FailureRow[], shown = 1): FailureGroup[] {
  const groups = new Map<string, FailureRow[]>();
  for (const row of failures) {
    const key = `${row.errorCode} ${row.error}`;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()]
    .sort((a, b) => b.length - a.length)
    .map(rows => {
      const { errorCode, error } = rows[0]!;
      return { errorCode, error, count: rows.length, first: rows.slice(0, shown) };
    });
}

/** What a status is read from. */
export type StatusSource = Pick<
  Reader,
  'inTransaction' | 'holder' | 'progress' | 'cellsFinishedSince' | 'statusCounts' | 'slowest' | 'failures'
>;

export function readStatus(reader: StatusSource, db: string, now = Date.now()): StatusReport {
  return reader.inTransaction(() => {
    const held = reader.holder();
    const holder = held && {
      host: held.host,
      pid: held.pid,
      since: held.since,
      sweep: held.sweep,
      alive: held.alive,
    };
    const sweeps = reader.progress();
    const began = Math.max(now - RATE_MS, Date.parse(held?.since ?? ''));
    const finished = holder?.alive ? reader.cellsFinishedSince(began) : 0;
    const cellsPerSecond = finished > 0 && now > began ? (1000 * finished) / (now - began) : null;
    const running = sweeps.find(({ sweep }) => sweep === holder?.sweep);
    return {
      db,
      holder,
      trajectories: reader.statusCounts(),
      sweeps,
      cellsPerSecond,
      secondsLeft: expectedOf(held, now) ?? atThisRate(running, cellsPerSecond),
      slowReader: slowReaderOf(held, db),
      slowest: reader.slowest(SLOWEST),
      failures: reader.failures(),
    };
  });
}
