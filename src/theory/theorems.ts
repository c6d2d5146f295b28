/** Bounds on the iterations until the loss is at most a target, in closed form. Null: infinite, or not defined. */
import { log, log1p } from '../math/elementary.js';

/**
 * The bound of the smallest eigenvalue: ln(L_0 / eps) / (-2 ln rho), rho the largest |1 - eta lambda / n|. A theorem for
 * the linearised network. With an upper bound of lambda_0 in place of it, a lower bound of this bound.
 *
 * @param rate eta / n
 */
export function sharpBound(
  initialLoss: number,
  target: number,
  rate: number,
  lambda0: number,
  lambdaMax: number,
): number | null {
  if (initialLoss <= target) return 0;
  const slow = rate * lambda0;
  const fast = rate * lambdaMax - 1;
  const logRho = fast > 1 - slow ? log(fast) : log1p(-slow);
  return logRho < 0 ? finite(log(initialLoss / target) / (-2 * logRho)) : null;
}

/**
 * The same at half the rate, (1 - eta lambda_0 / (2 n))^t: what the proofs for real networks reach, at widths that
 * nobody runs.
 */
export function halfRateBound(
  initialLoss: number,
  target: number,
  rate: number,
  lambda0: number,
): number | null {
  if (initialLoss <= target) return 0;
  return lambda0 > 0 ? finite(log(initialLoss / target) / -log1p((-rate * lambda0) / 2)) : null;
}

/**
 * Theorem 3 of arXiv 2108.00259v2 (SGD) with its unknown constant c taken as 1: -ln k / ln(1 - d / n^2). Null unless
 * d < n^2.
 */
export const theorem3 = (n: number, columns: number, subnetSize: number): number | null =>
  contraction(columns / (n * n), subnetSize);

/** Theorem 10 (gradient descent): -ln k / ln(1 - d / n). Null unless d < n, which it assumes. */
export const theorem10 = (n: number, columns: number, subnetSize: number): number | null =>
  contraction(columns / n, subnetSize);

function contraction(share: number, subnetSize: number): number | null {
  if (!(share < 1)) return null;
  const bound = log(subnetSize) / -log1p(-share);
  return bound === 0 ? 0 : finite(bound);
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
