/** The contract between the sweep and whatever runs its trajectories: submit, events, stop, stats. */
import type { ExecutorEvent, TrajectoryTask } from '../domain/messages.js';

export type {
  CellRow,
  CheckpointRow,
  CheckpointTask,
  ExecutorEvent,
  Snapshot,
  TrajectoryEvent,
  TrajectoryTask,
} from '../domain/messages.js';

export interface ExecutorStats {
  readonly capacity: number;
  readonly running: number;
  readonly finished: number;
}

export interface Executor {
  /** Trajectories that run at once; more may be submitted and wait. */
  readonly capacity: number;
  /** How many more are best submitted now, so that none of those that run has to wait for its successor. */
  prefetch(): number;
  /**
   * Events in order, to be read to the end; the iteration ends after the last one, and those of the next trajectory on
   * the same slot come after that. A fault of the trajectory is an event, not a throw.
   */
  submit(task: TrajectoryTask): AsyncIterable<ExecutorEvent>;
  /** Asks all running trajectories to stop at their next pulse, and refuses to start waiting ones. */
  stop(): void;
  /** Running trajectories rest at their next pulse, until `resume` or `stop`. */
  pause(): void;
  resume(): void;
  stats(): ExecutorStats;
  close(): Promise<void>;
}
