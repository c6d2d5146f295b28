/**
 * Guesses which Gram columns will be needed next, by going on with the selection on guessed columns; of the neurons that
 * look best so, exact products tell which one is. A wrong guess costs a pass, never a wrong pick.
 *
 * The columns that are held tell every neuron's coordinates C in an orthonormal basis of those neurons' outputs. What
 * is left of a neuron, Phi_u - V C_u, is seen on a sketch alone, some rows of the activations:
 *
 *   <Phi_q, Phi_u>  ~  <C_q, C_u> + (n / m) <Phi_q, Phi_u - V C_u> over the m rows of the sketch
 */

import { ExactCandidates } from './exact-candidates.js';
import type { GramColumns } from './gram-columns.js';
import { BASIS, PANEL } from './layout.js';
import { LANES, ROW_BYTES } from './layout-parts.js';
import { type MemoryBlock, memoryOf, neuronAddress, shareRegion } from './memory-block.js';
import { bestScore, bestScores, scoreOf } from './scores.js';
import type { Statistics } from './statistics.js';

/** Picks that are guessed at most. */
const HORIZON = 3 * PANEL;
/** Neurons that are compared exactly at each guess. */
const COMPARED = 4;
/** A neuron of which less than this share is left, of its squared norm, adds nothing to the basis. */
const NEGLIGIBLE = 1e-3;
/** Work of copying a row of a block from far away, and of adding it to the products. */
const COPY_WORK = 64;
const PRODUCT_WORK = 2;

export class GramPrefetcher {
  readonly #memories: readonly MemoryBlock[];
  readonly #statistics: Statistics;
  readonly #columns: GramColumns;
  readonly #contenders: ExactCandidates;
  /** The guessed g; what of it is known; which neurons may still join the group. */
  readonly #g: Float64Array;
  readonly #known: Float64Array;
  readonly #allowed: Uint8Array;
  #sketched = false;
  /** Vectors of the basis, at most BASIS, and V on the rows of the sketch, [BASIS][m]. */
  #rank = 0;
  readonly #basisRows: Float64Array;
  /** What is left of one neuron on the rows of the sketch; one column. */
  readonly #left: Float64Array;
  readonly #column: Float64Array;

  constructor(memories: readonly MemoryBlock[], statistics: Statistics, columns: GramColumns) {
    const width = statistics.squaredNorms.length;
    this.#memories = memories;
    this.#statistics = statistics;
    this.#columns = columns;
    this.#contenders = new ExactCandidates(memories, width);
    this.#g = new Float64Array(width);
    this.#known = new Float64Array(width);
    this.#allowed = new Uint8Array(width);
    const { sketchRows } = memories[0]!.layout;
    this.#basisRows = new Float64Array(BASIS * sketchRows);
    this.#left = new Float64Array(sketchRows);
    this.#column = new Float64Array(width);
  }

