/**
 * Finds where one curve reaches one level: the interval (lower, upper] between checkpoints that contains t*
 * (statistics.md, section 1).
 */
import type { ThresholdRow } from '../domain/types.js';
import type { Direction } from '../math/isotonic.js';
import { endingOf, isFlat } from './ending.js';
import type { SmoothCurve } from './smooth-curve.js';

export type Crossing = Pick<
  ThresholdRow,
  'lower' | 'upper' | 'censoring' | 'rawUpper' | 'sustainedUpper' | 'flagged'
>;

/** A curve is flagged if its raw and sustained crossings are more places of the sequence apart than this. */
const FLAG_DISTANCE = 2;
/** Relative tolerance of every comparison with a level. Covers the rounding of a mean, or of n times a mean. */
const ROUNDING = 1e-12;

/**
 * The crossing of a level by the isotonic fit. Points are measured points; t_max is the last of them.
 *
 * - interval: (t_{i-1}, t_i], where t_i is the first point that meets the level.
 * - left: (0, t_1]. The level is met at t = 0 or at the first point after it.
 * - right: never met; lower = t_max, upper null.
 * - unreachable: never met, and flat (`isFlat`); lower = t_max, upper null. Laws exclude it; it is not censored.
 *
 * `rawUpper` is the first t at which the raw curve meets the level. `sustainedUpper` is the first t from which it
 * meets the level at every later point too. Each is null if there is no such t, and 0 if it holds from t = 0.
 *
 * `flagged`: the two are more than two places of the sequence apart. A crossing never sustained counts as one past the
 * last point.
 *
 * @returns null for a curve with fewer than two points.
 */
export function findCrossing(curve: SmoothCurve, level: number): Crossing | null {
  const { t } = curve;
  const count = t.length;
  if (count < 2) return null;
  const { raw: rawIndex, sustained: sustainedIndex, fitted: index } = crossingIndices(curve, level);
  const placeOf = (i: number): number => (i < count ? curve.place[i]! : curve.place[count - 1]! + 1);
  const rawCrossing = {
    rawUpper: rawIndex < count ? t[rawIndex]! : null,
    sustainedUpper: sustainedIndex < count ? t[sustainedIndex]! : null,
    flagged: placeOf(sustainedIndex) - placeOf(rawIndex) > FLAG_DISTANCE,
  };
  if (index === count) {
    const censoring = isFlat(endingOf(curve), level) ? 'unreachable' : 'right';
    return { lower: t[count - 1]!, upper: null, censoring, ...rawCrossing };
  }
  const lower = index === 0 ? 0 : t[index - 1]!;
  const upper = t[index]! === 0 ? t[1]! : t[index]!;
  return { lower, upper, censoring: lower === 0 ? 'left' : 'interval', ...rawCrossing };
}

/** Points at which the raw curve first meets a level, meets it for good, and the fit first meets it; the count if never. */
export function crossingIndices(
  { raw, fit, direction }: SmoothCurve,
  level: number,
): { readonly raw: number; readonly sustained: number; readonly fitted: number } {
  const count = raw.length;
  let first = 0;
  while (first < count && !meets(raw[first]!, level, direction)) first++;
  let sustained = count;
  while (sustained > 0 && meets(raw[sustained - 1]!, level, direction)) sustained--;
  let fitted = 0;
  while (fitted < count && !meets(fit[fitted]!, level, direction)) fitted++;
  return { raw: first, sustained, fitted };
}

export function meets(value: number, level: number, direction: Direction): boolean {
  const slack = ROUNDING * Math.max(Math.abs(value), Math.abs(level));
  return direction === 'down' ? value <= level + slack : value >= level - slack;
}
