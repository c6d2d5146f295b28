/** What figures are drawn from, aggregated over seeds in SQL: as many rows for a million cells as for a thousand. */
import type { Loss, PruneMethod, SetName } from '../../domain/types.js';
import type { Reader } from './reader.js';

/** The curves of a sweep that differ in n, seed, t and pruning method alone. */
export interface Slice {
  readonly sweep: string;
  /** Null where the width moves with n. */
  readonly width: number | null;
  /** Other axes by path, apart from those that move with n. */
  readonly axes: Readonly<Record<string, unknown>>;
  /** Of the greedy selection; null where there is none. */
  readonly objective: Loss | null;
  readonly subnetSize: number;
  readonly retrainIterations: number;
}

/** One trajectory with one of its variants, as a sweep asks for it. */
export interface SweepCurve {
  readonly trajectoryId: string;
  readonly datasetSize: number;
  readonly width: number;
  readonly seed: number;
  /** JSON of every other axis. */
  readonly axes: string;
  readonly method: PruneMethod;
  readonly objective: Loss | null;
  readonly subnetSize: number;
  readonly retrainIterations: number;
}

/** A measure over seeds. */
export interface Spread {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** One network at (n, t), over seeds; a measure is null where it was not recorded. */
export interface CurvePoint {
  readonly n: number;
  readonly t: number;
  readonly network: 'dense' | PruneMethod;
  readonly seeds: number;
  readonly loss: Spread | null;
  readonly accuracy: Spread | null;
}

/** One subnetwork at the largest n of the slice. */
export interface SubnetSizePoint {
  readonly n: number;
  readonly t: number;
  readonly k: number;
  readonly method: PruneMethod;
  readonly seeds: number;
  readonly loss: Spread | null;
  readonly denseLoss: number | null;
}

/** Wall seconds of the threads, summed over the finished trajectories of one n. */
export interface TimePoint {
  readonly n: number;
  readonly trajectories: number;
  readonly train: number;
  /** Building the activations and selecting; re-training, where there is any. By method. */
  readonly prune: Readonly<Partial<Record<PruneMethod, number>>>;
  /** Measuring, loading, storing: what is left of the attempts' time. */
  readonly rest: number;
}

/** Where one curve crosses one target: as the view `thresholds` has it. */
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

/** Everything of these members that a slice holds, whatever the method; `ids` as a JSON list. */
interface Bound {
  readonly sweep: string;
  readonly ids: string;
  readonly objective: string | null;
  readonly subnetSize: number;
  readonly retrainIterations: number;
}

export function sweepCurves(reader: Reader, sweep: string): SweepCurve[] {
  return reader.rows<SweepCurve>(
    `SELECT y.id AS trajectoryId, y.dataset_size AS datasetSize, y.width, y.seed, a.axes, v.method, v.objective,
       v.subnet_size AS subnetSize, v.retrain_iterations AS retrainIterations
     FROM sweeps s CROSS JOIN member_variants a ON a.sweep = s.key
     JOIN variants v ON v.key = a.variant
     JOIN trajectory_keys x ON x.key = a.trajectory
     JOIN trajectories y ON y.id = x.id
     WHERE s.name = :sweep
     ORDER BY y.dataset_size, y.width, y.seed, y.id, v.method, v.objective, v.subnet_size, v.retrain_iterations`,
    { sweep },
  );
}

/** The checkpoints that a sweep asks for, ascending. */
export function checkpointsOf(reader: Reader, sweep: string): number[] {
  return reader
    .rows<{ t: number }>(
      `SELECT DISTINCT m.t FROM sweeps s CROSS JOIN members m ON m.sweep = s.key WHERE s.name = :sweep ORDER BY m.t`,
      { sweep },
    )
    .map(({ t }) => t);
}

const IN_SLICE = `sweep = :sweep AND trajectory_id IN (SELECT value FROM json_each(:ids))
  AND retrain_iterations = :retrainIterations AND (prune_objective IS NULL OR prune_objective = :objective)`;
const spread = (column: string, as: string): string =>
  `avg(${column}) AS ${as}, min(${column}) AS ${as}_low, max(${column}) AS ${as}_high`;

/** Five digits are more than a figure can show. */
export const rounded = (value: number): number => Number(value.toPrecision(5));

type Flat = Readonly<Record<string, number | null>>;

function spreadOf(row: Flat, name: string): Spread | null {
  const [mean, low, high] = [row[name], row[`${name}_low`], row[`${name}_high`]];
  if (mean == null || low == null || high == null) return null;
  return { mean: rounded(mean), low: rounded(low), high: rounded(high) };
}

/**
 * Loss and accuracy on `set` of the dense network and of the subnetworks, by n and t, over seeds.
 *
 * @param t the checkpoints to read.
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
    { ...bound(slice, ids), t: JSON.stringify(t) },
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

/** Subnetworks of every size at these checkpoints, over seeds. */
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
    { ...bound(slice, ids), t: JSON.stringify(t) },
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

/** Where the time of the sweep's finished trajectories went. All cells of one path hold the time of the whole path. */
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
       GROUP BY trajectory_id, pretrain_iterations, prune_method, prune_objective)
     GROUP BY n, method ORDER BY n, method`,
    { sweep },
  );
  return trained.map(({ n, trajectories, train, total }) => {
    const prune = Object.fromEntries(
      pruned.filter(row => row.n === n).map(({ method, seconds }) => [method, seconds]),
    );
    const known = Object.values(prune).reduce((sum, seconds) => sum + seconds, train);
    return { n, trajectories, train, prune, rest: Math.max(0, total - known) };
  });
}

function bound(slice: Slice, ids: readonly string[]): Record<string, string | number | null> {
  const { sweep, objective, subnetSize, retrainIterations } = slice;
  const all: Bound = { sweep, ids: JSON.stringify(ids), objective, subnetSize, retrainIterations };
  return { ...all };
}
