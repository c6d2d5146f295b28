/** Simulates how often a design finds a bend. */
import type { Steps } from '../base/steps.js';
import {
  countsOfSample,
  hasBend,
  rangeTests,
  type Sample,
  shortfalls,
  simulateSample,
} from '../fit/index.js';
import { stream } from '../math/random.js';
import { BENDS, type BendShape, bentTimes } from './bends.js';
import type { Assumptions, TrialOptions } from './simulate.js';

/** One shape of a curve that bends in the middle of the range. */
export interface BendTrial {
  readonly shape: BendShape;
  /** d ln t* / d ln n just below the bend. */
  readonly exponent: number;
  /** t* by size, in iterations. */
  readonly times: readonly number[];
  /** Simulations in which all laws were rejected over the whole range: a bend is claimed. */
  readonly found: number;
  /** Simulations with insufficient data. */
  readonly insufficient: number;
}

/** Where the bend is: the middle of the range in ln n. */
const PLACE = 0.5;

/** Curves that grow as much in all as is assumed of the laws. Empty where t* does not grow. */
export function* tryBends(
  sample: Sample,
  { noise, start, growth }: Assumptions,
  { simulations, seed }: TrialOptions,
): Steps<BendTrial[]> {
  if (growth <= 1) return [];
  const trials: BendTrial[] = [];
  for (const shape of BENDS) {
    const exponent = exponentFor(shape, growth, PLACE * Math.log(sample.sizes.at(-1)! / sample.sizes[0]!));
    const times = bentTimes({ shape, start, at: PLACE, exponent }, sample.sizes);
    let [found, insufficient] = [0, 0];
    for (let i = 0; i < simulations; i++) {
      yield;
      const name = `bend ${shape} ${i}`;
      const drawn = simulateSample(sample, times.map(Math.log), noise, stream(seed, 'design', name));
      if (shortfalls(countsOfSample(drawn), drawn.seeds.length).length > 0) insufficient++;
      else if (yield* hasBend(drawn, rangeTests(drawn, { seed, name: `design ${name}` }))) found++;
    }
    trials.push({ shape, exponent, times, found, insufficient });
  }
  return trials;
}

/** The exponent at which a curve of this shape grows by `growth`, with `half` of ln n on either side of its bend. */
function exponentFor(shape: BendShape, growth: number, half: number): number {
  switch (shape) {
    case 'power-to-constant':
      return Math.log(growth) / half;
    case 'logarithmic-to-constant':
      return (1 - 1 / growth) / half;
    case 'power-to-logarithmic': {
      // u + ln(1 + u) = ln growth, u = exponent * half; increasing in u.
      let [low, high] = [0, Math.log(growth)];
      for (let i = 0; i < 100; i++) {
        const u = 0.5 * (low + high);
        if (u + Math.log1p(u) < Math.log(growth)) low = u;
        else high = u;
      }
      return low / half;
    }
  }
}
