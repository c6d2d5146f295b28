/** Computes the thresholds of a sweep's targets from the rows of finished trajectories. */
import { counted } from '../base/units.js';
import { findMetric, type MetricInfo } from '../domain/metrics.js';
import type { CurveRow, ThresholdRow, ThresholdSpec } from '../domain/types.js';
import { findCrossing, hasSettled, lastGain, type SmoothCurve, smoothCurve, type Trend } from './crossing.js';
import { curves, type RawCurve } from './curves.js';
import { flatten } from './flatten.js';

/** A target with everything derived from it before any row is read. */
interface Goal {
  readonly spec: ThresholdSpec;
  readonly metric: MetricInfo;
  readonly trend: Trend;
  /** The dense network's column for the same quantity on the same set. */
  readonly denseColumn: string;
  readonly label: string;
}

export interface Thresholds {
  readonly rows: readonly ThresholdRow[];
  /** Reasons why curves have no row: one line for each target and reason, with counts. */
  readonly notes: readonly string[];
}

/** The column `target` of the view `thresholds`: `<= 0.15`, `>= 0.97`, `within 0.01 of dense`, `published`. */
export function targetLabel({ kind, value }: ThresholdSpec): string {
  switch (kind) {
    case 'atMost':
      return `<= ${value}`;
    case 'atLeast':
      return `>= ${value}`;
    case 'withinDense':
      return `within ${value} of dense`;
    case 'published':
      return 'published';
  }
}

/** Whether a threshold's target is the best value of other curves, known only when all have been read. */
export const isPublished = ({ target }: ThresholdRow): boolean => target === 'published';

/**
 * One threshold for each target and curve. A curve is one variant (method, objective, k, re-training) of one
 * trajectory. Metrics of the dense network get the same row for every variant, so subnetwork and dense thresholds
 * join on the variant.
 *
 * - atMost, atLeast: absolute. A `_loss_sum` is n (the trajectory's data set size, for every set) times the mean.
 * - withinDense: as good as the dense network at the trajectory's last checkpoint, less the tolerance. No threshold,
 *   but a note, if that dense curve has not converged (`denseHasConverged`) or was not measured.
 * - published: the best raw value over t of the same metric at the largest n, among curves with the same seed, width,
 *   variant and settings, except settings that move with n. A note if there is no such curve.
 *
 * A curve with fewer than two measured points of the metric gets no row and is counted in a note. Variants without
 * re-training are skipped for re-trained metrics. The sweep file's checks ensure that a target suits its metric.
 *
 * @param rows finished trajectories only, ordered by trajectory, variant, t; read once, curve by curve.
 * @param largestSize the n of `published`: the sweep's largest, finished or not. Default: the largest in `rows`.
 * @throws Error if the order of `rows` is broken.
 */
export function computeThresholds(
  specs: readonly ThresholdSpec[],
  rows: Iterable<CurveRow>,
  largestSize?: number,
): Thresholds {
  const goals = specs.map(goalOf);
  const columns = new Set(goals.map(({ metric }) => metric.column));
  for (const { spec, denseColumn } of goals) if (spec.kind === 'withinDense') columns.add(denseColumn);
  const out: ThresholdRow[] = [];
  const refused = new Refusals();
  const published = new Published(largestSize);

  for (const curve of curves(rows, [...columns])) {
    const smooth = smoother(curve);
    const { datasetSize } = curve.head.config;
    for (const goal of goals) {
      const { spec, metric, trend, denseColumn } = goal;
      if (metric.network === 'retrained' && curve.head.retrainIterations === 0) continue;
      const measured = smooth(metric.column, trend);
      const unit = metric.summed ? datasetSize : 1;
      if (measured.t.length < 2) refused.add(goal, 'fewer than two measured checkpoints');
      else if (spec.kind === 'published') published.add(goal, curve, measured);
      else if (spec.kind === 'withinDense') {
        const tolerance = spec.value! / unit;
        const dense = smooth(denseColumn, trend);
        if (dense.t.length === 0 || dense.t.at(-1) !== curve.t.at(-1)) {
          refused.add(goal, `${denseColumn} was not measured at the last checkpoint`);
        } else if (!denseHasConverged(dense, tolerance)) {
          const remedy = isStillGaining(dense, tolerance)
            ? 'train for longer'
            : 'it ends noisier than half the tolerance, or has turned back: a larger tolerance';
          refused.add(goal, `the dense curve has not converged by the last checkpoint (${remedy})`);
        } else {
          const slack = trend.direction === 'down' ? tolerance : -tolerance;
          out.push(thresholdRow(goal, curve.head, measured, dense.raw.at(-1)! + slack));
        }
      } else out.push(thresholdRow(goal, curve.head, measured, spec.value! / unit));
    }
  }
  published.finish(out, refused);
  return { rows: out, notes: refused.lines() };
}

