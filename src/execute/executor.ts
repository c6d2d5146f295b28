/** The contract between a sweep and an executor of its trajectories: submit, events, stop, stats. */
import type {
  CellRow,
  CheckpointRow,
  ExecutorEvent,
  QueueState,
  TrajectoryTask,
} from '../domain/messages.js';

export type {
  CellRow,
  CheckpointRow,
  ExecutorEvent,
  QueueState,
  TrajectoryTask,
} from '../domain/messages.js';

/** Numbers of trajectories. */
export interface ExecutorStats {
  readonly capacity: number;
  readonly running: number;
  readonly finished: number;
}

/** Runs trajectories. examples/own-executor.mjs has one of one's own. */
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
  /** Ends threads and connections. Called last. */
  close(): Promise<void>;
  /** For executors whose machines come and go: calls `listener` whenever `capacity`, `prefetch` or `fits` changes. */
  watch?(listener: () => void): void;
  /**
   * Whether some machine can run a trajectory of so many peak bytes. Executors with this method place trajectories by
   * memory themselves; others are given no more than fit in this machine.
   */
  fits?(bytes: number): boolean;
  /** Workers and queue, where there is one. */
  queueState?(): QueueState;
}

/**
 * Access to what is stored, for executors whose results may arrive twice, or after the trajectory's end. Ids are those of
 * trajectories of the run.
 */
export interface ResultCheck {
  /** Undefined for a trajectory that the run does not know. */
  status(id: string): 'pending' | 'running' | 'done' | 'failed' | undefined;
  /** Compares rows with the stored ones, but for times. */
  compare(
    id: string,
    checkpoint: CheckpointRow,
    cells: readonly CellRow[],
  ):
    | { readonly kind: 'unknown' | 'same' }
    | { readonly kind: 'differs'; readonly column: string; readonly worker: string };
  /** Makes a trajectory that has ended a failed one. */
  fail(id: string, code: string, message: string): void;
}
