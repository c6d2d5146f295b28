/** What goes into the store and what comes out of it. Plain data; nothing here knows SQL except the column names. */
import type { Provenance } from '../../base/provenance.js';
import type { TrajectoryEvent } from '../../domain/messages.js';
import { METRIC_COLUMNS, type MeasuredNetwork } from '../../domain/metrics.js';
import {
  type Metric,
  SET_NAMES,
  type SetMetrics,
  type SetName,
  type ThresholdSpec,
  type TrajectoryConfig,
  type Variant,
} from '../../domain/types.js';

/** Which sets the cells of a sweep are measured on. */
export interface Evaluate {
  readonly dense: readonly SetName[];
  readonly subnet: readonly SetName[];
}

/** A sweep as the store keeps it. */
export interface StoredSweep {
  readonly name: string;
  /** The resolved sweep, as JSON can hold it. */
  readonly definition: unknown;
  readonly evaluate: Evaluate;
  readonly thresholds: readonly ThresholdSpec[];
  /** The column `axes`: every axis that is not a column of the view `thresholds`, by its path. */
  axes(config: TrajectoryConfig, variant: Variant): Record<string, unknown>;
}

/** A sweep that is in the database. Times are ISO 8601, UTC. */
export interface SweepRow extends Omit<StoredSweep, 'axes'> {
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Where, by what and from what an attempt is made; the trajectory knows its engine and numerics. */
export interface AttemptInfo extends Provenance {
  /** Who computes: e.g. `host/1234/2` for the second thread of a process. */
  readonly worker: string;
}

/** How an attempt ends, in the executor's words. Training times of `done` are null where nothing was trained. */
export type Outcome =
  | { readonly kind: 'done'; readonly trainWallS: number | null; readonly trainCpuS: number | null }
  | Extract<TrajectoryEvent, { kind: 'stopped' | 'failed' }>;

export const STATUSES = ['pending', 'running', 'done', 'failed'] as const;
export type TrajectoryStatus = (typeof STATUSES)[number];

/**
 * One line of the view `progress`. A trajectory counts as done for a sweep when all the cells that this sweep asked
 * for are finished, whatever other sweeps ask of it.
 */
export interface SweepProgress {
  readonly sweep: string;
  readonly trajectories: number;
  readonly trajectoriesDone: number;
  readonly trajectoriesFailed: number;
  readonly cells: number;
  readonly cellsDone: number;
}

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

/** Sets as bits: train 1, pool 2, test 4. What is recorded is kept as such a mask, since a recorded NaN is a NULL. */
export function setMask(sets: readonly SetName[]): number {
  return sets.reduce((mask, set) => mask | (1 << SET_NAMES.indexOf(set)), 0);
}

export const setsOf = (mask: number): SetName[] => SET_NAMES.filter((_, bit) => mask & (1 << bit));

export const measuredMask = (metrics: SetMetrics): number =>
  setMask(SET_NAMES.filter(set => metrics[set] !== undefined));

/** NULL for what SQL has no number for. */
export const finite = (value: number | null): number | null =>
  value !== null && Number.isFinite(value) ? value : null;

/** Values in the order of a network's metric columns. */
export function measureValues(metrics: SetMetrics | null): (number | null)[] {
  const values = (metric: Metric | undefined): (number | null)[] =>
    metric ? [finite(metric.loss), finite(metric.accuracy)] : [null, null];
  return SET_NAMES.flatMap(set => values(metrics?.[set]));
}
