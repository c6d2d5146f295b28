/** Maximum likelihood of one law by damped Newton steps with exact derivatives, inside a box. */
import { LOG_SIGMA_BOUNDS } from './laws.js';
import { type Derivatives, derivativesFor, logLikelihood } from './likelihood.js';
import type { Predictor } from './predictors.js';
import type { Sample } from './sample.js';

export interface Maximum {
  /** The predictor's parameters. */
  readonly theta: Float64Array;
  /** ln sigma. */
  readonly tau: number;
  /** ln mu by size. */
  readonly logMu: Float64Array;
  readonly logLikelihood: number;
  /** False if no negligible step was reached: steps ran out, or damping found no direction. */
  readonly converged: boolean;
}

const MAX_STEPS = 200;
/** The search ends when a step's predicted gain in log-likelihood is at most this. */
const NEGLIGIBLE = 1e-11;
/** Limit on the change of any parameter in one step. */
const MAX_PARAMETER_STEP = 2;

/**
 * Climbs from a start to the nearest maximum.
 *
 * @param weights one for each crossing.
 */
export function maximise(
  sample: Sample,
  weights: ArrayLike<number>,
  predictor: Predictor,
  start: { readonly theta: ArrayLike<number>; readonly tau: number },
): Maximum {
  const climb = new Climb(sample, weights, predictor, start);
  let damping = 1e-4;
  for (let step = 0; step < MAX_STEPS; step++) {
    climb.differentiate();
    let predictedGain = climb.propose(damping);
    while (predictedGain !== null && predictedGain > NEGLIGIBLE && !climb.accept()) {
      damping = Math.max(10 * damping, 1e-4);
      if (damping > 1e12) predictedGain = null;
      else predictedGain = climb.propose(damping);
    }
    if (predictedGain === null) return climb.result(false);
    if (predictedGain <= NEGLIGIBLE) return climb.result(true);
    damping = damping <= 1e-10 ? 0 : damping / 10;
  }
  return climb.result(false);
}

class Climb {
  private readonly count: number;
  /** The current point: parameters, then ln sigma. */
  private at: Float64Array;
  private next: Float64Array;
  private value: number;
  private readonly low: number[];
  private readonly high: number[];
  private readonly eta: Float64Array;
  private readonly first: Float64Array;
  private readonly second: Float64Array;
  /** Derivatives at `at`, and room for those at `next`. `first` and `second` belong to the point evaluated last. */
  private sums: Derivatives;
  private nextSums: Derivatives;
  private readonly gradient: Float64Array;
  /** Minus the second derivatives. */
  private readonly information: Float64Array;

  constructor(
    private readonly sample: Sample,
    private readonly weights: ArrayLike<number>,
    private readonly predictor: Predictor,
    start: { readonly theta: ArrayLike<number>; readonly tau: number },
  ) {
    const sizes = sample.sizes.length;
    const { count, bounds } = predictor;
    const all = count + 1;
    this.count = all;
    this.low = [...bounds.map(bound => bound?.[0] ?? Number.NEGATIVE_INFINITY), LOG_SIGMA_BOUNDS[0]];
    this.high = [...bounds.map(bound => bound?.[1] ?? Number.POSITIVE_INFINITY), LOG_SIGMA_BOUNDS[1]];
    this.eta = new Float64Array(sizes);
    this.first = new Float64Array(sizes * count);
    this.second = new Float64Array(sizes * count * count);
    this.sums = derivativesFor(sizes);
    this.nextSums = derivativesFor(sizes);
    this.gradient = new Float64Array(all);
    this.information = new Float64Array(all * all);
    this.at = Float64Array.from([...Array.from(start.theta), start.tau], (value, i) =>
      Math.min(this.high[i]!, Math.max(this.low[i]!, value)),
    );
    this.next = new Float64Array(all);
    this.value = this.valueAt(this.at, this.sums);
  }

