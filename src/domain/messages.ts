/**
 * Messages to and from an executor: tasks and events. Plain data, because it crosses threads (and may later cross
 * machines).
 */
import type { PlannedTrajectory, SetMetrics, SetName, TrajectoryConfig, Variant } from './types.js';

/** The cells of one checkpoint that are not finished yet. */
export interface CheckpointTask {
  readonly t: number;
  readonly variants: readonly Variant[];
}

/** A planned trajectory and its unfinished cells. */
export interface UnfinishedTrajectory {
  readonly trajectory: PlannedTrajectory;
  readonly checkpoints: readonly CheckpointTask[];
}

/** One trajectory, as an executor receives it. */
export interface TrajectoryTask {
  readonly id: string;
  readonly config: TrajectoryConfig;
  /** Ascending in t. */
  readonly checkpoints: readonly CheckpointTask[];
  readonly evaluate: { readonly dense: readonly SetName[]; readonly subnet: readonly SetName[] };
  /** The snapshot to resume from, at an iteration <= the first checkpoint; null: start at iteration 0. */
  readonly snapshot: Snapshot | null;
  /** Expected peak memory in bytes, without the shared images. */
  readonly memoryBytes: number;
  /** Milliseconds between snapshots; null: chosen by the snapshot's size, to keep its cost small. */
  readonly snapshotEveryMs: number | null;
}

/** A network's state at iteration t, encoded by trajectory/snapshot.ts. */
export interface Snapshot {
  readonly t: number;
  readonly bytes: Uint8Array;
}

/** The dense network at one checkpoint. Times are seconds of training since the previous checkpoint. */
export interface CheckpointRow {
  readonly t: number;
  readonly dense: SetMetrics;
  readonly deadNeurons: number;
  readonly etaLambdaMax: number;
  readonly trainWallS: number;
  readonly trainCpuS: number | null;
}

/** One finished cell: a variant at a checkpoint. */
export interface CellRow extends Variant {
  readonly t: number;
  readonly subnet: SetMetrics;
  /** Null if retrainIterations is 0. */
  readonly retrained: SetMetrics | null;
  readonly distinctNeurons: number;
  /** Null if the method makes no pass over the activations. */
  readonly activationPasses: number | null;
  readonly pruneWallS: number;
  readonly pruneCpuS: number | null;
}

/**
 * An event of a running trajectory.
 *
 * - `rows`: emitted as each checkpoint finishes
 * - `warning`: for the user, e.g. eta * lambda_max above 2; warnings with one topic state the same of several
 *   trajectories
 * - `done`, `stopped`, `failed`: exactly one of them, last
 */
export type TrajectoryEvent =
  | { readonly kind: 'rows'; readonly checkpoint: CheckpointRow; readonly cells: readonly CellRow[] }
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly kind: 'warning'; readonly topic: string; readonly message: string }
  | { readonly kind: 'done'; readonly trainWallS: number; readonly trainCpuS: number | null }
  | { readonly kind: 'stopped' }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly stack: string | null;
    };

/**
 * An event that an executor emits for a trajectory. `started`, with the executor's slot, comes first, unless a stop
 * precedes it; the trajectory's own events follow.
 */
export type ExecutorEvent = { readonly kind: 'started'; readonly slot: number } | TrajectoryEvent;
