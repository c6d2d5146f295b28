/** Jackknife intervals over seeds. The seed is the cluster, because its curves share data and weights across n. */
import { studentQuantile, studentTwoSided } from '../../math/student.js';
import type { FittedLaw } from '../laws/fit-law.js';
import type { Law } from '../laws/laws.js';

/** Both ends of a confidence interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** An estimate with its uncertainty, which is null for an unidentified estimate. */
export interface Estimate {
  readonly value: number;
  readonly standardError: number | null;
  readonly interval95: Interval | null;
  readonly interval90: Interval | null;
  /** Two-sided, for the hypothesis that the true value is 0. */
  readonly p: number | null;
}

export const unidentified = (value: number): Estimate => ({
  value,
  standardError: null,
  interval95: null,
  interval90: null,
  p: null,
});

/**
 * t intervals on S - 1 degrees of freedom around `value`; unidentified for fewer than two or non-finite replicates.
 *
 * @param replicates S estimates, each without one of the S seeds.
 */
export function jackknifeEstimate(value: number, replicates: readonly number[]): Estimate {
  const count = replicates.length;
  if (count < 2 || !replicates.every(Number.isFinite)) return unidentified(value);
  const mean = replicates.reduce((a, b) => a + b, 0) / count;
  const squares = replicates.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  const standardError = Math.sqrt(((count - 1) / count) * squares);
  const around = (level: number): Interval => {
    const reach = studentQuantile(level, count - 1) * standardError;
    return { low: value - reach, high: value + reach };
  };
  const p =
    standardError > 0 ? studentTwoSided(Math.abs(value) / standardError, count - 1) : Number(value === 0);
  return { value, standardError, interval95: around(0.95), interval90: around(0.9), p };
}

/** The same of a parameter of a law. `withoutSeeds` are its fits without each of the S seeds. */
export const jackknifeParameter = (
  { law }: FittedLaw,
  withoutSeeds: readonly FittedLaw[],
  of: (law: Law) => number,
): Estimate =>
  jackknifeEstimate(
    of(law),
    withoutSeeds.map(fit => of(fit.law)),
  );
