/**
 * Lower bounds of the logistic loss of a candidate. With losses summed over the samples instead of averaged,
 * delta_q = Phi_q / j, M_q = max |delta_q| and l the loss of a sample at u0 = z / j,
 *
 *   G = sum l' delta    S = sum l'' delta^2    T = sum l''' delta^3    F = sum l'' delta^4
 *
 * two lower bounds hold: that of science.md, and, since -l''/2 <= l'''' <= l'' and l''(u + t) <= l''(u) e^|t|, one
 * that is far tighter for small M_q:
 *
 *   L(u0 + delta_q)  >=  L + G + S psi(-M)                   psi(t) = (e^t - 1 - t) / t^2
 *   L(u0 + delta_q)  >=  L + G + S / 2 + T / 6 - F chi(M) / 2    chi(t) = (e^t - 1 - t - t^2/2 - t^3/6) / t^4
 *
 * Both grow with S and T and fall with F, so bounds of these give a bound, too.
 */
import { exp, expm1 } from '../../math/elementary.js';

/** The second bound is computed only for max |delta| below this: chi grows like e^t. */
const PEAK_LIMIT = 30;

/** A lower bound of L(u0 + delta) - L - G, from lower bounds of S and T and an upper bound of F. `peak` is M. */
export function curvedBound(S: number, T: number, F: number, peak: number): number {
  const second = S * psiOfNegative(peak);
  if (peak >= PEAK_LIMIT) return second;
  return Math.max(second, S / 2 + T / 6 - (F * chi(peak)) / 2);
}

/** psi(-m) for m >= 0: (e^-m - 1 + m) / m^2, 1/2 at 0. */
export function psiOfNegative(m: number): number {
  if (m < 1e-3) return 0.5 - m / 6 + (m * m) / 24;
  return (expm1(-m) + m) / (m * m);
}

/** chi(t) for t >= 0: (e^t - 1 - t - t^2/2 - t^3/6) / t^4, 1/24 at 0. */
export function chi(t: number): number {
  if (t > 0.5) return (exp(t) - 1 - t * (1 + t * (1 / 2 + t / 6))) / (t * t * t * t);
  let sum = 0;
  for (let k = 14; k > 4; k--) sum = (sum + 1) * (t / k);
  return (1 + sum) / 24;
}
