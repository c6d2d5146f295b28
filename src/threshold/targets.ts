/** Computes the thresholds of a sweep's targets from the rows of finished trajectories. */
import { counted } from '../base/units.js';
import type { RefinedGrid } from '../domain/sweep-file/axes.js';
import type { CurveRow, PublishedLevel, ThresholdRow, ThresholdSpec } from '../domain/types.js';
import { variantOf } from '../domain/variant.js';
import { findCrossing } from './crossing.js';
import { curves, type RawCurve } from './curves.js';
import { flatten } from './flatten.js';
import { columnsOf, columnValue, type Goal, goalOf, hasMetric, levelWithinDense } from './goals.js';
import { placesAsked } from './places-asked.js';
import { type SmoothCurve, smoothCurve } from './smooth-curve.js';

export { targetLabel } from './goals.js';

/** The thresholds of a sweep's finished trajectories. */
export interface Thresholds {
  readonly rows: readonly ThresholdRow[];
  /** Reasons why curves have no row: one line for each target and reason, with counts. */
  readonly notes: readonly string[];
}

/** Whether a threshold's target is the best value of other curves, known only when all have been read. */
export const isPublished = ({ target }: ThresholdRow): boolean => target === 'published';

export interface ThresholdOptions {
  /** The n of `published`: the sweep's largest, finished or not. Default: the largest in the rows. */
  readonly largestSize?: number | undefined;
  /** Null or absent for a sweep without refined checkpoints. */
  readonly grid?: RefinedGrid | null | undefined;
}

/**
 * One threshold for each target and curve. A curve is one variant (method, objective, sample size, k, re-training) of one
 * trajectory. Metrics of the dense network get the same row for every variant, so subnetwork and dense thresholds
 * join on the variant.
 *
 * - atMost, atLeast: absolute. A `_loss_sum` is n (the trajectory's data set size, for every set) times the mean.
 * - withinDense: as good as the dense network at the trajectory's last checkpoint, less the tolerance. No threshold,
 *   but a note, if that dense curve has not converged (`denseHasConverged`) or was not measured.
 * - published: the best raw value over t of the same metric at the largest n, among curves with the same seed, width,
 *   variant and settings, except settings that move with n. A note if there is no such curve.
 *
 * In a sweep that refines its checkpoints, crossings are located on the fine sequence. Those of a target with
 * `refine: false`, and of a `published` one around whose crossing checkpoints are missing, are located on the coarse
 * checkpoints alone, from which the best value of `published` comes, too.
 *
 * A curve with fewer than two measured points of the metric gets no row and is counted in a note. Variants without
 * re-training are skipped for re-trained metrics, and all but greedy ones for the certified loss. The sweep file's checks
 * ensure that a target suits its metric.
 *
 * @param rows finished trajectories only, ordered by trajectory, variant, t; read once, curve by curve.
 * @throws Error if the order of `rows` is broken.
 */
export function computeThresholds(
  specs: readonly ThresholdSpec[],
  rows: Iterable<CurveRow>,
  { largestSize, grid = null }: ThresholdOptions = {},
): Thresholds {
  const goals = specs.map(goalOf);
  const out: ThresholdRow[] = [];
  const refused = new Refusals();
  const published = new Published(largestSize);

  for (const curve of curves(rows, columnsOf(goals))) {
    const smooth = smoother(curve, grid);
    const { datasetSize } = curve.head.config;
    for (const goal of goals) {
      const { spec, metric } = goal;
      if (!hasMetric(goal, curve.head)) continue;
      const isFine = spec.refine !== false;
      const measured = smooth(metric.column, goal, isFine);
      if (measured.t.length < 2) refused.add(goal, 'fewer than two measured checkpoints');
      else if (spec.kind === 'published')
        published.add(goal, curve, smooth(metric.column, goal, false), isFine ? measured : null);
      else if (spec.kind === 'withinDense') {
        const dense = smooth(goal.denseColumn, goal, isFine);
        const level = levelWithinDense(goal, dense, datasetSize, curve.t.at(-1));
        if (typeof level === 'string') refused.add(goal, level);
        else out.push(thresholdRow(goal, curve.head, measured, level));
      } else out.push(thresholdRow(goal, curve.head, measured, columnValue(goal, datasetSize)));
    }
  }
  for (const { goal, head, coarse, fine, level } of published.known(refused)) {
    const isLocated = fine !== null && placesAsked(fine, level).size === 0;
    out.push(thresholdRow(goal, head, isLocated ? fine : coarse, level));
  }
  return { rows: out, notes: refused.lines() };
}

