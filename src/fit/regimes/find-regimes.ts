/** Regimes: where which law holds, beside the verdict on the whole range (statistics.md, section 8). */
import type { Steps } from '../../base/steps.js';
import { type Estimate, jackknifeParameter, unidentified } from '../estimate/jackknife.js';
import { type FittedLaw, fitLaw, fitsWithoutSeeds } from '../laws/fit-law.js';
import { type Law, lambdaOf, slopeOf } from '../laws/laws.js';
import { onSizes, type Sample } from '../laws/sample.js';
import { localExponents } from './local-exponents.js';
import { REGIME_LAWS, REGIME_LEVEL, type RegimeLaw, type RegimeOptions, rangeTests } from './range-tests.js';
import { longest, type Regime, type Regimes } from './regime.js';
import { bendPlace, type Held, hasBend, largestRange, rangesOf, SIDES, type Side } from './search.js';
import { regimeSentence } from './sentence.js';

export interface Facts extends RegimeOptions {
  /** Why no range is tested, as part of a sentence; null where the data suffice. */
  readonly lacking: string | null;
  /** Whether the free law, which has no bend, holds over all sizes; null where it was not tested. */
  readonly isSmooth: boolean | null;
}

/** The regimes of any sample of crossings, measured or predicted. */
export function* findRegimes(sample: Sample, { lacking, isSmooth, ...options }: Facts): Steps<Regimes> {
  const exponents = localExponents(sample);
  const none = { level: REGIME_LEVEL, ranges: [], bend: null, upper: null, lower: null, exponents };
  if (lacking !== null) return { ...none, sentence: `No regimes: ${lacking}.` };
  const test = rangeTests(sample, options);
  const ranges: Regime[] = [];
  for (const law of REGIME_LAWS) {
    for (const side of SIDES) {
      const held = yield* largestRange(law, rangesOf(sample, side), test);
      if (held) ranges.push(regimeOf(sample, law, side, held));
    }
  }
  const isBent = yield* hasBend(sample, test);
  const place = isBent ? yield* bendPlace(sample, test) : null;
  const bend = place && {
    low: sample.sizes[place.low]!,
    high: sample.sizes[place.high]!,
    isSingle: place.isSingle,
  };
  const [upper, lower] = SIDES.map(side => (bend ? longest(ranges, side)[0] : null));
  const found = {
    ...none,
    ranges,
    bend,
    upper: upper ? { ...upper, lambda: lambdaOn(sample, upper) } : null,
    lower: lower ?? null,
  };
  return { ...found, sentence: regimeSentence(found, sample.sizes, isSmooth) };
}

function regimeOf(sample: Sample, law: RegimeLaw, side: Side, { first, last, p }: Held): Regime {
  const own = onSizes(sample, first, last);
  const fit = fitLaw(law, own);
  return {
    law,
    side,
    from: own.sizes[0]!,
    to: own.sizes.at(-1)!,
    sizes: own.sizes.length,
    p,
    fitted: fit.law,
    parameter: estimateOf(fit, own, PARAMETER[law]),
  };
}

/** lambda of the free law on the regime alone. Null for a constant, under which lambda means nothing. */
function lambdaOn(sample: Sample, { law, from, to }: Regime): Estimate | null {
  if (law === 'constant') return null;
  const own = onSizes(sample, sample.sizes.indexOf(from), sample.sizes.indexOf(to));
  return estimateOf(fitLaw('free', own), own, lambdaOf);
}

function estimateOf(fit: FittedLaw, sample: Sample, of: (law: Law) => number): Estimate {
  const replicates = fitsWithoutSeeds(fit, sample);
  const isIdentified = [fit, ...replicates].every(({ bounds }) => !bounds.includes('lambda'));
  return isIdentified ? jackknifeParameter(fit, replicates, of) : unidentified(of(fit.law));
}

const PARAMETER: Readonly<Record<RegimeLaw, (law: Law) => number>> = {
  constant: law => (law.form === 'growth' ? Math.exp(law.alpha) : Number.NaN),
  logarithmic: slopeOf,
  power: law => (law.form === 'power' ? law.c : Number.NaN),
};
