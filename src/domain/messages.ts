/** What goes to where a trajectory runs, and what comes back. Plain data: it crosses threads, and one day machines. */
import type { PlannedTrajectory, SetMetrics, SetName, TrajectoryConfig, Variant } from './types.js';

/** What is asked for at one checkpoint: only cells that are not finished yet. */
export interface CheckpointTask {
  readonly t: number;
  readonly variants: readonly Variant[];
}

/** A planned trajectory, and what of it is not finished yet. */
export interface UnfinishedTrajectory {
  readonly trajectory: PlannedTrajectory;
  readonly checkpoints: readonly CheckpointTask[];
}

/** One trajectory as it goes to an executor. */
export interface TrajectoryTask {
  readonly id: string;
  readonly config: TrajectoryConfig;
  /** Ascending in t. */
  readonly checkpoints: readonly CheckpointTask[];
  readonly evaluate: { readonly dense: readonly SetName[]; readonly subnet: readonly SetName[] };
  /** Where to start from: a snapshot of an earlier run at an iteration <= the first checkpoint; null: from 0. */
  readonly snapshot: Snapshot | null;
  /** Peak bytes that it is expected to take, shared images not counted. */
  readonly memoryBytes: number;
  /** How often a snapshot is handed over; null: so that it costs little. */
  readonly snapshotEveryMs: number | null;
}

/** A network's state at iteration t, encoded (see trajectory/snapshot.ts). */
export interface Snapshot {
  readonly t: number;
  readonly bytes: Uint8Array;
}

/** The dense network at one checkpoint. Times are of the training since the previous checkpoint, in seconds. */
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
  /** Null where retrainIterations is 0. */
  readonly retrained: SetMetrics | null;
  readonly distinctNeurons: number;
  /** Null where the method makes no pass over the activations. */
  readonly activationPasses: number | null;
  readonly pruneWallS: number;
  readonly pruneCpuS: number | null;
}

/**
 * What a running trajectory says. `rows` as each checkpoint finishes; `warning` for what the user should know (e.g.
 * eta * lambda_max above 2), those of one topic saying the same of several trajectories; last, exactly one of done,
 * stopped, failed.
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
 * What an executor says of a trajectory: first that it begins, on which of its slots, unless a stop comes before that;
 * then what the trajectory says.
 */
export type ExecutorEvent = { readonly kind: 'started'; readonly slot: number } | TrajectoryEvent;
