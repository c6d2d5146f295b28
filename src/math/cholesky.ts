/**
 * Symmetric matrices packed by rows: entry (i, j), j <= i, lies at i (i + 1) / 2 + j. Sums have a fixed order.
 */
import { dot } from './vectors.js';

export const packedIndex = (i: number, j: number): number => (i * (i + 1)) / 2 + j;

/** The number of entries of a packed n x n matrix. */
export const packedLength = (n: number): number => (n * (n + 1)) / 2;

/** Writes A v. */
export function multiplyPacked(matrix: Float64Array, v: Float64Array, out: Float64Array): void {
  out.fill(0);
  for (let i = 0, row = 0; i < v.length; row += ++i) {
    const vi = v[i]!;
    let sum = matrix[row + i]! * vi;
    for (let j = 0; j < i; j++) {
      const entry = matrix[row + j]!;
      sum += entry * v[j]!;
      out[j] = out[j]! + entry * vi;
    }
    out[i] = out[i]! + sum;
  }
}

/**
 * The Cholesky factor L of A - shift, A = L L^T packed. Null unless every pivot is above `least`: with `least` 0, unless
 * all eigenvalues of A lie above the shift (Sylvester's law of inertia), but for rounding.
 */
export function cholesky(matrix: Float64Array, n: number, shift = 0, least = 0): Float64Array | null {
  const factor = matrix.slice();
  for (let i = 0, row = 0; i < n; row += ++i) {
    for (let j = 0, other = 0; j < i; other += ++j)
      factor[row + j] = (factor[row + j]! - dot(factor, factor, j, row, other)) / factor[other + j]!;
    const pivot = factor[row + i]! - shift - dot(factor, factor, i, row, row);
    if (!(pivot > least)) return null;
    factor[row + i] = Math.sqrt(pivot);
  }
  return factor;
}

/** Solves L L^T x = b in place. */
export function solveCholesky(factor: Float64Array, x: Float64Array): void {
  const n = x.length;
  for (let i = 0, row = 0; i < n; row += ++i) x[i] = (x[i]! - dot(factor, x, i, row)) / factor[row + i]!;
  for (let i = n - 1; i >= 0; i--) {
    const row = packedIndex(i, 0);
    const value = x[i]! / factor[row + i]!;
    x[i] = value;
    for (let j = 0; j < i; j++) x[j] = x[j]! - factor[row + j]! * value;
  }
}
