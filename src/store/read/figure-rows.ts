/** Queries for figures. SQL aggregates over seeds, so the number of rows does not grow with the number of cells. */
import type { Objective, PruneMethod, SetName, Variant } from '../../domain/types.js';
import { VARIANT_COLUMNS, VARIANT_ORDER } from '../schema/variant-columns.js';
import type { Reader } from './reader.js';

/** Selects a sweep's curves that differ only in n, seed, t and pruning method. */
export interface Slice {
  readonly sweep: string;
  /** N; null if it varies with n. */
  readonly width: number | null;
  /** Path -> value of the other axes, except those that vary with n. */
  readonly axes: Readonly<Record<string, unknown>>;
  /** Of greedy selection; null without it. */
  readonly objective: Objective | null;
  /** Samples that each pick looks at; null for all n. */
  readonly sampleSize: number | null;
  readonly subnetSize: number;
  readonly retrainIterations: number;
}

/** One variant of one trajectory of a sweep. */
export interface SweepCurve extends Variant {
  readonly trajectoryId: string;
  readonly datasetSize: number;
  readonly width: number;
  readonly seed: number;
  /** JSON of every other axis. */
  readonly axes: string;
}

/** Mean, minimum and maximum of a measure over seeds. */
export interface Spread {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** One network at (n, t) over seeds. A measure that was not recorded is null. */
export interface CurvePoint {
  readonly n: number;
  readonly t: number;
  readonly network: 'dense' | PruneMethod;
  readonly seeds: number;
  readonly loss: Spread | null;
  readonly accuracy: Spread | null;
}

/** Subnetworks of one size and method at (n, t) over seeds. */
export interface SubnetSizePoint {
  readonly n: number;
  readonly t: number;
  readonly k: number;
  readonly method: PruneMethod;
  readonly seeds: number;
  readonly loss: Spread | null;
  readonly denseLoss: number | null;
}

/** Wall seconds of worker threads, summed over the finished trajectories of one n. */
export interface TimePoint {
  readonly n: number;
  readonly trajectories: number;
  readonly train: number;
  /** By method: building activations, selecting, and re-training if any. */
  readonly prune: Readonly<Partial<Record<PruneMethod, number>>>;
  /** The remainder of the attempts' time: measuring, loading, storing. */
  readonly rest: number;
}

/** Where one curve crosses one target; columns as in the view `thresholds`. */
export interface CrossingPoint {
  readonly n: number;
  readonly seed: number;
  readonly method: PruneMethod;
  readonly metric: string;
  readonly target: string;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly censoring: 'interval' | 'left' | 'right' | 'unreachable';
}

/** SQL parameters that select a slice's cells of every method. `ids`: trajectory ids as a JSON array. */
interface SliceParams {
  readonly sweep: string;
  readonly ids: string;
  readonly objective: string | null;
  readonly sampleSize: number | null;
  readonly subnetSize: number;
  readonly retrainIterations: number;
}

export function sweepCurves(reader: Reader, sweep: string): SweepCurve[] {
  return reader.rows<SweepCurve>(
    `SELECT y.id AS trajectoryId, y.dataset_size AS datasetSize, y.width, y.seed, a.axes, ${VARIANT_COLUMNS}
     FROM sweeps s CROSS JOIN member_variants a ON a.sweep = s.key
     JOIN variants v ON v.key = a.variant
     JOIN trajectory_keys x ON x.key = a.trajectory
     JOIN trajectories y ON y.id = x.id
     WHERE s.name = :sweep
     ORDER BY y.dataset_size, y.width, y.seed, y.id, ${VARIANT_ORDER}`,
    { sweep },
  );
}

/** A sweep's checkpoints, ascending. */
export function checkpointsOf(reader: Reader, sweep: string): number[] {
  return reader
    .rows<{ t: number }>(
      `SELECT DISTINCT m.t FROM sweeps s CROSS JOIN members m ON m.sweep = s.key WHERE s.name = :sweep ORDER BY m.t`,
      { sweep },
    )
    .map(({ t }) => t);
}

const IN_SLICE = `sweep = :sweep AND trajectory_id IN (SELECT value FROM json_each(:ids))
  AND retrain_iterations = :retrainIterations
  AND (prune_objective IS NULL OR (prune_objective = :objective AND prune_sample_size IS :sampleSize))`;
const spread = (column: string, as: string): string =>
  `avg(${column}) AS ${as}, min(${column}) AS ${as}_low, max(${column}) AS ${as}_high`;

/** Rounds to five significant digits, more than a figure can show. */
export const rounded = (value: number): number => Number(value.toPrecision(5));

type Flat = Readonly<Record<string, number | null>>;

function spreadOf(row: Flat, name: string): Spread | null {
  const [mean, low, high] = [row[name], row[`${name}_low`], row[`${name}_high`]];
  if (mean == null || low == null || high == null) return null;
  return { mean: rounded(mean), low: rounded(low), high: rounded(high) };
}

/**
 * Loss and accuracy on `set` over seeds, by n and t, of the dense network (first) and of the subnetworks.
 *
 * @param ids trajectory ids
 * @param t checkpoints to read
 */
export function curvePoints(
  reader: Reader,
  slice: Slice,
  ids: readonly string[],
  set: SetName,
  t: readonly number[],
): CurvePoint[] {
  const rows = reader.rows<Flat & { method: PruneMethod; n: number; t: number; seeds: number }>(
    `SELECT prune_method AS method, dataset_size AS n, pretrain_iterations AS t, count(*) AS seeds,
       ${['loss', 'accuracy'].flatMap(q => [spread(`dense_${set}_${q}`, `dense_${q}`), spread(`subnet_${set}_${q}`, `subnet_${q}`)]).join(', ')}
     FROM results
     WHERE ${IN_SLICE} AND subnet_size = :subnetSize AND pretrain_iterations IN (SELECT value FROM json_each(:t))
     GROUP BY method, n, t ORDER BY method, n, t`,
    { ...sliceParams(slice, ids), t: JSON.stringify(t) },
  );
  const measured = (row: (typeof rows)[number], prefix: 'dense' | 'subnet') => ({
    n: row.n,
    t: row.t,
    seeds: row.seeds,
    loss: spreadOf(row, `${prefix}_loss`),
    accuracy: spreadOf(row, `${prefix}_accuracy`),
  });
  const first = rows.find(row => row.method === 'greedy')?.method ?? rows[0]?.method;
  const dense = rows.filter(row => row.method === first);
  return [
    ...dense.map((row): CurvePoint => ({ ...measured(row, 'dense'), network: 'dense' })),
    ...rows.map((row): CurvePoint => ({ ...measured(row, 'subnet'), network: row.method })),
  ];
}

/** Subnetworks of every size at the checkpoints `t`, over seeds. `ids`: trajectory ids. */
export function subnetSizePoints(
  reader: Reader,
  slice: Slice,
  ids: readonly string[],
  set: SetName,
  t: readonly number[],
): SubnetSizePoint[] {
  const rows = reader.rows<Flat & { method: PruneMethod; n: number; t: number; k: number; seeds: number }>(
    `SELECT prune_method AS method, dataset_size AS n, pretrain_iterations AS t, subnet_size AS k, count(*) AS seeds,
       ${spread(`subnet_${set}_loss`, 'loss')}, avg(dense_${set}_loss) AS dense
     FROM results
     WHERE ${IN_SLICE} AND pretrain_iterations IN (SELECT value FROM json_each(:t))
     GROUP BY method, n, t, k ORDER BY method, n, t, k`,
    { ...sliceParams(slice, ids), t: JSON.stringify(t) },
  );
  return rows.map(({ method, n, t: at, k, seeds, ...row }) => ({
    method,
    n,
    t: at,
    k,
    seeds,
    loss: spreadOf(row as Flat, 'loss'),
    denseLoss: (row as Flat).dense ?? null,
  }));
}

/**
 * Where the time of a sweep's finished trajectories went, by n. All cells of one selection path hold the time of the
 * whole path, so each path counts once.
 */
export function timePoints(reader: Reader, sweep: string): TimePoint[] {
  const trained = reader.rows<{ n: number; trajectories: number; train: number; total: number }>(
    `SELECT y.dataset_size AS n, count(*) AS trajectories, sum(coalesce(y.train_wall_s, 0)) AS train,
       sum(coalesce((SELECT sum((julianday(a.ended_at) - julianday(a.started_at)) * 86400) FROM attempts a
         WHERE a.trajectory_id = y.id AND a.ended_at IS NOT NULL), 0)) AS total
     FROM trajectories y
     WHERE y.status = 'done' AND y.id IN (
       SELECT x.id FROM sweeps s CROSS JOIN member_variants v ON v.sweep = s.key
       JOIN trajectory_keys x ON x.key = v.trajectory WHERE s.name = :sweep)
     GROUP BY n ORDER BY n`,
    { sweep },
  );
  const pruned = reader.rows<{ n: number; method: PruneMethod; seconds: number }>(
    `SELECT n, method, sum(seconds) AS seconds FROM (
       SELECT dataset_size AS n, prune_method AS method, max(prune_wall_s) AS seconds
       FROM results WHERE sweep = :sweep
       GROUP BY trajectory_id, pretrain_iterations, prune_method, prune_objective, prune_sample_size)
     GROUP BY n, method ORDER BY n, method`,
    { sweep },
  );
  return trained.map(({ n, trajectories, train, total }) => {
    const prune = Object.fromEntries(
      pruned.filter(row => row.n === n).map(({ method, seconds }) => [method, seconds]),
    );
    const accounted = Object.values(prune).reduce((sum, seconds) => sum + seconds, train);
    return { n, trajectories, train, prune, rest: Math.max(0, total - accounted) };
  });
}

function sliceParams(slice: Slice, ids: readonly string[]): Record<string, string | number | null> {
  const { sweep, objective, sampleSize, subnetSize, retrainIterations } = slice;
  const selection = { objective, sampleSize, subnetSize, retrainIterations };
  const params: SliceParams = { sweep, ids: JSON.stringify(ids), ...selection };
  return { ...params };
}
