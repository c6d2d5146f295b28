/** Targets with everything that is derived from them before any row is read, and the level that each sets to a curve. */
import { CERTIFIED_LOSS, findMetric, type MetricInfo } from '../domain/metrics.js';
import type { ThresholdSpec, Variant } from '../domain/types.js';
import { type Ending, endingOf, hasSettled, lastGain } from './ending.js';
import type { SmoothCurve, Trend } from './smooth-curve.js';

export interface Goal {
  readonly spec: ThresholdSpec;
  readonly metric: MetricInfo;
  readonly trend: Trend;
  /** The dense network's column for the same quantity on the same set. */
  readonly denseColumn: string;
  readonly label: string;
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

export function goalOf(spec: ThresholdSpec): Goal {
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

/** The metric columns that goals are read from. */
export function columnsOf(goals: readonly Goal[]): string[] {
  const columns = new Set(goals.map(({ metric }) => metric.column));
  for (const { spec, denseColumn } of goals) if (spec.kind === 'withinDense') columns.add(denseColumn);
  return [...columns];
}

/** Whether a variant has a goal's metric: re-trained ones need re-training, the certified loss greedy selection. */
export const hasMetric = ({ metric }: Goal, { method, retrainIterations }: Variant): boolean =>
  (metric.network !== 'retrained' || retrainIterations > 0) &&
  (metric !== CERTIFIED_LOSS || method === 'greedy');

/**
 * A target's value, which is a level, or the tolerance of `withinDense`, on the scale of its column: a `_loss_sum` is n
 * (the trajectory's data set size, for every set) times the mean.
 */
export const columnValue = ({ spec, metric }: Goal, datasetSize: number): number =>
  spec.value! / (metric.summed ? datasetSize : 1);

/**
 * The level of `withinDense`: as good as the dense network at the trajectory's last checkpoint, less the tolerance; or why
 * there is none.
 *
 * @param lastT the trajectory's last checkpoint.
 */
export function levelWithinDense(
  goal: Goal,
  dense: SmoothCurve,
  datasetSize: number,
  lastT: number | undefined,
): number | string {
  const { trend, denseColumn } = goal;
  if (dense.t.length === 0 || dense.t.at(-1) !== lastT)
    return `${denseColumn} was not measured at the last checkpoint`;
  const tolerance = columnValue(goal, datasetSize);
  const ending = endingOf(dense);
  const final = dense.raw.at(-1)!;
  if (!hasConverged(ending, final, tolerance)) {
    const remedy = isStillGaining(ending, tolerance)
      ? 'train for longer'
      : 'it ends noisier than half the tolerance, or has turned back: a larger tolerance';
    return `the dense curve has not converged by the last checkpoint (${remedy})`;
  }
  return final + (trend.direction === 'down' ? tolerance : -tolerance);
}

/**
 * Whether a dense curve's last value is final, within a tolerance on the same scale. All of these must hold:
 *
 * - It has settled (`hasSettled`).
 * - Its fit gains at most half the tolerance from t_max / 2 to t_max.
 * - Its last raw value is within half the tolerance of the fit: it is not noisier, and has not turned back.
 */
export const hasConverged = (ending: Ending, final: number, tolerance: number): boolean =>
  !isStillGaining(ending, tolerance) && Math.abs(final - ending.last) <= tolerance / 2;

const isStillGaining = (ending: Ending, tolerance: number): boolean =>
  !hasSettled(ending) || lastGain(ending) > tolerance / 2;
