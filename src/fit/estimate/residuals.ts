/** Where a crossing lies in its interval, as far as a fit can tell. */
import { cumulative, density } from '../../math/normal.js';

/**
 * E[sigma Z | a < sigma Z <= b] for standard normal Z; a point of the interval where so little of the distribution
 * lies there that this cannot be computed.
 */
export function conditionalMean(a: number, b: number, sigma: number): number {
  if (a === b) return a;
  const [low, high] = [a / sigma, b / sigma];
  const mass = low > 0 ? cumulative(-low) - cumulative(-high) : cumulative(high) - cumulative(low);
  const mean = (sigma * (density(low) - density(high))) / mass;
  if (mass > 1e-9 && mean >= a && mean <= b) return mean;
  if (a === Number.NEGATIVE_INFINITY) return b;
  return b === Number.POSITIVE_INFINITY ? a : 0.5 * (a + b);
}
