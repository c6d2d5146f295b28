/**
 * The last word of a selection. The device's sums decide which candidates can be the best; among these, sums in float64 over
 * the device's own activations do. So a pick is the exact argmin, and ties are ties.
 */
import { RecentColumns } from '../recent-columns.js';
import type { Phi } from './phi.js';

/** Bytes of columns that are kept in memory. */
export const KEPT_BYTES = 2 ** 28;
/** From so many contenders on, equal neurons are looked for. */
const MANY = 64;

/** Approximate scores of all neurons, and the most by which each may be wrong. */
export interface Approximation {
  readonly scores: Float64Array;
  readonly errors: Float64Array;
}

export class Contenders {
  readonly #phi: Phi;
  readonly #squaredNorms: Float64Array;
  readonly #lowestEqual: () => Int32Array;
  readonly #columns = new RecentColumns<Float32Array>();
  readonly #mostColumns: number;
  readonly #firstSilent: number;

  /** @param lowestEqual for each neuron, the lowest neuron equal to it; called only where many scores are close */
  constructor(phi: Phi, squaredNorms: Float64Array, lowestEqual: () => Int32Array) {
    this.#phi = phi;
    this.#squaredNorms = squaredNorms;
    this.#lowestEqual = lowestEqual;
    this.#mostColumns = Math.max(MANY, Math.floor(KEPT_BYTES / (4 * phi.samples)));
    this.#firstSilent = squaredNorms.indexOf(0);
  }

  /**
   * The neurons of which one has the smallest score, ascending. Of silent neurons only the first is among them, of equal
   * ones at least the first.
   */
  among({ scores, errors }: Approximation): Int32Array {
    let limit = Number.POSITIVE_INFINITY;
    for (let q = 0; q < scores.length; q++) limit = Math.min(limit, scores[q]! + errors[q]!);
    const close: number[] = [];
    for (let q = 0; q < scores.length; q++) {
      const isLater = this.#squaredNorms[q] === 0 && q !== this.#firstSilent;
      // What is not a number cannot be ruled out.
      if (!(scores[q]! - errors[q]! > limit) && !isLater) close.push(q);
    }
    if (close.length < MANY) return Int32Array.from(close);
    const lowest = this.#lowestEqual();
    return Int32Array.from(close.filter(q => lowest[q] === q));
  }

  /** The one of the candidates (ascending) with the smallest score, ties to the lowest index. */
  best(candidates: Int32Array, listed: Int32Array | null, score: (outputs: Float32Array) => number): number {
    if (candidates.length === 1) return candidates[0]!;
    let best = candidates[0]!;
    let smallest = Number.POSITIVE_INFINITY;
    const columns = listed ? this.#phi.columns(candidates, listed) : null;
    if (!columns) this.#keep(candidates);
    for (const [at, q] of candidates.entries()) {
      const value = score(columns?.[at] ?? this.column(q));
      if (value < smallest) {
        smallest = value;
        best = q;
      }
    }
    return best;
  }

  /** Phi_q on all samples. */
  column(q: number): Float32Array {
    this.#keep(Int32Array.of(q));
    return this.#columns.use(q);
  }

  /** Fetches the columns that are missing, as far as there is room. */
  #keep(neurons: Int32Array): void {
    const missing = neurons.filter(q => !this.#columns.has(q)).subarray(0, this.#mostColumns);
    if (missing.length === 0) return;
    this.#columns.dropTo(this.#mostColumns - missing.length);
    for (const [at, column] of this.#phi.columns(missing, null).entries())
      this.#columns.add(missing[at]!, column.slice());
  }
}
