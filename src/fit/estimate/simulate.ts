/** Thresholds drawn from a law on a sample's own design: its sizes, seeds and checkpoints. */
import type { Uniform } from '../../math/random.js';
import { normals } from '../../math/random.js';
import type { Sample } from '../laws/sample.js';
import { conditionalMean } from './residuals.js';

/**
 * Noise of ln t*: every seed shifts and tilts its whole curve t*(n), and every crossing has noise of its own. Standard
 * deviations.
 */
export interface Noise {
  readonly own: number;
  readonly seedLevel: number;
  /** Per unit of ln n. */
  readonly seedSlope: number;
}

/** The noise of one crossing all told, at a distance x = ln(n / nRef) from the middle of the sizes. */
export const totalNoise = ({ own, seedLevel, seedSlope }: Noise, x = 0): number =>
  Math.hypot(own, seedLevel, seedSlope * x);

/**
 * The sample with its crossings drawn anew and put between its checkpoints, as measured ones would be.
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
 * Between which points of an ascending grid a value lies: (grid[i - 1], grid[i]], -Infinity below the second point
 * where the first is -Infinity (t = 0) and below the first otherwise; Infinity above the last.
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
 * The noise that a sample shows around a law, by moments: the residuals of each seed (the mean of ln t* in its
 * interval, given the law) are split into a level, a slope in x and a rest. The parts are scaled so that together they
 * are `sigma`, the maximum-likelihood estimate.
 */
export function estimateNoise(sample: Sample, logMu: ArrayLike<number>, sigma: number): Noise {
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
  const lines = bySeed.filter(one => new Set(one.x).size >= 3).map(one => straight(one.x, one.residual));
  if (lines.length < 2) return { own: sigma, seedLevel: 0, seedSlope: 0 };
  const freedom = lines.reduce((sum, line) => sum + line.freedom, 0);
  const rest = lines.reduce((sum, line) => sum + line.squares, 0) / freedom;
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

function straight(x: readonly number[], y: readonly number[]) {
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
