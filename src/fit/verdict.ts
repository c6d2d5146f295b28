/** The verdict on one set of crossings (statistics.md, section 5): rules in order, the first that applies decides. */
import { stream } from '../math/random.js';
import type { SizeCounts } from './counts.js';
import { type FittedLaw, fitLaw } from './fit-law.js';
import { type Estimate, jackknifeEstimate, unidentified } from './jackknife.js';
import { type LackOfFit, lackOfFit } from './lack-of-fit.js';
import type { Law } from './laws.js';
import { reweighted, type Sample } from './sample.js';
import { noiseUnseen, type Shortfall, shortfalls } from './sufficiency.js';

export const VERDICTS = {
  'insufficient-data': 'insufficient data',
  'no-smooth-law': 'no smooth law fits',
  'no-growth': 'no growth detected',
  decreases: 'decreases',
  faster: 'grows faster than logarithmic',
  slower: 'slower than logarithmic',
  logarithmic: 'logarithmic growth supported (within the margin)',
  'not-decisive': 'consistent with logarithmic, not decisive',
} as const;
export type VerdictCode = keyof typeof VERDICTS;

/** lambda this near 0 counts as logarithmic. */
export const MARGIN = 0.25;
/** No smooth law fits where the lack-of-fit p is below this. */
export const LACK_OF_FIT_LEVEL = 0.01;

export interface VerdictOptions {
  /** Of the named random streams that simulations draw from. */
  readonly seed: number;
  /** A name for this set of crossings among others: part of the streams' names. */
  readonly name: string;
  /** Most simulations for the lack-of-fit test; at least 200, or p could not be below its level. */
  readonly simulations: number;
  /** Only what the verdict hangs on: later rules are not computed once one has decided, and p is rough where large. */
  readonly hurry?: boolean;
}

/** What the rules looked at. Null: not computed, or nothing to compute it from. */
export interface Evidence {
  readonly code: VerdictCode;
  /** Empty unless the code is insufficient-data. */
  readonly shortfalls: readonly Shortfall[];
  /** Of the logarithmic law: the growth of t* per unit of ln n, iterations. */
  readonly slope: Estimate | null;
  /** Of the free law. */
  readonly lambda: Estimate | null;
  readonly r: Estimate | null;
  /** lambda - r: 0 for a power law, below 0 for a logarithm. */
  readonly excess: Estimate | null;
  readonly lackOfFit: LackOfFit | null;
}

/** @param counts all curves, the unreachable among them, which are not in the sample. */
export function judge(sample: Sample, counts: readonly SizeCounts[], options: VerdictOptions): Evidence {
  const lacking = shortfalls(counts, sample.seeds.length);
  const nothing: Evidence = {
    code: 'insufficient-data',
    shortfalls: lacking,
    slope: null,
    lambda: null,
    r: null,
    excess: null,
    lackOfFit: null,
  };
  if (sample.sizes.length < 3 || (options.hurry && lacking.length > 0)) return nothing;

  const log = fitLaw('logarithmic', sample);
  const free = fitLaw('free', sample);
  if (free.bounds.includes('sigma') || log.bounds.includes('sigma'))
    return { ...nothing, shortfalls: [...lacking, noiseUnseen] };
  const fit = sample.sizes.length > 3 ? testFit(sample, free, options) : null;
  if (options.hurry && fit && fit.p < LACK_OF_FIT_LEVEL)
    return { ...nothing, code: 'no-smooth-law', lackOfFit: fit };

  const weights = sample.seeds.map((_, left) =>
    reweighted(
      sample,
      sample.seeds.map((_, i) => Number(i !== left)),
    ),
  );
  const logs = weights.map(weight => fitLaw('logarithmic', sample, weight, log.maximum));
  const slope = jackknifeEstimate(
    slopeOf(log.law),
    logs.map(({ law }) => slopeOf(law)),
  );
  const early = { ...nothing, shortfalls: lacking, slope, lackOfFit: fit };
  if (options.hurry && !excludesZero(slope)) return { ...early, code: 'no-growth' };

  const frees = weights.map(weight => fitLaw('free', sample, weight, free.maximum));
  const isIdentified = [free, ...frees].every(one => one.bounds.length === 0);
  const estimate = (of: (law: Law) => number): Estimate =>
    isIdentified
      ? jackknifeEstimate(
          of(free.law),
          frees.map(one => of(one.law)),
        )
      : unidentified(of(free.law));
  const evidence = {
    ...early,
    lambda: estimate(lambdaOf),
    r: estimate(rateOf),
    excess: estimate(law => lambdaOf(law) - rateOf(law)),
  };
  return { ...evidence, code: decide(evidence) };
}

function testFit(
  sample: Sample,
  free: FittedLaw,
  { seed, name, simulations, hurry }: VerdictOptions,
): LackOfFit {
  const means = fitLaw('one mean per size', sample);
  // Enough to know on which side of the level p is; or to know a large p to about a fifth of its size.
  const enough = hurry ? Math.ceil(LACK_OF_FIT_LEVEL * (simulations + 1)) : Math.max(20, simulations / 20);
  return lackOfFit(sample, free, means, stream(seed, 'lack-of-fit', name), {
    simulations,
    stopAfter: enough,
  });
}

function decide({
  shortfalls: lacking,
  slope,
  lambda,
  excess,
  lackOfFit: fit,
}: Omit<Evidence, 'code'>): VerdictCode {
  if (lacking.length > 0 || !slope) return 'insufficient-data';
  if (fit && fit.p < LACK_OF_FIT_LEVEL) return 'no-smooth-law';
  if (!excludesZero(slope)) return 'no-growth';
  if (slope.interval95!.high < 0) return 'decreases';
  const [wide, narrow] = [lambda?.interval95, lambda?.interval90];
  if (!wide || !narrow) return 'not-decisive';
  if (wide.low > 0) return 'faster';
  if (wide.high < 0) return 'slower';
  const within = narrow.low > -MARGIN && narrow.high < MARGIN;
  const isNoPower = excess?.interval95 ? excess.interval95.high < 0 : false;
  return within && isNoPower ? 'logarithmic' : 'not-decisive';
}

const excludesZero = ({ interval95 }: Estimate): boolean =>
  interval95 !== null && (interval95.low > 0 || interval95.high < 0);

const lambdaOf = (law: Law): number => (law.form === 'growth' ? law.lambda : Number.NaN);
const rateOf = (law: Law): number => (law.form === 'growth' ? law.r : Number.NaN);
/** b = A r. */
const slopeOf = (law: Law): number => (law.form === 'growth' ? Math.exp(law.alpha) * law.r : Number.NaN);
