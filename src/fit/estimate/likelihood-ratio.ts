/** Likelihood ratio test of two nested laws, with the null distribution simulated from the smaller law. */
import type { Steps } from '../../base/steps.js';
import type { Uniform } from '../../math/random.js';
import { type FittedLaw, fitLaw } from '../laws/fit-law.js';
import type { Sample } from '../laws/sample.js';
import { type Noise, simulateSample } from './simulate.js';

/** A likelihood ratio test, by simulation. */
export interface RatioTest {
  /** Twice the difference in log-likelihood. */
  readonly statistic: number;
  readonly p: number;
  /** Number of draws; fewer than requested where p is clearly large, or clearly small: see `RatioOptions`. */
  readonly simulations: number;
  /** Draws whose statistic reached the observed one. */
  readonly exceeded: number;
}

export interface RatioOptions {
  /** Standard deviations of the simulated noise, as estimated from the sample. */
  readonly noise: Noise;
  /** Maximum number of draws. */
  readonly simulations: number;
  /** Stops after this many simulated statistics reach the observed one; p is then exceeded / simulations. */
  readonly stopAfter: number;
  /** Stops after this many draws if the observed statistic is over twice the largest of theirs: p is clearly small. */
  readonly plainAfter?: number;
}

/**
 * Draws from the smaller law with the sample's sizes, seeds and checkpoints, and fits both laws to each draw. The
 * noise shifts and tilts each seed's curve and adds an independent term to each crossing.
 */
export function* ratioTest(
  sample: Sample,
  smaller: FittedLaw,
  larger: FittedLaw,
  next: Uniform,
  { noise, simulations, stopAfter, plainAfter = simulations }: RatioOptions,
): Steps<RatioTest> {
  const statistic = 2 * (larger.logLikelihood - smaller.logLikelihood);
  let exceeded = 0;
  let drawn = 0;
  let largest = 0;
  const isPlain = (): boolean => drawn === plainAfter && statistic > 2 * largest;
  while (drawn < simulations && exceeded < stopAfter && !isPlain()) {
    yield;
    const simulated = simulateSample(sample, smaller.logMu, noise, next);
    drawn++;
    const ratio = 2 * (likelihoodOf(larger, simulated) - likelihoodOf(smaller, simulated));
    largest = Math.max(largest, ratio);
    if (ratio >= statistic) exceeded++;
  }
  const p = exceeded >= stopAfter ? exceeded / drawn : (exceeded + 1) / (drawn + 1);
  return { statistic, p, simulations: drawn, exceeded };
}

/** A law's maximum log-likelihood, started at its previous maximum. Means restart, as each follows its own size. */
function likelihoodOf({ name, maximum }: FittedLaw, simulated: Sample): number {
  const from = name === 'one mean per size' ? undefined : maximum;
  return fitLaw(name, simulated, simulated.weight, from).logLikelihood;
}
