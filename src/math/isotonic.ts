/** Isotonic regression: the monotone sequence nearest to a noisy one in least squares. */

/** The direction in which a metric improves: a loss goes down, an accuracy up. */
export type Direction = 'down' | 'up';

/**
 * Pool adjacent violators, in O(length).
 *
 * Replaces values that violate the order by their weighted mean. Returns all others bit for bit, equal neighbours
 * included. All values must be finite.
 *
 * @param weights positive, parallel to `values`; default: all 1.
 * @returns a non-increasing ('down') or non-decreasing ('up') sequence of the same length.
 */
export function isotonic(
  values: ArrayLike<number>,
  direction: Direction,
  weights: ArrayLike<number> | null = null,
): Float64Array {
  const sign = direction === 'down' ? 1 : -1;
  const length = values.length;
  // Invariant: signed block levels do not increase. Block b ends before index end[b].
  const level = new Float64Array(length);
  const total = new Float64Array(length);
  const weight = new Float64Array(length);
  const end = new Int32Array(length);
  let blocks = 0;
  for (let i = 0; i < length; i++) {
    level[blocks] = sign * values[i]!;
    weight[blocks] = weights ? weights[i]! : 1;
    total[blocks] = weight[blocks]! * level[blocks]!;
    end[blocks] = i + 1;
    blocks++;
    while (blocks > 1 && level[blocks - 1]! > level[blocks - 2]!) {
      total[blocks - 2]! += total[blocks - 1]!;
      weight[blocks - 2]! += weight[blocks - 1]!;
      level[blocks - 2] = total[blocks - 2]! / weight[blocks - 2]!;
      end[blocks - 2] = end[blocks - 1]!;
      blocks--;
    }
  }
  const fit = new Float64Array(length);
  for (let block = 0, start = 0; block < blocks; start = end[block]!, block++)
    fit.fill(sign * level[block]!, start, end[block]!);
  return fit;
}
