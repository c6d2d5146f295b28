/**
 * What greedy selection on the squared loss cannot exceed (science.md), from the dense network alone: each pick is no worse
 * than a uniformly random one.
 *
 *   e_1^2 = e_N^2 + V        e_{j+1}^2 = ((j e_j + e_N) / (j + 1))^2 + V / (j + 1)^2
 *
 * e_N = ||f - y|| of the dense network, V = (1/N) sum_i ||Phi_i - f||^2. The certified loss is e_k^2 / (2 n).
 */
import type { Activations } from '../engine/engine.js';

/** V / n >= 0. */
export function neuronVariance({
  outputs,
  squaredNorms,
}: Pick<Activations, 'outputs' | 'squaredNorms'>): number {
  const width = squaredNorms.length;
  const norms = squaredNorms.reduce((sum, square) => sum + square, 0);
  const mean = outputs.reduce((sum, f) => sum + f * f, 0);
  return Math.max(0, norms / width - mean) / outputs.length;
}

/** The certified loss of each size, in the order of `sizes` (ascending). */
export function certifiedLosses(
  activations: Pick<Activations, 'outputs' | 'squaredNorms'>,
  labels: Float32Array,
  sizes: readonly number[],
): number[] {
  const n = labels.length;
  const variance = neuronVariance(activations) * n;
  const dense = Math.sqrt(
    activations.outputs.reduce((sum, f, s) => sum + (f - labels[s]!) * (f - labels[s]!), 0),
  );
  let error = Math.sqrt(dense * dense + variance);
  let size = 1;
  return sizes.map(k => {
    for (; size < k; size++) {
      const mean = (size * error + dense) / (size + 1);
      error = Math.sqrt(mean * mean + variance / ((size + 1) * (size + 1)));
    }
    return (error * error) / (2 * n);
  });
}
