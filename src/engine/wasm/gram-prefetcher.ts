/**
 * Predicts which Gram columns selection needs next: it continues the selection on guessed columns, and compares the
 * best-scoring neurons by exact products. A wrong guess costs a pass, never a wrong pick.
 *
 * The cached columns give every neuron's coordinates C in an orthonormal basis V of their neurons' outputs. The
 * residual of a neuron, Phi_u - V C_u, is estimated on a sketch, which is m of the n rows of the activations:
 *
 *   <Phi_q, Phi_u>  ~  <C_q, C_u> + (n / m) <Phi_q, Phi_u - V C_u> over the m rows of the sketch
 */
import { ExactCandidates } from './exact-candidates.js';
import type { GramColumns } from './gram-columns.js';
import { BASIS, PANEL } from './layout.js';
import { LANES, ROW_BYTES } from './layout-parts.js';
import { broadcastRegion, type MemoryBlock, memoryOf, neuronAddress } from './memory-block.js';
import { bestNeuron, bestNeurons, scoreOf } from './scores.js';
import { copySketch } from './sketch.js';
import type { Statistics } from './statistics.js';

/** Maximum number of guessed picks. */
const HORIZON = 3 * PANEL;
/** Neurons whose exact scores are compared at each guess. */
const COMPARED = 4;
/** A residual below this fraction of the neuron's squared norm counts as 0, and adds no basis vector. */
const NEGLIGIBLE = 1e-3;
/** Work of adding one row to the products. */
const PRODUCT_WORK = 2;

export class GramPrefetcher {
  readonly #memories: readonly MemoryBlock[];
  readonly #statistics: Statistics;
  readonly #columns: GramColumns;
  readonly #candidates: ExactCandidates;
  /** g with guessed columns; g with cached columns only; 1 for each neuron that may still join the group. */
  readonly #guessedG: Float64Array;
  readonly #exactG: Float64Array;
  readonly #allowed: Uint8Array;
  #sketched = false;
  /** Number of basis vectors, at most BASIS, and V on the rows of the sketch, [BASIS][m]. */
  #rank = 0;
  readonly #basisRows: Float64Array;
  /** Scratch: one neuron's residual on the rows of the sketch, and one Gram column. */
  readonly #residual: Float64Array;
  readonly #column: Float64Array;

  constructor(memories: readonly MemoryBlock[], statistics: Statistics, columns: GramColumns) {
    const width = statistics.squaredNorms.length;
    this.#memories = memories;
    this.#statistics = statistics;
    this.#columns = columns;
    this.#candidates = new ExactCandidates(memories, width);
    this.#guessedG = new Float64Array(width);
    this.#exactG = new Float64Array(width);
    this.#allowed = new Uint8Array(width);
    const { sketchRows } = memories[0]!.layout;
    this.#basisRows = new Float64Array(BASIS * sketchRows);
    this.#residual = new Float64Array(sketchRows);
    this.#column = new Float64Array(width);
  }

  /**
   * The neurons of the next pass: `neuron`, picked at step j - 1, and up to PANEL - 1 others whose columns are not
   * cached. First come the guessed picks from step j on, then the neurons that score best after them. `g` does not
   * yet include the column of `neuron`.
   */
  nextGroup(neuron: number, g: Float64Array, j: number): number[] {
    if (!this.#sketched) copySketch(this.#memories);
    this.#sketched = true;
    const columns = this.#columns;
    const guessedG = this.#guessedG;
    const exactG = this.#exactG;
    const allowed = this.#allowed;
    guessedG.set(g);
    exactG.set(g);
    for (let q = 0; q < allowed.length; q++) allowed[q] = columns.needsPass(q) ? 1 : 0;
    allowed[neuron] = 0;
    const group = [neuron];
    /** Guessed picks whose columns are not cached. */
    const guessed: number[] = [];
    let last = neuron;
    let step = j;
    for (; group.length < PANEL && step < j + HORIZON; step++) {
      if (columns.needsPass(last)) {
        this.#addGuess(last);
        guessed.push(last);
      } else {
        columns.addTo(guessedG, last);
        columns.addTo(exactG, last);
      }
      last = this.#nextPick(guessed, step);
      if (last < 0) break;
      if (allowed[last] === 1) group.push(last);
      allowed[last] = 0;
    }
    while (group.length < PANEL) {
      const best = bestNeuron(this.#statistics, guessedG, step, allowed);
      if (best < 0) break;
      group.push(best);
      allowed[best] = 0;
    }
    return group;
  }

  /** The neuron with the best exact score among the COMPARED best by the guessed g. -1 if there is none. */
  #nextPick(guessed: readonly number[], step: number): number {
    const candidates = this.#candidates;
    if (!candidates.isWorthwhile) return bestNeuron(this.#statistics, this.#guessedG, step);
    let best = -1;
    let smallest = Infinity;
    for (const q of bestNeurons(this.#statistics, this.#guessedG, step, COMPARED)) {
      let g = this.#exactG[q]!;
      for (const u of guessed) g += candidates.product(q, u);
      const score = scoreOf(this.#statistics, q, g, step);
      if (score < smallest) {
        best = q;
        smallest = score;
      }
    }
    return best;
  }

  /** Adds the neurons of a computed group to the basis, up to BASIS vectors. Their columns must be cached. */
  extendBasis(neurons: readonly number[]): void {
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
      const rows = this.#residual.length;
      for (let t = 0; t < rows; t++) this.#basisRows[this.#rank * rows + t] = this.#residual[t]! / norm;
      this.#rank++;
    }
  }

  /** guessedG += the guessed column of `neuron`. */
  #addGuess(neuron: number): void {
    const residualSquaredNorm = this.#project(neuron);
    this.#addProducts(this.#guessedG, 'basis', this.#rank, 1);
    if (residualSquaredNorm === 0) return;
    const { layout, samples } = this.#memories[0]!;
    this.#addProducts(this.#guessedG, 'sketch', layout.sketchRows, samples / layout.sketchRows);
  }

  /**
   * Computes a neuron's coordinates and its residual on the sketch, and writes them to basisValues and sketchValues
   * of all memory blocks. Returns the squared norm of the residual, or 0 if it is negligible.
   */
  #project(neuron: number): number {
    const memories = this.#memories;
    const owner = memoryOf(memories, neuron);
    const { f32, layout, first, budget } = owner;
    const rows = layout.sketchRows;
    const residual = this.#residual;
    const sketch = neuronAddress(layout.sketch, neuron - first, rows) / 4;
    const basis = neuronAddress(layout.basis, neuron - first, BASIS) / 4;
    const norm = this.#statistics.squaredNorms[neuron]!;
    let residualSquaredNorm = norm;
    for (let t = 0; t < rows; t++) residual[t] = f32[sketch + t * LANES]!;
    for (let i = 0; i < this.#rank; i++) {
      const c = f32[basis + i * LANES]!;
      f32[layout.basisValues / 4 + i] = c;
      residualSquaredNorm -= c * c;
      for (let t = 0; t < rows; t++) residual[t]! -= c * this.#basisRows[i * rows + t]!;
    }
    for (let t = 0; t < rows; t++) f32[layout.sketchValues / 4 + t] = residual[t]!;
    broadcastRegion(owner, memories, 'basisValues', this.#rank);
    broadcastRegion(owner, memories, 'sketchValues', rows);
    budget.spend((this.#rank * rows) / 2);
    return residualSquaredNorm > NEGLIGIBLE * norm ? residualSquaredNorm : 0;
  }

  /** g += scale * products of basisValues or sketchValues with the first `rows` rows of all neurons' matrix. */
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
