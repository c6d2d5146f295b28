/** What a run is asked for, what it reports while it goes on, and what comes of it. */
import type { Dataset } from '../data/dataset.js';
import type { TrajectoryEvent } from '../domain/messages.js';
import type { PlannedTrajectory } from '../domain/types.js';
import type { Executor } from '../execute/executor.js';
import type { SweepProgress } from '../store/schema/rows.js';
import type { ThresholdSummary } from '../threshold/summary.js';

/** What a run tells while it goes on. */
export interface RunObserver {
  /**
   * After every commit. `workDone`: the share of this run that is done, by its time; `secondsLeft`: as far as can be told
   * from what was finished in this run.
   */
  progress?(progress: SweepProgress, pace: { workDone: number; secondsLeft: number | null }): void;
  warning?(message: string): void;
  /** For good: a trajectory that is tried again is a warning. */
  failure?(id: string, code: string, message: string): void;
  /** An attempt, from an iteration on; `worker` as in the table `attempts`. */
  started?(trajectory: PlannedTrajectory, worker: string, from: number): void;
  /** Its end, which may not be on the disk yet, after so many seconds. */
  ended?(id: string, event: AttemptEnd, seconds: number): void;
}

export type AttemptEnd = Extract<TrajectoryEvent, { kind: 'done' | 'stopped' | 'failed' }>;

export interface RunOptions {
  readonly db: string;
  /** Write although the database lies on a network file system. */
  readonly unsafeFilesystem?: boolean | undefined;
  readonly threads: number;
  /** Makes the executor once the data are loaded; not called where nothing is left to do. */
  readonly executor: (datasets: ReadonlyMap<string, Dataset>) => Executor | Promise<Executor>;
  /** Aborted: finish the step, keep everything finished, return with `stopped`. */
  readonly signal?: AbortSignal;
  /** Aborted: everything finished is stored when the listeners have returned; the process is then to be ended. */
  readonly abandon?: AbortSignal;
  /** Attempts that may follow a failed one, where they can help; 2 by default. */
  readonly retries?: number | undefined;
  /** How often a snapshot is taken; by default so that it costs little. */
  readonly snapshotEveryMs?: number | undefined;
  readonly observer?: RunObserver;
}

export interface RunOutcome {
  readonly progress: SweepProgress;
  /** Asked to stop with something left to do. */
  readonly stopped: boolean;
  /** Where the curves of finished trajectories cross their targets. */
  readonly thresholds: readonly ThresholdSummary[];
}

/** One observer that tells both. */
export function combineObservers(a: RunObserver, b: RunObserver): RunObserver {
  return {
    progress: (...told) => {
      a.progress?.(...told);
      b.progress?.(...told);
    },
    warning: (...told) => {
      a.warning?.(...told);
      b.warning?.(...told);
    },
    failure: (...told) => {
      a.failure?.(...told);
      b.failure?.(...told);
    },
    started: (...told) => {
      a.started?.(...told);
      b.started?.(...told);
    },
    ended: (...told) => {
      a.ended?.(...told);
      b.ended?.(...told);
    },
  };
}
