/** Public entry of the fits: pure functions from threshold rows to laws and verdicts. */

export type { Band } from './estimate/bands.js';
export { countsOfSample, medianCrossing, type SizeCounts } from './estimate/counts.js';
export type { Estimate, Interval } from './estimate/jackknife.js';
export type { RatioTest } from './estimate/likelihood-ratio.js';
export type { PredictedCrossing } from './estimate/predicted.js';
export {
  type Noise,
  simulateSample,
} from './estimate/simulate.js';
export { FIT_DEFAULTS, type FitOptions, sampleOf } from './fit-group.js';
export { type FitInput, fitSteps, fitSweep } from './fit-sweep.js';
export { type FitRow, type Group, groupRows, type TrainingState } from './groups.js';
export { fitLaw } from './laws/fit-law.js';
export { growth, LAW_NAMES, type Law, type LawName, muAt } from './laws/laws.js';
export { type CrossingRow, onSizes, packSample, type Sample } from './laws/sample.js';
export { findRegimes } from './regimes/find-regimes.js';
export { type LocalExponent, localExponents } from './regimes/local-exponents.js';
export { compareRegimes, regimesOfPredictions } from './regimes/predicted.js';
export {
  type RangeTest,
  REGIME_LAWS,
  REGIME_LEVEL,
  type RegimeLaw,
  rangeTests,
} from './regimes/range-tests.js';
export {
  type Bend,
  namedRegimes,
  type PredictedRegimes,
  type Regime,
  type Regimes,
} from './regimes/regime.js';
export { bendPlace, hasBend } from './regimes/search.js';
export type {
  Conventions,
  EstimateReport,
  FitGroup,
  FitReport,
  GroupKey,
  LawReport,
  Residual,
  TrajectoryCounts,
  Verdict,
} from './report.js';
export {
  type Evidence,
  judge,
  VERDICTS,
  type VerdictCode,
} from './verdict/judge.js';
export { type Shortfall, type ShortfallCode, shortfalls } from './verdict/sufficiency.js';
