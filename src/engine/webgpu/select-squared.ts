/**
 * Greedy forward selection for the squared loss over all samples, by scores (science.md):
 *
 *   score_q(j) = 2 <Phi_q, z> - 2 j <Phi_q, y> + ||Phi_q||^2
 *
 * A pass over the activations computes the Gram columns of the pick and of the best candidates that have none.
 */
import type { Path } from '../engine.js';
import { RecentColumns } from '../recent-columns.js';
import type { Contenders } from './contenders.js';
import { VECTORS } from './kernels/statistics.js';
import type { Moments, Phi } from './phi.js';

/**
 * The most by which a sum over samples on the device is wrong, relative to the product of the norms of its factors: a term
 * passes through fewer than 100 additions of float32 (kernels/statistics.ts).
 */
const SUM_ERROR = 100 / 2 ** 24;
/** Gram columns that are kept, at least. */
export const KEPT_COLUMNS = 512;

export interface Candidates {
  readonly phi: Phi;
  readonly labels: Float64Array;
  readonly moments: Moments;
  readonly contenders: Contenders;
}

export function selectSquared(candidates: Candidates, subnetSize: number): Path {
  const { phi, labels, moments, contenders } = candidates;
  const { squaredNorms, withLabels } = moments;
  const n = labels.length;
  const picks = new Int32Array(subnetSize);
  const passes = new Int32Array(subnetSize);
  const norms = squaredNorms.map(Math.sqrt);
  const withSum = new Float64Array(phi.width);
  const scores = new Float64Array(phi.width);
  const errors = new Float64Array(phi.width);
  const z = new Float64Array(n);
  const kept = new RecentColumns<Float32Array>();
  let sumOfNorms = 0;
  let passCount = 0;

  const gramColumn = (pick: number): Float32Array => {
    if (!kept.has(pick)) {
      const others = Int32Array.from(norms.keys()).filter(q => q !== pick && !kept.has(q) && norms[q] !== 0);
      const group = Int32Array.of(pick, ...lowest(others, scores, VECTORS - 1));
      for (const [at, column] of phi.gram(group).entries()) kept.add(group[at]!, column);
      passCount++;
    }
    const column = kept.use(pick);
    kept.dropTo(KEPT_COLUMNS);
    return column;
  };

  for (let j = 1; j <= subnetSize; j++) {
    const last = picks[j - 2];
    if (last !== undefined && norms[last] !== 0) {
      const column = gramColumn(last);
      for (let q = 0; q < phi.width; q++) withSum[q]! += column[q]!;
      sumOfNorms += norms[last]!;
    }
    const sizes = 2 * sumOfNorms + 2 * j * Math.sqrt(n);
    for (let q = 0; q < phi.width; q++) {
      scores[q] = 2 * withSum[q]! - 2 * j * withLabels[q]! + squaredNorms[q]!;
      errors[q] = SUM_ERROR * norms[q]! * (sizes + norms[q]!);
    }
    const residual = z.map((sum, s) => 2 * (sum - j * labels[s]!));
    const pick = contenders.best(contenders.among({ scores, errors }), null, outputs => {
      let score = 0;
      for (let s = 0; s < n; s++) score += outputs[s]! * (outputs[s]! + residual[s]!);
      return score;
    });
    picks[j - 1] = pick;
    passes[j - 1] = passCount;
    if (norms[pick] !== 0) {
      const outputs = contenders.column(pick);
      for (let s = 0; s < n; s++) z[s]! += outputs[s]!;
    }
  }
  return { picks, passes };
}

/** The `count` neurons with the lowest scores, ties to the lowest index. */
function lowest(neurons: Int32Array, scores: Float64Array, count: number): number[] {
  const best: number[] = [];
  for (const q of neurons) {
    if (best.length === count && !(scores[q]! < scores[best[count - 1]!]!)) continue;
    let at = best.length;
    while (at > 0 && scores[q]! < scores[best[at - 1]!]!) at--;
    best.splice(at, 0, q);
    if (best.length > count) best.pop();
  }
  return best;
}