  /**
   * `neuron`, picked at step j - 1, and up to PANEL - 1 others whose columns are lacking: those of the guessed picks from
   * step j on, then those that score best after them. `g` is without the column of `neuron`.
   */
  group(neuron: number, g: Float64Array, j: number): number[] {
    if (!this.#sketched) this.#sketch();
    const columns = this.#columns;
    const guess = this.#g;
    const known = this.#known;
    const allowed = this.#allowed;
    guess.set(g);
    known.set(g);
    for (let q = 0; q < allowed.length; q++) allowed[q] = columns.lacks(q) ? 1 : 0;
    allowed[neuron] = 0;
    const group = [neuron];
    /** Guessed picks whose columns are lacking. */
    const guessed: number[] = [];
    let last = neuron;
    let step = j;
    for (; group.length < PANEL && step < j + HORIZON; step++) {
      if (columns.lacks(last)) {
        this.#addGuess(last);
        guessed.push(last);
      } else {
        columns.addTo(guess, last);
        columns.addTo(known, last);
      }
      last = this.#nextPick(guessed, step);
      if (last < 0) break;
      if (allowed[last] === 1) group.push(last);
      allowed[last] = 0;
    }
    while (group.length < PANEL) {
      const best = bestScore(this.#statistics, guess, step, allowed);
      if (best < 0) break;
      group.push(best);
      allowed[best] = 0;
    }
    return group;
  }

  /** The pick at this step, by the guessed g; of those that look best, by their exact scores. -1 where there is none. */
  #nextPick(guessed: readonly number[], step: number): number {
    const contenders = this.#contenders;
    if (!contenders.isWorthwhile) return bestScore(this.#statistics, this.#g, step);
    let best = -1;
    let smallest = Infinity;
    for (const q of bestScores(this.#statistics, this.#g, step, COMPARED)) {
      let g = this.#known[q]!;
      for (const u of guessed) g += contenders.product(q, u);
      const score = scoreOf(this.#statistics, q, g, step);
      if (score < smallest) {
        best = q;
        smallest = score;
      }
    }
    return best;
  }

  #sketch(): void {
    for (const { kernels, layout, budget, samples } of this.#memories) {
      for (let block = 0; block < layout.blocks; block++) {
        const phi = layout.phi + block * samples * ROW_BYTES;
        const sketch = layout.sketch + block * layout.sketchRows * ROW_BYTES;
        kernels.sketchRows(phi, samples, layout.sketchRows, sketch);
        budget.spend(layout.sketchRows * COPY_WORK);
      }
    }
    this.#sketched = true;
  }

  /** Adds the neurons of a group, whose columns are held now, to the basis while there is room. */
  absorb(neurons: readonly number[]): void {
    for (const neuron of neurons) {
      if (this.#rank === BASIS) return;
      const norm = Math.sqrt(this.#project(neuron));
      if (norm === 0) continue;
      const column = this.#column.fill(0);
      this.#columns.addTo(column, neuron);
      this.#addProducts(column, 'basis', this.#rank, -1);
      for (const { f32, layout, first, width } of this.#memories) {
        for (let q = 0; q < width; q++) {
          const place = neuronAddress(layout.basis + this.#rank * ROW_BYTES, q, BASIS) / 4;
          f32[place] = column[first + q]! / norm;
        }
      }
      const rows = this.#left.length;
      for (let t = 0; t < rows; t++) this.#basisRows[this.#rank * rows + t] = this.#left[t]! / norm;
      this.#rank++;
    }
  }

  /** g += the guessed column of `neuron`. */
  #addGuess(neuron: number): void {
    const left = this.#project(neuron);
    this.#addProducts(this.#g, 'basis', this.#rank, 1);
    if (left === 0) return;
    const { layout, samples } = this.#memories[0]!;
    this.#addProducts(this.#g, 'sketch', layout.sketchRows, samples / layout.sketchRows);
  }

  /**
   * Has a neuron's coordinates and what is left of it on the sketch, here and as values for products. Returns the
   * squared norm of what is left; 0 where that is negligible.
   */
  #project(neuron: number): number {
    const memories = this.#memories;
    const owner = memoryOf(memories, neuron);
    const { f32, layout, first, budget } = owner;
    const rows = layout.sketchRows;
    const left = this.#left;
    const sketch = neuronAddress(layout.sketch, neuron - first, rows) / 4;
    const basis = neuronAddress(layout.basis, neuron - first, BASIS) / 4;
    const norm = this.#statistics.squaredNorms[neuron]!;
    let rest = norm;
    for (let t = 0; t < rows; t++) left[t] = f32[sketch + t * LANES]!;
    for (let i = 0; i < this.#rank; i++) {
      const c = f32[basis + i * LANES]!;
      f32[layout.basisValues / 4 + i] = c;
      rest -= c * c;
      for (let t = 0; t < rows; t++) left[t]! -= c * this.#basisRows[i * rows + t]!;
    }
    for (let t = 0; t < rows; t++) f32[layout.sketchValues / 4 + t] = left[t]!;
    shareRegion(owner, memories, 'basisValues', this.#rank);
    shareRegion(owner, memories, 'sketchValues', rows);
    budget.spend(this.#rank * rows);
    return rest > NEGLIGIBLE * norm ? rest : 0;
  }

  /** g += scale times the products of the values with all neurons' first `rows` rows. */
  #addProducts(g: Float64Array, kind: 'basis' | 'sketch', rows: number, scale: number): void {
    for (const { kernels, layout, f64, budget, first, width } of this.#memories) {
      const { sketchProducts } = layout;
      const [matrix, stride, values] =
        kind === 'basis'
          ? [layout.basis, BASIS, layout.basisValues]
          : [layout.sketch, layout.sketchRows, layout.sketchValues];
      for (let block = 0; block < layout.blocks; block++) {
        const products = sketchProducts + 8 * block * LANES;
        kernels.sketchProducts(matrix + block * stride * ROW_BYTES, values, rows, products);
        budget.spend(PRODUCT_WORK * rows);
      }
      for (let q = 0; q < width; q++) g[first + q]! += scale * f64[sketchProducts / 8 + q]!;
    }
  }
}
