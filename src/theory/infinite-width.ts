/** Entries of the infinitely wide relu network's kernel (kernel.ts): arc-cosine kernels of orders 0 and 1. */
import { asin } from '../math/elementary.js';

/** The factor of the second layer's part: 2 initScale^2 / d; 0 where that layer is not trained. */
export const secondLayer = (layers: 'first' | 'both', initScale: number, columns: number): number =>
  layers === 'both' ? (2 * initScale * initScale) / columns : 0;

/**
 * @param product x . x'
 * @param squares (x . x) (x' . x')
 * @param second see `secondLayer`
 */
export function infiniteWidthEntry(product: number, squares: number, second: number): number {
  const size = Math.sqrt(squares);
  if (size === 0) return 0;
  const cosine = Math.min(1, Math.max(-1, product / size));
  const arc = asin(cosine);
  const first = product * (0.25 + arc / (2 * Math.PI));
  if (second === 0) return first;
  const sine = Math.sqrt(1 - cosine * cosine);
  return first + (size * second * (sine + (0.5 * Math.PI + arc) * cosine)) / (2 * Math.PI);
}
