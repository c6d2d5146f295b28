/** The verdict on one set of crossings (statistics.md, section 5). The first rule that applies decides. */
import type { Steps } from '../../base/steps.js';
import { stream } from '../../math/random.js';
import type { SizeCounts } from '../estimate/counts.js';
import { type Estimate, jackknifeParameter, unidentified } from '../estimate/jackknife.js';
import { type RatioTest, ratioTest } from '../estimate/likelihood-ratio.js';
import { estimateNoise } from '../estimate/simulate.js';
import { type FittedLaw, fitLaw, fitsWithoutSeeds } from '../laws/fit-law.js';
import { type Law, lambdaOf, slopeOf } from '../laws/laws.js';
import type { Sample } from '../laws/sample.js';
import { type Circumstances, noiseNotIdentifiable, type Shortfall, shortfalls } from './sufficiency.js';

/** What a verdict says; `label` has it in words. */
export type VerdictCode =
  | 'insufficient-data'
  | 'no-smooth-law'
  | 'no-growth'
  | 'decreases'
  | 'faster'
  | 'slower'
  | 'logarithmic'
  | 'not-decisive';

export const VERDICTS: Readonly<Record<VerdictCode, string>> = {
  'insufficient-data': 'insufficient data',
  'no-smooth-law': 'no smooth law fits',
  'no-growth': 'no growth detected',
  decreases: 'decreases',
  faster: 'grows faster than logarithmic',
  slower: 'slower than logarithmic',
  logarithmic: 'logarithmic growth supported (within the margin)',
  'not-decisive': 'consistent with logarithmic, not decisive',
};

/** lambda closer than this to 0 counts as logarithmic. */
export const MARGIN = 0.25;
/** No smooth law fits if the lack-of-fit p is below this. */
export const LACK_OF_FIT_LEVEL = 0.01;
/** If lambda is unidentified, a p below this rejects the logarithmic law against the free one. */
export const LOGARITHM_TEST_LEVEL = 0.05;

export interface VerdictOptions {
  /** Seed of the named random streams that simulations draw from. */
  readonly seed: number;
  /** Distinguishes this set of crossings; part of the streams' names. */
  readonly name: string;
  /** Maximum simulations of each likelihood ratio test; below 200, a lack-of-fit p cannot fall below its level. */
  readonly simulations: number;
  /** Computes only what the verdict needs: stops at the rule that decides, and estimates a large p roughly. */
  readonly earlyExit?: boolean;
  /** Decides the words of remedies, nothing else. */
  readonly circumstances?: Circumstances;
}

/** The evidence behind a verdict. Null: not computed, or no data to compute it from. */
export interface Evidence {
  readonly code: VerdictCode;
  /** Empty unless the code is insufficient-data. */
  readonly shortfalls: readonly Shortfall[];
  /** Slope of the logarithmic law: growth of t* in iterations per unit of ln n. */
  readonly slope: Estimate | null;
  /** lambda and r of the free law. */
  readonly lambda: Estimate | null;
  readonly r: Estimate | null;
  /** lambda - r: 0 for a power law, below 0 for a logarithm. */
  readonly excess: Estimate | null;
  /** Test of the free law against one mean per size. */
  readonly lackOfFit: RatioTest | null;
  /** Test of the logarithmic law against the free one. Null unless there is growth and lambda has no interval. */
  readonly logarithm: RatioTest | null;
}

