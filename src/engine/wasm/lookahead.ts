/**
 * Guesses which Gram columns will be needed next, by going on with the selection on a sketch: some rows of the
 * activations, on which a column costs little. A wrong guess costs a pass, never a wrong pick.
 */
import type { Statistics } from './activations.js';
import type { GramColumns } from './gram-columns.js';
import { LANES, PANEL, ROW_BYTES } from './layout.js';
import { neuronAddress, type Site, shardOf, shareRegion } from './site.js';

/** Picks that are guessed at most. */
const HORIZON = 3 * PANEL;
/** Work of copying a row of a block from far away, and of adding it to the products. */
const COPY_WORK = 64;
const PRODUCT_WORK = 2;

export class Lookahead {
  readonly #shards: readonly Site[];
  readonly #statistics: Statistics;
  readonly #columns: GramColumns;
  /** The guessed g, and which neurons may still join the group. */
  readonly #g: Float64Array;
  readonly #allowed: Uint8Array;
  #sketched = false;

  constructor(shards: readonly Site[], statistics: Statistics, columns: GramColumns) {
    const width = statistics.squaredNorms.length;
    this.#shards = shards;
    this.#statistics = statistics;
    this.#columns = columns;
    this.#g = new Float64Array(width);
    this.#allowed = new Uint8Array(width);
  }

  /**
   * `neuron`, picked at step j - 1, and up to PANEL - 1 others whose columns are lacking: those of the guessed picks from
   * step j on, then those that score best after them. `g` is without the column of `neuron`.
   */
  group(neuron: number, g: Float64Array, j: number): number[] {
    if (!this.#sketched) this.#sketch();
    const columns = this.#columns;
    const guess = this.#g;
    const allowed = this.#allowed;
    guess.set(g);
    for (let q = 0; q < allowed.length; q++) allowed[q] = columns.lacks(q) ? 1 : 0;
    allowed[neuron] = 0;
    const group = [neuron];
    let last = neuron;
    let step = j;
    for (; group.length < PANEL && step < j + HORIZON; step++) {
      if (columns.lacks(last)) this.#addGuess(last);
      else columns.addTo(guess, last, j);
      last = bestScore(this.#statistics, guess, step);
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

  #sketch(): void {
    for (const { kernels, layout, pace, samples } of this.#shards) {
      for (let block = 0; block < layout.blocks; block++) {
        const phi = layout.phi + block * samples * ROW_BYTES;
        const sketch = layout.sketch + block * layout.sketchRows * ROW_BYTES;
        kernels.sketchRows(phi, samples, layout.sketchRows, sketch);
        pace.spend(layout.sketchRows * COPY_WORK);
      }
    }
    this.#sketched = true;
  }

  /** g += what the sketch makes of the column of `neuron`. */
  #addGuess(neuron: number): void {
    const shards = this.#shards;
    const owner = shardOf(shards, neuron);
    const { sketchRows: rows } = owner.layout;
    const values = owner.layout.sketchValues / 4;
    const place = neuronAddress(owner.layout.sketch, neuron - owner.first, rows) / 4;
    for (let t = 0; t < rows; t++) owner.f32[values + t] = owner.f32[place + t * LANES]!;
    shareRegion(owner, shards, 'sketchValues', rows);
    const scale = owner.samples / rows;
    const guess = this.#g;
    for (const { kernels, layout, f64, pace, first, width } of shards) {
      const { sketch, sketchValues, sketchProducts } = layout;
      for (let block = 0; block < layout.blocks; block++) {
        const products = sketchProducts + 8 * block * LANES;
        kernels.sketchProducts(sketch + block * rows * ROW_BYTES, sketchValues, rows, products);
        pace.spend(PRODUCT_WORK * rows);
      }
      for (let q = 0; q < width; q++) guess[first + q]! += scale * f64[sketchProducts / 8 + q]!;
    }
  }
}

/**
 * The neuron with the smallest score at step j, ties to the lowest index; of those that `allowed` does not mark 0.
 * -1 where there is none.
 */
export function bestScore(
  { projections, squaredNorms }: Statistics,
  g: Float64Array,
  j: number,
  allowed: Uint8Array | null = null,
): number {
  let best = -1;
  let smallest = Infinity;
  for (let q = 0; q < g.length; q++) {
    const score = 2 * g[q]! - 2 * j * projections[q]! + squaredNorms[q]!;
    if (score < smallest && (allowed === null || allowed[q] === 1)) {
      best = q;
      smallest = score;
    }
  }
  return best;
}
