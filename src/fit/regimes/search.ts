/** Searches for the largest ranges on which laws hold, and for the place of a bend (statistics.md, section 8). */
import type { Steps } from '../../base/steps.js';
import { countsOfSample } from '../estimate/counts.js';
import type { Sample } from '../laws/sample.js';
import { MINIMUM } from '../verdict/sufficiency.js';
import { type RangeTest, REGIME_LAWS, REGIME_LEVEL, type RegimeLaw, type SizeRange } from './range-tests.js';

/** A range has at least this many sizes at which half the curves cross: fewer are fitted by anything. */
export const MINIMUM_SIZES = 4;

/** `upper` ends at the largest size, `lower` begins at the smallest. */
export const SIDES = ['upper', 'lower'] as const;
export type Side = (typeof SIDES)[number];

/** A range on which a law is not rejected. */
export interface Held extends SizeRange {
  readonly p: number;
}

/** Where the curve leaves one law for another. */
export interface BendPlace {
  readonly low: number;
  readonly high: number;
  /** False where no lower and upper range meet: between them lies more than one bend, or none of the laws. */
  readonly isSingle: boolean;
}

/** The ranges of one side, longest first: they keep the largest (upper) or the smallest (lower) size. */
export function rangesOf(sample: Sample, side: Side): SizeRange[] {
  const isCrossed = countsOfSample(sample).map(size => size.crossed >= MINIMUM.crossed * size.curves);
  const end = sample.sizes.length - 1;
  const ranges = sample.sizes.map((_, cut) =>
    side === 'upper' ? { first: cut, last: end } : { first: 0, last: end - cut },
  );
  const isLong = ({ first, last }: SizeRange): boolean =>
    isCrossed.slice(first, last + 1).filter(Boolean).length >= MINIMUM_SIZES;
  return ranges.filter(isLong);
}

/** The longest range of a side on which a law is not rejected, or null. */
export function* largestRange(
  law: RegimeLaw,
  ranges: readonly SizeRange[],
  test: RangeTest,
): Steps<Held | null> {
  for (const range of ranges) {
    const p = yield* test(law, range);
    if (p > REGIME_LEVEL) return { ...range, p };
  }
  return null;
}

/** Whether all three laws are rejected over all sizes. False where the sizes are too few to reject anything. */
export function* hasBend(sample: Sample, test: RangeTest): Steps<boolean> {
  const [whole] = rangesOf(sample, 'upper');
  if (!whole || whole.first > 0) return false;
  return (yield* firstLawOn(whole, test)) === null;
}

/**
 * The interval of the bend, in indices of sizes. If one law holds up to the bend and another beyond, then the largest
 * range of any law reaches it from either side, but for a probability of REGIME_LEVEL each. Ranges that are too short to
 * be a regime count as held.
 */
export function* bendPlace(sample: Sample, test: RangeTest): Steps<BendPlace> {
  const reach = function* (side: Side): Steps<SizeRange> {
    const ranges = rangesOf(sample, side);
    for (const range of ranges) if ((yield* firstLawOn(range, test)) !== null) return range;
    const { first, last } = ranges.at(-1)!;
    return side === 'upper' ? { first: first + 1, last } : { first, last: last - 1 };
  };
  const [lower, upper] = [yield* reach('lower'), yield* reach('upper')];
  const [low, high] = [upper.first - 1, lower.last + 1];
  return low < high ? { low, high, isSingle: true } : { low: lower.last, high: upper.first, isSingle: false };
}

function* firstLawOn(range: SizeRange, test: RangeTest): Steps<RegimeLaw | null> {
  // The flexible laws first: they hold more often, which ends the search.
  for (const law of [...REGIME_LAWS].reverse()) if ((yield* test(law, range)) > REGIME_LEVEL) return law;
  return null;
}
