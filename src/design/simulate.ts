/** Simulates how often a design reaches each verdict, for each true law. */
import type { Steps } from '../base/steps.js';
import {
  countsOfSample,
  judge,
  type Noise,
  type Sample,
  simulateSample,
  type VerdictCode,
} from '../fit/index.js';
import { stream } from '../math/random.js';
import { RIGHT_VERDICT, type Span, TRUE_LAWS, type TrueLaw, trueTimes } from './truths.js';

export interface Assumptions extends Span {
  /** Noise of ln t*. */
  readonly noise: Noise;
}

export interface TrialOptions {
  /** Simulations of each law. */
  readonly simulations: number;
  /** Seed of the named random streams. */
  readonly seed: number;
}

/** One line of the confusion table. */
export interface Trial {
  readonly truth: TrueLaw;
  /** The right verdict under `truth`. */
  readonly right: VerdictCode;
  /** t* by size, in iterations. */
  readonly times: readonly number[];
  /** Counts by verdict; verdicts that were never reached are absent. */
  readonly verdicts: Readonly<Partial<Record<VerdictCode, number>>>;
  /** Counts by remedy, over simulations with insufficient data. */
  readonly remedies: Readonly<Record<string, number>>;
}

/** Enough for a lack-of-fit p below 0.01; `judge` needs at least 200. */
const LACK_OF_FIT_SIMULATIONS = 299;

/** Simulates the experiment with the design's sizes, seeds and checkpoints, and judges it with the rules of a fit. */
export function* tryDesign(sample: Sample, assumed: Assumptions, options: TrialOptions): Steps<Trial[]> {
  const trials: Trial[] = [];
  for (const truth of TRUE_LAWS) trials.push(yield* tryTruth(truth, sample, assumed, options));
  return trials;
}

function* tryTruth(
  truth: TrueLaw,
  sample: Sample,
  { noise, ...span }: Assumptions,
  { simulations, seed }: TrialOptions,
): Steps<Trial> {
  const times = trueTimes(truth, sample.sizes, span);
  const verdicts: Partial<Record<VerdictCode, number>> = {};
  const remedies: Record<string, number> = {};
  for (let i = 0; i < simulations; i++) {
    yield;
    const drawn = simulateSample(sample, times.map(Math.log), noise, stream(seed, 'design', truth, i));
    const { code, shortfalls } = yield* judge(drawn, countsOfSample(drawn), {
      seed,
      name: `design ${truth} ${i}`,
      simulations: LACK_OF_FIT_SIMULATIONS,
      earlyExit: true,
    });
    verdicts[code] = (verdicts[code] ?? 0) + 1;
    for (const { remedy } of shortfalls) remedies[remedy] = (remedies[remedy] ?? 0) + 1;
  }
  return { truth, right: RIGHT_VERDICT[truth], times, verdicts, remedies };
}
