/** The published threshold: the first checkpoint at which a curve is as good as the best value at the largest n. */
import type { MetricInfo } from '../domain/metrics.js';

type Better = MetricInfo['better'];

/** A point of a curve. */
export interface Point {
  readonly t: number;
  readonly value: number;
}

/** Where a curve reaches a level: `at` is null where it never does. */
export interface Crossing {
  readonly at: number | null;
}

/** @param points at least one. */
export const bestOf = (points: readonly Point[], better: Better): number =>
  points.reduce(
    (best, { value }) => (better === 'higher' ? Math.max(best, value) : Math.min(best, value)),
    points[0]!.value,
  );

/** @param points ascending in t. No smoothing and no interpolation: the raw values, as the published threshold is taken. */
export function firstAt(points: readonly Point[], level: number, better: Better): Crossing {
  const found = points.find(({ value }) => (better === 'higher' ? value >= level : value <= level));
  return { at: found?.t ?? null };
}

/** By how many checkpoints two crossings are apart; never reached counts as one checkpoint beyond the last. */
export function checkpointsApart(a: Crossing, b: Crossing, times: readonly number[]): number {
  const index = ({ at }: Crossing) => (at === null ? times.length : times.indexOf(at));
  return Math.abs(index(a) - index(b));
}
