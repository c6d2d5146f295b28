/** Selects the fitted groups that belong to a slice. */

import { findMetric } from '../../domain/metrics.js';
import type { FitGroup, GroupKey } from '../../fit/index.js';
import type { CrossingPoint, Slice } from '../../store/read/figure-rows.js';
import type { FigureData } from './figure.js';

/** Readers cannot distinguish more targets. */
const MAX_TARGETS = 9;

/** Whether a group belongs to the subnetworks of a slice. The method may differ, the objective and its samples may not. */
export const isOfSlice = (group: GroupKey, slice: Slice): boolean =>
  group.subnetSize === slice.subnetSize &&
  group.objective === slice.objective &&
  group.sampleSize === slice.sampleSize &&
  group.retrainIterations === slice.retrainIterations &&
  (group.width === slice.width || group.width === null) &&
  Object.entries(slice.axes).every(
    ([path, value]) =>
      !Object.hasOwn(group.axes, path) || JSON.stringify(group.axes[path]) === JSON.stringify(value),
  );

/** The groups of the slice, by metric, then from easy to hard targets. */
export const groupsOfSlice = ({ slice, fit }: FigureData): FitGroup[] =>
  byDifficulty((fit?.groups ?? []).filter(group => isOfSlice(group, slice)));

/** The group of the primary target in the slice; null where there is none. */
export const primaryGroup = (data: FigureData): FitGroup | null =>
  groupsOfSlice(data).find(
    ({ metric, target }) => metric === data.primary?.metric && target === data.primary.target,
  ) ?? null;

/** The crossings that a group is fitted to. */
export const crossingsOf = (
  { crossings }: FigureData,
  { metric, target, method }: Pick<GroupKey, 'metric' | 'target' | 'method'>,
): CrossingPoint[] =>
  crossings.filter(
    row => row.metric === metric && row.target === target && (method === null || row.method === method),
  );

/** The groups whose metric is that of the primary target, the easiest target first. */
export function groupsOfPrimaryMetric(data: FigureData): FitGroup[] {
  const groups = groupsOfSlice(data);
  const metric = data.primary?.metric ?? groups[0]?.metric;
  return groups.filter(group => group.metric === metric).slice(0, MAX_TARGETS);
}

export const firstGroups = (groups: readonly FitGroup[]): FitGroup[] => groups.slice(0, MAX_TARGETS);

const numberIn = (target: string): number =>
  Number(/-?\d*\.?\d+(?:e[-+]?\d+)?/i.exec(target)?.[0] ?? Number.NaN);

function byDifficulty(groups: readonly FitGroup[]): FitGroup[] {
  const metrics = [...new Set(groups.map(({ metric }) => metric))];
  const easyFirst = ({ metric, target }: FitGroup): number => {
    const value = numberIn(target);
    if (Number.isNaN(value)) return Number.POSITIVE_INFINITY;
    return findMetric(metric)?.better === 'lower' ? -value : value;
  };
  return [...groups].sort(
    (a, b) => metrics.indexOf(a.metric) - metrics.indexOf(b.metric) || easyFirst(a) - easyFirst(b),
  );
}
