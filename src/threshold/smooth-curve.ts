/** A measured curve with its isotonic fit, on the sequence of checkpoints that its crossings are located on. */
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
