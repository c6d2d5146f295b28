/**
 * The Lanczos process: from a symmetric n x n matrix, known by its products alone, and a start vector, the tridiagonal
 * matrix T whose k x k corner is V^T A V for an orthonormal basis V of the Krylov space.
 *
 * Each new vector is orthogonalised twice against all earlier ones, so that T stays accurate to rounding (Parlett, *The
 * Symmetric Eigenvalue Problem*, chapter 13: "twice is enough").
 */
import { addScaled, dot, norm } from './vectors.js';

/** Writes A v into `out`. */
export type Multiply = (v: Float64Array, out: Float64Array) => void;

/** A Krylov space is complete where what is left of the next vector is at most this share of the largest entry of T. */
const COMPLETE = 1e-12;

export class Lanczos {
  /** Diagonal of T, one entry a step. */
  readonly alpha: number[] = [];
  /** Entries beside the diagonal: beta[i] couples steps i and i + 1. The last one leads out of the space. */
  readonly beta: number[] = [];
  /** Whether the space holds the start vector's whole spectrum: no further step is possible. */
  isComplete = false;
  readonly #vectors: Float64Array[];

  /** @param start not zero */
  constructor(
    private readonly multiply: Multiply,
    start: Float64Array,
  ) {
    const length = norm(start);
    this.#vectors = [start.map(value => value / length)];
  }

  get steps(): number {
    return this.alpha.length;
  }

  /** Adds one vector to the space. @throws Error if the space is complete. */
  step(): void {
    if (this.isComplete) throw new Error('the Krylov space is complete');
    const k = this.steps;
    const current = this.#vectors[k]!;
    const next = new Float64Array(current.length);
    this.multiply(current, next);
    this.alpha.push(dot(next, current));
    for (let pass = 0; pass < 2; pass++)
      for (const vector of this.#vectors) addScaled(next, -dot(next, vector), vector);
    const left = norm(next);
    this.beta.push(left);
    const largest = this.alpha.reduce(
      (most, a, i) => Math.max(most, Math.abs(a), i < k ? this.beta[i]! : 0),
      0,
    );
    this.isComplete = k + 1 === current.length || !(left > COMPLETE * largest);
    if (!this.isComplete) this.#vectors.push(next.map(value => value / left));
  }
}