/** The levels of the `published` targets that are refined, by trajectory. Parameters as of `computeThresholds`. */
export function publishedLevels(
  specs: readonly ThresholdSpec[],
  rows: Iterable<CurveRow>,
  { largestSize, grid = null }: ThresholdOptions,
): Map<string, PublishedLevel[]> {
  const goals = specs.filter(({ kind, refine }) => kind === 'published' && refine !== false).map(goalOf);
  const levels = new Map<string, PublishedLevel[]>();
  if (goals.length === 0) return levels;
  const published = new Published(largestSize);
  for (const curve of curves(rows, columnsOf(goals))) {
    const smooth = smoother(curve, grid);
    for (const goal of goals) {
      if (!hasMetric(goal, curve.head)) continue;
      const coarse = smooth(goal.metric.column, goal, false);
      if (coarse.t.length >= 2) published.add(goal, curve, coarse, null);
    }
  }
  for (const { goal, head, level: value } of published.known(null)) {
    const { trajectoryId } = head;
    const known = levels.get(trajectoryId) ?? [];
    levels.set(trajectoryId, known);
    known.push({ metric: goal.spec.metric, variant: variantOf(head), value });
  }
  return levels;
}

interface PublishedCurve {
  readonly goal: Goal;
  readonly head: CurveRow;
  readonly coarse: SmoothCurve;
  /** Null if the target is not refined. */
  readonly fine: SmoothCurve | null;
}

/** Curves of `published` targets. They wait for the best value at the largest n, which may come later. */
class Published {
  private readonly waiting: (PublishedCurve & { readonly group: string })[] = [];
  /** Best value by group, at the largest n seen in it. */
  private readonly best = new Map<string, { n: number; value: number }>();
  private readonly groups = new Map<string, number>();
  private largestSize = 0;

  constructor(private readonly fixedSize: number | undefined) {}

  add(goal: Goal, { head }: RawCurve, coarse: SmoothCurve, fine: SmoothCurve | null): void {
    const { datasetSize } = head.config;
    const group = `${goal.metric.column} ${this.groupOf(head, goal.spec.movesWithSize ?? [])}`;
    const value = coarse.raw[coarse.optimum]!;
    this.waiting.push({ goal, head, coarse, fine, group });
    const best = this.best.get(group);
    if (!best || best.n < datasetSize) this.best.set(group, { n: datasetSize, value });
    this.largestSize = Math.max(this.largestSize, datasetSize);
  }

  /** The curves whose level is known, with it; the others are refused. */
  *known(refused: Refusals | null): Generator<PublishedCurve & { readonly level: number }> {
    const size = this.fixedSize ?? this.largestSize;
    for (const { group, ...curve } of this.waiting) {
      const best = this.best.get(group)!;
      if (best.n === size) yield { ...curve, level: best.value };
      else {
        const moving = curve.goal.spec.movesWithSize ?? [];
        const aside = moving.length > 0 ? ` (${moving.join(', ')} aside)` : '';
        refused?.add(curve.goal, `no finished curve at n = ${size} with the same seed and settings${aside}`);
      }
    }
  }

  /** A number for all settings of a curve, except n and the settings that move with it. */
  private groupOf(head: CurveRow, moving: readonly string[]): number {
    const { config, method, objective, sampleSize, subnetSize, retrainIterations } = head;
    const { datasetSize: _, ...rest } = config;
    const prune = { method, objective, sampleSize };
    const cell = { prune, subnetSize, retrain: { iterations: retrainIterations } };
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

/**
 * Caches fits: each column of a curve is fitted once for all its targets. In a sweep that refines its checkpoints, on the
 * fine sequence or on the coarse checkpoints alone.
 */
function smoother(
  curve: RawCurve,
  grid: RefinedGrid | null,
): (column: string, goal: Goal, isFine: boolean) => SmoothCurve {
  const cache = new Map<string, SmoothCurve>();
  const coarse = grid && new Set(grid.coarse);
  const smoothOn = (column: string, { trend }: Goal, isFine: boolean): SmoothCurve => {
    const values = curve.values.get(column)!;
    if (!coarse || isFine) return smoothCurve(curve.t, values, trend, grid?.fine);
    const isCoarse = (_: unknown, i: number): boolean => coarse.has(curve.t[i]!);
    return smoothCurve(curve.t.filter(isCoarse), values.filter(isCoarse), trend);
  };
  return (column, goal, isFine) => {
    const key = `${column} ${isFine}`;
    const smooth = cache.get(key) ?? smoothOn(column, goal, isFine);
    cache.set(key, smooth);
    return smooth;
  };
}

function thresholdRow(
  { spec, label }: Goal,
  head: CurveRow,
  curve: SmoothCurve,
  level: number,
): ThresholdRow {
  const { trajectoryId } = head;
  const crossing = findCrossing(curve, level)!;
  return { trajectoryId, ...variantOf(head), metric: spec.metric, target: label, ...crossing };
}
