/** The contract between the sweep and whatever runs its trajectories: submit, events, stop, stats. */
import type { TrajectoryEvent, TrajectoryTask } from '../domain/task.js';

export type {
  CellRow,
  CheckpointRow,
  CheckpointTask,
  Snapshot,
  TrajectoryEvent,
  TrajectoryTask,
} from '../domain/task.js';

export interface ExecutorStats {
  readonly capacity: number;
  readonly running: number;
  readonly finished: number;
}

export interface Executor {
  /** Trajectories that run at once; more may be submitted and wait. */
  readonly capacity: number;
  /** Events in order; the iteration ends after the last one. A fault of the trajectory is an event, not a throw. */
  submit(task: TrajectoryTask): AsyncIterable<TrajectoryEvent>;
  /** Asks all running trajectories to stop at their next pulse, and refuses to start waiting ones. */
  stop(): void;
  /** Running trajectories rest at their next pulse, until `resume` or `stop`. */
  pause(): void;
  resume(): void;
  stats(): ExecutorStats;
  close(): Promise<void>;
}
