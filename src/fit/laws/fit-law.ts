/** Fits one law to one sample: chooses starts, maximises, and converts the maximum to the law's parameters. */
import type { Law, LawName } from './laws.js';
import { FIXED_LAMBDA, growth, LAMBDA_BOUND, LOG_SIGMA_BOUNDS } from './laws.js';
import { type Maximum, maximise } from './maximise.js';
import { mixture, predictorOf } from './predictors.js';
import { logMiddles, type Sample, weightsWithoutSeeds } from './sample.js';

/** A parameter whose estimate ended on its bound. It is unidentified. */
export type Bound = 'lambda' | 'sigma';

export interface FittedLaw {
  readonly name: LawName;
  readonly law: Law;
  readonly sigma: number;
  /** ln mu by size. */
  readonly logMu: Float64Array;
  readonly logLikelihood: number;
  /** Number of parameters, including sigma. */
  readonly parameters: number;
  readonly bounds: readonly Bound[];
  readonly converged: boolean;
  /** A start for a fit with other weights of the same sample. */
  readonly maximum: Maximum;
}

/** Start values of lambda for the free law. */
const LAMBDA_STARTS = [0, 0.7, -0.7];
/** An estimate closer than this to its bound counts as on it. */
const AT_BOUND = 1e-3;
/** Log-likelihood above which every interval contains its prediction, so any smaller sigma fits as well. */
const CERTAIN = -1e-6;

/**
 * The maximum-likelihood fit of one law.
 *
 * @param weights one for each crossing, at least one positive.
 * @param from the same law's maximum under other weights, used as the start.
 */
export function fitLaw(
  name: LawName,
  sample: Sample,
  weights: Float64Array = sample.weight,
  from?: Maximum,
): FittedLaw {
  const predictor = predictorOf(name, sample.x);
  if (name !== 'free') {
    const start = from ?? startValues(name, sample, weights);
    return toFittedLaw(name, sample, maximise(sample, weights, predictor, start));
  }
  if (from) {
    const maximum = maximise(sample, weights, predictor, from);
    // A climb that ends on a bound but started inside may have missed a maximum on the other side.
    if (maximum.converged && (!isAtBound(maximum) || isAtBound(from)))
      return toFittedLaw(name, sample, maximum);
  }
  const maxima = climbFromStarts(sample, weights);
  return toFittedLaw(
    name,
    sample,
    maxima.reduce((best, one) => (one.logLikelihood > best.logLikelihood ? one : best)),
  );
}

/** The fits of the same law without each seed in turn. Empty for a single seed. */
export const fitsWithoutSeeds = ({ name, maximum }: FittedLaw, sample: Sample): FittedLaw[] =>
  weightsWithoutSeeds(sample).map(weights => fitLaw(name, sample, weights, maximum));

/** The free law's maxima, one for each start. Each climb first fits with lambda fixed, then frees lambda. */
function climbFromStarts(sample: Sample, weights: Float64Array): Maximum[] {
  const predictor = predictorOf('free', sample.x);
  return LAMBDA_STARTS.map(lambda => {
    const fixed = fitAtLambda(sample, lambda, weights);
    return maximise(sample, weights, predictor, { theta: [...fixed.theta, lambda], tau: fixed.tau });
  });
}

const isAtBound = ({ theta }: Maximum): boolean => Math.abs(theta[2]!) > LAMBDA_BOUND - AT_BOUND;

/** The maximum of the growth law at a fixed lambda: one point of lambda's profile likelihood. */
export function fitAtLambda(sample: Sample, lambda: number, weights: Float64Array, from?: Maximum): Maximum {
  const start = from ?? startValues('logarithmic', sample, weights);
  return maximise(sample, weights, mixture(sample.x, lambda), start);
}

/** The range of log-likelihood over the maxima that the starts reach. A positive range reveals several maxima. */
export function maximaSpread(sample: Sample, weights: Float64Array = sample.weight): number {
  const values = climbFromStarts(sample, weights).map(one => one.logLikelihood);
  return Math.max(...values) - Math.min(...values);
}

