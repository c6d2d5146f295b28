/** From the rows of finished trajectories to the thresholds that a sweep asks for. */

import { type MetricInfo, metricNamed } from '../domain/metrics.js';
import type { CurveRow, ThresholdRow, ThresholdSpec } from '../domain/types.js';
import { findCrossing, hasSettled, lastGain, type SmoothCurve, smoothCurve, type Trend } from './crossing.js';
import { curves, type RawCurve } from './curves.js';
import { flatten } from './settings.js';

/** A target with all that is known before any row is seen. */
interface Goal {
  readonly spec: ThresholdSpec;
  readonly metric: MetricInfo;
  readonly trend: Trend;
  /** The dense network's column for the same measure on the same set. */
  readonly denseColumn: string;
  readonly label: string;
}

export interface Thresholds {
  readonly rows: readonly ThresholdRow[];
  /** Why curves have no row: one line for each target and reason, with counts. */
  readonly notes: readonly string[];
}

/** `<= 0.15`, `>= 0.97`, `within 0.01 of dense`, `published`: the column `target` of the view `thresholds`. */
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

/**
 * One threshold for each target and curve, a curve being one variant (method, objective, k, re-training) of one
 * trajectory. Metrics of the dense network do not depend on the variant; they still get a row for each, with the same
 * crossing, so that a subnetwork's threshold and the dense network's join on the variant.
 *
 * - atMost, atLeast: absolute. A `_loss_sum` is n (the trajectory's own data set size, for every set) times the mean.
 * - withinDense: as good as the dense network at the trajectory's last checkpoint, less the tolerance. Refused, with a
 *   note, where that dense curve has not converged (`denseHasConverged`), or was not measured.
 * - published: the best raw value over t of the same metric at the largest n, among the curves that share everything
 *   else (seed, width, variant, settings) but what moves with n. A note where there is no such curve.
 *
 * A curve with fewer than two measured points of the metric gets no row, and is counted in a note; re-trained metrics
 * are not expected of variants without re-training. That a target suits its metric is the sweep's to check.
 *
 * @param rows finished trajectories only, ordered by trajectory, variant, t; read once, curve by curve. Throws an
 *   Error where the order is broken.
 * @param largestSize the n of `published`: the sweep's largest, finished or not. Default: the largest in `rows`.
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
          refused.add(goal, 'the dense curve has not converged by the last checkpoint (train for longer)');
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
 * Whether a dense curve's last value is its final one, as far as a tolerance on the same scale can tell. All of: it
 * has settled (`hasSettled`); its fit gained at most half the tolerance from t_max / 2 to t_max; its last raw value is
 * within half the tolerance of the fit there (it is not noisier than that, and has not turned back).
 */
export function denseHasConverged(dense: SmoothCurve, tolerance: number): boolean {
  return (
    hasSettled(dense) &&
    lastGain(dense) <= tolerance / 2 &&
    Math.abs(dense.raw.at(-1)! - dense.fit.at(-1)!) <= tolerance / 2
  );
}

/** `published`: curves wait for the best value at the largest n, which may come after them. */
class Published {
  private readonly waiting: { goal: Goal; head: CurveRow; curve: SmoothCurve; group: string }[] = [];
  /** Best value by group, of the curves at one n. */
  private readonly best = new Map<string, { n: number; value: number }>();
  private readonly groups = new Map<string, number>();
  private largestSize = 0;

  constructor(private readonly fixedSize: number | undefined) {}

  add(goal: Goal, { head }: RawCurve, curve: SmoothCurve): void {
    const { datasetSize } = head.config;
    const group = `${goal.metric.column} ${this.groupOf(head, goal.spec.movesWithSize ?? [])}`;
    const value = curve.raw.reduce((a, b) => (curve.direction === 'down' ? Math.min(a, b) : Math.max(a, b)));
    this.waiting.push({ goal, head, curve, group });
    const held = this.best.get(group);
    if (!held || held.n < datasetSize) this.best.set(group, { n: datasetSize, value });
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

  /** A short name for all the settings of a curve but its n and what moves with it. */
  private groupOf(head: CurveRow, moving: readonly string[]): number {
    const { config, method, objective, subnetSize, retrainIterations } = head;
    const { datasetSize: _, ...rest } = config;
    const cell = { prune: { method, objective }, subnetSize, retrain: { iterations: retrainIterations } };
    const settings = flatten({ ...rest, ...cell });
    for (const path of moving) settings.delete(path);
    const key = JSON.stringify([...settings]);
    const known = this.groups.get(key) ?? this.groups.size;
    this.groups.set(key, known);
    return known;
  }
}

class Refusals {
  private readonly counts = new Map<string, number>();

  add({ spec, label }: Goal, reason: string): void {
    const key = `${spec.metric} ${label}: ${reason}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  lines(): string[] {
    return [...this.counts].map(
      ([key, count]) => `${key}: no threshold for ${count} curve${count > 1 ? 's' : ''}`,
    );
  }
}

function goalOf(spec: ThresholdSpec): Goal {
  const metric = metricNamed(spec.metric);
  if (!metric) throw new Error(`no threshold can be set on ${spec.metric}`);
  return {
    spec,
    metric,
    trend: { direction: metric.better === 'lower' ? 'down' : 'up', turnsBack: metric.set !== 'train' },
    denseColumn: `dense_${metric.set}_${metric.quantity}`,
    label: targetLabel(spec),
  };
}

/** Fits each column of a curve once, however many targets it has. */
function smoother(curve: RawCurve): (column: string, trend: Trend) => SmoothCurve {
  const done = new Map<string, SmoothCurve>();
  return (column, trend) => {
    const known = done.get(column) ?? smoothCurve(curve.t, curve.values.get(column)!, trend);
    done.set(column, known);
    return known;
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
