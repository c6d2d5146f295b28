/** The options of a run, its reports while it runs, and its outcome. */
import type { Dataset } from '../data/dataset.js';
import type { TrajectoryEvent } from '../domain/messages.js';
import type { PlannedTrajectory } from '../domain/types.js';
import type { Executor, ResultCheck } from '../execute/executor.js';
import type { SweepChanges } from '../store/read/sweep-changes.js';
import type { SweepProgress } from '../store/schema/rows.js';
import type { ThresholdSummary } from '../threshold/summary.js';
import type { Order } from './order.js';

/** Receives the reports of a run, on the calling thread. Every method is optional. */
export interface RunObserver {
  /**
   * Called after every commit. `workDone` is the share of this run's expected time that is done, 0 to 1.
   * `secondsLeft` is estimated from the work finished in this run; null before there is any.
   */
  progress?(progress: SweepProgress, pace: { workDone: number; secondsLeft: number | null }): void;
  /** One line. */
  warning?(message: string): void;
  /** The sweep of this name in the database had other cells. Called once, before anything runs. */
  changed?(changes: SweepChanges): void;
  /** A trajectory has failed for good. A failure that is retried is a `warning`. */
  failed?(id: string, code: string, message: string): void;
  /** An attempt starts at iteration `from`. `worker` is that of the table `attempts`. */
  started?(trajectory: PlannedTrajectory, worker: string, from: number): void;
  /** So many trajectories run at once from now on; 0 while the run is paused. */
  resized?(threads: number): void;
  /** An attempt has ended after so many seconds of active time. Its end may not be on the disk yet. */
  ended?(id: string, event: AttemptEnd, seconds: number): void;
}

/** The last event of an attempt. */
export type AttemptEnd = Extract<TrajectoryEvent, { kind: 'done' | 'stopped' | 'failed' }>;

/** How `runSweep` runs. */
export interface RunOptions {
  /** The SQLite file; made, with its folder, where it is not there. */
  readonly db: string;
  /** Write even if the database is on a network file system. */
  readonly unsafeFilesystem?: boolean | undefined;
  /** Threads of this process; 0 if others compute: no data are loaded then. */
  readonly threads: number;
  /**
   * Creates the executor after the data are loaded (`datasets`, by key). `check` is for executors whose results may
   * arrive twice. Not called if nothing is left to do. Default: a pool of `threads` worker threads; for an engine of your
   * own (`own:...`), which threads cannot load, the calling thread.
   */
  readonly executor?:
    | ((datasets: ReadonlyMap<string, Dataset>, check: ResultCheck) => Executor | Promise<Executor>)
    | undefined;
  /** An abort stops the run: it finishes the step, keeps everything finished, and returns with `stopped`. */
  readonly signal?: AbortSignal;
  /** An abort stores everything finished before its listeners return. The caller then has to end the process. */
  readonly abandon?: AbortSignal;
  /** Number of retries after a failed attempt, for failures that a retry may avoid; default 2. */
  readonly retries?: number | undefined;
  /** Milliseconds between snapshots of a trajectory; by default long enough that they cost little. */
  readonly snapshotEveryMs?: number | undefined;
  /** Default: longest. */
  readonly order?: Order | undefined;
  readonly observer?: RunObserver;
}

/** What a run has come to. */
export interface RunOutcome {
  readonly progress: SweepProgress;
  /** True if a stop left something to do. */
  readonly stopped: boolean;
  /** Where the curves of finished trajectories cross their targets; empty after some stops, to end quickly. */
  readonly thresholds: readonly ThresholdSummary[];
}

/** Returns an observer that passes every report to `a`, then to `b`. */
export function combineObservers(a: RunObserver, b: RunObserver): RunObserver {
  return {
    progress: (...args) => {
      a.progress?.(...args);
      b.progress?.(...args);
    },
    warning: (...args) => {
      a.warning?.(...args);
      b.warning?.(...args);
    },
    changed: (...args) => {
      a.changed?.(...args);
      b.changed?.(...args);
    },
    failed: (...args) => {
      a.failed?.(...args);
      b.failed?.(...args);
    },
    started: (...args) => {
      a.started?.(...args);
      b.started?.(...args);
    },
    resized: (...args) => {
      a.resized?.(...args);
      b.resized?.(...args);
    },
    ended: (...args) => {
      a.ended?.(...args);
      b.ended?.(...args);
    },
  };
}
