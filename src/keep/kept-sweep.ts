/** A kept sweep in memory. */
import type { CellRow, CheckpointRow } from '../domain/messages.js';
import type { SweepSpec } from '../domain/sweep-file/parse.js';
import type { PlannedTrajectory, TrajectoryConfig } from '../domain/types.js';
import type { PredictionScope, StoredPrediction } from '../store/schema/predictions.js';
import type { AttemptInfo } from '../store/schema/rows.js';
import type { KeptRow } from './row.js';

export interface KeptCell {
  readonly row: CellRow;
  readonly source: KeptRow;
}

export interface KeptCheckpoint {
  readonly row: CheckpointRow;
  readonly source: KeptRow;
  readonly cells: readonly KeptCell[];
}

export interface KeptPredictions {
  readonly scope: PredictionScope;
  readonly rows: readonly { readonly row: StoredPrediction; readonly source: KeptRow }[];
}

export interface KeptTrajectory {
  readonly id: string;
  readonly config: TrajectoryConfig;
  readonly source: KeptRow;
  /** Ascending in t. */
  readonly checkpoints: readonly KeptCheckpoint[];
  /** What computed it. */
  readonly attempt: AttemptInfo;
  /** One entry a kernel. */
  readonly predictions: readonly KeptPredictions[];
}

export interface KeptSweep {
  readonly spec: SweepSpec;
  /** Finished ones. */
  readonly trajectories: readonly KeptTrajectory[];
  /** All that the sweep asks for, as far as it is known (plan.ts). */
  readonly planned: readonly PlannedTrajectory[];
}
