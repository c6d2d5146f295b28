/** The proofs of the regimes, as functions of the number of samples. */
import { atOnce } from '../../src/base/steps.js';
import { type BentCurve, bentTimes } from '../../src/design/bends.js';
import { ratioTest } from '../../src/fit/estimate/likelihood-ratio.js';
import {
  bendPlace,
  fitLaw,
  hasBend,
  localExponents,
  type Noise,
  onSizes,
  type RangeTest,
  REGIME_LEVEL,
  type RegimeLaw,
  rangeTests,
  type Sample,
} from '../../src/fit/index.js';
import { stream } from '../../src/math/random.js';
import { alongGrowth, alongPower, DESIGN, type Design, drawSamples, NOISE } from './scenarios.js';
import { SIMULATION_SEED } from './simulation-seed.js';
import { COVERAGE_NOISES } from './studies.js';

export interface Circumstance {
  readonly design: Design;
  readonly noise: Noise;
  /** t* at the smallest size. */
  readonly start?: number;
}

/** Most of the noise is in the slopes of the seeds. */
const TILTED: Noise = { own: 0.03, seedLevel: 0.03, seedSlope: 0.06 };
const SEEDS_MOSTLY = COVERAGE_NOISES['mostly from seeds']!;

/** What the true laws are tried under. Their t* grows 3x, but for the constant's. */
export const CIRCUMSTANCES: Readonly<Record<string, Circumstance>> = {
  'half of the noise from seeds': { design: DESIGN, noise: NOISE },
  'mostly from seeds': { design: DESIGN, noise: SEEDS_MOSTLY },
  'mostly from seeds, 5 of them': { design: { ...DESIGN, seeds: 5 }, noise: SEEDS_MOSTLY },
  'seeds that tilt': { design: DESIGN, noise: TILTED },
  'seeds that tilt, 5 of them': { design: { ...DESIGN, seeds: 5 }, noise: TILTED },
  '20 seeds': { design: { ...DESIGN, seeds: 20 }, noise: NOISE },
  'right-censored': { design: { ...DESIGN, tMax: 243 }, noise: NOISE },
  'left-censored': { design: DESIGN, noise: NOISE, start: 5.4 },
  'refined to 1.06': { design: { ...DESIGN, ratio: 1.06 }, noise: NOISE },
};

export const wholeLaw = (law: RegimeLaw, { design, start = 100 }: Circumstance): number[] => {
  if (law === 'power') return alongPower(3, design, start);
  // The constant is censored like the others only where it is as close to the last checkpoint.
  const isCensored = law === 'constant' && design.tMax < 1000;
  return alongGrowth(0, law === 'constant' ? 1 : 3, design, isCensored ? 0.95 * design.tMax : start);
};

/** How a rule decides that a law does not hold over all sizes. */
export type Claim = (sample: Sample, law: RegimeLaw, name: string) => boolean;

/** The rule: the full range comes first, and nothing else is looked at where it passes. */
export const fullRangeFirst: Claim = (sample, law, name) =>
  atOnce(
    rangeTests(sample, { seed: SIMULATION_SEED, name })(law, { first: 0, last: sample.sizes.length - 1 }),
  ) <= REGIME_LEVEL;

/** A wrong rule: the range grows size by size from the smallest four, and ends at the first rejection at 5%. */
export const grownSizeBySize: Claim = (sample, law, name) => {
  const test = rangeTests(sample, { seed: SIMULATION_SEED, name });
  return sample.sizes.some((_, last) => last >= 3 && atOnce(test(law, { first: 0, last })) <= 0.05);
};

/** A wrong rule: the full range first, but all noise taken as that of single crossings. */
export const withoutSeeds: Claim = (sample, law, name) =>
  atOnce(testWithoutSeeds(sample, name)(law, { first: 0, last: sample.sizes.length - 1 })) <= REGIME_LEVEL;

const testWithoutSeeds = (sample: Sample, name: string): RangeTest =>
  function* (law, { first, last }) {
    const own = onSizes(sample, first, last);
    const [smaller, larger] = [fitLaw(law, own), fitLaw('one mean per size', own)];
    const noise = { own: larger.sigma, seedLevel: 0, seedSlope: 0 };
    const options = { noise, simulations: 199, stopAfter: 5 };
    return (yield* ratioTest(own, smaller, larger, stream(SIMULATION_SEED, 'without seeds', name), options))
      .p;
  };

/** The share of samples of a true law over all sizes in which it is cut, or a bend named. */
export function claimStudy(
  law: RegimeLaw,
  name: string,
  count: number,
  claims: Claim = fullRangeFirst,
): number {
  const circumstance = CIRCUMSTANCES[name]!;
  const { design, noise } = circumstance;
  let [claimed, i] = [0, 0];
  for (const sample of drawSamples(
    `regime ${law} ${name}`,
    count,
    design,
    wholeLaw(law, circumstance),
    noise,
  ))
    if (claims(sample, law, `${law} ${name} ${i++}`)) claimed++;
  return claimed / count;
}

