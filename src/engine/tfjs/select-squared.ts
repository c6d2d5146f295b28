/**
 * Greedy forward selection for the squared loss (science.md), by scores instead of losses:
 *
 *   score_q(j) = 2 g_q - 2 j p_q + ||Phi_q||^2      p_q = <Phi_q, y>      g_q = <Phi_q, z>, z the sum of the picks
 *
 * g grows by one column of the Gram matrix a pick. A pass computes the column that is needed and those of the
 * candidates that now score best and are not held; what is speculated never looks at how many picks are wanted.
 */
import type { Path } from '../engine.js';
import type { Candidates } from './candidates.js';
import { addTo } from './phi.js';

const COLUMNS_PER_PASS = 8;
/** Columns that are held, the least recently used making room for new ones. */
export const HELD_COLUMNS = 512;

export function selectSquared(candidates: Candidates, subnetSize: number): Path {
  const { phi, labels, neurons, squaredNorms } = candidates;
  const picks = new Int32Array(subnetSize);
  const passes = new Int32Array(subnetSize);
  const [p] = phi.products([labels]);
  const g = new Float64Array(squaredNorms.length);
  const scores = new Float64Array(squaredNorms.length);
  const held = new Map<number, Float64Array>();
  let passed = 0;

  const gramColumn = (pick: number): Float64Array => {
    if (!held.has(pick)) {
      const others = neurons.filter(q => q !== pick && !held.has(q) && squaredNorms[q] !== 0);
      others.sort((a, b) => scores[a]! - scores[b]! || a - b);
      const wanted = Int32Array.of(pick, ...others.subarray(0, COLUMNS_PER_PASS - 1));
      const products = phi.products(phi.columns(wanted));
      for (const [at, neuron] of wanted.entries()) held.set(neuron, products[at]!);
      passed++;
    }
    const column = held.get(pick)!;
    // A Map keeps the order of insertion: the column that was used last goes to its end.
    held.delete(pick);
    held.set(pick, column);
    for (const neuron of held.keys()) {
      if (held.size <= HELD_COLUMNS) break;
      held.delete(neuron);
    }
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
    passes[j - 1] = passed;
  }
  return { picks, passes };
}
