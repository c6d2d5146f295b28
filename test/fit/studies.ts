/** The proofs that the fitter is right, as functions of the number of samples. */
import { fitLaw, type Law, type Noise, type Sample, type VerdictCode } from '../../src/fit/index.js';
import {
  alongGrowth,
  alongPower,
  DESIGN,
  type Design,
  drawSamples,
  judgeSample,
  NOISE,
  verdictShares,
} from './scenarios.js';

/** b = A r of the logarithmic law. */
const slopeOf = (law: Law): number => (law.form === 'growth' ? Math.exp(law.alpha) * law.r : Number.NaN);
const LOG_3X = alongGrowth(0, 3);
const TRUE_SLOPE = 200 / Math.log(128);

export interface Bias {
  /** Share of all crossings. */
  readonly rightCensored: number;
  /** Mean estimate of the slope over the true slope, minus 1. */
  readonly bias: number;
  /** The same for least squares on the upper ends, without right-censored curves. */
  readonly naive: number;
}

/** Noise wide enough for checkpoints at ratio 2 to resolve it. */
const WIDE: Noise = { own: 0.2, seedLevel: 0.1, seedSlope: 0.02 };
export const BIAS_CASES: Readonly<Record<string, { design: Design; noise: Noise }>> = {
  'checkpoint ratio 2': { design: { ...DESIGN, ratio: 2, tMax: 5120 }, noise: WIDE },
  '30% right-censored': { design: { ...DESIGN, tMax: 243 }, noise: WIDE },
  both: { design: { ...DESIGN, ratio: 2, tMax: 243 }, noise: WIDE },
};

export function biasStudy(name: string, count: number): Bias {
  const { design, noise } = BIAS_CASES[name]!;
  let [censored, crossings, ours, naive] = [0, 0, 0, 0];
  for (const sample of drawSamples(`bias ${name}`, count, design, LOG_3X, noise)) {
    ours += slopeOf(fitLaw('logarithmic', sample).law);
    naive += slopeOf(fitLaw('logarithmic', naiveSample(sample)).law);
    censored += sample.upper.filter(end => end === Number.POSITIVE_INFINITY).length;
    crossings += sample.upper.length;
  }
  return {
    rightCensored: censored / crossings,
    bias: ours / count / TRUE_SLOPE - 1,
    naive: naive / count / TRUE_SLOPE - 1,
  };
}

/** Every crossing at its upper end, as if observed exactly, with weight 0 for right-censored ones. */
function naiveSample(sample: Sample): Sample {
  const isCrossed = (i: number): boolean => sample.upper[i]! < Number.POSITIVE_INFINITY;
  const ends = sample.upper.map((end, i) => (isCrossed(i) ? end : 0));
  return { ...sample, lower: ends, upper: ends, weight: sample.weight.map((w, i) => (isCrossed(i) ? w : 0)) };
}

export interface Coverage {
  /** Share of the existing 95% intervals of lambda that contain the truth. */
  readonly lambda: number;
  /** The same for the slope, as a share of all samples; null unless the truth is a logarithm. */
  readonly slope: number | null;
  /** Share of samples without an interval of lambda. */
  readonly unidentified: number;
}

/** Seeds differ in level and slope. In the second, most noise comes from the seeds, as in the MNIST sweeps. */
export const COVERAGE_NOISES: Readonly<Record<string, Noise>> = {
  'half from seeds': NOISE,
  'mostly from seeds': { own: 0.04, seedLevel: 0.08, seedSlope: 0.03 },
};

export function coverageStudy(
  lambda: number,
  seeds: number,
  noise: string,
  count: number,
  draw = drawSamples,
): Coverage {
  let [held, heldSlope, known] = [0, 0, 0];
  const name = `coverage ${lambda} ${seeds} ${noise}`;
  const logMu = alongGrowth(lambda, 3);
  for (const sample of draw(name, count, { ...DESIGN, seeds }, logMu, COVERAGE_NOISES[noise])) {
    const { lambda: found, slope } = estimates(sample, name);
    if (found?.interval95) {
      known++;
      if (found.interval95.low <= lambda && lambda <= found.interval95.high) held++;
    }
    if (slope?.interval95 && slope.interval95.low <= TRUE_SLOPE && TRUE_SLOPE <= slope.interval95.high)
      heldSlope++;
  }
  return {
    lambda: held / known,
    slope: lambda === 0 ? heldSlope / count : null,
    unidentified: 1 - known / count,
  };
}

/** Without the lack-of-fit test, which takes most of the time. */
const estimates = (sample: Sample, name: string) => judgeSample(sample, name, false, 1);

/** The truths of the confusion matrix, each with its right verdict and the smallest share of it. */
export const TRUTHS: Readonly<
  Record<string, { logMu: readonly number[]; verdict: VerdictCode; least: number }>
> = {
  constant: { logMu: alongGrowth(0, 1), verdict: 'no-growth', least: 0.85 },
  logarithmic: { logMu: LOG_3X, verdict: 'logarithmic', least: 0.9 },
  'square root': { logMu: alongGrowth(0.5, 3), verdict: 'faster', least: 0.95 },
  linear: { logMu: alongGrowth(1, 3), verdict: 'faster', least: 0.95 },
  saturating: { logMu: alongGrowth(-0.5, 3), verdict: 'slower', least: 0.95 },
  power: { logMu: alongPower(3), verdict: 'faster', least: 0.95 },
  'no smooth law': {
    logMu: LOG_3X.map((at, i) => at + (i % 2 === 0 ? 0.12 : -0.12)),
    verdict: 'no-smooth-law',
    least: 0.95,
  },
  decreasing: { logMu: alongGrowth(0, 1 / 3, DESIGN, 300), verdict: 'decreases', least: 0.95 },
  'steep, then flat': { logMu: alongGrowth(-2, 3), verdict: 'slower', least: 0.95 },
};
/** The factors by which a power law grows over the range. */
export const POWER_FACTORS = [1.6, 2, 3, 10, 30];

export const confusionStudy = (truth: string, count: number, draw = drawSamples) =>
  verdictShares(`confusion ${truth}`, count, TRUTHS[truth]!.logMu, { draw });

export const powerStudy = (factor: number, count: number) =>
  verdictShares(`power ${factor}`, count, alongPower(factor));