/**
 * Whether a dense curve's last value is final, within a tolerance on the same scale. All of these must hold:
 *
 * - It has settled (`hasSettled`).
 * - Its fit gains at most half the tolerance from t_max / 2 to t_max.
 * - Its last raw value is within half the tolerance of the fit: it is not noisier, and has not turned back.
 */
export function denseHasConverged(dense: SmoothCurve, tolerance: number): boolean {
  return (
    !isStillGaining(dense, tolerance) && Math.abs(dense.raw.at(-1)! - dense.fit.at(-1)!) <= tolerance / 2
  );
}

const isStillGaining = (dense: SmoothCurve, tolerance: number): boolean =>
  !hasSettled(dense) || lastGain(dense) > tolerance / 2;

/** Curves of `published` targets. They wait for the best value at the largest n, which may come later. */
class Published {
  private readonly waiting: { goal: Goal; head: CurveRow; curve: SmoothCurve; group: string }[] = [];
  /** Best value by group, at the largest n seen in it. */
  private readonly best = new Map<string, { n: number; value: number }>();
  private readonly groups = new Map<string, number>();
  private largestSize = 0;

  constructor(private readonly fixedSize: number | undefined) {}

  add(goal: Goal, { head }: RawCurve, curve: SmoothCurve): void {
    const { datasetSize } = head.config;
    const group = `${goal.metric.column} ${this.groupOf(head, goal.spec.movesWithSize ?? [])}`;
    const value = curve.raw.reduce((a, b) => (curve.direction === 'down' ? Math.min(a, b) : Math.max(a, b)));
    this.waiting.push({ goal, head, curve, group });
    const best = this.best.get(group);
    if (!best || best.n < datasetSize) this.best.set(group, { n: datasetSize, value });
    this.largestSize = Math.max(this.largestSize, datasetSize);
  }

  finish(out: ThresholdRow[], refused: Refusals): void {
    const size = this.fixedSize ?? this.largestSize;
    for (const { goal, head, curve, group } of this.waiting) {
      const best = this.best.get(group)!;
      if (best.n === size) out.push(thresholdRow(goal, head, curve, best.value));
      else {
        const moving = goal.spec.movesWithSize ?? [];
        const aside = moving.length > 0 ? ` (${moving.join(', ')} aside)` : '';
        refused.add(goal, `no finished curve at n = ${size} with the same seed and settings${aside}`);
      }
    }
  }

  /** A number for all settings of a curve, except n and the settings that move with it. */
  private groupOf(head: CurveRow, moving: readonly string[]): number {
    const { config, method, objective, subnetSize, retrainIterations } = head;
    const { datasetSize: _, ...rest } = config;
    const cell = { prune: { method, objective }, subnetSize, retrain: { iterations: retrainIterations } };
    const settings = flatten({ ...rest, ...cell });
    for (const path of moving) settings.delete(path);
    const key = JSON.stringify([...settings]);
    const group = this.groups.get(key) ?? this.groups.size;
    this.groups.set(key, group);
    return group;
  }
}

/** Counts the curves without a threshold, by target and reason. */
class Refusals {
  private readonly counts = new Map<string, number>();

  add({ spec, label }: Goal, reason: string): void {
    const key = `${spec.metric} ${label}: ${reason}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  lines(): string[] {
    return [...this.counts].map(([key, count]) => `${key}: no threshold for ${counted(count, 'curve')}`);
  }
}

function goalOf(spec: ThresholdSpec): Goal {
  const metric = findMetric(spec.metric);
  if (!metric) throw new Error(`no threshold can be set on ${spec.metric}`);
  return {
    spec,
    metric,
    trend: { direction: metric.better === 'lower' ? 'down' : 'up', turnsBack: metric.set !== 'train' },
    denseColumn: `dense_${metric.set}_${metric.quantity}`,
    label: targetLabel(spec),
  };
}

/** Caches fits: each column of a curve is fitted once for all its targets. */
function smoother(curve: RawCurve): (column: string, trend: Trend) => SmoothCurve {
  const cache = new Map<string, SmoothCurve>();
  return (column, trend) => {
    const smooth = cache.get(column) ?? smoothCurve(curve.t, curve.values.get(column)!, trend);
    cache.set(column, smooth);
    return smooth;
  };
}

function thresholdRow(
  { spec, label }: Goal,
  head: CurveRow,
  curve: SmoothCurve,
  level: number,
): ThresholdRow {
  const { trajectoryId, method, objective, subnetSize, retrainIterations } = head;
  const variant = { method, objective, subnetSize, retrainIterations };
  return { trajectoryId, ...variant, metric: spec.metric, target: label, ...findCrossing(curve, level)! };
}
