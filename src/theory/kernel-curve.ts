/**
 * The training loss that a kernel predicts, from the nodes and weights of a quadrature rule (math/quadrature.ts):
 *
 *   L(t) = L(0) sum_j w_j (1 - eta theta_j / n)^(2 t)          L(0) = ||r_0||^2 / (2 n)
 */
import { lastThatHolds } from '../base/bisect.js';
import type { Rule } from '../math/quadrature.js';

/** Nothing is said beyond this iteration. */
const LAST_ITERATION = 1e12;

/** The curve of one rule. @param rate eta / n */
export interface Curve {
  readonly initialLoss: number;
  readonly rate: number;
  readonly rule: Rule;
}

/** L(t) for a whole t >= 0. */
export function lossAt({ initialLoss, rate, rule }: Curve, t: number): number {
  let sum = 0;
  for (let j = 0; j < rule.nodes.length; j++)
    sum += rule.weights[j]! * wholePower(1 - rate * rule.nodes[j]!, 2 * t);
  return initialLoss * sum;
}

/**
 * The smallest whole t with L(t) <= target; null if there is none up to LAST_ITERATION. Every |1 - eta theta / n| must be
 * at most 1, so that the loss never rises.
 */
export function firstAtMost(curve: Curve, target: number): number | null {
  if (lossAt(curve, 0) <= target) return 0;
  let high = 1;
  while (lossAt(curve, high) > target) {
    high *= 2;
    if (high > LAST_ITERATION) return null;
  }
  return lastThatHolds(Math.floor(high / 2), high, t => lossAt(curve, t) > target) + 1;
}

/**
 * The same with momentum: v <- mu v + theta r / n, r <- r - eta v on each node. There is no closed form, so it is
 * iterated to `last`; null for each target that is not met by then. The loss need not fall steadily.
 */
export function firstAtMostWithMomentum(
  { initialLoss, rate, rule }: Curve,
  momentum: number,
  targets: readonly number[],
  last: number,
): (number | null)[] {
  const count = rule.nodes.length;
  const residual = new Float64Array(count).fill(1);
  const step = new Float64Array(count);
  const found = targets.map((): number | null => null);
  for (let t = 0; t <= last && found.includes(null); t++) {
    let sum = 0;
    for (let j = 0; j < count; j++) sum += rule.weights[j]! * residual[j]! * residual[j]!;
    targets.forEach((target, i) => {
      if (found[i] === null && initialLoss * sum <= target) found[i] = t;
    });
    for (let j = 0; j < count; j++) {
      step[j] = momentum * step[j]! + rate * rule.nodes[j]! * residual[j]!;
      residual[j] = residual[j]! - step[j]!;
    }
  }
  return found;
}

/** base^exponent for a whole exponent >= 0, by squaring: the same bits on every machine. */
function wholePower(base: number, exponent: number): number {
  let power = 1;
  let square = base;
  for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) power *= square;
    square *= square;
  }
  return power;
}
