/** Tests of one law on one range of sizes. */
import type { Steps } from '../../base/steps.js';
import { stream } from '../../math/random.js';
import { studentQuantile } from '../../math/student.js';
import { ratioTest } from '../estimate/likelihood-ratio.js';
import { estimateNoise, type Noise, totalNoise } from '../estimate/simulate.js';
import { fitLaw } from '../laws/fit-law.js';
import { onSizes, type Sample } from '../laws/sample.js';

/** A law that a range of sizes may follow. */
export type RegimeLaw = 'constant' | 'logarithmic' | 'power';
/** Simple before flexible: the order in which equals are named. */
export const REGIME_LAWS: readonly RegimeLaw[] = ['constant', 'logarithmic', 'power'];

/** A law is rejected on a range if its p is at most this. Half of 5%: the interval of a bend has two ends. */
export const REGIME_LEVEL = 0.025;
/** The standard normal deviate that REGIME_LEVEL lies beyond, on both sides together. */
const NORMAL_QUANTILE = 2.241402727604947;
/** Samples drawn for one test at most. With one more they are a multiple of 1 / REGIME_LEVEL: the level is exact. */
const SIMULATIONS = 199;
/** A plain rejection needs no more: its p is 1 / 40. */
const PLAIN_AFTER = 1 / REGIME_LEVEL - 1;

export interface RegimeOptions {
  /** Seed of the named random streams that simulations draw from. */
  readonly seed: number;
  /** Distinguishes this sample; part of the streams' names. */
  readonly name: string;
}

/** Both ends are indices of sizes, and included. */
export interface SizeRange {
  readonly first: number;
  readonly last: number;
}

export type RangeTest = (law: RegimeLaw, range: SizeRange) => Steps<number>;

/**
 * The p value of a law on a range: its likelihood ratio against one mean per size, among samples drawn from the law as
 * fitted there. Each (law, range) is tested once and has a stream of its own, so the order of the questions is free.
 *
 * The noise is that around one mean per size over all sizes, which no law's lack of fit inflates.
 */
export function rangeTests(sample: Sample, { seed, name }: RegimeOptions): RangeTest {
  const means = fitLaw('one mean per size', sample);
  const seeds = sample.seeds.length;
  const noise = estimateNoise(sample, means.logMu, means.sigma, 1 - 1 / seeds);
  const constantNoise = widened(noise, seeds);
  const known = new Map<string, number>();
  return function* test(law, { first, last }) {
    const range = `${law}/${sample.sizes[first]}/${sample.sizes[last]}`;
    const earlier = known.get(range);
    if (earlier !== undefined) return earlier;
    const own = onSizes(sample, first, last);
    const { p } = yield* ratioTest(
      own,
      fitLaw(law, own),
      fitLaw('one mean per size', own),
      stream(seed, 'regimes', name, range),
      {
        noise: movedTo(own, sample, law === 'constant' ? constantNoise : noise),
        simulations: SIMULATIONS,
        stopAfter: REGIME_LEVEL * (SIMULATIONS + 1),
        plainAfter: PLAIN_AFTER,
      },
    );
    known.set(range, p);
    return p;
  };
}

/**
 * A constant's test rests on the mean tilt of the seeds, whose spread is known from the few seeds alone: the tilt grows
 * by the ratio of the quantiles of t on S - 1 degrees of freedom and of the normal distribution. The other laws take most
 * of a mean tilt into their slopes.
 */
function widened({ own, seedLevel, seedSlope }: Noise, seeds: number): Noise {
  const ratio = studentQuantile(1 - REGIME_LEVEL, Math.max(1, seeds - 1)) / NORMAL_QUANTILE;
  return { own, seedLevel, seedSlope: seedSlope * ratio };
}

/** A seed's level at the middle of a range differs from that at the middle of all sizes by its tilt. */
const movedTo = (range: Sample, all: Sample, { own, seedLevel, seedSlope }: Noise): Noise => ({
  own,
  seedLevel: totalNoise({ own: 0, seedLevel, seedSlope }, Math.log(range.nRef / all.nRef)),
  seedSlope,
});
