/** Where one curve may cross one level, as places of its sequence that are not measured yet. */
import { crossingIndices, meets, type SmoothCurve } from './crossing.js';

/** How many standard deviations of noise a value that is not measured may lie outside of its measured neighbours. */
const MARGIN = 2;

/**
 * The places of the sequence that are not measured and that lie in the interval of the first raw, the isotonic or the
 * sustained crossing. Without any, those to which values that are not measured could move the isotonic crossing.
 *
 * Let y be value - level, positive where the level is not met. The isotonic fit crosses after the place at which the sum
 * of y over all places so far is largest (the dual of isotonic regression). It can move to a later place if the sum of y
 * from here to there can be positive, and to an earlier one if that can be negative. A value that is not measured is taken
 * to lie between its measured neighbours, give or take the curve's noise.
 */
export function placesAsked(curve: SmoothCurve, level: number): Set<number> {
  const { place } = curve;
  const asked = new Set<number>();
  const ask = ([from, to]: Gap): void => {
    for (let at = from + 1; at < to; at++) asked.add(at);
  };
  const { raw, sustained, fitted } = crossingIndices(curve, level);
  for (const index of [raw, sustained, fitted])
    if (index > 0 && index < place.length) ask([place[index - 1]!, place[index]!]);
  if (asked.size === 0) for (const gap of gapsThatMayMove(curve, level, fitted)) ask(gap);
  return asked;
}

/** Two measured places with none between. */
type Gap = readonly [from: number, to: number];

/** @param fitted the first point at which the fit meets the level; the number of points if none does. */
function gapsThatMayMove(curve: SmoothCurve, level: number, fitted: number): Gap[] {
  const { place, raw, direction, turnsBack, optimum } = curve;
  const sign = direction === 'down' ? 1 : -1;
  const excess = (i: number): number => {
    const value = sign * (raw[i]! - level);
    return meets(raw[i]!, level, direction) ? Math.min(0, value) : value;
  };
  const change = (i: number): number => (i > 0 && i < raw.length ? Math.abs(raw[i]! - raw[i - 1]!) : 0);
  const noise = noiseOf(curve);
  // Where nothing fine is measured, the noise may be as large as the change over an interval.
  const margin = (i: number): number =>
    Math.max(MARGIN * noise.deviation, noise.isFine ? 0 : Math.max(change(i), change(fitted)));
  // What a curve that turns at the edge of what is measured may go on to.
  const turn = (i: number, before: number, gap: Gap): number =>
    i < raw.length && before >= 0 && place[i]! - place[before]! === 1
      ? lengthOf(gap) * Math.max(0, excess(i) - excess(before))
      : 0;
  const gapBefore = (i: number): Gap | null =>
    i > 0 && place[i]! - place[i - 1]! > 1 ? [place[i - 1]!, place[i]!] : null;
  const lengthOf = ([from, to]: Gap): number => to - from - 1;

  // The fit of a metric that turns back ends at its optimum.
  const end = turnsBack ? optimum : raw.length - 1;
  const later: Gap[] = [];
  let sum = 0;
  for (let i = fitted; i <= end && sum <= 0; i++) {
    const gap = i > fitted ? gapBefore(i) : null;
    if (gap) {
      later.push(gap);
      const most = Math.max(excess(i - 1) + turn(i - 1, i - 2, gap), excess(i));
      sum += lengthOf(gap) * (most + margin(i));
    }
    if (sum <= 0) sum += excess(i);
  }
  const isLater = sum > 0;

  const earlier: Gap[] = [];
  sum = 0;
  for (let i = Math.min(fitted, end + 1) - 1; i >= 0 && sum >= 0; i--) {
    sum += excess(i);
    const gap = gapBefore(i);
    if (!gap || sum < 0) continue;
    earlier.push(gap);
    const least = Math.min(excess(i - 1), excess(i) - turn(i + 1, i, gap));
    sum += lengthOf(gap) * (least - margin(i));
  }
  return [...(isLater ? later : []), ...(sum < 0 ? earlier : [])];
}

/**
 * The standard deviation of a curve's noise: from the second differences of neighbouring places, in which its trend
 * cancels, or from what the raw curve departs from its fit, whichever is larger. `isFine`: there are such neighbours.
 */
function noiseOf({ raw, fit, place, optimum, turnsBack }: SmoothCurve): {
  readonly deviation: number;
  readonly isFine: boolean;
} {
  let [squares, triples] = [0, 0];
  for (let i = 1; i + 1 < raw.length; i++) {
    // The trend from 0 to the first checkpoint is steep.
    if (place[i - 1] === 0 || place[i + 1]! - place[i - 1]! !== 2) continue;
    squares += (raw[i - 1]! - 2 * raw[i]! + raw[i + 1]!) ** 2 / 6;
    triples++;
  }
  const points = turnsBack ? optimum + 1 : raw.length;
  let departures = 0;
  for (let i = 0; i < points; i++) departures += (raw[i]! - fit[i]!) ** 2;
  // Few differences may be small by chance.
  const variance = triples > 0 ? (squares / triples) * (1 + 4 / triples) : 0;
  return { deviation: Math.sqrt(Math.max(variance, departures / points)), isFine: triples > 0 };
}
