/**
 * Laws as predictors for the maximiser: they map parameters to ln mu at each size, with derivatives.
 *
 * A growth law is linear in g_lambda, so between the smallest and largest size it is a mixture of its values there:
 *
 *     mu(x) = w e^p + (1 - w) e^q      w = G(h) / G(H)      G(h) = (1 - e^(-lambda h)) / lambda
 *
 * p and q are ln mu at the smallest and largest size, h is the distance of x from the largest x, and H is h of the
 * smallest. In (p, q) every law is positive at every size, and there is no singularity at r = 0 or lambda = 0.
 */
import type { LawName } from './laws.js';
import { FIXED_LAMBDA, LAMBDA_BOUND } from './laws.js';

export interface Predictor {
  /** Number of parameters, without ln sigma. */
  readonly count: number;
  /** Null: unbounded. */
  readonly bounds: readonly (readonly [low: number, high: number] | null)[];
  /**
   * Writes ln mu by size to `eta`, d eta_j / d theta_a to `first[j * count + a]`, and second derivatives to
   * `second[(j * count + a) * count + b]`, both triangles. If `isLinear`, `second` stays zero.
   */
  evaluate(theta: Float64Array, eta: Float64Array, first: Float64Array, second: Float64Array): void;
  readonly isLinear: boolean;
}

export function predictorOf(law: LawName, x: Float64Array): Predictor {
  const lambda = FIXED_LAMBDA[law];
  if (lambda !== undefined) return mixture(x, lambda);
  switch (law) {
    case 'constant':
      return linear(Array.from(x, () => [1]));
    case 'power': {
      const [first, last] = [x[0]!, x.at(-1)!];
      return linear(Array.from(x, at => [(last - at) / (last - first), (at - first) / (last - first)]));
    }
    case 'one mean per size':
      return linear(Array.from(x, (_, j) => Array.from(x, (_, i) => Number(i === j))));
    default:
      return mixture(x, null);
  }
}

/** eta = X theta; one row of X for each size. */
export function linear(rows: readonly (readonly number[])[]): Predictor {
  const count = rows[0]!.length;
  return {
    count,
    bounds: rows[0]!.map(() => null),
    isLinear: true,
    evaluate(theta, eta, first) {
      rows.forEach((row, j) => {
        let sum = 0;
        for (let a = 0; a < count; a++) {
          sum += row[a]! * theta[a]!;
          first[j * count + a] = row[a]!;
        }
        eta[j] = sum;
      });
    },
  };
}

/** A growth law in (p, q). If `fixed` is null, lambda is a third parameter. */
export function mixture(x: Float64Array, fixed: number | null): Predictor {
  const last = x.at(-1)!;
  const reach = last - x[0]!;
  const count = fixed === null ? 3 : 2;
  let [weights, currentLambda] = [x.map(() => 0), Number.NaN];
  const slopes = x.map(() => 0);
  const curvatures = x.map(() => 0);
  const setLambda = (lambda: number): void => {
    if (lambda === currentLambda) return;
    currentLambda = lambda;
    const whole = integralG(lambda, reach);
    weights = x.map((position, j) => {
      const part = integralG(lambda, last - position);
      const w = part.value / whole.value;
      slopes[j] = (part.slope - w * whole.slope) / whole.value;
      curvatures[j] = (part.curvature - 2 * slopes[j]! * whole.slope - w * whole.curvature) / whole.value;
      return w;
    });
  };
  return {
    count,
    bounds: fixed === null ? [null, null, [-LAMBDA_BOUND, LAMBDA_BOUND]] : [null, null],
    isLinear: false,
    evaluate(theta, eta, first, second) {
      setLambda(fixed ?? theta[2]!);
      // Exponents are relative to the larger end, which avoids overflow.
      const top = Math.max(theta[0]!, theta[1]!);
      const [u, v] = [Math.exp(theta[0]! - top), Math.exp(theta[1]! - top)];
      for (let j = 0; j < x.length; j++) {
        const w = weights[j]!;
        const mu = w * u + (1 - w) * v;
        eta[j] = top + Math.log(mu);
        const [p, q] = [(w * u) / mu, ((1 - w) * v) / mu];
        const row = j * count;
        first[row] = p;
        first[row + 1] = q;
        const square = row * count;
        second[square] = p - p * p;
        second[square + 1] = second[square + count] = -p * q;
        second[square + count + 1] = q - q * q;
        if (fixed !== null) continue;
        const gap = (u - v) / mu;
        const slope = slopes[j]! * gap;
        first[row + 2] = slope;
        second[square + 2] = second[square + 2 * count] = (slopes[j]! * u) / mu - p * slope;
        second[square + count + 2] = second[square + 2 * count + 1] = (-slopes[j]! * v) / mu - q * slope;
        second[square + 2 * count + 2] = curvatures[j]! * gap - slope * slope;
      }
    },
  };
}

/** G(h) = (1 - e^(-lambda h)) / lambda with its first two derivatives in lambda. */
function integralG(lambda: number, h: number): { value: number; slope: number; curvature: number } {
  if (Math.abs(lambda * h) < 1) {
    let [value, slope, curvature] = [0, 0, 0];
    // G = sum over m >= 1 of (-lambda)^(m - 1) h^m / m!
    let term = h;
    for (let m = 1; m <= 20; m++) {
      const power = (-lambda) ** (m - 1);
      value += power * term;
      if (m >= 2) slope -= (m - 1) * (-lambda) ** (m - 2) * term;
      if (m >= 3) curvature += (m - 1) * (m - 2) * (-lambda) ** (m - 3) * term;
      term *= h / (m + 1);
    }
    return { value, slope, curvature };
  }
  const value = -Math.expm1(-lambda * h) / lambda;
  const decay = Math.exp(-lambda * h);
  const slope = (h * decay - value) / lambda;
  return { value, slope, curvature: (-h * h * decay - 2 * slope) / lambda };
}
