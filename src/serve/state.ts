/** The state of sweeps and trajectories on the page: small enough to read anew at every poll. */
import type { LiveReader } from '../store/read/live-reader.js';
import { groupFailures, readStatus } from '../store/read/status.js';
import type { Counts } from './counts.js';
import type { LiveState, Page } from './messages.js';

/** Rows of each list that are sent to the page; the SQL box has the rest. */
const LIMITS = { sweeps: 20, running: 64, reasons: 20, failuresOfAReason: 5 };

export function readState(live: LiveReader, counts: Counts, db: string): LiveState {
  const { reader } = live;
  const { holder, queue, trajectories, cellsPerSecond, secondsLeft, sweeps, failures } = readStatus(
    {
      inTransaction: work => reader.inTransaction(work),
      holder: () => reader.holder(),
      progress: () => counts.progress(live),
      descriptions: () => reader.descriptions(),
      latestKernels: () => reader.latestKernels(),
      cellsFinishedSince: moment => live.cellsFinishedSince(moment),
      statusCounts: () => reader.statusCounts(),
      slowest: () => [],
      failures: () => reader.failures(),
    },
    db,
  );
  const isRun = (name: string): number => Number(holder?.alive === true && holder.sweep === name);
  const running = trajectories.running;
  const rows = live.running(LIMITS.running);
  return {
    kind: 'open',
    holder,
    queue,
    trajectories,
    cellsPerSecond,
    secondsLeft,
    sweeps: page(
      [...sweeps].sort((a, b) => isRun(b.sweep) - isRun(a.sweep)),
      LIMITS.sweeps,
    ),
    running: { rows, leftOut: Math.max(0, running - rows.length) },
    failures: page(groupFailures(failures, LIMITS.failuresOfAReason), LIMITS.reasons),
    relations: live.relations(),
  };
}

const page = <T>(rows: readonly T[], limit: number): Page<T> => ({
  rows: rows.slice(0, limit),
  leftOut: Math.max(0, rows.length - limit),
});
