/** Does any smooth law fit? The free law against one mean per size, calibrated by simulation. */
import type { Uniform } from '../math/random.js';
import { type FittedLaw, fitLaw } from './fit-law.js';
import type { Sample } from './sample.js';
import { learnNoise, type Noise, simulateSample } from './simulate.js';

export interface LackOfFit {
  /** Twice the difference in log-likelihood. */
  readonly statistic: number;
  readonly p: number;
  /** Drawn in all; fewer than asked for where enough of them had exceeded the statistic to settle that p is large. */
  readonly simulations: number;
  readonly exceeded: number;
  /** The noise that was simulated. */
  readonly noise: Noise;
}

export interface LackOfFitOptions {
  readonly simulations: number;
  /** Stops once so many simulated statistics have reached the observed one; p is then exceeded / simulations. */
  readonly stopAfter: number;
}

/**
 * The likelihood-ratio statistic against its distribution under the fitted free law, drawn with the sample's own noise
 * (a level and a slope of each seed, and noise of each crossing), sizes, seeds and checkpoints.
 */
export function lackOfFit(
  sample: Sample,
  free: FittedLaw,
  means: FittedLaw,
  next: Uniform,
  { simulations, stopAfter }: LackOfFitOptions,
): LackOfFit {
  const statistic = 2 * (means.logLikelihood - free.logLikelihood);
  const noise = learnNoise(sample, free.logMu, free.sigma);
  let exceeded = 0;
  let drawn = 0;
  while (drawn < simulations && exceeded < stopAfter) {
    const simulated = simulateSample(sample, free.logMu, noise, next);
    drawn++;
    const all = fitLaw('one mean per size', simulated);
    const law = fitLaw('free', simulated, simulated.weight, free.maximum);
    if (2 * (all.logLikelihood - law.logLikelihood) >= statistic) exceeded++;
  }
  const p = exceeded >= stopAfter ? exceeded / drawn : (exceeded + 1) / (drawn + 1);
  return { statistic, p, simulations: drawn, exceeded, noise };
}
