/** Reads what a sweep's predictions need, and those that are stored. */

import { completeConfig } from '../../domain/later-settings.js';
import { predictableMetric } from '../../domain/metrics.js';
import type { TrajectoryConfig } from '../../domain/types.js';
import type { PredictionScope } from '../schema/predictions.js';
import type { SweepRow } from '../schema/rows.js';
import type { Reader } from './reader.js';
import { FOLDERS, foldersOf } from './stored-trajectory.js';

/** A trajectory of a sweep, with what its predictions depend on. */
export interface PredictableTrajectory {
  readonly id: string;
  readonly config: TrajectoryConfig;
  /** The sweep's last checkpoint, and its largest k, of this trajectory. */
  readonly horizon: number;
  readonly subnetSize: number;
}

/** By n, N, seed, id. */
export function predictableTrajectories(reader: Reader, sweep: string): PredictableTrajectory[] {
  return reader
    .rows<Omit<PredictableTrajectory, 'config'> & { config: string }>(
      `SELECT y.id, y.config, max(m.t) AS horizon, max(v.subnet_size) AS subnetSize
       FROM sweeps s CROSS JOIN members m ON m.sweep = s.key
       JOIN variants v ON v.key = m.variant
       JOIN trajectory_keys x ON x.key = m.trajectory
       JOIN trajectories y ON y.id = x.id
       WHERE s.name = :sweep GROUP BY m.trajectory ORDER BY y.dataset_size, y.width, y.seed, y.id`,
      { sweep },
    )
    .map(row => ({ ...row, config: completeConfig(JSON.parse(row.config)) }));
}

/** Folders of `idx` data sets that the sweeps of a trajectory name. */
export const datasetFolders = (reader: Reader, trajectoryId: string): string[] =>
  foldersOf(
    reader
      .rows<{ named: string }>(FOLDERS.replace('?', ':id'), { id: trajectoryId })
      .map(({ named }) => named),
  );

/** Trajectory id -> the stored rows of this kernel. */
export function storedPredictions(
  reader: Reader,
  sweep: string,
  kernel: string,
): Map<string, { scope: PredictionScope; targets: number[] }> {
  const rows = reader.rows<{ id: string; target: number; horizon: number; subnetSize: number }>(
    `SELECT x.id, p.target, p.horizon, p.subnet_size AS subnetSize
     FROM sweeps s JOIN prediction_rows p ON p.sweep = s.key JOIN trajectory_keys x ON x.key = p.trajectory
     WHERE s.name = :sweep AND p.kernel = :kernel ORDER BY x.id, p.target`,
    { sweep, kernel },
  );
  const stored = new Map<string, { scope: PredictionScope; targets: number[] }>();
  for (const { id, target, horizon, subnetSize } of rows) {
    const held = stored.get(id) ?? { scope: { kernel, horizon, subnetSize }, targets: [] };
    held.targets.push(target);
    stored.set(id, held);
  }
  return stored;
}

/** One target's prediction for one trajectory: a row of the view `predictions` (docs/views.md). */
export interface PredictionRow {
  readonly trajectoryId: string;
  readonly n: number;
  readonly width: number;
  readonly seed: number;
  /** JSON of the sweep's other axes. */
  readonly axes: string;
  /** The mean loss that is to be reached. */
  readonly target: number;
  /** Iterations; null with a `reason`. */
  readonly predicted: number | null;
  /** The predicted iterations lie between these two; null without a bracket. */
  readonly lower: number | null;
  readonly upper: number | null;
  /** The kernel's smallest eigenvalue; null where it is not computed exactly. */
  readonly lambda0Exact: number | null;
  /** Iterations by the bound that lambda_0 gives, and at half its rate. */
  readonly sharp: number | null;
  readonly half: number | null;
  /** Why there is no prediction. */
  readonly reason: string | null;
}

/**
 * A sweep's predictions by one kernel, easiest target first, then by width, axes, n and seed; none where `espalier predict`
 * has not run.
 *
 * @example
 * const reader = openReader('results/my.sqlite');
 * for (const { n, seed, predicted } of predictionRows(reader, 'my', 'initial')) console.log(n, seed, predicted);
 *
 * @throws StoreError (DATABASE_IO, NOT_A_DATABASE)
 */
export function predictionRows(reader: Reader, sweep: string, kernel: string): PredictionRow[] {
  return reader.rows<PredictionRow>(
    `SELECT trajectory_id AS trajectoryId, dataset_size AS n, width, seed, axes, target, predicted,
       predicted_lower AS lower, predicted_upper AS upper, lambda_0_exact AS lambda0Exact,
       t_lambda0_sharp AS sharp, t_lambda0_half AS half, reason
     FROM predictions WHERE sweep = :sweep AND kernel = :kernel
     ORDER BY target DESC, width, axes, n, seed, trajectory_id`,
    { sweep, kernel },
  );
}

