/** The small part of what the page shows, read anew at every look. */
import type { LiveReader } from '../store/read/live-reader.js';
import { groupFailures, readStatus } from '../store/read/status.js';
import type { Counts } from './counts.js';
import type { LiveState, Page } from './messages.js';

/** Rows of each list that the page is sent; the SQL box has the rest. */
const MOST = { sweeps: 20, running: 64, reasons: 20, failuresOfAReason: 5 };

export function readState(live: LiveReader, counts: Counts, db: string): LiveState {
  const { reader } = live;
  const { holder, trajectories, cellsPerSecond, secondsLeft, sweeps, failures } = readStatus(
    {
      inTransaction: work => reader.inTransaction(work),
      holder: () => reader.holder(),
      progress: () => counts.progress(live),
      cellsFinishedSince: moment => live.cellsFinishedSince(moment),
      statusCounts: () => reader.statusCounts(),
      slowest: () => [],
      failures: () => reader.failures(),
    },
    db,
  );
  const isRun = (name: string): number => Number(holder?.alive === true && holder.sweep === name);
  const running = trajectories.running;
  const rows = live.running(MOST.running);
  return {
    kind: 'open',
    holder,
    trajectories,
    cellsPerSecond,
    secondsLeft,
    sweeps: page(
      [...sweeps].sort((a, b) => isRun(b.sweep) - isRun(a.sweep)),
      MOST.sweeps,
    ),
    running: { rows, leftOut: Math.max(0, running - rows.length) },
    failures: page(groupFailures(failures, MOST.failuresOfAReason), MOST.reasons),
    relations: live.relations(),
  };
}

const page = <T>(rows: readonly T[], most: number): Page<T> => ({
  rows: rows.slice(0, most),
  leftOut: Math.max(0, rows.length - most),
});
