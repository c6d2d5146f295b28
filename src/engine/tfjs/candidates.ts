/** The neurons that a selection can pick, with the statistics of each. */
import type { Phi } from './phi.js';

export interface Candidates {
  readonly phi: Phi;
  readonly labels: Float32Array;
  /** Neurons that can be picked, ascending: the first of each set of equal neurons, and the first silent neuron. */
  readonly neurons: Int32Array;
  /** ||Phi_q||^2, N values: the same for equal neurons, 0 only for silent ones. */
  readonly squaredNorms: Float64Array;
  /** max |Phi_q|, N values. */
  readonly peaks: Float32Array;
}

/**
 * Makes equal neurons one candidate, which keeps ties exact: TensorFlow does not promise the same sums for equal
 * columns in different places of a matrix. `first` holds, for each neuron, the lowest neuron equal to it.
 */
export function candidatesOf(phi: Phi, labels: Float32Array, first: Int32Array): Candidates {
  const peaks = phi.peaks();
  const [norms] = phi.products([new Float32Array(labels.length).fill(1)], 'squares');
  // Squares of tiny outputs underflow in float32; such a neuron is not silent.
  const squaredNorms = Float64Array.from(first, q =>
    peaks[q] === 0 ? 0 : Math.max(norms![q]!, Number.MIN_VALUE),
  );
  const silent = squaredNorms.indexOf(0);
  const neurons = first.filter((q, i) => q === i && (q === silent || squaredNorms[q] !== 0));
  return { phi, labels, neurons, squaredNorms, peaks };
}
