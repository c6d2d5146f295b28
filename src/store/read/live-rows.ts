/** What the live page reads from a database in addition to the status. */
import type { SetName, ThresholdSpec, Variant } from '../../domain/types.js';

/** A running trajectory. Times are ISO 8601, UTC. */
export interface RunningRow {
  readonly trajectoryId: string;
  readonly datasetSize: number;
  readonly width: number;
  readonly seed: number;
  readonly worker: string | null;
  readonly startedAt: string | null;
  readonly attempts: number;
  /** The latest recorded checkpoint of any attempt; null before the first. */
  readonly reached: number | null;
  /** The last checkpoint over all sweeps; null if no sweep has the trajectory. */
  readonly last: number | null;
}

/** A sweep for the page. `stamp` changes whenever its definition or its cells may have changed. */
export interface LiveSweep {
  readonly key: number;
  readonly name: string;
  readonly thresholds: readonly ThresholdSpec[];
  /** Path -> values as in the sweep file. */
  readonly axes: Readonly<Record<string, unknown>>;
  /** The sets that its subnetworks are measured on. */
  readonly sets: readonly SetName[];
  readonly stamp: string;
  /** Changes whenever its stored thresholds do. */
  readonly thresholdStamp: string | null;
}

/** One variant of one trajectory of a sweep. */
export interface LiveCurve extends Variant {
  readonly trajectory: number;
  readonly variant: number;
  readonly datasetSize: number;
  readonly width: number;
  readonly seed: number;
  /** The sweep's further axes, as JSON. */
  readonly axes: string;
}

/** Number of a trajectory's cells in one sweep, and of the finished ones. */
export interface TrajectoryCount {
  readonly trajectory: number;
  readonly cells: number;
  readonly done: number;
}

/** State of a poll: the last attempt and the keys of running trajectories. */
export interface Cursor {
  readonly attempt: number;
  readonly running: readonly number[];
}

export interface DescribedRelation {
  readonly name: string;
  readonly type: 'view' | 'table';
  readonly columns: readonly string[];
}

/** t, whether the cell is finished (1; else 0 or null), then the requested columns. */
export type LivePoint = [t: number, finished: number | null, ...values: (number | null)[]];
