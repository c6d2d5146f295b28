/**
 * Greedy forward selection for the squared loss (science.md), by scores instead of losses:
 *
 *   score_q(j) = 2 g_q - 2 j p_q + ||Phi_q||^2      p_q = <Phi_q, y>      g_q = <Phi_q, z>, z the sum of the picks
 *
 * Each pick adds one column of the Gram matrix to g. A pass computes the needed column and, speculatively, those of
 * the best-scoring candidates that are not cached. The speculation never depends on subnetSize.
 */
import type { Path } from '../engine.js';
import { RecentColumns } from '../recent-columns.js';
import type { Candidates } from './candidates.js';
import { addTo } from './phi.js';

const COLUMNS_PER_PASS = 8;
/** Capacity of the column cache; the least recently used column is evicted. */
export const CACHED_COLUMNS = 512;

export function selectSquared(candidates: Candidates, subnetSize: number): Path {
  const { phi, labels, neurons, squaredNorms } = candidates;
  const picks = new Int32Array(subnetSize);
  const passes = new Int32Array(subnetSize);
  const [p] = phi.products([labels]);
  const g = new Float64Array(squaredNorms.length);
  const scores = new Float64Array(squaredNorms.length);
  const cached = new RecentColumns<Float64Array>();
  let passCount = 0;

  const gramColumn = (pick: number): Float64Array => {
    if (!cached.has(pick)) {
      const others = neurons.filter(q => q !== pick && !cached.has(q) && squaredNorms[q] !== 0);
      others.sort((a, b) => scores[a]! - scores[b]! || a - b);
      const group = Int32Array.of(pick, ...others.subarray(0, COLUMNS_PER_PASS - 1));
      const products = phi.products(phi.columns(group));
      for (const [at, neuron] of group.entries()) cached.add(neuron, products[at]!);
      passCount++;
    }
    const column = cached.use(pick);
    cached.dropTo(CACHED_COLUMNS);
    return column;
  };

  for (let j = 1; j <= subnetSize; j++) {
    const last = picks[j - 2];
    if (last !== undefined && squaredNorms[last] !== 0) addTo(g, gramColumn(last));
    let best = neurons[0]!;
    for (const q of neurons) {
      scores[q] = 2 * g[q]! - 2 * j * p![q]! + squaredNorms[q]!;
      if (scores[q]! < scores[best]!) best = q;
    }
    picks[j - 1] = best;
    passes[j - 1] = passCount;
  }
  return { picks, passes };
}