/** A measured threshold on the training loss of the dense network or of a greedily selected subnetwork. */
export interface MeasuredThreshold {
  readonly trajectoryId: string;
  readonly network: 'dense' | 'subnet';
  readonly subnetSize: number;
  /** A mean loss. */
  readonly target: number;
  readonly lower: number;
  /** Null for one that was not met. */
  readonly upper: number | null;
}

/** Those that predictions can be laid beside: absolute targets, interval- or right-censored, without re-training. */
export function measuredThresholds(reader: Reader, sweep: string): MeasuredThreshold[] {
  return reader.rows<MeasuredThreshold>(
    `SELECT x.id AS trajectoryId, substr(r.metric, 1, instr(r.metric, '_') - 1) AS network,
       v.subnet_size AS subnetSize,
       CAST(substr(r.target, 4) AS REAL) / CASE WHEN r.metric LIKE '%\\_sum' ESCAPE '\\' THEN y.dataset_size ELSE 1 END
         AS target,
       r.lower, r.upper
     FROM sweeps s JOIN threshold_rows r ON r.sweep = s.key
     JOIN variants v ON v.key = r.variant
     JOIN trajectory_keys x ON x.key = r.trajectory
     JOIN trajectories y ON y.id = x.id
     WHERE s.name = :sweep AND r.target LIKE '<= %' AND r.censoring IN ('interval', 'right')
       AND r.metric IN ('dense_train_loss', 'dense_train_loss_sum', 'subnet_train_loss', 'subnet_train_loss_sum')
       AND (r.metric LIKE 'dense%' OR (v.method = 'greedy' AND v.retrain_iterations = 0))
     ORDER BY x.id, r.metric, v.subnet_size, r.target`,
    { sweep },
  );
}

/** One target's prediction for one trajectory, with what bounds and certificates say, for figures. */
export interface PredictedPoint {
  readonly n: number;
  readonly seed: number;
  /** Whether the target is on a sum over samples; `target` is as in the view `thresholds`. */
  readonly summed: boolean;
  readonly target: string;
  readonly predicted: number | null;
  /** The bound of lambda_0, and at half the rate; lower bounds of them unless `isExact`. */
  readonly sharp: number | null;
  readonly half: number | null;
  readonly isExact: boolean;
  /** The first checkpoint at which greedy selection of k neurons is certified to meet the target; null for none. */
  readonly certified: number | null;
}

/** By the network's own kernel, or where it has predicted nothing for the sweep, by that of infinite width. */
export function preferredPredictions(reader: Reader, sweep: string): PredictionRow[] {
  const own = predictionRows(reader, sweep, 'initial');
  return own.length > 0 ? own : predictionRows(reader, sweep, 'infinite');
}

/**
 * The preferred predictions of some trajectories, easiest target first.
 *
 * @param ids trajectory ids. @param subnetSize k of the certificates.
 */
export function predictedPoints(
  reader: Reader,
  { name, thresholds }: Pick<SweepRow, 'name' | 'thresholds'>,
  ids: readonly string[],
  subnetSize: number,
): PredictedPoint[] {
  const wanted = new Set(ids);
  const rows = preferredPredictions(reader, name).filter(row => wanted.has(row.trajectoryId));
  if (rows.length === 0) return [];
  const certificates = certificatesOf(reader, name, ids, subnetSize);
  const targets = new Map<string, { summed: boolean; value: number }>();
  for (const { metric, kind, value } of thresholds) {
    const info = predictableMetric(metric);
    if (!info || kind !== 'atMost' || value === null) continue;
    targets.set(`${info.summed} ${value}`, { summed: info.summed, value });
  }
  return [...targets.values()]
    .sort((a, b) => Number(a.summed) - Number(b.summed) || b.value - a.value)
    .flatMap(({ summed, value }) =>
      rows
        .filter(({ n, target }) => target === (summed ? value / n : value))
        .map(({ trajectoryId, n, seed, target, predicted, sharp, half, lambda0Exact }) => ({
          n,
          seed,
          summed,
          target: `<= ${value}`,
          predicted,
          sharp,
          half,
          isExact: lambda0Exact !== null,
          certified: certificates.get(trajectoryId)?.find(([, loss]) => loss <= target)?.[0] ?? null,
        })),
    );
}

/** Trajectory id -> (t, certified loss) of greedy selection, ascending in t. */
function certificatesOf(reader: Reader, sweep: string, ids: readonly string[], subnetSize: number) {
  const rows = reader.rows<{ id: string; t: number; loss: number }>(
    `SELECT DISTINCT trajectory_id AS id, pretrain_iterations AS t, certified_loss AS loss FROM results
     WHERE sweep = :sweep AND trajectory_id IN (SELECT value FROM json_each(:ids)) AND subnet_size = :subnetSize
       AND prune_method = 'greedy' AND certified_loss IS NOT NULL
     ORDER BY 1, 2`,
    { sweep, ids: JSON.stringify(ids), subnetSize },
  );
  const curves = new Map<string, [t: number, loss: number][]>();
  for (const { id, t, loss } of rows) {
    const curve = curves.get(id) ?? [];
    curve.push([t, loss]);
    curves.set(id, curve);
  }
  return curves;
}
