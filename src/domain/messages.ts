/**
 * Messages to and from an executor: tasks and events. Plain data, because it crosses threads and machines.
 */
import type { Provenance } from '../base/provenance.js';
import type {
  CurveRow,
  EvaluatedSets,
  PlannedTrajectory,
  Refinement,
  SetMetrics,
  TrajectoryConfig,
  Variant,
} from './types.js';

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

/** One finished cell, as the choice of further checkpoints sees it: from fresh rows and from stored ones alike. */
export type MeasuredCell = Pick<CurveRow, keyof Variant | 't' | 'metrics'>;

/** What a worker needs to choose further checkpoints from the rows as they come (threshold/refine.ts). */
export interface RefinementTask extends Refinement {
  /** The planned checkpoints, finished or not, ascending from 0. */
  readonly coarse: readonly number[];
  /** Every chosen checkpoint gets all of them. */
  readonly variants: readonly Variant[];
  /** Finished cells at checkpoints of the fine sequence, as of the start of the task. They are not computed again. */
  readonly stored: readonly MeasuredCell[];
  /** How many states at coarse checkpoints the worker may keep in memory, at least 1. */
  readonly keptStates: number;
}

/** One trajectory, as an executor receives it. */
export interface TrajectoryTask {
  readonly id: string;
  readonly config: TrajectoryConfig;
  /** The unfinished cells that are known, ascending in t. With a refinement there may be none: it may choose some. */
  readonly checkpoints: readonly CheckpointTask[];
  /** Null if `checkpoints` are all. */
  readonly refinement: RefinementTask | null;
  readonly evaluate: EvaluatedSets;
  /**
   * The snapshot to resume from; null: start at iteration 0. Its iteration is <= the first checkpoint, except with a
   * refinement: checkpoints before it then start at iteration 0.
   */
  readonly snapshot: Snapshot | null;
  /** Expected peak memory in bytes, without the shared images. */
  readonly memoryBytes: number;
  /** Milliseconds between snapshots; null: chosen by the snapshot's size, to keep its cost small. */
  readonly snapshotEveryMs: number | null;
  /** Whether nothing else may run on its machine at the same time; default: false. For executors with `fits`. */
  readonly alone?: boolean;
  /** A worker that must not compute it if there is another one, as `started` names it: host/process. */
  readonly avoid?: string | null;
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
  /** Of relu: the share of (neuron, sample) pairs whose sigma' differs from t = 0; else null. */
  readonly gatesChanged: number | null;
  /** V / n: the mean over samples of the variance of the neurons' outputs. */
  readonly neuronVariance: number | null;
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
  /** What the certificate of greedy selection promises; null where it does not hold (trajectory/certificate.ts). */
  readonly certifiedLoss: number | null;
  readonly pruneWallS: number;
  readonly pruneCpuS: number | null;
}

/**
 * An event of a running trajectory.
 *
 * - `rows`: emitted as each checkpoint finishes. `chosen`: checkpoints of the fine sequence that become part of the
 *   trajectory because of these rows, ascending, each once; stored with the rows. Empty without a refinement.
 * - `warning`: for the user, e.g. eta * lambda_max above 2; warnings with one topic state the same of several
 *   trajectories
 * - `done`, `stopped`, `failed`: exactly one of them, last
 */
export type TrajectoryEvent =
  | {
      readonly kind: 'rows';
      readonly checkpoint: CheckpointRow;
      readonly cells: readonly CellRow[];
      readonly chosen: readonly number[];
    }
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

/** The program and machine that compute a trajectory, where they are not those of the coordinator. */
export interface WorkerOrigin extends Provenance {
  /** What runs the engine's hot loops; null where there is no choice. */
  readonly kernels: string | null;
}

/**
 * An event that an executor emits for a trajectory. `started`, with the executor's slot, comes first, unless a stop
 * precedes it; the trajectory's own events follow. It comes again where the trajectory moves to another worker.
 */
export type ExecutorEvent =
  | {
      readonly kind: 'started';
      readonly slot: number;
      readonly by?: WorkerOrigin;
      /** How it ended at the worker before: lost, or handed back. */
      readonly before?: 'lost' | 'stopped';
    }
  | (TrajectoryEvent & {
      /** Called when the event is on the disk: by then the executor keeps a copy elsewhere. */
      readonly onStored?: () => void;
    });

/** A worker process of a run with a queue. Times are ISO 8601, UTC. */
export interface QueueWorkerState {
  readonly host: string;
  readonly process: number;
  readonly threads: number;
  readonly kernels: string | null;
  readonly toolVersion: string;
  /** By the worker's clock. */
  readonly since: string;
  /** When the run saw its last heartbeat, by the run's clock. */
  readonly heartbeat: string;
  /** Ids of the trajectories that it computes. */
  readonly running: readonly string[];
  /** Trajectories and cells of this run that it has finished. */
  readonly trajectories: number;
  readonly cells: number;
  /** Over the last minute; null before there are two heartbeats. */
  readonly cellsPerSecond: number | null;
}

/** A run with a queue, as `status` and the live page show it. */
export interface QueueState {
  /** The server, without credentials. */
  readonly server: string;
  readonly name: string;
  readonly workers: readonly QueueWorkerState[];
  /** Trajectories that wait for a worker, and that a worker has taken. */
  readonly waiting: number;
  readonly taken: number;
  /** Reports that are not on the disk yet, and the age of the oldest in seconds. */
  readonly unstored: number;
  readonly oldestS: number | null;
  /** How often a trajectory has moved to another worker. */
  readonly moved: number;
  /** Messages that were dropped because they made no sense. */
  readonly dropped: number;
}
