/** Local exponents d ln t* / d ln n between neighbouring sizes, with simultaneous bands. */
import { studentQuantile } from '../../math/student.js';
import { jackknifeEstimate } from '../estimate/jackknife.js';
import { fitLaw } from '../laws/fit-law.js';
import { type Sample, weightsWithoutSeeds } from '../laws/sample.js';

/** d ln t* / d ln n between two sizes. */
export interface LocalExponent {
  /** Neighbouring sizes. */
  readonly from: number;
  readonly to: number;
  /** Null where a size has no estimate of ln mu: all its curves are censored to the same side. */
  readonly value: number | null;
  /** By leaving out one seed at a time, but at least what the checkpoints' steps alone would give. */
  readonly standardError: number | null;
  /** Ends of the band, which holds all exponents together with 95%. Null where leaving out a seed leaves no estimate. */
  readonly low: number | null;
  readonly high: number | null;
}

/**
 * Differences of ln mu of one mean per size, over those of ln n. Standard errors leave out one seed at a time; the band
 * has t quantiles on S - 1 degrees of freedom, with Bonferroni's correction over the pairs.
 *
 * A crossing is known to its interval alone. Where the noise is less than a step between checkpoints, the seeds' intervals
 * are often the same, and say nothing of where inside t* lies: the standard error is at least that of the steps.
 */
export function localExponents(sample: Sample): LocalExponent[] {
  const { sizes, seeds, x } = sample;
  const pairs = sizes.length - 1;
  if (pairs < 1) return [];
  const means = fitLaw('one mean per size', sample);
  const whole = estimable(sample, means.logMu, sample.weight);
  const replicates = weightsWithoutSeeds(sample).map(weights => {
    const { logMu } = fitLaw('one mean per size', sample, weights, means.maximum);
    return estimable(sample, logMu, weights);
  });
  const steps = sizes.map((_, at) => stepVariance(sample, at));
  const reach = seeds.length > 1 ? studentQuantile(1 - 0.05 / pairs, seeds.length - 1) : Number.NaN;
  return sizes.slice(1).map((to, j) => {
    const exponent = (logMu: ArrayLike<number>): number => (logMu[j + 1]! - logMu[j]!) / (x[j + 1]! - x[j]!);
    const value = exponent(whole);
    const pair = { from: sizes[j]!, to };
    if (Number.isNaN(value)) return { ...pair, value: null, standardError: null, low: null, high: null };
    const jackknife = jackknifeEstimate(value, replicates.map(exponent)).standardError;
    const least = Math.sqrt(steps[j]! + steps[j + 1]!) / (x[j + 1]! - x[j]!);
    const standardError = jackknife === null ? null : Math.max(jackknife, least);
    const end = (sign: number): number | null =>
      standardError === null ? null : value + sign * reach * standardError;
    return { ...pair, value, standardError, low: end(-1), high: end(1) };
  });
}

/**
 * The variance of a size's mean ln t* that the steps between checkpoints give: that of a uniform draw from an interval, over
 * the number of different intervals. Crossings in one interval count as one: they share what is unknown.
 */
function stepVariance({ size, lower, upper }: Sample, at: number): number {
  const intervals = new Map<number, number>();
  size.forEach((own, i) => {
    const width = upper[i]! - lower[i]!;
    if (own === at && Number.isFinite(width)) intervals.set(lower[i]!, width);
  });
  const squares = [...intervals.values()].reduce((sum, width) => sum + width * width, 0);
  return intervals.size === 0 ? 0 : squares / 12 / intervals.size ** 2;
}

/** ln mu by size; NaN where the weighted crossings bound it on one side only. */
function estimable({ size, lower, upper }: Sample, logMu: Float64Array, weights: Float64Array): number[] {
  const [below, above] = [logMu.map(() => 0), logMu.map(() => 0)];
  size.forEach((at, i) => {
    if (weights[i] === 0) return;
    if (lower[i]! > Number.NEGATIVE_INFINITY) below[at]!++;
    if (upper[i]! < Number.POSITIVE_INFINITY) above[at]!++;
  });
  return Array.from(logMu, (value, at) => (below[at]! > 0 && above[at]! > 0 ? value : Number.NaN));
}
