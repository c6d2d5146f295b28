/** Compares greedy picks with exhaustive search. */
import { expect } from 'vitest';
import type { Objective } from '../../../src/domain/types.js';
import type { Tolerances } from '../../support/engines.js';
import { candidateLosses, dotProduct, type Matrix } from '../naive.js';

export const OBJECTIVES: readonly Objective[] = ['squared', 'logistic', 'brier'];

/**
 * Expects every pick (or every `every`-th) to be as good as the best candidate after the same prefix, on its samples as of
 * `Activations.greedy`.
 */
export function expectBest(
  tolerances: Tolerances,
  phi: Matrix,
  labels: readonly number[],
  objective: Objective,
  picks: Int32Array,
  { every = 1, samples = null }: { every?: number; samples?: Int32Array | null } = {},
): void {
  for (let j = 1; j <= picks.length; j += every) {
    const m = samples && samples.length / picks.length;
    const looked = samples?.subarray((j - 1) * m!, j * m!);
    const { losses, sum } = candidateLosses(phi, labels, objective, [...picks.slice(0, j - 1)], looked);
    const best = Math.min(...losses);
    const scale = objective === 'squared' ? dotProduct(sum, sum) + j * j * sum.length : Math.max(best, 0.01);
    const picked = losses[picks[j - 1]!];
    expect(picked, `pick ${j} is a neuron`).toBeDefined();
    expect((picked! - best) / scale, `pick ${j} of ${objective}`).toBeLessThanOrEqual(tolerances.pick);
  }
}