/** Start values by least squares on log middles. Laws with two ends start from a straight line in x. */
function startValues(name: LawName, sample: Sample, weights: Float64Array): { theta: number[]; tau: number } {
  const middles = logMiddles(sample);
  const { x, size } = sample;
  const fitted = new Float64Array(x.length);
  let theta: number[];
  if (name === 'one mean per size' || name === 'constant') {
    const overall = mean(middles, weights, () => true) ?? 0;
    theta =
      name === 'constant'
        ? [overall]
        : Array.from(x, (_, j) => mean(middles, weights, i => size[i] === j) ?? overall);
    x.forEach((_, j) => {
      fitted[j] = theta[name === 'constant' ? 0 : j]!;
    });
  } else {
    const [level, slope] = line(middles, weights, i => x[size[i]!]!);
    theta = [level + slope * x[0]!, level + slope * x.at(-1)!];
    x.forEach((at, j) => {
      fitted[j] = level + slope * at;
    });
  }
  const [squares, total] = sums(weights, i => (middles[i]! - fitted[size[i]!]!) ** 2);
  return { theta, tau: Math.log(Math.max(0.05, Math.sqrt(squares / total))) };
}

function sums(weights: Float64Array, of: (i: number) => number): [sum: number, total: number] {
  let [sum, total] = [0, 0];
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    sum += weights[i]! * of(i);
    total += weights[i]!;
  }
  return [sum, total];
}

function mean(values: Float64Array, weights: Float64Array, keep: (i: number) => boolean): number | null {
  let [sum, total] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (!keep(i)) continue;
    sum += weights[i]! * values[i]!;
    total += weights[i]!;
  }
  return total > 0 ? sum / total : null;
}

function line(
  values: Float64Array,
  weights: Float64Array,
  at: (i: number) => number,
): [level: number, slope: number] {
  const [sumX, total] = sums(weights, at);
  const [sumY] = sums(weights, i => values[i]!);
  const [centreX, centreY] = [sumX / total, sumY / total];
  const [xy] = sums(weights, i => (at(i) - centreX) * (values[i]! - centreY));
  const [xx] = sums(weights, i => (at(i) - centreX) ** 2);
  const slope = xx > 0 ? xy / xx : 0;
  return [centreY - slope * centreX, slope];
}

function toFittedLaw(name: LawName, sample: Sample, maximum: Maximum): FittedLaw {
  const { theta, tau, logMu, logLikelihood, converged } = maximum;
  const bounds: Bound[] = [];
  if (name === 'free' && isAtBound(maximum)) bounds.push('lambda');
  const certain = logLikelihood > CERTAIN && sample.lower.every((low, i) => low < sample.upper[i]!);
  if (certain || tau < LOG_SIGMA_BOUNDS[0] + AT_BOUND || tau > LOG_SIGMA_BOUNDS[1] - AT_BOUND)
    bounds.push('sigma');
  return {
    name,
    law: lawOf(name, sample, theta),
    sigma: Math.exp(tau),
    logMu,
    logLikelihood,
    parameters: theta.length + 1,
    bounds,
    converged,
    maximum,
  };
}

function lawOf(name: LawName, { sizes, x, nRef }: Sample, theta: Float64Array): Law {
  const [p, q, free] = theta as unknown as [number, number, number];
  const [first, last] = [x[0]!, x.at(-1)!];
  switch (name) {
    case 'one mean per size':
      return { form: 'means', sizes, mu: Array.from(theta, Math.exp) };
    case 'constant':
      return { form: 'growth', alpha: p, r: 0, lambda: 0, nRef };
    case 'power': {
      const c = (q - p) / (last - first);
      return { form: 'power', alpha: p - c * first, c, nRef };
    }
    default: {
      const lambda = FIXED_LAMBDA[name] ?? free;
      const [low, high] = [growth(lambda, first), growth(lambda, last)];
      // mu = A + b g passes through both ends. x = 0 lies between them, so A > 0.
      const w = high / (high - low);
      const ratio = Math.exp(q - p);
      const level = w + (1 - w) * ratio;
      const r = (ratio - 1) / (high - low) / level;
      return { form: 'growth', alpha: p + Math.log(level), r, lambda, nRef };
    }
  }
}
