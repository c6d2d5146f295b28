/** Likelihood ratios of two laws, one within the other, against their distribution under the smaller one. */
import type { Uniform } from '../../math/random.js';
import { type FittedLaw, fitLaw } from '../laws/fit-law.js';
import type { Sample } from '../laws/sample.js';
import { type Noise, simulateSample } from './simulate.js';

export interface RatioTest {
  /** Twice the difference in log-likelihood. */
  readonly statistic: number;
  readonly p: number;
  /** Drawn in all; fewer than asked for where enough of them had exceeded the statistic to settle that p is large. */
  readonly simulations: number;
  readonly exceeded: number;
}

export interface RatioOptions {
  /** Standard deviations of the noise that is drawn; of the sample's own. */
  readonly noise: Noise;
  readonly simulations: number;
  /** Stops once so many simulated statistics have reached the observed one; p is then exceeded / simulations. */
  readonly stopAfter: number;
}

/**
 * Draws from the smaller law with the sample's sizes, seeds, checkpoints and noise (every seed shifts and tilts its
 * curve, and every crossing has noise of its own), and fits both laws to each draw.
 */
export function ratioTest(
  sample: Sample,
  smaller: FittedLaw,
  larger: FittedLaw,
  next: Uniform,
  { noise, simulations, stopAfter }: RatioOptions,
): RatioTest {
  const statistic = 2 * (larger.logLikelihood - smaller.logLikelihood);
  let exceeded = 0;
  let drawn = 0;
  while (drawn < simulations && exceeded < stopAfter) {
    const simulated = simulateSample(sample, smaller.logMu, noise, next);
    drawn++;
    if (2 * (likelihoodOf(larger, simulated) - likelihoodOf(smaller, simulated)) >= statistic) exceeded++;
  }
  const p = exceeded >= stopAfter ? exceeded / drawn : (exceeded + 1) / (drawn + 1);
  return { statistic, p, simulations: drawn, exceeded };
}

/** The maximum of a law's likelihood, climbed to from where it was; means start anew, since each follows its own size. */
function likelihoodOf({ name, maximum }: FittedLaw, simulated: Sample): number {
  const from = name === 'one mean per size' ? undefined : maximum;
  return fitLaw(name, simulated, simulated.weight, from).logLikelihood;
}
