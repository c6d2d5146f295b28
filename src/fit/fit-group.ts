/** Fits one group of curves: laws, intervals, bands, verdict. */
import type { Steps } from '../base/steps.js';
import { stream } from '../math/random.js';
import { circumstancesOf } from './circumstances.js';
import { bandsOf } from './estimate/bands.js';
import { countsBySize } from './estimate/counts.js';
import { aicc, akaikeWeights, bic } from './estimate/criteria.js';
import { predictedLambda } from './estimate/predicted.js';
import { conditionalMean } from './estimate/residuals.js';
import { holdOutLargest, leaveOneSizeOut } from './estimate/scores.js';
import { estimateNoise } from './estimate/simulate.js';
import type { FitRow, Group } from './groups.js';
import { type FittedLaw, fitAtLambda, fitLaw, maximaSpread } from './laws/fit-law.js';
import { LAMBDA_BOUND, LAW_NAMES } from './laws/laws.js';
import { packSample, type Sample } from './laws/sample.js';
import { findRegimes } from './regimes/find-regimes.js';
import { compareRegimes, regimesOfPredictions } from './regimes/predicted.js';
import type { FitGroup, GroupKey, LawReport, Residual, TrajectoryCounts } from './report.js';
import { type Evidence, judge, LACK_OF_FIT_LEVEL, MARGIN, VERDICTS } from './verdict/judge.js';
import { designOf, lackingPhrase, reasonsOf, sentenceOf, warningsOf } from './verdict/sentences.js';

/** How much a fit simulates. */
export interface FitOptions {
  /** Seed of all simulations. */
  readonly seed: number;
  /** Maximum simulations of each likelihood ratio test. */
  readonly simulations: number;
  /** Resamplings of the seeds for the bands. */
  readonly bandDraws: number;
  /** Whether to search for ranges on which single laws hold. */
  readonly regimes: boolean;
  /** Selects the groups that get bands, which take most of the time. Default: all. */
  readonly wantsBands?: (key: GroupKey) => boolean;
}

export const FIT_DEFAULTS: FitOptions = { seed: 1, simulations: 999, bandDraws: 400, regimes: true };

/** Laws that the verdict depends on. They get bands, and so does the law with the lowest AICc. */
const BANDED = ['logarithmic', 'power', 'free'];
const PROFILE_STEP = 0.05;
/** Maxima closer than this in log-likelihood are the same maximum. */
const SAME_MAXIMUM = 1e-4;

/** Packs a group's crossings for the fits. Unreachable ones are excluded. */
export function sampleOf(rows: readonly FitRow[]): Sample {
  const usable = rows.filter(row => row.censoring !== 'unreachable');
  return packSample(usable.map(row => ({ ...row, lower: row.lower ?? 0 })));
}

