/** Bootstrap bands of mu(n), by resampling seeds. */
import type { Steps } from '../../base/steps.js';
import { integerBelow, type Uniform } from '../../math/random.js';
import { type FittedLaw, fitLaw } from '../laws/fit-law.js';
import { type LawName, muAt } from '../laws/laws.js';
import { reweighted, type Sample } from '../laws/sample.js';

/** A pointwise 95% band of mu(n), in iterations. The arrays are parallel. */
export interface Band {
  readonly law: LawName;
  readonly n: readonly number[];
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

/** Points of a band from the smallest to the largest size, evenly spaced in ln n. */
const POINTS = 33;

/** The n at which bands and curves are drawn. `sizes` is ascending and sets both ends. */
export function bandGrid(sizes: readonly number[]): number[] {
  const [first, last] = [sizes[0]!, sizes.at(-1)!];
  const grid = Array.from({ length: POINTS }, (_, i) => first * (last / first) ** (i / (POINTS - 1)));
  grid[POINTS - 1] = last;
  return grid;
}

/** Pointwise 2.5% and 97.5% quantiles over `draws` resamplings of the seeds. All laws share the same draws. */
export function* bandsOf(
  sample: Sample,
  laws: readonly FittedLaw[],
  draws: number,
  next: Uniform,
): Steps<Band[]> {
  const grid = bandGrid(sample.sizes);
  const count = sample.seeds.length;
  const values = laws.map(() => grid.map(() => [] as number[]));
  for (let draw = 0; draw < draws; draw++) {
    yield;
    const times = new Float64Array(count);
    for (let i = 0; i < count; i++) times[integerBelow(next, count)]!++;
    const weights = reweighted(sample, times);
    laws.forEach((fitted, l) => {
      const { law } = fitLaw(fitted.name, sample, weights, fitted.maximum);
      grid.forEach((n, i) => {
        values[l]![i]!.push(muAt(law, n));
      });
    });
  }
  return laws.map(({ name }, l) => {
    const sorted = values[l]!.map(list => list.sort((a, b) => a - b));
    const at = (level: number) => sorted.map(list => quantile(list, level));
    return { law: name, n: grid, lower: at(0.025), upper: at(0.975) };
  });
}

/** Interpolates linearly between order statistics. `sorted` is ascending. */
function quantile(sorted: readonly number[], level: number): number {
  const position = level * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}
