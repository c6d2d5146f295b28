/**
 * Where one curve reaches one level: t* lies in (lower, upper], as far as the checkpoints tell (statistics.md,
 * section 1).
 */
import type { ThresholdRow } from '../domain/types.js';
import { type Direction, isotonic } from '../math/isotonic.js';

/** How a metric moves as t grows. */
export interface Trend {
  readonly direction: Direction;
  /** True for metrics on data the network is not trained on: they improve, then may get worse again. */
  readonly turnsBack: boolean;
}

/** A measured curve beside its isotonic fit. Parallel arrays, t ascending. */
export interface SmoothCurve extends Trend {
  readonly t: Float64Array;
  readonly raw: Float64Array;
  /** Monotone in the improving direction. Where the metric turns back: constant after the raw curve's optimum. */
  readonly fit: Float64Array;
}

export type Crossing = Pick<
  ThresholdRow,
  'lower' | 'upper' | 'censoring' | 'rawUpper' | 'sustainedUpper' | 'flagged'
>;

/** Least number of checkpoints after 0, and least t_max / (first of them), from which a curve can be seen as flat. */
const FLAT_CHECKPOINTS = 8;
const FLAT_RANGE = 8;
/** The share of the distance to the level at t_max / 2 that a flat curve does not gain any more until t_max. */
const FLAT_GAIN = 0.05;
/** The largest share of the improvement since the first checkpoint that a settled curve made since t_max / 2. */
const SETTLED_SHARE = 0.25;
/** Checkpoints that the raw and the sustained crossing may lie apart before a curve is flagged. */
const FLAG_DISTANCE = 2;
/** Relative slack of every comparison with a level: the rounding of a mean, or of n times a mean. */
const ROUNDING = 1e-12;

/**
 * Drops the points that were not measured (null) and fits the rest. For a metric that turns back, the fit ends at
 * the first optimum of the raw curve and stays there: what comes later, the deterioration, must not pull down the
 * values before it.
 *
 * @param t checkpoints, strictly ascending; throws a RangeError where they are not.
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
 * The crossing of a level, decided on the isotonic fit. Points are the measured ones; t_max is the last of them.
 *
 * - interval: the first point that meets the level is t_i; (t_{i-1}, t_i].
 * - left: the interval starts at 0, because the level is met at t = 0, or at the first point after it: (0, t_1].
 * - right: never met; lower = t_max, upper null.
 * - unreachable: never met, and flat (`isFlat`); lower = t_max, upper null. Excluded from a law, not censored.
 *
 * `rawUpper` is the first t at which the raw curve meets the level, `sustainedUpper` the first from which it meets
 * it at every later point as well; each null where there is none, and 0 where that is so from t = 0 on. `flagged`
 * where they are more than two points apart, a curve that is never sustained counting as one past the last point.
 *
 * @returns null for a curve of fewer than two points, which says nothing.
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

  const beside = {
    rawUpper: rawIndex < count ? t[rawIndex]! : null,
    sustainedUpper: sustainedIndex < count ? t[sustainedIndex]! : null,
    flagged: sustainedIndex - rawIndex > FLAG_DISTANCE,
  };
  if (index === count) {
    const censoring = isFlat(curve, level) ? 'unreachable' : 'right';
    return { lower: t[count - 1]!, upper: null, censoring, ...beside };
  }
  const lower = index === 0 ? 0 : t[index - 1]!;
  const upper = t[index]! === 0 ? t[1]! : t[index]!;
  return { lower, upper, censoring: lower === 0 ? 'left' : 'interval', ...beside };
}

/**
 * Whether a curve that has not met a level has flattened out above it. All of:
 *
 * - it has at least 8 points after t = 0, and t_max is at least 8 times the first of them;
 * - from t_max / 2 to t_max its fit gained less than 5% of the distance to the level that was left at t_max / 2;
 * - it has settled (`hasSettled`): a curve that has hardly begun to move also gains little.
 *
 * The fit is read linearly between points.
 */
export function isFlat(curve: SmoothCurve, level: number): boolean {
  if (!hasSettled(curve)) return false;
  const last = curve.fit.length - 1;
  const half = fitAt(curve, curve.t[last]! / 2);
  return Math.abs(half - curve.fit[last]!) < FLAT_GAIN * Math.abs(half - level);
}

/**
 * Whether a curve has its improvement behind it: enough points over enough range (see `isFlat`), and at most a
 * quarter of what its fit gained since the first point was gained since t_max / 2. (An exponential decay is there
 * after 2.2 time constants; a curve that moves in proportion to t or to its square root never is.)
 */
export function hasSettled(curve: SmoothCurve): boolean {
  const { t, fit } = curve;
  const last = t.length - 1;
  const first = t[0] === 0 ? 1 : 0;
  if (last - first + 1 < FLAT_CHECKPOINTS || t[last]! < FLAT_RANGE * t[first]!) return false;
  return lastGain(curve) <= SETTLED_SHARE * Math.abs(fit[0]! - fit[last]!);
}

/** What the fit gained from t_max / 2 to t_max, at least 0. */
export function lastGain(curve: SmoothCurve): number {
  const last = curve.t.length - 1;
  return Math.abs(fitAt(curve, curve.t[last]! / 2) - curve.fit[last]!);
}

function meets(value: number, level: number, direction: Direction): boolean {
  const slack = ROUNDING * Math.max(Math.abs(value), Math.abs(level));
  return direction === 'down' ? value <= level + slack : value >= level - slack;
}

/** The fit at a time between the first and the last point, linear between points. */
function fitAt({ t, fit }: SmoothCurve, time: number): number {
  let i = 0;
  while (i < t.length - 1 && t[i + 1]! <= time) i++;
  if (i === t.length - 1 || time <= t[i]!) return fit[i]!;
  return fit[i]! + ((time - t[i]!) / (t[i + 1]! - t[i]!)) * (fit[i + 1]! - fit[i]!);
}
