/** Means over picks, as weights of neurons. */
import { padded } from './layout.js';

/** For each k of `sizes`, multiplicity / k of the neuron at each place: sizes x W. */
export function meansOfPicks(
  picks: Int32Array,
  sizes: readonly number[],
  width: number,
  placeOf: (neuron: number) => number,
): Float32Array {
  const stride = padded(width);
  const weights = new Float32Array(sizes.length * stride);
  for (const [at, k] of sizes.entries()) {
    const counts = new Map<number, number>();
    for (const q of picks.subarray(0, k)) counts.set(q, (counts.get(q) ?? 0) + 1);
    for (const [q, count] of counts) weights[at * stride + placeOf(q)] = count / k;
  }
  return weights;
}
