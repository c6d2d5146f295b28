/** Regimes: where which law holds, beside the verdict on the whole range (statistics.md, section 8). */
import type { Steps } from '../../base/steps.js';
import { type Estimate, jackknifeEstimate, unidentified } from '../estimate/jackknife.js';
import { fitLaw } from '../laws/fit-law.js';
import type { Law, LawName } from '../laws/laws.js';
import { onSizes, reweighted, type Sample } from '../laws/sample.js';
import { localExponents } from './local-exponents.js';
import {
  REGIME_LAWS,
  REGIME_LEVEL,
  type RegimeLaw,
  type RegimeOptions,
  rangeTests,
  type SizeRange,
} from './range-tests.js';
import type { Regime, Regimes } from './regime.js';
import { bendPlace, hasBend, largestRange, rangesOf, type Side } from './search.js';
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
    for (const side of ['upper', 'lower'] as const) {
      const held = yield* largestRange(law, rangesOf(sample, side), test);
      if (held) ranges.push(regimeOf(sample, law, side, held, held.p));
    }
  }
  const isBent = yield* hasBend(sample, test);
  const place = isBent ? yield* bendPlace(sample, test) : null;
  const bend = place && {
    low: sample.sizes[place.low]!,
    high: sample.sizes[place.high]!,
    isSingle: place.isSingle,
  };
  const [upper, lower] = (['upper', 'lower'] as const).map(side => (bend ? largest(ranges, side) : null));
  const found = {
    ...none,
    ranges,
    bend,
    upper: upper ? { ...upper, lambda: lambdaOn(sample, upper) } : null,
    lower: lower ?? null,
  };
  return { ...found, sentence: regimeSentence(found, sample.sizes, isSmooth) };
}

/** The longest range of a side; of equals that of the simplest law, which comes first. */
function largest(ranges: readonly Regime[], side: Side): Regime | null {
  const own = ranges.filter(range => range.side === side);
  const most = Math.max(...own.map(({ sizes }) => sizes));
  return own.find(({ sizes }) => sizes === most) ?? null;
}

function regimeOf(sample: Sample, law: RegimeLaw, side: Side, range: SizeRange, p: number): Regime {
  const own = onSizes(sample, range.first, range.last);
  const { value, fitted } = estimateOn(own, law, PARAMETER[law]);
  return {
    law,
    side,
    from: own.sizes[0]!,
    to: own.sizes.at(-1)!,
    sizes: own.sizes.length,
    p,
    fitted,
    parameter: value,
  };
}

/** lambda of the free law on the regime alone. Null for a constant, under which lambda means nothing. */
function lambdaOn(sample: Sample, { law, from, to }: Regime): Estimate | null {
  if (law === 'constant') return null;
  const own = onSizes(sample, sample.sizes.indexOf(from), sample.sizes.indexOf(to));
  return estimateOn(own, 'free', one => (one.form === 'growth' ? one.lambda : Number.NaN)).value;
}

/** A law's fit, and one of its parameters with the jackknife's intervals over seeds. */
function estimateOn(
  sample: Sample,
  name: LawName,
  of: (law: Law) => number,
): { value: Estimate; fitted: Law } {
  const fit = fitLaw(name, sample);
  const replicates = sample.seeds.map((_, left) => {
    const weights = reweighted(
      sample,
      sample.seeds.map((_, i) => Number(i !== left)),
    );
    return fitLaw(name, sample, weights, fit.maximum);
  });
  const isIdentified = [fit, ...replicates].every(({ bounds }) => !bounds.includes('lambda'));
  const value = of(fit.law);
  return {
    fitted: fit.law,
    value: isIdentified
      ? jackknifeEstimate(
          value,
          replicates.map(({ law }) => of(law)),
        )
      : unidentified(value),
  };
}

const PARAMETER: Readonly<Record<RegimeLaw, (law: Law) => number>> = {
  constant: law => (law.form === 'growth' ? Math.exp(law.alpha) : Number.NaN),
  logarithmic: law => (law.form === 'growth' ? Math.exp(law.alpha) * law.r : Number.NaN),
  power: law => (law.form === 'power' ? law.c : Number.NaN),
};
