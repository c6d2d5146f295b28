/**
 * Greedy forward selection for the squared loss (science.md):
 *
 *   score_q(j) = 2 g_q - 2 j p_q + n_q        g = sum over the picks of their columns of the Gram matrix
 *
 * A pass over the activations computes the needed column and, at little extra cost, columns that the prefetcher
 * expects next. Prefetching never depends on subnetSize, so a shorter path is a prefix of a longer one, including its
 * passes.
 */
import type { Path } from '../engine.js';
import { GramColumns } from './gram-columns.js';
import { GramPrefetcher } from './gram-prefetcher.js';
import type { MemoryBlock } from './memory-block.js';
import { bestNeuron } from './scores.js';
import type { Statistics } from './statistics.js';

export function selectSquared(
  memories: readonly MemoryBlock[],
  statistics: Statistics,
  subnetSize: number,
): Path {
  const picks = new Int32Array(subnetSize);
  const passes = new Int32Array(subnetSize);
  const g = new Float64Array(statistics.squaredNorms.length);
  const columns = new GramColumns(memories, statistics.squaredNorms);
  const prefetcher = new GramPrefetcher(memories, statistics, columns);
  for (let j = 1; j <= subnetSize; j++) {
    if (j > 1) {
      const last = picks[j - 2]!;
      if (columns.needsPass(last)) {
        const group = prefetcher.nextGroup(last, g, j);
        columns.compute(group, j);
        prefetcher.extendBasis(group);
      }
      columns.touch(last, j);
      columns.addTo(g, last);
    }
    // If every score is NaN or Infinity, as after a divergence, any pick is equally good.
    picks[j - 1] = Math.max(0, bestNeuron(statistics, g, j));
    passes[j - 1] = columns.passes;
  }
  return { picks, passes };
}
