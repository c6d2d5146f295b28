/** The contract between a sweep and an executor of its trajectories: submit, events, stop, stats. */
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
  /** Number of trajectories that run concurrently, 0 while it is paused. Further submitted ones wait. */
  readonly capacity: number;
  /**
   * Changes `capacity`. If it falls, running trajectories beyond it end as `stopped` at their next pulse, as after
   * `stop`, and all waiting ones end as `stopped` at once. The caller may submit them again.
   */
  resize(capacity: number): void;
  /** How many tasks to submit now beyond `capacity`, so that no slot waits for its next trajectory. */
  prefetch(): number;
  /**
   * Returns the events in order; the iteration ends after the last one. The caller reads to the end: events of the
   * next trajectory on the same slot are withheld until then. A fault of the trajectory is an event, not a throw.
   */
  submit(task: TrajectoryTask): AsyncIterable<ExecutorEvent>;
  /** Stops running trajectories at their next pulse, and refuses to start waiting ones. */
  stop(): void;
  /** Suspends running trajectories at their next pulse, until `resume` or `stop`. */
  pause(): void;
  resume(): void;
  stats(): ExecutorStats;
  close(): Promise<void>;
}
