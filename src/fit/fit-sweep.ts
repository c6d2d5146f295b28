/** Fits all groups of a sweep's thresholds and assembles the report. */
import { atOnce, type Steps } from '../base/steps.js';
import { counted } from '../base/units.js';
import type { ThresholdSpec } from '../domain/types.js';
import { holm } from './estimate/criteria.js';
import { FIT_DEFAULTS, type FitOptions, fitGroup } from './fit-group.js';
import { type FitRow, groupRows } from './groups.js';
import { regimesOfPredictions } from './regimes/predicted.js';
import type { Conventions, FitGroup, FitReport, TrajectoryCounts } from './report.js';
import { LACK_OF_FIT_LEVEL, MARGIN } from './verdict/judge.js';
import { MAXIMUM_CENSORED, MINIMUM } from './verdict/sufficiency.js';

/** The thresholds of a sweep. */
export interface FitInput {
  readonly sweep: string;
  readonly thresholds: readonly ThresholdSpec[];
  readonly rows: readonly FitRow[];
  /** Paths of the axes zipped with n. */
  readonly zippedWithSize?: readonly string[];
  /** Reasons why curves have no threshold. */
  readonly notes?: readonly string[];
  /** Only finished trajectories have rows. */
  readonly progress?: TrajectoryCounts;
}

const CONVENTIONS: Conventions = {
  lossReduction: 'losses are means over samples; a target on ..._loss_sum is on n times the mean',
  learningRate: 'eta is stated in function space: the same first steps at every width and scaling',
  time: 't counts iterations (gradient steps), not epochs',
  criterion:
    't* lies between the last checkpoint before and the first at which the isotonic fit of the curve over t meets the target',
  rules:
    `insufficient below ${MINIMUM.seeds} seeds, below ${MINIMUM.sizes} sizes over ${MINIMUM.range}x at which half the seeds cross, ` +
    `above ${100 * MAXIMUM_CENSORED.left}% left- or ${100 * MAXIMUM_CENSORED.right}% right-censored; no smooth law fits where its lack of fit has ` +
    `p < ${LACK_OF_FIT_LEVEL}; growth where the 95% interval of the logarithmic slope is above 0; faster or slower where ` +
    `that of lambda excludes 0 (where lambda is unidentified: where a likelihood ratio rejects the logarithmic law against the free one); logarithmic where its 90% interval lies within ${MARGIN} of 0 and the 95% interval of ` +
    'lambda - r below 0; intervals by leaving out one seed at a time',
};

/**
 * Fits every group of a sweep's thresholds. Pure: the same input gives the same report. A group of ten sizes and ten seeds
 * takes half a second; fewer `simulations` take less.
 *
 * @example
 * const reader = openReader('results/my.sqlite');
 * const { groups } = fitSweep(readFitInput(reader, chooseSweep(reader, 'results/my.sqlite')), { simulations: 199 });
 * for (const { name, lambda } of groups) console.log(name, lambda?.value, lambda?.interval95);
 */
export const fitSweep = (input: FitInput, options: Partial<FitOptions> = {}): FitReport =>
  atOnce(fitSteps(input, options));

/** `fitSweep` in steps of about a millisecond. */
export function* fitSteps(input: FitInput, options: Partial<FitOptions> = {}): Steps<FitReport> {
  const all = { ...FIT_DEFAULTS, ...options };
  const groups: FitGroup[] = [];
  const predictions = regimesOfPredictions(all.seed);
  for (const group of groupRows(input.rows, input.thresholds, input.zippedWithSize))
    groups.push(yield* fitGroup(group, all, input.progress, predictions));
  const isTested = groups.map(group => !group.isPrimary && group.verdict.code !== 'insufficient-data');
  const adjusted = holm(groups.map((group, i) => (isTested[i] ? (group.slope?.p ?? null) : null)));
  const primary = groups.findIndex(group => group.isPrimary);
  return {
    shape: 1,
    sweep: input.sweep,
    conventions: CONVENTIONS,
    primary: primary < 0 ? null : primary,
    groups: groups.map((group, i) => ({ ...group, holmP: adjusted[i]! })),
    simulationSeed: all.seed,
    notes: [...unfinishedNote(input.progress), ...(input.notes ?? [])],
    missing: primary < 0 ? whyNothing(input) : null,
  };
}

function whyNothing({ thresholds, progress, notes = [] }: FitInput): string {
  if (thresholds.length === 0)
    return 'the sweep sets no thresholds; with some in its file, run it again, which computes no finished trajectory anew';
  if (progress && progress.done === 0)
    return progress.open === 0
      ? 'all trajectories failed; `espalier status` says why'
      : 'no trajectory is finished yet';
  return notes.length > 0 ? 'the notes say why' : 'no finished trajectory has a curve of it';
}

/** One note on the trajectories that the fits lack, if there are any. */
function unfinishedNote(
  { done, failed, open }: TrajectoryCounts = { done: 0, failed: 0, open: 0 },
): string[] {
  const lacking = [
    ...(open > 0 ? [`${open} not finished yet`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ];
  return lacking.length === 0
    ? []
    : [
        `of ${counted(done + failed + open, 'trajectory', 'trajectories')}, ${lacking.join(' and ')}: the fits are without them`,
      ];
}
