/** Scores of greedy forward selection for the squared loss, see select-squared.ts. */
import type { Statistics } from './statistics.js';

/** 2 g - 2 j p_q + n_q, with this g for g_q. */
export function scoreOf({ projections, squaredNorms }: Statistics, q: number, g: number, j: number): number {
  return 2 * g - 2 * j * projections[q]! + squaredNorms[q]!;
}

/**
 * The at most `count` neurons with the smallest scores at step j, ascending by score, ties to the lowest index. Skips
 * neurons that `allowed` marks 0 and scores that are NaN or Infinity.
 */
export function bestNeurons(
  statistics: Statistics,
  g: Float64Array,
  j: number,
  count: number,
  allowed: Uint8Array | null = null,
): number[] {
  const best: number[] = [];
  const scores: number[] = [];
  let largest = Infinity;
  for (let q = 0; q < g.length; q++) {
    const score = scoreOf(statistics, q, g[q]!, j);
    if (!(score < largest) || (allowed !== null && allowed[q] === 0)) continue;
    let place = best.length === count ? count - 1 : best.length;
    for (; place > 0 && score < scores[place - 1]!; place--) {
      best[place] = best[place - 1]!;
      scores[place] = scores[place - 1]!;
    }
    best[place] = q;
    scores[place] = score;
    if (best.length === count) largest = scores[count - 1]!;
  }
  return best;
}

/** The first of `bestScores`; -1 if there is none. */
export function bestNeuron(
  statistics: Statistics,
  g: Float64Array,
  j: number,
  allowed: Uint8Array | null = null,
): number {
  return bestNeurons(statistics, g, j, 1, allowed)[0] ?? -1;
}
