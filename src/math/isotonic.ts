/** Isotonic regression: the monotone sequence nearest to a noisy one in least squares. */

/** The direction in which a metric improves: a loss goes down, an accuracy up. */
export type Direction = 'down' | 'up';

/**
 * Pool adjacent violators with equal weights, in O(length).
 *
 * Replaces values that violate the order by their mean. Returns all others bit for bit, equal neighbours included.
 * All values must be finite.
 *
 * @returns a non-increasing ('down') or non-decreasing ('up') sequence of the same length.
 */
export function isotonic(values: ArrayLike<number>, direction: Direction): Float64Array {
  const sign = direction === 'down' ? 1 : -1;
  const length = values.length;
  // Invariant: signed block levels do not increase. Block b ends before index end[b].
  const total = new Float64Array(length);
  const end = new Int32Array(length);
  let blocks = 0;
  const start = (block: number): number => (block === 0 ? 0 : end[block - 1]!);
  const level = (block: number): number => total[block]! / (end[block]! - start(block));
  for (let i = 0; i < length; i++) {
    total[blocks] = sign * values[i]!;
    end[blocks] = i + 1;
    blocks++;
    while (blocks > 1 && level(blocks - 1) > level(blocks - 2)) {
      total[blocks - 2]! += total[blocks - 1]!;
      end[blocks - 2] = end[blocks - 1]!;
      blocks--;
    }
  }
  const fit = new Float64Array(length);
  for (let block = 0; block < blocks; block++) fit.fill(sign * level(block), start(block), end[block]!);
  return fit;
}
