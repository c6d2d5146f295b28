/** The expected position of a crossing inside its interval, under a fit. */
import { normalCumulative, normalDensity } from '../../math/normal.js';

/**
 * E[sigma Z | a < sigma Z <= b] for standard normal Z. If the interval's probability is too small to compute with,
 * returns its middle, or its finite end.
 */
export function conditionalMean(a: number, b: number, sigma: number): number {
  if (a === b) return a;
  const [low, high] = [a / sigma, b / sigma];
  const mass =
    low > 0
      ? normalCumulative(-low) - normalCumulative(-high)
      : normalCumulative(high) - normalCumulative(low);
  const mean = (sigma * (normalDensity(low) - normalDensity(high))) / mass;
  if (mass > 1e-9 && mean >= a && mean <= b) return mean;
  if (a === Number.NEGATIVE_INFINITY) return b;
  return b === Number.POSITIVE_INFINITY ? a : 0.5 * (a + b);
}
