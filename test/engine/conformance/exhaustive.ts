/** Compares greedy picks with exhaustive search. */
import { expect } from 'vitest';
import type { Loss } from '../../../src/domain/types.js';
import type { Tolerances } from '../../support/engines.js';
import { candidateLosses, dotProduct, type Matrix } from '../naive.js';

export const OBJECTIVES: readonly Loss[] = ['squared', 'logistic'];

/** Expects every pick (or every `every`-th) to be as good as the best candidate after the same prefix. */
export function expectBest(
  tolerances: Tolerances,
  phi: Matrix,
  labels: readonly number[],
  objective: Loss,
  picks: Int32Array,
  every = 1,
): void {
  for (let j = 1; j <= picks.length; j += every) {
    const { losses, sum } = candidateLosses(phi, labels, objective, [...picks.slice(0, j - 1)]);
    const best = Math.min(...losses);
    const scale =
      objective === 'squared' ? dotProduct(sum, sum) + j * j * labels.length : Math.max(best, 0.01);
    const picked = losses[picks[j - 1]!];
    expect(picked, `pick ${j} is a neuron`).toBeDefined();
    expect((picked! - best) / scale, `pick ${j} of ${objective}`).toBeLessThanOrEqual(tolerances.pick);
  }
}