  /** Computes gradient and information at the current point, which is the one evaluated last. */
  differentiate(): void {
    const { count: all, sums, first, second, gradient, information } = this;
    const count = all - 1;
    const last = all - 1;
    gradient.fill(0);
    information.fill(0);
    for (let j = 0; j < this.eta.length; j++) {
      const [slope, curve, cross] = [sums.eta[j]!, sums.etaEta[j]!, sums.etaTau[j]!];
      for (let a = 0; a < count; a++) {
        const da = first[j * count + a]!;
        gradient[a]! += slope * da;
        information[a * all + last]! -= cross * da;
        for (let b = 0; b <= a; b++) {
          const bent = this.predictor.isLinear ? 0 : slope * second[(j * count + a) * count + b]!;
          information[a * all + b]! -= curve * da * first[j * count + b]! + bent;
        }
      }
    }
    gradient[last] = sums.tau;
    information[last * all + last] = -sums.tauTau;
    for (let a = 0; a < count; a++) {
      information[last * all + a] = information[a * all + last]!;
      for (let b = 0; b < a; b++) information[b * all + a] = information[a * all + b]!;
    }
    // A parameter on a bound whose gradient points outwards stays fixed in this step.
    for (let a = 0; a < all; a++) {
      const isBlocked =
        (this.at[a]! <= this.low[a]! && gradient[a]! <= 0) ||
        (this.at[a]! >= this.high[a]! && gradient[a]! >= 0);
      if (!isBlocked) continue;
      gradient[a] = 0;
      for (let b = 0; b < all; b++) information[a * all + b] = information[b * all + a] = 0;
      information[a * all + a] = 1;
    }
  }

  /**
   * Sets `next` to a damped Newton step.
   *
   * @returns the gain that the gradient predicts; null if even strong damping gives no direction.
   */
  propose(damping: number): number | null {
    const { count: all, gradient, information } = this;
    for (let strength = damping; strength < 1e12; strength = Math.max(10 * strength, 1e-6)) {
      const step = solveDamped(information, gradient, strength);
      if (!step) continue;
      let longest = 0;
      for (let a = 0; a < all; a++) longest = Math.max(longest, Math.abs(step[a]!));
      const scale = longest > MAX_PARAMETER_STEP ? MAX_PARAMETER_STEP / longest : 1;
      let predictedGain = 0;
      for (let a = 0; a < all; a++) {
        const to = this.at[a]! + scale * step[a]!;
        this.next[a] = Math.min(this.high[a]!, Math.max(this.low[a]!, to));
        predictedGain += gradient[a]! * (this.next[a]! - this.at[a]!);
      }
      return predictedGain;
    }
    return null;
  }

  /** Moves to `next` unless its log-likelihood is lower. */
  accept(): boolean {
    const value = this.valueAt(this.next, this.nextSums);
    if (!(value >= this.value)) return false;
    this.value = value;
    [this.sums, this.nextSums] = [this.nextSums, this.sums];
    [this.at, this.next] = [this.next, this.at];
    return true;
  }

  result(converged: boolean): Maximum {
    const last = this.count - 1;
    this.predictor.evaluate(this.at, this.eta, this.first, this.second);
    return {
      theta: this.at.slice(0, last),
      tau: this.at[last]!,
      logMu: this.eta.slice(),
      logLikelihood: this.value,
      converged,
    };
  }

  private valueAt(point: Float64Array, into: Derivatives): number {
    this.predictor.evaluate(point, this.eta, this.first, this.second);
    const value = logLikelihood(this.sample, this.weights, this.eta, point[this.count - 1]!, into);
    return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
  }
}

/** Solves (H + strength (diag |H| + 1e-8)) step = gradient by Cholesky; null if not positive definite. */
function solveDamped(matrix: Float64Array, gradient: Float64Array, strength: number): Float64Array | null {
  const n = gradient.length;
  const root = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]!;
      if (i === j) sum += strength * (Math.abs(sum) + 1e-8);
      for (let k = 0; k < j; k++) sum -= root[i * n + k]! * root[j * n + k]!;
      if (i === j) {
        if (!(sum > 1e-14 * Math.abs(matrix[i * n + i]!)) || sum < 1e-300) return null;
        root[i * n + i] = Math.sqrt(sum);
      } else root[i * n + j] = sum / root[j * n + j]!;
    }
  }
  const step = gradient.slice();
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) step[i]! -= root[i * n + k]! * step[k]!;
    step[i]! /= root[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) step[i]! -= root[k * n + i]! * step[k]!;
    step[i]! /= root[i * n + i]!;
  }
  return step;
}
