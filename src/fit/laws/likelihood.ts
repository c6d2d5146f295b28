/**
 * The likelihood of interval-censored ln T = eta + sigma eps, eps standard normal, with its derivatives.
 *
 * With a = (lower - eta) / sigma, b = (upper - eta) / sigma, P = Phi(b) - Phi(a) and q(z) = phi(z) / P, the moments
 *
 *     M_i = a^i q(a) - b^i q(b)        i = 0, 1, 2, 3
 *
 * give all derivatives, with tau = ln sigma:
 *
 *     dl/deta = M_0 / sigma            d2l/deta2 = (M_1 - M_0^2) / sigma^2
 *     dl/dtau = M_1                    d2l/deta dtau = (M_2 - M_0 - M_0 M_1) / sigma
 *                                      d2l/dtau2 = M_3 - M_1 - M_1^2
 *
 * An exact observation (lower = upper) has a density instead of P. The same formulas hold with the moments z,
 * z^2 - 1, z^3 - 2 z, z^4 - 3 z^2.
 */
import { logDensity, logNormalInterval, millsRatio, normalDensity } from '../../math/normal.js';
import type { Sample } from './sample.js';

/** Derivatives of the log-likelihood: eta's summed by size, tau's over all crossings. */
export interface Derivatives {
  /** By size. */
  readonly eta: Float64Array;
  readonly etaEta: Float64Array;
  readonly etaTau: Float64Array;
  tau: number;
  tauTau: number;
}

export function derivativesFor(sizes: number): Derivatives {
  const zeros = () => new Float64Array(sizes);
  return { eta: zeros(), etaEta: zeros(), etaTau: zeros(), tau: 0, tauTau: 0 };
}

/** ln of the likelihood of one interval. */
export function logTerm(lower: number, upper: number, eta: number, sigma: number): number {
  const a = (lower - eta) / sigma;
  return lower === upper ? logDensity(a) - Math.log(sigma) : logNormalInterval(a, (upper - eta) / sigma);
}

/**
 * The log-likelihood at ln mu = eta (by size) and ln sigma = tau. Fills `into` if given.
 * @param weights one for each crossing; weight 0 skips a crossing.
 */
export function logLikelihood(
  { size, lower, upper }: Sample,
  weights: ArrayLike<number>,
  eta: ArrayLike<number>,
  tau: number,
  into?: Derivatives,
): number {
  const sigma = Math.exp(tau);
  if (into) {
    into.eta.fill(0);
    into.etaEta.fill(0);
    into.etaTau.fill(0);
    into.tau = 0;
    into.tauTau = 0;
  }
  let total = 0;
  for (let i = 0; i < size.length; i++) {
    const weight = weights[i]!;
    if (weight === 0) continue;
    const [low, high, at] = [lower[i]!, upper[i]!, size[i]!];
    const centre = eta[at]!;
    const term = logTerm(low, high, centre, sigma);
    total += weight * term;
    if (!into) continue;
    const a = (low - centre) / sigma;
    let [m0, m1, m2, m3] = [0, 0, 0, 0];
    if (low === high) {
      const square = a * a;
      [m0, m1, m2, m3] = [a, square - 1, a * (square - 2), square * (square - 3)];
    } else {
      const b = (high - centre) / sigma;
      if (low !== Number.NEGATIVE_INFINITY) {
        const q = hazard(a, term, high === Number.POSITIVE_INFINITY);
        [m0, m1, m2, m3] = [q, a * q, a * a * q, a * a * a * q];
      }
      if (high !== Number.POSITIVE_INFINITY) {
        const q = hazard(-b, term, low === Number.NEGATIVE_INFINITY);
        m0 -= q;
        m1 -= b * q;
        m2 -= b * b * q;
        m3 -= b * b * b * q;
      }
    }
    into.eta[at]! += (weight * m0) / sigma;
    into.etaEta[at]! += (weight * (m1 - m0 * m0)) / (sigma * sigma);
    into.etaTau[at]! += (weight * (m2 - m0 - m0 * m1)) / sigma;
    into.tau += weight * m1;
    into.tauTau += weight * (m3 - m1 - m1 * m1);
  }
  return total;
}

/** phi(z) / P, given ln P. For a one-sided interval P = 1 - Phi(z). */
function hazard(z: number, logP: number, oneSided: boolean): number {
  if (oneSided && z >= 0) return 1 / millsRatio(z);
  return oneSided ? normalDensity(z) / Math.exp(logP) : Math.exp(logDensity(z) - logP);
}