/** `holmP` stays null here, because Holm's correction needs all groups (see `fitSweep`). */
export function* fitGroup(
  { key, name, isPrimary, rows }: Group,
  options: FitOptions,
  progress: TrajectoryCounts | null = null,
  predictions = regimesOfPredictions(options.seed),
): Steps<FitGroup> {
  const sizes = countsBySize(rows);
  const sample = sampleOf(rows);
  const seeds = sample.seeds.length;
  const { seed, simulations, bandDraws, wantsBands = () => true } = options;
  const circumstances = circumstancesOf(rows, progress);
  const evidence = yield* judge(sample, sizes, { seed, name, simulations, circumstances });
  const fitted = sample.sizes.length < 3 ? [] : LAW_NAMES.map(law => fitLaw(law, sample));
  const free = fitted.find(law => law.name === 'free');
  const laws = lawReports(sample, fitted);
  const drawn = [...BANDED, laws[0]?.name];
  const banded = seeds < 2 || !wantsBands(key) ? [] : fitted.filter(law => drawn.includes(law.name));
  const { code, shortfalls, slope, lambda, r, excess, lackOfFit, logarithm } = evidence;
  const regimes = options.regimes
    ? yield* findRegimes(sample, { seed, name, lacking: lackingOf(evidence), isSmooth: isSmooth(evidence) })
    : null;
  const predicted = regimes && (yield* predictions(rows));
  const pools = rows.map(row => row.pool).filter(pool => pool !== null);
  return {
    ...key,
    name,
    isPrimary,
    sizes,
    seeds,
    curves: rows.length,
    laws,
    slope,
    lambda,
    lambdaPredicted: predictedLambda(rows),
    r,
    excess,
    holmP: null,
    margin: MARGIN,
    profile: free ? profileOf(sample) : null,
    lackOfFit,
    logarithm,
    noise: free ? estimateNoise(sample, free.logMu, free.sigma) : null,
    bands: yield* bandsOf(sample, banded, bandDraws, stream(seed, 'bands', name)),
    residuals: free ? residualsOf(sample, free) : [],
    verdict: {
      code,
      label: VERDICTS[code],
      sentence: sentenceOf(evidence, designOf(sizes, circumstances.seeds)),
      reasons: reasonsOf(evidence),
      shortfalls,
    },
    regimes,
    regimesPredicted: predicted && { ...predicted, ...compareRegimes(predicted.regimes, regimes) },
    warnings: warningsOf(sizes, {
      metric: key.metric,
      target: key.target,
      pool: pools.length > 0 ? Math.min(...pools) : null,
      seeds,
      instability: circumstances.instability,
      notConverged: fitted.filter(law => !law.converged).map(law => law.name),
      ambiguous: free !== undefined && maximaSpread(sample) > SAME_MAXIMUM,
      predicted: new Set(rows.filter(row => row.predicted).map(row => row.datasetSize)),
    }),
  };
}

/** Why a group has no regimes: the shortfalls of its verdict. */
const lackingOf = ({ code, shortfalls }: Evidence): string | null =>
  code === 'insufficient-data' ? `${VERDICTS[code]}: ${lackingPhrase(shortfalls)}` : null;

const isSmooth = ({ lackOfFit }: Evidence): boolean | null => lackOfFit && lackOfFit.p >= LACK_OF_FIT_LEVEL;

function lawReports(sample: Sample, fitted: readonly FittedLaw[]): LawReport[] {
  const observations = sample.weight.reduce((sum, weight) => sum + weight, 0);
  const isLaw = (one: FittedLaw): boolean => one.name !== 'one mean per size';
  const criteria = fitted.map(one => aicc(one.logLikelihood, one.parameters, observations));
  const weights = akaikeWeights(criteria.map((value, i) => (isLaw(fitted[i]!) ? value : null)));
  const reports = fitted.map((one, i): LawReport => {
    const { name, law, sigma, logLikelihood, parameters, bounds } = one;
    return {
      name,
      law,
      sigma,
      logLikelihood,
      parameters,
      aicc: criteria[i]!,
      bic: bic(logLikelihood, parameters, observations),
      weight: weights[i]!,
      unidentified: bounds,
      leaveOneSizeOut: isLaw(one) ? leaveOneSizeOut(sample, one) : null,
      holdOut: isLaw(one) ? holdOutLargest(sample, one) : null,
    };
  });
  const rank = ({ name, aicc: value }: LawReport): number =>
    name === 'one mean per size' ? Number.POSITIVE_INFINITY : (value ?? Number.MAX_VALUE);
  return reports.sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
}

function profileOf(sample: Sample): { lambda: number[]; logLikelihood: number[] } {
  const steps = Math.round(LAMBDA_BOUND / PROFILE_STEP);
  const lambda = Array.from({ length: 2 * steps + 1 }, (_, i) => (i - steps) / Math.round(1 / PROFILE_STEP));
  return { lambda, logLikelihood: lambda.map(at => fitAtLambda(sample, at, sample.weight).logLikelihood) };
}

function residualsOf(
  { sizes, seeds, size, seed, lower, upper }: Sample,
  { logMu, sigma }: FittedLaw,
): Residual[] {
  return Array.from(size, (at, i) => {
    const [low, high] = [lower[i]! - logMu[at]!, upper[i]! - logMu[at]!];
    return {
      n: sizes[at]!,
      seed: seeds[seed[i]!]!,
      lower: Number.isFinite(low) ? low : null,
      upper: Number.isFinite(high) ? high : null,
      middle: conditionalMean(low, high, sigma),
    };
  });
}
