/**
 * Finds where one curve reaches one level: the interval (lower, upper] between checkpoints that contains t*
 * (statistics.md, section 1).
 */
import type { ThresholdRow } from '../domain/types.js';
import { type Direction, isotonic } from '../math/isotonic.js';

/** How a metric moves as t grows. */
export interface Trend {
  readonly direction: Direction;
  /** True for metrics on data that the network is not trained on: they improve, then may get worse. */
  readonly turnsBack: boolean;
}

/** A measured curve with its isotonic fit. Parallel arrays, t ascending. */
export interface SmoothCurve extends Trend {
  readonly t: Float64Array;
  readonly raw: Float64Array;
  /** Monotone in the improving direction. If the metric turns back, constant after the raw curve's optimum. */
  readonly fit: Float64Array;
}

export type Crossing = Pick<
  ThresholdRow,
  'lower' | 'upper' | 'censoring' | 'rawUpper' | 'sustainedUpper' | 'flagged'
>;

/** Minimum number of checkpoints after t = 0, and minimum t_max / (first of them), to call a curve flat. */
const FLAT_CHECKPOINTS = 8;
const FLAT_RANGE = 8;
/** A flat curve gains less than this share of its distance to the level between t_max / 2 and t_max. */
const FLAT_GAIN = 0.05;
/** A settled curve makes at most this share of its total improvement after t_max / 2. */
const SETTLED_SHARE = 0.25;
/** A curve is flagged if its raw and sustained crossings are more checkpoints apart than this. */
const FLAG_DISTANCE = 2;
/** Relative tolerance of every comparison with a level. Covers the rounding of a mean, or of n times a mean. */
const ROUNDING = 1e-12;

/**
 * Drops points that were not measured (null or not finite) and fits the rest. If the metric turns back, the fit is
 * constant from the first optimum of the raw curve on: later deterioration must not change earlier values.
 *
 * @param t checkpoints, strictly ascending.
 * @throws RangeError if checkpoints do not ascend.
 */
export function smoothCurve(
  t: ArrayLike<number>,
  values: ArrayLike<number | null>,
  { direction, turnsBack }: Trend,
): SmoothCurve {
  const sign = direction === 'down' ? 1 : -1;
  const keptT = new Float64Array(t.length);
  const kept = new Float64Array(t.length);
  let count = 0;
  let optimum = 0;
  for (let i = 0; i < t.length; i++) {
    if (i > 0 && !(t[i]! > t[i - 1]!))
      throw new RangeError(`checkpoints must ascend: ${t[i]} after ${t[i - 1]}`);
    const value = values[i];
    if (value === null || value === undefined || !Number.isFinite(value)) continue;
    keptT[count] = t[i]!;
    kept[count] = value;
    if (sign * value < sign * kept[optimum]!) optimum = count;
    count++;
  }
  const raw = kept.subarray(0, count);
  let fit: Float64Array;
  if (turnsBack) {
    fit = new Float64Array(count);
    fit.set(isotonic(raw.subarray(0, optimum + 1), direction));
    if (count > 0) fit.fill(fit[optimum]!, optimum);
  } else {
    fit = isotonic(raw, direction);
  }
  return { t: keptT.subarray(0, count), raw, fit, direction, turnsBack };
}

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
 * `flagged`: the two are more than two points apart. A crossing never sustained counts as one past the last point.
 *
 * @returns null for a curve with fewer than two points.
 */
export function findCrossing(curve: SmoothCurve, level: number): Crossing | null {
  const { t, raw, fit, direction } = curve;
  const count = t.length;
  if (count < 2) return null;
  let rawIndex = 0;
  while (rawIndex < count && !meets(raw[rawIndex]!, level, direction)) rawIndex++;
  let sustainedIndex = count;
  while (sustainedIndex > 0 && meets(raw[sustainedIndex - 1]!, level, direction)) sustainedIndex--;
  let index = 0;
  while (index < count && !meets(fit[index]!, level, direction)) index++;

  const rawCrossing = {
    rawUpper: rawIndex < count ? t[rawIndex]! : null,
    sustainedUpper: sustainedIndex < count ? t[sustainedIndex]! : null,
    flagged: sustainedIndex - rawIndex > FLAG_DISTANCE,
  };
  if (index === count) {
    const censoring = isFlat(curve, level) ? 'unreachable' : 'right';
    return { lower: t[count - 1]!, upper: null, censoring, ...rawCrossing };
  }
  const lower = index === 0 ? 0 : t[index - 1]!;
  const upper = t[index]! === 0 ? t[1]! : t[index]!;
  return { lower, upper, censoring: lower === 0 ? 'left' : 'interval', ...rawCrossing };
}

/**
 * Whether a curve that has not met a level has flattened short of it. All of these must hold:
 *
 * - It has at least 8 points after t = 0, and t_max is at least 8 times the first of them.
 * - From t_max / 2 to t_max its fit gains less than 5% of the distance to the level at t_max / 2.
 * - It has settled (`hasSettled`): a curve that has hardly moved yet also gains little.
 *
 * The fit is interpolated linearly between points.
 */
export function isFlat(curve: SmoothCurve, level: number): boolean {
  if (!hasSettled(curve)) return false;
  const last = curve.fit.length - 1;
  const half = fitAt(curve, curve.t[last]! / 2);
  return Math.abs(half - curve.fit[last]!) < FLAT_GAIN * Math.abs(half - level);
}

/**
 * Whether most of a curve's improvement is in the past: enough points over enough range (see `isFlat`), and at most a
 * quarter of the fit's gain since the first point comes after t_max / 2.
 *
 * An exponential decay settles after 2.2 time constants. A curve proportional to t or to sqrt(t) never settles.
 */
export function hasSettled(curve: SmoothCurve): boolean {
  const { t, fit } = curve;
  const last = t.length - 1;
  const first = t[0] === 0 ? 1 : 0;
  if (last - first + 1 < FLAT_CHECKPOINTS || t[last]! < FLAT_RANGE * t[first]!) return false;
  return lastGain(curve) <= SETTLED_SHARE * Math.abs(fit[0]! - fit[last]!);
}

/** The fit's gain from t_max / 2 to t_max, at least 0. */
export function lastGain(curve: SmoothCurve): number {
  const last = curve.t.length - 1;
  return Math.abs(fitAt(curve, curve.t[last]! / 2) - curve.fit[last]!);
}

function meets(value: number, level: number, direction: Direction): boolean {
  const slack = ROUNDING * Math.max(Math.abs(value), Math.abs(level));
  return direction === 'down' ? value <= level + slack : value >= level - slack;
}

/** The fit at `time`, linear between points and constant outside them. */
function fitAt({ t, fit }: SmoothCurve, time: number): number {
  let i = 0;
  while (i < t.length - 1 && t[i + 1]! <= time) i++;
  if (i === t.length - 1 || time <= t[i]!) return fit[i]!;
  return fit[i]! + ((time - t[i]!) / (t[i + 1]! - t[i]!)) * (fit[i + 1]! - fit[i]!);
}
