/** Plain data that goes into the store and comes out of it. The only SQL here is column names. */
import type { Provenance } from '../../base/provenance.js';
import type { CellRow, CheckpointRow, TrajectoryEvent } from '../../domain/messages.js';
import { METRIC_COLUMNS, type MeasuredNetwork } from '../../domain/metrics.js';
import {
  type Evaluate,
  type Metric,
  SET_NAMES,
  type SetMetrics,
  type SetName,
  type ThresholdSpec,
  type TrajectoryConfig,
  type Variant,
} from '../../domain/types.js';

/** A sweep to be stored. */
export interface StoredSweep {
  readonly name: string;
  /** Text about the sweep; null without any. No part of the definition. */
  readonly description: string | null;
  /** The resolved sweep, a JSON value. */
  readonly definition: unknown;
  readonly evaluate: Evaluate;
  readonly thresholds: readonly ThresholdSpec[];
  /** Value of the column `axes`: path -> value of every axis that is not a column of the view `thresholds`. */
  axes(config: TrajectoryConfig, variant: Variant): Record<string, unknown>;
}

/** A stored sweep. Times are ISO 8601, UTC. */
export interface SweepRow extends Omit<StoredSweep, 'axes'> {
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Machine, program and worker of an attempt. Engine and numerics are columns of its trajectory. */
export interface AttemptInfo extends Provenance {
  /** What runs the engine's hot loops, e.g. `native-512`; null where there is no choice. */
  readonly kernels: string | null;
  /** host/process/thread, e.g. `host/1234/2` for the second thread of process 1234. */
  readonly worker: string;
}

/** How an attempt ends. Training times of `done` are null if nothing was trained (CPU: or not measurable). */
export type Outcome =
  | { readonly kind: 'done'; readonly trainWallS: number | null; readonly trainCpuS: number | null }
  | Extract<TrajectoryEvent, { kind: 'stopped' | 'failed' }>
  /** Its worker is gone, or has lost it to another one. */
  | { readonly kind: 'lost' };

export const STATUSES = ['pending', 'running', 'done', 'failed'] as const;
export type TrajectoryStatus = (typeof STATUSES)[number];

/**
 * One row of the view `progress`. A trajectory is done for a sweep when all its cells of this sweep are finished; other
 * sweeps' cells do not count.
 */
export interface SweepProgress {
  readonly sweep: string;
  readonly trajectories: number;
  readonly trajectoriesDone: number;
  readonly trajectoriesFailed: number;
  readonly cells: number;
  readonly cellsDone: number;
}

/** A failed trajectory and its last error. */
export interface FailureRow {
  readonly trajectoryId: string;
  readonly datasetSize: number;
  readonly width: number;
  readonly seed: number;
  readonly errorCode: string;
  readonly error: string;
}

const columnsOf = (network: MeasuredNetwork): readonly string[] =>
  METRIC_COLUMNS.filter(metric => metric.network === network).map(metric => metric.column);
export const DENSE_COLUMNS = columnsOf('dense');
export const SUBNET_COLUMNS = columnsOf('subnet');
export const RETRAINED_COLUMNS = columnsOf('retrained');

/** Sets as bits: train 1, pool 2, test 4; in masks of cells also 8, see below. The columns `recorded` hold such masks, since a recorded NaN is a NULL. */
export function setMask(sets: readonly SetName[]): number {
  return sets.reduce((mask, set) => mask | (1 << SET_NAMES.indexOf(set)), 0);
}

/** In the mask of cells: `certified_loss` has been computed, or found not to hold. */
const CERTIFIED = 8;
export const subnetMask = ({ subnet, certified }: Evaluate): number =>
  setMask(subnet) | (certified ? CERTIFIED : 0);
/** Of a mask of cells. */
export const isCertified = (mask: number): boolean => (mask & CERTIFIED) !== 0;
/** Every cell that is recorded now has it. */
export const recordedMask = (subnet: number): number => subnet | CERTIFIED;

export const setsOf = (mask: number): SetName[] => SET_NAMES.filter((_, bit) => mask & (1 << bit));

export const measuredMask = (metrics: SetMetrics): number =>
  setMask(SET_NAMES.filter(set => metrics[set] !== undefined));

/** Replaces NaN and infinities with null, since SQL has no number for them. */
export const finiteOrNull = (value: number | null): number | null =>
  value !== null && Number.isFinite(value) ? value : null;

/** Losses and accuracies in the order of a network's metric columns, null where not measured. */
function measureValues(metrics: SetMetrics | null): (number | null)[] {
  const values = (metric: Metric | undefined): (number | null)[] =>
    metric ? [finiteOrNull(metric.loss), finiteOrNull(metric.accuracy)] : [null, null];
  return SET_NAMES.flatMap(set => values(metrics?.[set]));
}

/** The numbers of a checkpoint that do not depend on who computes it: all but times and work. Columns and values in one order. */
export const CHECKPOINT_NUMBERS: readonly string[] = [
  ...DENSE_COLUMNS,
  'dead_neurons',
  'eta_lambda_max',
  'gates_changed',
  'neuron_variance',
];
export const checkpointNumbers = (row: CheckpointRow): (number | null)[] => [
  ...measureValues(row.dense),
  row.deadNeurons,
  finiteOrNull(row.etaLambdaMax),
  finiteOrNull(row.gatesChanged),
  finiteOrNull(row.neuronVariance),
];

/** Those of a cell. */
export const CELL_NUMBERS: readonly string[] = [
  ...SUBNET_COLUMNS,
  ...RETRAINED_COLUMNS,
  'distinct_neurons',
  'certified_loss',
];
export const cellNumbers = (cell: CellRow): (number | null)[] => [
  ...measureValues(cell.subnet),
  ...measureValues(cell.retrained),
  cell.distinctNeurons,
  finiteOrNull(cell.certifiedLoss),
];
