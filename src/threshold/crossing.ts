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
  /** Index of the raw curve's first optimum; 0 for an empty curve. */
  readonly optimum: number;
  /** The sequence of checkpoints that crossings are located on: `t` itself, or a finer one that has all of `t`. */
  readonly sequence: ArrayLike<number>;
  /** The place of each point in `sequence`. */
  readonly place: Int32Array;
}

export type Crossing = Pick<
  ThresholdRow,
  'lower' | 'upper' | 'censoring' | 'rawUpper' | 'sustainedUpper' | 'flagged'
>;

/** Minimum number of places of the sequence after t = 0, and minimum t_max / (first of them), to call a curve flat. */
const FLAT_CHECKPOINTS = 8;
const FLAT_RANGE = 8;
/** A flat curve gains less than this share of its distance to the level between t_max / 2 and t_max. */
const FLAT_GAIN = 0.05;
/** A settled curve makes at most this share of its total improvement after t_max / 2. */
const SETTLED_SHARE = 0.25;
/** A curve is flagged if its raw and sustained crossings are more places of the sequence apart than this. */
const FLAG_DISTANCE = 2;
/** Relative tolerance of every comparison with a level. Covers the rounding of a mean, or of n times a mean. */
const ROUNDING = 1e-12;

/**
 * Drops points that were not measured (null or not finite) and fits the rest. If the metric turns back, the fit is
 * constant from the first optimum of the raw curve on: later deterioration must not change earlier values.
 *
 * On a finer sequence, a point weighs as many checkpoints of the sequence as lie nearer to it, by their places, than to
 * any other point; those half-way between two points count half for each.
 *
 * @param t checkpoints, strictly ascending.
 * @param sequence a finer sequence of which they are members; default: the points themselves, of equal weight.
 * @throws RangeError if checkpoints do not ascend, or one is not in the sequence.
 */
export function smoothCurve(
  t: ArrayLike<number>,
  values: ArrayLike<number | null>,
  { direction, turnsBack }: Trend,
  sequence: ArrayLike<number> | null = null,
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
  const points = keptT.subarray(0, count);
  const place = sequence ? placesIn(sequence, points) : Int32Array.from(points, (_, i) => i);
  const weights = sequence ? weightsOf(place) : null;
  let fit: Float64Array;
  if (turnsBack) {
    fit = new Float64Array(count);
    fit.set(isotonic(raw.subarray(0, optimum + 1), direction, weights));
    if (count > 0) fit.fill(fit[optimum]!, optimum);
  } else {
    fit = isotonic(raw, direction, weights);
  }
  return { t: points, raw, fit, optimum, direction, turnsBack, sequence: sequence ?? points, place };
}

function placesIn(sequence: ArrayLike<number>, points: Float64Array): Int32Array {
  let at = 0;
  return Int32Array.from(points, t => {
    while (at < sequence.length && sequence[at]! < t) at++;
    if (sequence[at] !== t) throw new RangeError(`checkpoint ${t} is not in the sequence of its sweep`);
    return at;
  });
}

/** Weights by place, from the first point to the last. They are multiples of 1/2, so their sums are exact. */
function weightsOf(place: Int32Array): Float64Array {
  return Float64Array.from(place, (at, i) => {
    const before = i > 0 ? (at - place[i - 1]!) / 2 : 1 / 2;
    const after = i < place.length - 1 ? (place[i + 1]! - at) / 2 : 1 / 2;
    return before + after;
  });
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
    const censoring = isFlat(curve, level) ? 'unreachable' : 'right';
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

/**
 * Whether a curve that has not met a level has flattened short of it. All of these must hold:
 *
 * - It spans at least 8 places of the sequence after t = 0, and t_max is at least 8 times the first of them.
 * - From t_max / 2 to t_max its fit gains less than 5% of the distance to the level at t_max / 2.
 * - It has settled (`hasSettled`): a curve that has hardly moved yet also gains little.
 *
 * The fit is interpolated linearly in t between places of the sequence, and linearly in the place between points.
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
  const { t, fit, place } = curve;
  const last = t.length - 1;
  const first = t[0] === 0 ? 1 : 0;
  if (
    last < first ||
    place[last]! - place[first]! + 1 < FLAT_CHECKPOINTS ||
    t[last]! < FLAT_RANGE * t[first]!
  )
    return false;
  return lastGain(curve) <= SETTLED_SHARE * Math.abs(fit[0]! - fit[last]!);
}

/** The fit's gain from t_max / 2 to t_max, at least 0. */
export function lastGain(curve: SmoothCurve): number {
  const last = curve.t.length - 1;
  return Math.abs(fitAt(curve, curve.t[last]! / 2) - curve.fit[last]!);
}

export function meets(value: number, level: number, direction: Direction): boolean {
  const slack = ROUNDING * Math.max(Math.abs(value), Math.abs(level));
  return direction === 'down' ? value <= level + slack : value >= level - slack;
}

/** The fit at `time`: linear between places of the sequence and constant outside the points. */
function fitAt({ t, fit, sequence, place }: SmoothCurve, time: number): number {
  let i = 0;
  while (i < t.length - 1 && t[i + 1]! <= time) i++;
  if (i === t.length - 1 || time <= t[i]!) return fit[i]!;
  let at = place[i]!;
  while (sequence[at + 1]! <= time) at++;
  const gain = (fit[i + 1]! - fit[i]!) / (place[i + 1]! - place[i]!);
  const [before, after] = [sequence[at]!, sequence[at + 1]!];
  return fit[i]! + (at - place[i]!) * gain + ((time - before) / (after - before)) * gain;
}
