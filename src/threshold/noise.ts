/** How far a curve's values may lie from its trend, as far as its measured points tell. */
import type { SmoothCurve } from './smooth-curve.js';

/**
 * How many neighbouring places the points with gaps beside them stand for. What these depart from a line is trend as well as
 * noise, so it is an upper bound, which matters while few neighbouring places are measured.
 */
const TREND_WEIGHT = 1;

/**
 * The standard deviation of a curve's noise at each point: of a noise that is the same everywhere, or of one in proportion to
 * the distance from perfection (loss 0, accuracy 1), whichever is larger there. Each comes from what points depart from the
 * line through their neighbours, in which a trend cancels as far as places are near, or from what the curve departs from its
 * fit, whichever is larger.
 */
export function noiseDeviation(curve: SmoothCurve): (point: number) => number {
  const { raw, direction } = curve;
  const distance = (value: number): number => Math.abs(direction === 'up' ? 1 - value : value);
  const constant = Math.sqrt(variance(curve, () => 1));
  const relative = Math.sqrt(variance(curve, distance));
  return point => Math.max(constant, relative * distance(raw[point]!));
}

/** The variance of noise of which the standard deviation at a value is `scale(value)`. */
function variance(
  { raw, fit, place, optimum, turnsBack }: SmoothCurve,
  scale: (value: number) => number,
): number {
  const fine = { squares: 0, count: 0 };
  const wide = { squares: 0, count: 0 };
  // The trend from 0 to the first checkpoint is steep.
  for (let i = place[0] === 0 ? 2 : 1; i + 1 < raw.length; i++) {
    const [before, at, after] = [raw[i - 1]!, raw[i]!, raw[i + 1]!];
    const span = place[i + 1]! - place[i - 1]!;
    const share = (place[i]! - place[i - 1]!) / span;
    const unit = (scale(before) + scale(at) + scale(after)) / 3;
    if (unit === 0) continue;
    const departure = (at - (1 - share) * before - share * after) / unit;
    const kind = span === 2 ? fine : wide;
    kind.squares += departure ** 2 / (1 + share ** 2 + (1 - share) ** 2);
    kind.count++;
  }
  const wideShare = wide.count > 0 ? TREND_WEIGHT / wide.count : 0;
  const weight = fine.count + (wide.count > 0 ? TREND_WEIGHT : 0);
  const fromLines = weight > 0 ? (fine.squares + wideShare * wide.squares) / weight : 0;

  const points = turnsBack ? optimum + 1 : raw.length;
  let departures = 0;
  for (let i = 0; i < points; i++) {
    const unit = Math.max(scale(raw[i]!), scale(fit[i]!));
    if (unit > 0) departures += ((raw[i]! - fit[i]!) / unit) ** 2;
  }
  return Math.max(fromLines, departures / points);
}
