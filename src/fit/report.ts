/**
 * What a fit reports: the value behind `espalier fit --json`. Its shape is public and stable: fields are added, never
 * renamed; `shape` counts changes that break a reader. Times are iterations; ln is natural.
 */
import type { EngineName, Loss, PruneMethod } from '../domain/types.js';
import type { Band } from './estimate/bands.js';
import type { SizeCounts } from './estimate/counts.js';
import type { Interval } from './estimate/jackknife.js';
import type { RatioTest } from './estimate/likelihood-ratio.js';
import type { Noise } from './estimate/simulate.js';
import type { Law, LawName } from './laws/laws.js';
import type { VerdictCode } from './verdict/judge.js';
import type { Shortfall } from './verdict/sufficiency.js';

export interface FitReport {
  readonly shape: 1;
  readonly sweep: string;
  /** What every verdict is conditional on. */
  readonly conventions: Conventions;
  /** Index of the primary group in `groups`; null where it has no crossings. */
  readonly primary: number | null;
  /** One for each target, width, method, k and further axes; the primary one first. */
  readonly groups: readonly FitGroup[];
  /** Seed of all simulations; their streams are named after it and the group's `name`. */
  readonly simulationSeed: number;
  /** Targets for which curves have no threshold, and why. */
  readonly notes: readonly string[];
}

export interface Conventions {
  /** `mean over samples`. */
  readonly lossReduction: string;
  readonly learningRate: string;
  readonly time: string;
  /** When a curve counts as having crossed its target. */
  readonly criterion: string;
  /** The rules of the verdict. */
  readonly rules: string;
}

/** Which curves a group holds. */
export interface GroupKey {
  /** Null where the width moves with n. */
  readonly width: number | null;
  /** The sweep's further axes by path, apart from those that move with n. */
  readonly axes: Readonly<Record<string, unknown>>;
  /** Null for the dense network's own thresholds, which do not depend on pruning; so are the next three. */
  readonly method: PruneMethod | null;
  readonly objective: Loss | null;
  readonly subnetSize: number | null;
  readonly retrainIterations: number | null;
  readonly metric: string;
  readonly target: string;
  readonly engine: EngineName;
  readonly numerics: number;
}

export interface FitGroup extends GroupKey {
  /** Unique in the report. */
  readonly name: string;
  readonly isPrimary: boolean;
  /** By data set size, ascending. */
  readonly sizes: readonly SizeCounts[];
  readonly seeds: number;
  /** Over all sizes. */
  readonly curves: number;
  /** Best AICc first, one mean per size last; empty where nothing has crossed at three sizes. */
  readonly laws: readonly LawReport[];
  /** The free law's lambda and r; null where there is no free law. */
  readonly lambda: EstimateReport | null;
  readonly r: EstimateReport | null;
  /** lambda - r: 0 under a power law. */
  readonly excess: EstimateReport | null;
  /** Slope b = A r of the logarithmic law, iterations per unit of ln n. */
  readonly slope: EstimateReport | null;
  /** Of `slope.p` among the secondary groups; null for the primary one and where there is no p. */
  readonly holmP: number | null;
  /** lambda within this of 0 counts as logarithmic. */
  readonly margin: number;
  /** The maximised log-likelihood at fixed lambda. */
  readonly profile: { readonly lambda: readonly number[]; readonly logLikelihood: readonly number[] } | null;
  /** The free law against one mean per size. */
  readonly lackOfFit: RatioTest | null;
  /** The logarithmic law against the free one: only where growth is seen but lambda is unidentified. */
  readonly logarithm: RatioTest | null;
  /** Of ln t* around the free law, split into its parts; null where there is none. */
  readonly noise: Noise | null;
  /** Pointwise 95% bands of mu(n), by resampling seeds. */
  readonly bands: readonly Band[];
  /** One for each curve in the fit. */
  readonly residuals: readonly Residual[];
  readonly verdict: Verdict;
  /** Why intervals may be too narrow or curves doubtful. */
  readonly warnings: readonly string[];
}

export interface Verdict {
  readonly code: VerdictCode;
  /** The verdict's words, as statistics.md has them and the column `verdict` of the view `fits`. */
  readonly label: string;
  /** With lambda, its interval, the margin and the design. */
  readonly sentence: string;
  /** What decided, one line each. */
  readonly reasons: readonly string[];
  /** Of insufficient data: what is missing and what would make it enough. */
  readonly shortfalls: readonly Shortfall[];
}

export interface LawReport {
  readonly name: LawName;
  /** To be drawn with `muAt`. */
  readonly law: Law;
  /** Standard deviation of ln t*. */
  readonly sigma: number;
  readonly logLikelihood: number;
  /** Number of parameters, sigma among them. */
  readonly parameters: number;
  readonly aicc: number | null;
  readonly bic: number;
  /** Akaike weight among the laws; null for one mean per size. */
  readonly weight: number | null;
  /** Parameters whose estimate ended on its bound: unidentified. */
  readonly unidentified: readonly string[];
  /** Mean log predictive likelihood of a crossing at a size that was left out; null for one mean per size. */
  readonly leaveOneSizeOut: number | null;
  /** Fitted without the two largest sizes: the same score there, and ln(t* / mu) on average (interval middles). */
  readonly holdOut: { readonly score: number; readonly bias: number } | null;
}

export interface EstimateReport {
  readonly value: number;
  readonly standardError: number | null;
  /** Null where unidentified. */
  readonly interval95: Interval | null;
  readonly interval90: Interval | null;
  readonly p: number | null;
}

/** ln t* minus ln mu of the free law. */
export interface Residual {
  readonly n: number;
  readonly seed: number;
  /** Ends of the interval; null where there is none. */
  readonly lower: number | null;
  readonly upper: number | null;
  /** The expectation within the interval, under the fit. */
  readonly middle: number;
}
