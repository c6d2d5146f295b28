/** Groups thresholds: one group for each curve t*(n). */

import { dependenceOnSize } from '../domain/dependence-on-size.js';
import { findMetric } from '../domain/metrics.js';
import { isCellPath } from '../domain/sweep-spec.js';
import type { Loss, ThresholdRow, ThresholdSpec } from '../domain/types.js';
import { objectiveText } from '../domain/variant.js';
import { targetLabel } from '../threshold/targets.js';
import type { PredictedCrossing } from './estimate/predicted.js';
import type { GroupKey } from './report.js';

/** A threshold with the facts about its trajectory that the fits need. */
export interface FitRow extends ThresholdRow {
  readonly datasetSize: number;
  readonly width: number;
  readonly seed: number;
  readonly engine: GroupKey['engine'];
  readonly numerics: number;
  /** The sweep's further axes by path, from the column `axes` of the view `thresholds`. */
  readonly axes: Readonly<Record<string, unknown>>;
  /** The checkpoints on which the crossing is located, ascending: of the curve, or of the sequence that refines them. */
  readonly checkpoints: readonly number[];
  /** Size of the training pool; null if unknown. */
  readonly pool: number | null;
  /** The dense network's training. */
  readonly training?: TrainingState | undefined;
  /** What the kernel predicts for the dense network at this target; absent without a prediction. */
  readonly predicted?: PredictedCrossing | undefined;
}

/** What a curve's dense network has become; nulls where the database does not know. */
export interface TrainingState {
  readonly loss: Loss;
  /** At the last checkpoint. */
  readonly deadNeurons: number | null;
  readonly etaLambdaMax: number | null;
}

export interface Group {
  readonly key: GroupKey;
  readonly name: string;
  readonly isPrimary: boolean;
  readonly rows: readonly FitRow[];
}

/**
 * Groups the rows. The primary group comes first, then groups in the order of the targets, wide networks and large k
 * first.
 *
 * Each pruned variant repeats the dense network's threshold; one copy for each trajectory is kept.
 *
 * @param zipped paths of the axes zipped with n. An axis with one value at each n does not divide a group.
 */
export function groupRows(
  rows: readonly FitRow[],
  specs: readonly ThresholdSpec[],
  zipped: readonly string[] = [],
): Group[] {
  const moving = zipped.filter(
    path =>
      dependenceOnSize(
        rows,
        row => row.datasetSize,
        row => valueAt(row, path),
      ) !== 'divides',
  );
  const groups = new Map<string, { key: GroupKey; rows: Map<string, FitRow> }>();
  for (const row of rows) {
    const key = keyOf(row, moving);
    const name = nameOf(key, moving);
    const group = groups.get(name) ?? { key, rows: new Map() };
    groups.set(name, group);
    // Dense rows are the same for every variant: the key without k keeps one for each trajectory.
    const own = key.method === null ? row.trajectoryId : `${row.trajectoryId} ${row.subnetSize}`;
    if (!group.rows.has(own)) group.rows.set(own, row);
  }
  const targetOrder = new Map(
    specs.map((spec, i) => [`${spec.metric} ${targetLabel(spec)}`, spec.primary ? -1 : i]),
  );
  const rank = ({ key }: { key: GroupKey }): number[] => [
    targetOrder.get(`${key.metric} ${key.target}`) ?? specs.length,
    key.method === 'greedy' || key.method === null ? 0 : 1,
    -(key.width ?? 0),
    -(key.subnetSize ?? 0),
  ];
  const ordered = [...groups]
    .map(([name, group]) => ({ name, ...group }))
    .sort((a, b) => compare(rank(a), rank(b)));
  const primary = specs.find(spec => spec.primary);
  const isPrimary = ({ key }: { key: GroupKey }, i: number): boolean =>
    i === 0 && primary !== undefined && key.metric === primary.metric && key.target === targetLabel(primary);
  return ordered.map((group, i) => ({
    key: group.key,
    name: group.name,
    isPrimary: isPrimary(group, i),
    rows: [...group.rows.values()],
  }));
}

function valueAt({ width, subnetSize, seed, axes }: FitRow, path: string): string | undefined {
  return JSON.stringify({ width, subnetSize, seed, ...axes }[path]);
}

function keyOf(row: FitRow, moving: readonly string[]): GroupKey {
  const isDense = findMetric(row.metric)?.network === 'dense';
  const isLeftOut = (path: string): boolean => moving.includes(path) || (isDense && isCellPath(path));
  const axes = Object.fromEntries(Object.entries(row.axes).filter(([path]) => !isLeftOut(path)));
  return {
    width: moving.includes('width') ? null : row.width,
    axes,
    method: isDense ? null : row.method,
    objective: isDense ? null : row.objective,
    sampleSize: isDense || moving.includes('prune.sampleSize') ? null : row.sampleSize,
    subnetSize: isDense || moving.includes('subnetSize') ? null : row.subnetSize,
    retrainIterations: isDense || moving.includes('retrain.iterations') ? null : row.retrainIterations,
    metric: row.metric,
    target: row.target,
    engine: row.engine,
    numerics: row.numerics,
  };
}

/** The key as text. Random streams are named after it, so each group's simulations are independent of the others. */
function nameOf(key: GroupKey, moving: readonly string[]): string {
  const pruning =
    key.method === null
      ? []
      : [
          selectionText(key, moving),
          key.subnetSize === null ? 'k moves with n' : `k = ${key.subnetSize}`,
          ...(key.retrainIterations ? [`re-trained for ${key.retrainIterations}`] : []),
        ];
  return [
    `${key.metric} ${key.target}`,
    key.width === null ? 'N moves with n' : `N = ${key.width}`,
    ...pruning,
    ...Object.entries(key.axes)
      .filter(([path]) => !isCellPath(path))
      .map(([path, value]) => `${path} = ${JSON.stringify(value)}`),
    `${key.engine} ${key.numerics}`,
  ].join(', ');
}

function selectionText({ method, objective, sampleSize }: GroupKey, moving: readonly string[]): string {
  if (objective === null) return method!;
  const isMoving = moving.includes('prune.sampleSize');
  const sample = isMoving ? ' of a sample whose size moves with n' : '';
  return `${method} on ${objectiveText(objective, sampleSize)}${sample}`;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}
