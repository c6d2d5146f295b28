/** How a curve ends: whether it has flattened, and whether its improvement lies behind it. */
import type { SmoothCurve } from './smooth-curve.js';

/** Minimum number of places of the sequence after t = 0, and minimum t_max / (first of them), to call a curve flat. */
const FLAT_CHECKPOINTS = 8;
const FLAT_RANGE = 8;
/** A flat curve gains less than this share of its distance to the level between t_max / 2 and t_max. */
const FLAT_GAIN = 0.05;
/** A settled curve makes at most this share of its total improvement after t_max / 2. */
const SETTLED_SHARE = 0.25;

/** The fit at three times; NaN for an empty curve. */
export interface Ending {
  readonly first: number;
  /** At t_max / 2: linear in t between places of the sequence, and linear in the place between points. */
  readonly half: number;
  readonly last: number;
  /** Whether the curve spans 8 places of the sequence after t = 0, and t_max is 8 times the first of them. */
  readonly isLong: boolean;
}

export function endingOf(curve: SmoothCurve): Ending {
  const { t, fit, place } = curve;
  const end = t.length - 1;
  const first = t[0] === 0 ? 1 : 0;
  const isLong =
    end >= first && place[end]! - place[first]! + 1 >= FLAT_CHECKPOINTS && t[end]! >= FLAT_RANGE * t[first]!;
  if (end < 0) return { first: Number.NaN, half: Number.NaN, last: Number.NaN, isLong };
  return { first: fit[0]!, half: fitAt(curve, t[end]! / 2), last: fit[end]!, isLong };
}

/**
 * Whether a curve that has not met a level has flattened short of it. All of these must hold:
 *
 * - From t_max / 2 to t_max its fit gains less than 5% of the distance to the level at t_max / 2.
 * - It has settled (`hasSettled`): a curve that has hardly moved yet also gains little.
 */
export const isFlat = (ending: Ending, level: number): boolean =>
  hasSettled(ending) && lastGain(ending) < FLAT_GAIN * Math.abs(ending.half - level);

/**
 * Whether most of a curve's improvement is in the past: it is long enough, and at most a quarter of the fit's gain since the
 * first point comes after t_max / 2.
 *
 * An exponential decay settles after 2.2 time constants. A curve proportional to t or to sqrt(t) never settles.
 */
export const hasSettled = (ending: Ending): boolean =>
  ending.isLong && lastGain(ending) <= SETTLED_SHARE * Math.abs(ending.first - ending.last);

/** The fit's gain from t_max / 2 to t_max, at least 0. */
export const lastGain = ({ half, last }: Ending): number => Math.abs(half - last);

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
