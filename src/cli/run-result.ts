/** What `espalier run --json` prints, and what the command of `--on-end` reads. */
import type { ExitCode } from '../base/errors.js';
import { counted, formatDuration } from '../base/units.js';
import type { RunOutcome } from '../run/observer.js';
import type { ThresholdSummary } from '../threshold/summary.js';

/**
 * The shape of `run --json`. After an end without an outcome (bad input, a database that is held, the second signal, a
 * defect), which only `--on-end` sees, it holds what was known by then.
 */
export interface RunResult {
  /** Null if the sweep file could not be read. */
  readonly sweep: string | null;
  readonly db: string | null;
  /** True if a request to stop left something to do. */
  readonly stopped: boolean;
  /** Seconds that the run took. */
  readonly seconds: number;
  /** Null if the database was not read. */
  readonly progress: RunOutcome['progress'] | null;
  /** Primary target first (threshold/summary.ts); empty after some stops, and after an end without an outcome. */
  readonly thresholds: readonly ThresholdSummary[];
  readonly exitCode: ExitCode;
  /** Null unless the run ended by an error (exit codes 2 and 70). */
  readonly error: { readonly code: string; readonly message: string } | null;
}

export const resultJson = (result: RunResult): string => `${JSON.stringify(result, null, 2)}\n`;

/** The result as one line. */
export function resultLine({ sweep, stopped, seconds, progress, error }: RunResult): string {
  if (error) return [sweep, error.message].filter(Boolean).join(': ');
  const state = `${sweep ?? 'the run'} ${stopped ? 'stopped' : 'finished'} after ${formatDuration(seconds)}`;
  if (!progress) return state;
  const { cells, cellsDone, trajectories, trajectoriesDone, trajectoriesFailed } = progress;
  const failed = trajectoriesFailed > 0 ? `, ${trajectoriesFailed} failed` : '';
  return (
    `${state}: ${cellsDone} of ${counted(cells, 'cell')}, ` +
    `${trajectoriesDone} of ${counted(trajectories, 'trajectory', 'trajectories')}${failed}`
  );
}