/** @param counts of all curves, including unreachable ones, which `sample` excludes. */
export function* judge(
  sample: Sample,
  counts: readonly SizeCounts[],
  options: VerdictOptions,
): Steps<Evidence> {
  const lacking = shortfalls(counts, sample.seeds.length, options.circumstances);
  const empty: Evidence = {
    code: 'insufficient-data',
    shortfalls: lacking,
    slope: null,
    lambda: null,
    r: null,
    excess: null,
    lackOfFit: null,
    logarithm: null,
  };
  if (sample.sizes.length < 3 || (options.earlyExit && lacking.length > 0)) return empty;

  const log = fitLaw('logarithmic', sample);
  const free = fitLaw('free', sample);
  if (free.bounds.includes('sigma') || log.bounds.includes('sigma')) {
    // Finer checkpoints only help where there are intervals.
    const hasIntervals = lacking.length === 0 || counts.some(size => size.interval > 0);
    return { ...empty, shortfalls: hasIntervals ? [...lacking, noiseNotIdentifiable] : lacking };
  }
  const means = fitLaw('one mean per size', sample);
  const fit = sample.sizes.length > 3 ? yield* compare(sample, free, means, 'lack-of-fit', options) : null;
  if (options.earlyExit && fit && fit.p < LACK_OF_FIT_LEVEL)
    return { ...empty, code: 'no-smooth-law', lackOfFit: fit };

  const slope = jackknifeParameter(log, fitsWithoutSeeds(log, sample), slopeOf);
  const early = { ...empty, shortfalls: lacking, slope, lackOfFit: fit };
  if (options.earlyExit && !excludesZero(slope)) return { ...early, code: 'no-growth' };

  const freeReplicates = fitsWithoutSeeds(free, sample);
  const isIdentified = [free, ...freeReplicates].every(one => one.bounds.length === 0);
  const estimate = (of: (law: Law) => number): Estimate =>
    isIdentified ? jackknifeParameter(free, freeReplicates, of) : unidentified(of(free.law));
  const evidence = {
    ...early,
    lambda: estimate(lambdaOf),
    r: estimate(rateOf),
    excess: estimate(law => lambdaOf(law) - rateOf(law)),
    logarithm:
      isIdentified || !excludesZero(slope) ? null : yield* compare(sample, log, free, 'logarithm', options),
  };
  return { ...evidence, code: decide(evidence) };
}

/** Tests the smaller law against the larger. Noise is that around the free law, the better smooth law in both. */
function* compare(
  sample: Sample,
  smaller: FittedLaw,
  larger: FittedLaw,
  test: 'lack-of-fit' | 'logarithm',
  { seed, name, simulations, earlyExit }: VerdictOptions,
): Steps<RatioTest> {
  const level = test === 'lack-of-fit' ? LACK_OF_FIT_LEVEL : LOGARITHM_TEST_LEVEL;
  const free = test === 'lack-of-fit' ? smaller : larger;
  // Enough to place p on one side of the level; without earlyExit, to know a large p to about a fifth of its size.
  const stopAfter = earlyExit ? Math.ceil(level * (simulations + 1)) : Math.max(20, simulations / 20);
  const noise = estimateNoise(sample, free.logMu, free.sigma);
  return yield* ratioTest(sample, smaller, larger, stream(seed, test, name), {
    noise,
    simulations,
    stopAfter,
  });
}

function decide({
  shortfalls: lacking,
  slope,
  lambda,
  excess,
  lackOfFit: fit,
  logarithm,
}: Omit<Evidence, 'code'>): VerdictCode {
  if (lacking.length > 0 || !slope) return 'insufficient-data';
  if (fit && fit.p < LACK_OF_FIT_LEVEL) return 'no-smooth-law';
  if (!excludesZero(slope)) return 'no-growth';
  if (slope.interval95!.high < 0) return 'decreases';
  const [wide, narrow] = [lambda?.interval95, lambda?.interval90];
  if (!wide || !narrow) {
    if (!lambda || !logarithm || logarithm.p >= LOGARITHM_TEST_LEVEL) return 'not-decisive';
    return lambda.value > 0 ? 'faster' : 'slower';
  }
  if (wide.low > 0) return 'faster';
  if (wide.high < 0) return 'slower';
  const within = narrow.low > -MARGIN && narrow.high < MARGIN;
  const isNoPower = excess?.interval95 ? excess.interval95.high < 0 : false;
  return within && isNoPower ? 'logarithmic' : 'not-decisive';
}

const excludesZero = ({ interval95 }: Estimate): boolean =>
  interval95 !== null && (interval95.low > 0 || interval95.high < 0);

const rateOf = (law: Law): number => (law.form === 'growth' ? law.r : Number.NaN);
