/** What one curve asks for: places of its sequence that are not measured yet and on which its crossing of a level depends. */
import { crossingIndices } from './crossing.js';
import { type Ending, endingOf, isFlat } from './ending.js';
import { type Gap, Outlook } from './outlook.js';
import type { SmoothCurve } from './smooth-curve.js';

/**
 * The first of these that are not measured:
 *
 * 1. The intervals of the first raw, the isotonic and the sustained crossing.
 * 2. Those from which values could move the isotonic crossing, as far as noise reaches.
 * 3. Without a crossing, those that could tell whether the curve is flat.
 */
export function placesAsked(curve: SmoothCurve, level: number): Set<number> {
  const { raw, sustained, fitted } = crossingIndices(curve, level);
  const outlook = new Outlook(curve);
  const crossed = [raw, sustained, fitted].map(point => outlook.gapBefore(point)).filter(gap => gap !== null);
  if (crossed.length > 0) return placesOf(crossed);
  const moving = outlook.gapsThatMove(level, fitted);
  if (moving.length > 0 || fitted < curve.raw.length) return placesOf(moving);
  return placesAskedByEnding(curve, ending => isFlat(ending, level), outlook);
}

/**
 * The places that are not measured, if with them the fit could end so that a rule decides otherwise: those of the last
 * doubling of t, else those of one gap before it.
 */
export function placesAskedByEnding(
  curve: SmoothCurve,
  rule: (ending: Ending) => boolean,
  outlook = new Outlook(curve),
): Set<number> {
  const decided = rule(endingOf(curve));
  const isOther = (ending: Ending): boolean => rule(ending) !== decided;
  const last = outlook.gapsOfLastDoubling();
  if (last.length > 0 && outlook.endings().some(isOther)) return placesOf(last);
  const earlier = outlook.gapsBeforeLastDoubling().find(gap => outlook.endingsWith(gap).some(isOther));
  return placesOf(earlier ? [earlier] : []);
}

function placesOf(gaps: readonly Gap[]): Set<number> {
  const places = new Set<number>();
  for (const { from, to } of gaps) for (let at = from + 1; at < to; at++) places.add(at);
  return places;
}
