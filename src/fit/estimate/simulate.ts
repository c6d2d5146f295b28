/** Simulates thresholds from a law on a sample's sizes, seeds and checkpoints, and estimates a sample's noise. */
import type { Uniform } from '../../math/random.js';
import { normals } from '../../math/random.js';
import type { Sample } from '../laws/sample.js';
import { conditionalMean } from './residuals.js';

/**
 * Standard deviations of the noise of ln t*. Each seed shifts and tilts its whole curve t*(n), and each crossing has
 * an independent term.
 */
export interface Noise {
  /** Of each crossing. */
  readonly own: number;
  /** Of a seed's shift. */
  readonly seedLevel: number;
  /** Of a seed's tilt, per unit of ln n. */
  readonly seedSlope: number;
}

/** The total standard deviation of ln t* of one crossing at x = ln(n / nRef), the distance from the mid size. */
export const totalNoise = ({ own, seedLevel, seedSlope }: Noise, x = 0): number =>
  Math.hypot(own, seedLevel, seedSlope * x);

/**
 * The sample with newly drawn crossings, each given as the interval between its checkpoints like a measured one.
 *
 * @param logMu ln mu by size.
 */
export function simulateSample(
  sample: Sample,
  logMu: ArrayLike<number>,
  noise: Noise,
  next: Uniform,
): Sample {
  const normal = normals(next);
  const level = sample.seeds.map(() => noise.seedLevel * normal());
  const slope = sample.seeds.map(() => noise.seedSlope * normal());
  const lower = new Float64Array(sample.size.length);
  const upper = new Float64Array(sample.size.length);
  for (let i = 0; i < lower.length; i++) {
    const [size, seed] = [sample.size[i]!, sample.seed[i]!];
    const at = logMu[size]! + level[seed]! + slope[seed]! * sample.x[size]! + noise.own * normal();
    [lower[i], upper[i]] = between(sample.grid[i]!, at);
  }
  return { ...sample, lower, upper };
}

/**
 * The interval (grid[i - 1], grid[i]] of an ascending grid that contains a value. `lower` is -Infinity below the
 * first point, or below the second if the first is -Infinity (t = 0). `upper` is Infinity above the last.
 */
export function between(grid: ArrayLike<number>, value: number): [lower: number, upper: number] {
  let [low, high] = [0, grid.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (grid[middle]! >= value) high = middle;
    else low = middle + 1;
  }
  const lower = low === 0 ? Number.NEGATIVE_INFINITY : grid[low - 1]!;
  return [lower, low === grid.length ? Number.POSITIVE_INFINITY : grid[low]!];
}

/**
 * Estimates a sample's noise around a law by the method of moments.
 *
 * - A residual is the mean of ln t* in its interval, given the law, minus ln mu.
 * - A line in x is fitted to each seed's residuals and splits them into a level, a slope and a rest.
 * - The parts are scaled so that their total is `sigma`, the maximum-likelihood estimate.
 * - With fewer than two seeds that have three sizes, all noise is `own`.
 *
 * @param left the share of each crossing's own variance that the law leaves in the residuals: (S - 1) / S around one mean
 * per size, which takes the mean of S crossings away.
 */
export function estimateNoise(sample: Sample, logMu: ArrayLike<number>, sigma: number, left = 1): Noise {
  const { x, seeds, size, seed, lower, upper } = sample;
  const bySeed = seeds.map(() => ({ x: [] as number[], residual: [] as number[] }));
  let grain = 0;
  for (let i = 0; i < size.length; i++) {
    const [at, one] = [size[i]!, bySeed[seed[i]!]!];
    one.x.push(x[at]!);
    one.residual.push(conditionalMean(lower[i]! - logMu[at]!, upper[i]! - logMu[at]!, sigma));
    const width = upper[i]! - lower[i]!;
    if (Number.isFinite(width)) grain += (width * width) / 12 / size.length;
  }
  const lines = bySeed.filter(one => new Set(one.x).size >= 3).map(one => fitLine(one.x, one.residual));
  if (lines.length < 2) return { own: sigma, seedLevel: 0, seedSlope: 0 };
  const freedom = lines.reduce((sum, line) => sum + line.freedom, 0);
  const rest = lines.reduce((sum, line) => sum + line.squares, 0) / freedom / left;
  const own = Math.max(rest - grain, 0);
  const level = variance(lines.map(line => line.level)) - rest * average(lines.map(line => 1 / line.count));
  const slope = variance(lines.map(line => line.slope)) - rest * average(lines.map(line => 1 / line.spread));
  const spread = average(lines.map(line => line.spread / line.count));
  const parts = [own, Math.max(level, 0), Math.max(slope, 0)] as const;
  const total = parts[0] + parts[1] + parts[2] * spread;
  if (!(total > 0)) return { own: sigma, seedLevel: 0, seedSlope: 0 };
  const scale = sigma / Math.sqrt(total);
  return {
    own: scale * Math.sqrt(parts[0]),
    seedLevel: scale * Math.sqrt(parts[1]),
    seedSlope: scale * Math.sqrt(parts[2]),
  };
}

function fitLine(x: readonly number[], y: readonly number[]) {
  const [centre, level] = [average(x), average(y)];
  const spread = x.reduce((sum, at) => sum + (at - centre) ** 2, 0);
  const slope = x.reduce((sum, at, i) => sum + (at - centre) * (y[i]! - level), 0) / spread;
  const squares = x.reduce((sum, at, i) => sum + (y[i]! - level - slope * (at - centre)) ** 2, 0);
  return { level, slope, squares, spread, count: x.length, freedom: x.length - 2 };
}

const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function variance(values: readonly number[]): number {
  const centre = average(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}
