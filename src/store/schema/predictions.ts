/** Stores what kernels predict as plain rows. Nothing here depends on how it is computed. */
import type { Database } from 'better-sqlite3';

type Value = string | number | null;

/** The columns of `prediction_rows` after its key, and of the view `predictions` after the trajectory's. */
export const PREDICTION_COLUMNS = [
  'target',
  'kernel',
  'predicted',
  'predicted_lower',
  'predicted_upper',
  'floor',
  'lanczos_steps',
  'bound_kind',
  'lambda_max',
  'lambda_0_upper',
  'lambda_0_exact',
  't_lambda0_sharp',
  't_lambda0_half',
  't_theorem3_c1',
  't_theorem10_c1',
  'reason',
] as const;
export type PredictionColumn = (typeof PREDICTION_COLUMNS)[number];

/** One row by column. */
export type StoredPrediction = Readonly<Record<PredictionColumn, Value>>;

/** What rows of one trajectory were computed for, beside their targets. */
export interface PredictionScope {
  readonly kernel: string;
  /** The sweep's last checkpoint of the trajectory. */
  readonly horizon: number;
  readonly subnetSize: number;
}

/** Replaces a trajectory's rows of one kernel. The caller must be in a transaction. */
export function replacePredictions(
  db: Database,
  sweep: number,
  trajectory: number,
  { kernel, horizon, subnetSize }: PredictionScope,
  rows: readonly StoredPrediction[],
): void {
  db.prepare('DELETE FROM prediction_rows WHERE sweep = ? AND trajectory = ? AND kernel = ?').run(
    sweep,
    trajectory,
    kernel,
  );
  const add = db.prepare(
    `INSERT INTO prediction_rows (sweep, trajectory, horizon, subnet_size, ${PREDICTION_COLUMNS.join(', ')})
     VALUES (?, ?, ?, ?${', ?'.repeat(PREDICTION_COLUMNS.length)})`,
  );
  for (const row of rows)
    add.run(sweep, trajectory, horizon, subnetSize, ...PREDICTION_COLUMNS.map(column => row[column]));
}

/** Deletes a sweep's predictions. The caller must be in a transaction. */
export function dropPredictions(db: Database, sweep: number): void {
  db.prepare('DELETE FROM prediction_rows WHERE sweep = ?').run(sweep);
}
