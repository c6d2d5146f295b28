/** Fits one law to one sample: starts, maximum, and the law that it stands for. */
import type { Law, LawName } from './laws.js';
import { FIXED_LAMBDA, growth, LAMBDA_BOUND, TAU_BOUNDS } from './laws.js';
import { type Maximum, maximise } from './maximise.js';
import { mixture, predictorOf } from './predictors.js';
import { logMiddles, type Sample } from './sample.js';

/** What the estimate of a parameter ran into, if it did: such a parameter is unidentified. */
export type Bound = 'lambda' | 'sigma';

export interface FittedLaw {
  readonly name: LawName;
  readonly law: Law;
  readonly sigma: number;
  /** ln mu by size. */
  readonly logMu: Float64Array;
  readonly logLikelihood: number;
  /** Number of parameters, sigma among them. */
  readonly parameters: number;
  readonly bounds: readonly Bound[];
  readonly converged: boolean;
  /** From where a fit to other weights of the same sample may start. */
  readonly maximum: Maximum;
}

/** Starts of lambda for the free law. */
const LAMBDA_STARTS = [0, 0.7, -0.7];
/** Closer than this to its bound, an estimate has ended there. */
const AT_BOUND = 1e-3;
/** A likelihood this near 1 says that every interval holds its prediction: sigma could be anything smaller. */
const CERTAIN = -1e-6;

/**
 * The maximum-likelihood fit of one law.
 *
 * @param weights one for each crossing; at least one must be positive.
 * @param from the maximum of the same law under other weights, to start from.
 */
export function fitLaw(
  name: LawName,
  sample: Sample,
  weights: Float64Array = sample.weight,
  from?: Maximum,
): FittedLaw {
  const predictor = predictorOf(name, sample.x);
  if (name !== 'free') {
    const start = from ?? roughly(name, sample, weights);
    return asLaw(name, sample, maximise(sample, weights, predictor, start));
  }
  if (from) {
    const maximum = maximise(sample, weights, predictor, from);
    // One that runs into a bound from inside may have missed a maximum on the other side.
    if (maximum.converged && (!isAtBound(maximum) || isAtBound(from))) return asLaw(name, sample, maximum);
  }
  const maxima = climbs(sample, weights);
  return asLaw(
    name,
    sample,
    maxima.reduce((best, one) => (one.logLikelihood > best.logLikelihood ? one : best)),
  );
}

/** Where the free law's starts lead: each is the best law with lambda held, and then lets go of it. */
function climbs(sample: Sample, weights: Float64Array): Maximum[] {
  const predictor = predictorOf('free', sample.x);
  return LAMBDA_STARTS.map(lambda => {
    const held = fitAtLambda(sample, lambda, weights);
    return maximise(sample, weights, predictor, { theta: [...held.theta, lambda], tau: held.tau });
  });
}

const isAtBound = ({ theta }: Maximum): boolean => Math.abs(theta[2]!) > LAMBDA_BOUND - AT_BOUND;

/** The growth law with lambda held at any value: a point of lambda's profile. */
export function fitAtLambda(sample: Sample, lambda: number, weights: Float64Array, from?: Maximum): Maximum {
  const start = from ?? roughly('logarithmic', sample, weights);
  return maximise(sample, weights, mixture(sample.x, lambda), start);
}

/** How far the ends of the starts' climbs lie apart in log-likelihood: a maximum that is not the only one shows here. */
export function startsApart(sample: Sample, weights: Float64Array = sample.weight): number {
  const values = climbs(sample, weights).map(one => one.logLikelihood);
  return Math.max(...values) - Math.min(...values);
}

/** Least squares on log middles; of a law with two ends, a straight line in x. */
function roughly(name: LawName, sample: Sample, weights: Float64Array): { theta: number[]; tau: number } {
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

function asLaw(name: LawName, sample: Sample, maximum: Maximum): FittedLaw {
  const { theta, tau, logMu, logLikelihood, converged } = maximum;
  const bounds: Bound[] = [];
  if (name === 'free' && isAtBound(maximum)) bounds.push('lambda');
  const certain = logLikelihood > CERTAIN && sample.lower.every((low, i) => low < sample.upper[i]!);
  if (certain || tau < TAU_BOUNDS[0] + AT_BOUND || tau > TAU_BOUNDS[1] - AT_BOUND) bounds.push('sigma');
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
      // mu = A + b g passes through both ends; 0 lies between them, so A > 0.
      const w = high / (high - low);
      const ratio = Math.exp(q - p);
      const level = w + (1 - w) * ratio;
      const r = (ratio - 1) / (high - low) / level;
      return { form: 'growth', alpha: p + Math.log(level), r, lambda, nRef };
    }
  }
}
