/**
 * Greedy forward selection for the squared loss (science.md):
 *
 *   score_q(j) = 2 g_q - 2 j p_q + n_q        g = sum over the picks of their columns of the Gram matrix
 *
 * A pass over the activations computes the column that is needed and, at almost no cost, those of the candidates that
 * now score best and are not held. What is speculated never looks at how many picks are wanted, so a shorter path is
 * a prefix of a longer one in its passes, too.
 */
import type { Path } from '../engine.js';
import { LANES, PANEL, ROW_BYTES } from './layout.js';
import { neuronAddress, type Site } from './site.js';

/** Work of one sample of one block in a Gram pass, and of copying one output into the panel. */
const GRAM_WORK = PANEL;
const PANEL_WORK = 4;

export function selectSquared(site: Site, squaredNorms: Float64Array, subnetSize: number): Path {
  const { f64, layout, width } = site;
  const p = layout.projections / 8;
  const picks = new Int32Array(subnetSize);
  const passes = new Int32Array(subnetSize);
  const g = new Float64Array(width);
  const scores = new Float64Array(width);
  const columns = new GramColumns(site, squaredNorms);
  for (let j = 1; j <= subnetSize; j++) {
    if (j > 1) columns.addTo(g, picks[j - 2]!, scores, j);
    let best = 0;
    for (let q = 0; q < width; q++) {
      const score = 2 * g[q]! - 2 * j * f64[p + q]! + squaredNorms[q]!;
      scores[q] = score;
      if (score < scores[best]!) best = q;
    }
    picks[j - 1] = best;
    passes[j - 1] = columns.passes;
  }
  return { picks, passes };
}

/** Columns of the Gram matrix that are held, the least recently used making room for new ones. */
class GramColumns {
  passes = 0;
  readonly #site: Site;
  readonly #squaredNorms: Float64Array;
  /** For each neuron, where its column is held, or -1. */
  readonly #slotOf: Int32Array;
  /** For each slot, its neuron, or -1, and when it was last used or computed. */
  readonly #neuronOf: Int32Array;
  readonly #usedAt: Int32Array;
  readonly #live: Uint8Array;

  constructor(site: Site, squaredNorms: Float64Array) {
    const { layout, width } = site;
    this.#site = site;
    this.#squaredNorms = squaredNorms;
    this.#slotOf = new Int32Array(width).fill(-1);
    this.#neuronOf = new Int32Array(layout.columnCapacity).fill(-1);
    this.#usedAt = new Int32Array(layout.columnCapacity).fill(-1);
    this.#live = liveBlocks(squaredNorms, layout.blocks);
  }

  /** g += the column of `neuron`. `scores` are what it was picked by; `now` counts the uses. */
  addTo(g: Float64Array, neuron: number, scores: Float64Array, now: number): void {
    if (this.#squaredNorms[neuron] === 0) return;
    if (this.#slotOf[neuron]! < 0) this.#compute(this.#speculate(neuron, scores), now);
    const { f64, layout } = this.#site;
    const slot = this.#slotOf[neuron]!;
    this.#usedAt[slot] = now;
    const column = layout.columns / 8 + slot * layout.padded;
    for (let q = 0; q < g.length; q++) g[q]! += f64[column + q]!;
  }

  /** `neuron`, and up to seven others that score best, are not held and are not silent; ties to the lowest index. */
  #speculate(neuron: number, scores: Float64Array): number[] {
    const room = PANEL - 1;
    const best: number[] = [];
    for (let q = 0; q < scores.length; q++) {
      if (best.length === room && !(scores[q]! < scores[best[room - 1]!]!)) continue;
      if (q === neuron || this.#slotOf[q]! >= 0 || this.#squaredNorms[q] === 0) continue;
      let at = best.length < room ? best.length : room - 1;
      for (; at > 0 && scores[q]! < scores[best[at - 1]!]!; at--) best[at] = best[at - 1]!;
      best[at] = q;
    }
    return [neuron, ...best];
  }

  /** One pass over the activations. */
  #compute(neurons: readonly number[], now: number): void {
    const { kernels, layout, u32, pace, samples } = this.#site;
    const slots = neurons.map(neuron => this.#takeSlot(neuron, now));
    neurons.forEach((neuron, c) => {
      kernels.fillPanel(neuronAddress(layout.phi, neuron, samples), samples, layout.panel + 4 * c);
      pace.spend((PANEL_WORK * samples) / LANES);
    });
    for (let block = 0; block < layout.blocks; block++) {
      slots.forEach((slot, c) => {
        u32[layout.targets / 4 + c] = layout.columns + 8 * (slot * layout.padded + block * LANES);
      });
      const rows = this.#live[block] ? samples : 0;
      const phi = layout.phi + block * samples * ROW_BYTES;
      kernels.gram(phi, layout.panel, rows, layout.targets, neurons.length);
      pace.spend(rows * GRAM_WORK);
    }
    this.passes++;
  }

  /** A slot for this neuron's column: the one that was not used for longest. */
  #takeSlot(neuron: number, now: number): number {
    const usedAt = this.#usedAt;
    let slot = 0;
    for (let other = 1; other < usedAt.length; other++) if (usedAt[other]! < usedAt[slot]!) slot = other;
    const evicted = this.#neuronOf[slot]!;
    if (evicted >= 0) this.#slotOf[evicted] = -1;
    this.#neuronOf[slot] = neuron;
    this.#slotOf[neuron] = slot;
    usedAt[slot] = now;
    return slot;
  }
}

/** 1 for each block with a neuron that is not silent: products with the others are 0. */
function liveBlocks(squaredNorms: Float64Array, blocks: number): Uint8Array {
  const live = new Uint8Array(blocks);
  for (let q = 0; q < squaredNorms.length; q++) {
    if (squaredNorms[q] !== 0) live[Math.floor(q / LANES)] = 1;
  }
  return live;
}
