/** From thresholds to a verdict: pure functions of rows. */
export { bandGrid } from './bands.js';
export { countsBySize, medianCrossing, type SizeCounts } from './counts.js';
export { FIT_DEFAULTS, type FitOptions, sampleOf } from './fit-group.js';
export { type FittedLaw, fitLaw } from './fit-law.js';
export { type FitInput, fitSweep } from './fit-sweep.js';
export { type FitRow, type Group, groupRows } from './groups.js';
export type { Estimate, Interval } from './jackknife.js';
export { growth, LAW_NAMES, type Law, type LawName, muAt } from './laws.js';
export type {
  Band,
  Conventions,
  EstimateReport,
  FitGroup,
  FitReport,
  GroupKey,
  LawReport,
  Residual,
  Verdict,
} from './report.js';
export { type Crossed, packSample, type Sample } from './sample.js';
export { between, learnNoise, type Noise, simulateSample, totalNoise } from './simulate.js';
export type { Shortfall } from './sufficiency.js';
export { type Evidence, judge, MARGIN, VERDICTS, type VerdictCode, type VerdictOptions } from './verdict.js';
