/** Curves t*(n) drawn from known laws on a sweep's design, for the proofs that the fitter is right. */
import { atOnce } from '../../src/base/steps.js';
import {
  type CrossingRow,
  type Evidence,
  growth,
  judge,
  type Noise,
  packSample,
  type Sample,
  type SizeCounts,
  simulateSample,
  type VerdictCode,
} from '../../src/fit/index.js';
import { stream } from '../../src/math/random.js';

export interface Design {
  readonly sizes: readonly number[];
  readonly seeds: number;
  /** Checkpoints from 5 (and 0) at this ratio. */
  readonly ratio: number;
  readonly tMax: number;
}

/** Eight sizes over 128x, with ten seeds. */
export const DESIGN: Design = {
  sizes: [250, 500, 1000, 2000, 4000, 8000, 16000, 32000],
  seeds: 10,
  ratio: 1.12,
  tMax: 20_000,
};

/** Half of the variance belongs to the seed: it shifts its whole curve, and tilts it by up to 4% at the ends. */
export const NOISE: Noise = { own: 0.0707, seedLevel: 0.067, seedSlope: 0.015 };

export function checkpoints({ ratio, tMax }: Design): number[] {
  const times = [0];
  for (let t = 5; t < tMax; t = Math.max(t + 1, Math.round(t * ratio))) times.push(t);
  return [...times, tMax];
}

/** ln mu by size: from `from` at the smallest n to `from * factor` at the largest, along g_lambda. */
export function alongGrowth(
  lambda: number,
  factor: number,
  { sizes }: Design = DESIGN,
  from = 100,
): number[] {
  const x = sizes.map(n => Math.log(n / sizes[0]!));
  const whole = growth(lambda, x.at(-1)!);
  return x.map(at => Math.log(from * (1 + ((factor - 1) * growth(lambda, at)) / whole)));
}

/** The same along a power of n: its exponent is ln factor / ln range. */
export function alongPower(factor: number, { sizes }: Design = DESIGN, from = 100): number[] {
  const range = Math.log(sizes.at(-1)! / sizes[0]!);
  return sizes.map(n => Math.log(from) + (Math.log(factor) * Math.log(n / sizes[0]!)) / range);
}

/** A sample of the design as the base of draws; its own ends are placeholders. */
export function placeholderSample(design: Design): Sample {
  const grid = checkpoints(design);
  return packSample(
    design.sizes.flatMap(datasetSize =>
      Array.from({ length: design.seeds }, (_, seed): CrossingRow => {
        return { datasetSize, seed, lower: 1, upper: 2, checkpoints: grid };
      }),
    ),
  );
}

/** `count` samples, each from a stream of its own. */
export function* drawSamples(
  name: string,
  count: number,
  design: Design,
  logMu: readonly number[],
  noise: Noise = NOISE,
): Generator<Sample> {
  const base = placeholderSample(design);
  for (let i = 0; i < count; i++) yield simulateSample(base, logMu, noise, stream(i, 'proof', name));
}

export function countsOf(sample: Sample): SizeCounts[] {
  return sample.sizes.map((n, at) => {
    const own = [...sample.size.keys()].filter(i => sample.size[i] === at);
    const left = own.filter(i => sample.lower[i] === Number.NEGATIVE_INFINITY).length;
    const right = own.filter(i => sample.upper[i] === Number.POSITIVE_INFINITY).length;
    const [curves, crossed] = [own.length, own.length - right];
    const median = { lower: null, upper: null };
    return { n, curves, interval: crossed - left, left, right, unreachable: 0, crossed, flagged: 0, median };
  });
}

/** The whole evidence, or with `earlyExit` only the part that decides the verdict. */
export function judgeSample(sample: Sample, name: string, earlyExit: boolean, simulations = 399): Evidence {
  return atOnce(judge(sample, countsOf(sample), { seed: 1, name, simulations, earlyExit }));
}

/** The share of samples that reach each verdict. */
export function verdictShares(
  name: string,
  count: number,
  logMu: readonly number[],
  { design = DESIGN, noise = NOISE }: { design?: Design; noise?: Noise } = {},
): Partial<Record<VerdictCode, number>> {
  const tally = new Map<VerdictCode, number>();
  let i = 0;
  for (const sample of drawSamples(name, count, design, logMu, noise)) {
    const { code } = judgeSample(sample, `${name} ${i++}`, true);
    tally.set(code, (tally.get(code) ?? 0) + 1);
  }
  const shares = [...tally].sort(([, a], [, b]) => b - a).map(([code, times]) => [code, times / count]);
  return Object.fromEntries(shares);
}
