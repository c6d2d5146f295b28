/** The smallest eigenvalue of a positive semi-definite matrix, without the others. */
import { cholesky, solveCholesky } from './cholesky.js';
import { Lanczos } from './lanczos.js';
import { gauss } from './quadrature.js';
import { normals, stream } from './random.js';

const MAX_STEPS = 200;
/** The iteration has converged when the value has changed by at most this share over three steps. */
const CONVERGED = 1e-13;
/** No eigenvalue lies below the value by more than this share of it; checked by inertia. */
const CHECKED = 1e-8;
const HALVINGS = 60;

/**
 * The smallest eigenvalue of a packed n x n matrix (cholesky.ts): inverse iteration with a Cholesky factor, accelerated
 * by the Lanczos process, whose result an inertia check confirms. 0 for a matrix that is singular to rounding.
 */
export function smallestEigenvalue(matrix: Float64Array, n: number): number {
  const value = smallestRitzValue(matrix, n);
  if (value === 0) return 0;
  return cholesky(matrix, n, value * (1 - CHECKED)) ? value : byBisection(matrix, n, value);
}

/** An upper bound of the smallest eigenvalue, in practice the value itself: without the check that doubles the work. */
export function smallestRitzValue(matrix: Float64Array, n: number): number {
  const factor = cholesky(matrix, n, 0, n * Number.EPSILON * largestDiagonal(matrix, n));
  return factor ? byInverseIteration(factor, n) : 0;
}

function largestDiagonal(matrix: Float64Array, n: number): number {
  let most = 0;
  for (let i = 0, at = 0; i < n; i++, at += i + 1) most = Math.max(most, matrix[at]!);
  return most;
}

/** From a fixed random vector. A Ritz value of A^-1 is at most the largest of its eigenvalues. */
function byInverseIteration(factor: Float64Array, n: number): number {
  const start = Float64Array.from({ length: n }, normals(stream(0, 'inverse-iteration')));
  const lanczos = new Lanczos((v, out) => {
    out.set(v);
    solveCholesky(factor, out);
  }, start);
  const values: number[] = [];
  while (!lanczos.isComplete && values.length < MAX_STEPS) {
    lanczos.step();
    const value = gauss(lanczos.alpha, lanczos.beta).nodes.at(-1)!;
    const earlier = values.at(-3);
    values.push(value);
    if (earlier !== undefined && value - earlier <= CONVERGED * value) break;
  }
  return 1 / values.at(-1)!;
}

/** For the case that the start vector has next to nothing of the lowest eigenvector. */
function byBisection(matrix: Float64Array, n: number, above: number): number {
  let low = 0;
  let high = above;
  for (let round = 0; round < HALVINGS && high - low > 1e-12 * high; round++) {
    const middle = 0.5 * (low + high);
    if (cholesky(matrix, n, middle)) low = middle;
    else high = middle;
  }
  return high;
}