/** The share of samples of any curve in which a bend is claimed. */
export function bendShare(name: string, logMu: readonly number[], count: number): number {
  let [claimed, i] = [0, 0];
  for (const sample of drawSamples(`smooth ${name}`, count, DESIGN, logMu))
    if (atOnce(hasBend(sample, rangeTests(sample, { seed: SIMULATION_SEED, name: `smooth ${name} ${i++}` }))))
      claimed++;
  return claimed / count;
}

export interface BendStudy {
  /** Share of samples in which a bend is claimed. */
  readonly claimed: number;
  /** Share whose interval holds the bend. A sample without a claim has the whole range as its interval. */
  readonly covered: number;
  /** Of the claimed ones: mean width as a share of the range in ln n. */
  readonly width: number;
  /** Of the claimed ones: share that no single bend explains. */
  readonly several: number;
}

export function bendStudy(
  curve: BentCurve,
  count: number,
  design: Design = DESIGN,
  noise: Noise = NOISE,
): BendStudy {
  const name = `bend ${JSON.stringify(curve)} ${design.seeds} ${design.ratio} ${design.tMax} ${noise.own}`;
  const logMu = bentTimes(curve, design.sizes).map(Math.log);
  const place = design.sizes.map(n => Math.log(n / design.sizes[0]!) / Math.log(128));
  let [claimed, covered, width, several, i] = [0, 0, 0, 0, 0];
  for (const sample of drawSamples(name, count, design, logMu, noise)) {
    const test = rangeTests(sample, { seed: SIMULATION_SEED, name: `${name} ${i++}` });
    if (!atOnce(hasBend(sample, test))) {
      covered++;
      continue;
    }
    claimed++;
    const { low, high, isSingle } = atOnce(bendPlace(sample, test));
    if (place[low]! <= curve.at && curve.at <= place[high]!) covered++;
    width += place[high]! - place[low]!;
    if (!isSingle) several++;
  }
  const ofClaimed = (sum: number): number => (claimed > 0 ? sum / claimed : Number.NaN);
  return {
    claimed: claimed / count,
    covered: covered / count,
    width: ofClaimed(width),
    several: ofClaimed(several),
  };
}

export const PLACES: Readonly<Record<string, number>> = {
  'a third': 1 / 3,
  half: 1 / 2,
  'two thirds': 2 / 3,
};

/** Curves with and without a jump of the local exponent. A constant's is reached by a fall over two doublings instead. */
export const BENT: Readonly<Record<string, (at: number) => BentCurve>> = {
  'power to logarithm, jump': at => ({
    shape: 'power-to-logarithmic',
    start: 100,
    at,
    exponent: 0.5,
    after: 0.25,
  }),
  'power to logarithm, none': at => ({ shape: 'power-to-logarithmic', start: 100, at, exponent: 0.5 }),
  'power to constant, jump': at => ({ shape: 'power-to-constant', start: 100, at, exponent: 0.5 }),
  'power to constant, none': at => ({
    shape: 'power-to-constant',
    start: 100,
    at,
    exponent: 0.5,
    gradual: Math.LN2,
  }),
  'logarithm to constant, jump': at => ({ shape: 'logarithmic-to-constant', start: 100, at, exponent: 0.25 }),
  'logarithm to constant, none': at => ({
    shape: 'logarithmic-to-constant',
    start: 100,
    at,
    exponent: 0.25,
    gradual: Math.LN2,
  }),
};

/** What the bands are tried under: noise of two steps between checkpoints, of about one, and of less. */
export const BAND_NOISES: Readonly<Record<string, Noise>> = {
  ...COVERAGE_NOISES,
  'seeds that tilt': TILTED,
  'less than a step': { own: 0.02, seedLevel: 0.02, seedSlope: 0.005 },
  'two steps': { own: 0.2, seedLevel: 0.1, seedSlope: 0.02 },
};

/** The share of samples in which the band holds the true exponents at all pairs of sizes together. */
export function bandStudy(noise: string, seeds: number, count: number): number {
  const logMu = alongGrowth(0, 3);
  let held = 0;
  for (const sample of drawSamples(
    `band ${noise} ${seeds}`,
    count,
    { ...DESIGN, seeds },
    logMu,
    BAND_NOISES[noise],
  )) {
    const isHeld = localExponents(sample).every(({ low, high }, j) => {
      const truth = (logMu[j + 1]! - logMu[j]!) / Math.LN2;
      return low! <= truth && truth <= high!;
    });
    if (isHeld) held++;
  }
  return held / count;
}
