/** The samples that the picks of a selection look at: see `Activations.greedy`. */

/** The positions for pick j, counted from 1, of `picks`; all n without samples. */
export function samplesOfPick(samples: Int32Array | null, j: number, picks: number, n: number): Int32Array {
  if (samples === null) return Int32Array.from({ length: n }, (_, s) => s);
  const m = samples.length / picks;
  return samples.subarray((j - 1) * m, j * m);
}

/** Passes over the activations, as work, of j picks that look at m of n samples each. */
export const sampledPasses = (m: number, j: number, n: number): number => Math.ceil((j * m) / n);
