/** A proven upper bound of a kernel's largest eigenvalue. */
import type { Kernel } from './kernel.js';

const ROUNDS = 12;
/** The bound is close enough at this share above the largest eigenvalue. */
const CLOSE = 0.005;
/** Components of the vector stay above this share of the largest: it has to be positive. */
const LEAST = 1e-6;
/** Sums in float32 are rounded. */
const ROUNDING = 1 + 1e-6;

/**
 * The largest absolute row sum; infinite where it is not known. Of a kernel without negative entries, the smallest of
 * max_i (K x)_i / x_i over some positive x: the row sums of K scaled by x, each an upper bound (Collatz and Wielandt).
 * x = 1 gives the row sums of K; power iteration brings x next to the leading eigenvector, where the bound is tight.
 */
export function provenBound(kernel: Kernel): number {
  let bound = kernel.largestRowSum ?? Number.POSITIVE_INFINITY;
  if (!kernel.isNonNegative) return bound * ROUNDING;
  let x = new Float64Array(kernel.n).fill(1);
  for (let round = 0; round < ROUNDS; round++) {
    const image = new Float64Array(kernel.n);
    kernel.multiply(x, image);
    let [low, high, size] = [Number.POSITIVE_INFINITY, 0, 0];
    for (let i = 0; i < x.length; i++) {
      const ratio = image[i]! / x[i]!;
      low = Math.min(low, ratio);
      high = Math.max(high, ratio);
      size = Math.max(size, image[i]!);
    }
    bound = Math.min(bound, high);
    // The smallest ratio is a lower bound of the largest eigenvalue.
    if (size === 0 || bound <= (1 + CLOSE) * low) break;
    x = image.map(value => Math.max(value / size, LEAST));
  }
  return bound * ROUNDING;
}
