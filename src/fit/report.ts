/**
 * The report of a fit, printed by `espalier fit --json`. The shape is public and stable: fields are added, never
 * renamed, and `shape` counts breaking changes. Times are iterations; ln is natural.
 */
import type { EngineName, Objective, PruneMethod } from '../domain/types.js';
import type { Band } from './estimate/bands.js';
import type { SizeCounts } from './estimate/counts.js';
import type { Interval } from './estimate/jackknife.js';
import type { RatioTest } from './estimate/likelihood-ratio.js';
import type { Noise } from './estimate/simulate.js';
import type { Law, LawName } from './laws/laws.js';
import type { PredictedRegimes, Regimes } from './regimes/regime.js';
import type { VerdictCode } from './verdict/judge.js';
import type { Shortfall } from './verdict/sufficiency.js';

/** The fits of one sweep. */
export interface FitReport {
  readonly shape: 1;
  readonly sweep: string;
  /** The conventions that every verdict depends on. */
  readonly conventions: Conventions;
  /** Index of the primary group in `groups`; null if it has no crossings. */
  readonly primary: number | null;
  /** One for each target, width, method, k and values of further axes; the primary group first. */
  readonly groups: readonly FitGroup[];
  /** Seed of all simulations. Their random streams are named after it and the group's `name`. */
  readonly simulationSeed: number;
  /** Targets without a threshold on some curves, with the reasons. */
  readonly notes: readonly string[];
  /** Why there is no primary group, and what would help; null if there is one. */
  readonly missing: string | null;
}

/** Trajectories of a sweep. */
export interface TrajectoryCounts {
  readonly done: number;
  readonly failed: number;
  /** Neither done nor failed. */
  readonly open: number;
}

/** What losses, times and rules mean, in words. */
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

/** Identifies the curves of a group. */
export interface GroupKey {
  /** Null if the width moves with n. */
  readonly width: number | null;
  /** The sweep's further axes by path, without those that move with n. */
  readonly axes: Readonly<Record<string, unknown>>;
  /** Null, like the next four, for the dense network's thresholds, which do not depend on pruning. */
  readonly method: PruneMethod | null;
  readonly objective: Objective | null;
  /** Samples that each pick looks at; null also for all n of them, and if it moves with n. */
  readonly sampleSize: number | null;
  readonly subnetSize: number | null;
  readonly retrainIterations: number | null;
  readonly metric: string;
  readonly target: string;
  readonly engine: EngineName;
  readonly numerics: number;
}

/** The curves of one target, width, method and k: their laws, and what follows from them. */
export interface FitGroup extends GroupKey {
  /** Unique in the report. */
  readonly name: string;
  readonly isPrimary: boolean;
  /** By data set size, ascending. */
  readonly sizes: readonly SizeCounts[];
  readonly seeds: number;
  /** Over all sizes. */
  readonly curves: number;
  /** Best AICc first, one mean per size last. Empty if fewer than three sizes have reachable curves. */
  readonly laws: readonly LawReport[];
  /** The free law's lambda and r; null if there is no free law. */
  readonly lambda: EstimateReport | null;
  readonly r: EstimateReport | null;
  /** lambda - r: 0 under a power law. */
  readonly excess: EstimateReport | null;
  /** The same of what the kernel at t = 0 predicts for these curves (`espalier predict`); null without predictions. */
  readonly lambdaPredicted: EstimateReport | null;
  /** Slope b = A r of the logarithmic law, iterations per unit of ln n. */
  readonly slope: EstimateReport | null;
  /** `slope.p` after Holm's correction over secondary groups; null if primary, without p, or insufficient data. */
  readonly holmP: number | null;
  /** lambda closer than this to 0 counts as logarithmic. */
  readonly margin: number;
  /** The maximised log-likelihood at each fixed lambda. */
  readonly profile: { readonly lambda: readonly number[]; readonly logLikelihood: readonly number[] } | null;
  /** Test of the free law against one mean per size. */
  readonly lackOfFit: RatioTest | null;
  /** Test of the logarithmic law against the free one. Null unless there is growth and lambda is unidentified. */
  readonly logarithm: RatioTest | null;
  /** Noise of ln t* around the free law, by parts; null without a free law. */
  readonly noise: Noise | null;
  /** Pointwise 95% bands of mu(n), by resampling seeds. */
  readonly bands: readonly Band[];
  /** One for each curve in the fit. */
  readonly residuals: readonly Residual[];
  readonly verdict: Verdict;
  /** Where which law holds, beside the verdict; null if not asked for. */
  readonly regimes: Regimes | null;
  /** The same of what the kernel at t = 0 predicts for these curves; null without predictions, or if not asked for. */
  readonly regimesPredicted: PredictedRegimes | null;
  /** Reasons why intervals may be too narrow or curves doubtful. */
  readonly warnings: readonly string[];
}

/** What the data say about the growth of t* (docs/statistics.md, section 5). */
export interface Verdict {
  readonly code: VerdictCode;
  /** The verdict in words, as in statistics.md and in the column `verdict` of the view `fits`. */
  readonly label: string;
  /** One line with lambda, its interval, the margin and the design. */
  readonly sentence: string;
  /** The findings that decided the verdict, one line each. */
  readonly reasons: readonly string[];
  /** For insufficient data: what is missing, with the remedy. */
  readonly shortfalls: readonly Shortfall[];
}

/** A law as fitted to a group. */
export interface LawReport {
  readonly name: LawName;
  /** Evaluated by `muAt`. */
  readonly law: Law;
  /** Standard deviation of ln t*. */
  readonly sigma: number;
  readonly logLikelihood: number;
  /** Number of parameters, including sigma. */
  readonly parameters: number;
  readonly aicc: number | null;
  readonly bic: number;
  /** Akaike weight among the laws; null for one mean per size. */
  readonly weight: number | null;
  /** Parameters whose estimate ended on its bound: unidentified. */
  readonly unidentified: readonly string[];
  /** Mean log predictive likelihood of crossings at left-out sizes; null for one mean per size. */
  readonly leaveOneSizeOut: number | null;
  /** A fit without the two largest sizes: the same score at them, and the mean of ln(t* / mu) (interval middles). */
  readonly holdOut: { readonly score: number; readonly bias: number } | null;
}

/** An estimate, with its uncertainty by leaving out one seed at a time. */
export interface EstimateReport {
  readonly value: number;
  readonly standardError: number | null;
  /** Null if unidentified. */
  readonly interval95: Interval | null;
  readonly interval90: Interval | null;
  /** Two-sided, for the hypothesis that the true value is 0. */
  readonly p: number | null;
}

/** ln t* minus ln mu of the free law. */
export interface Residual {
  readonly n: number;
  readonly seed: number;
  /** Ends of the interval; null if infinite. */
  readonly lower: number | null;
  readonly upper: number | null;
  /** The expectation inside the interval, under the fit. */
  readonly middle: number;
}
