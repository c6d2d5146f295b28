/** The candidates of one step of logistic selection: bounds of their losses, and their losses (select-logistic.ts). */
import { LANES, paddedSamples, ROW_BYTES } from './layout-parts.js';
import { curvedBound } from './logistic-bounds.js';
import { type MemoryBlock, memoryOf, neuronAddress } from './memory-block.js';
import { NeuronCache } from './neuron-cache.js';
import type { Statistics } from './statistics.js';

/**
 * Relative slack of a lower bound. The four sums are float32 sums over segments of 64 samples: their rounding error
 * is below 75 * 2^-24 of the sum of their terms' sizes. The slack is larger, so rounding never discards the best
 * candidate.
 */
const ROUNDING = 1e-5;
/** Relative rounding error of a loss in float64, with a safety margin. */
const LOSS_ROUNDING = 1e-12;
/** Error bound of a float32 loss: a relative part, and a part per sample. */
const FLOAT32_RELATIVE = 2e-5;
const FLOAT32_PER_SAMPLE = 2e-6;
/** Time of copying a neuron's outputs, and of the sums of a copied one, as a share of a pass over a block. */
export const COPY_SHARE = 0.35;
const COPIED_SHARE = 0.02;
/** Contenders that are copied instead of a pass, at most, per block: more do not fit the cache. */
const CONTENDERS_PER_BLOCK = 6;
/** Work per sample. */
const FLOAT32_WORK = 32;
const POINT_WORK = 2;
const EXACT_WORK = 2;
const MOMENTS_WORK = 0.25;

export class LogisticCandidates {
  /** A lower bound of each candidate's loss. */
  readonly bounds: Float64Array;
  /** L, the loss at u0. */
  loss = 0;
  readonly #memories: readonly MemoryBlock[];
  readonly #statistics: Statistics;
  readonly #blocks: number;
  readonly #cache: NeuronCache | null;
  /** The norm of l' at u0. */
  #slopeNorm = 0;

  constructor(memories: readonly MemoryBlock[], statistics: Statistics) {
    const width = statistics.squaredNorms.length;
    this.#memories = memories;
    this.#statistics = statistics;
    this.#blocks = Math.ceil(width / LANES);
    this.bounds = new Float64Array(width);
    const { candidates, contenderCapacity } = memories[0]!.layout;
    this.#cache = contenderCapacity > 0 ? new NeuronCache(memories, candidates, contenderCapacity) : null;
  }

  /** Whether outputs of contenders can be copied: not in small networks. */
  get canCopy(): boolean {
    return this.#cache !== null;
  }

  /** Candidates other than `guess` that may be as good as this loss. */
  contenders(guess: number, loss: number): number[] {
    const contenders: number[] = [];
    const { bounds } = this;
    for (let q = 0; q < bounds.length; q++) if (q !== guess && bounds[q]! <= loss) contenders.push(q);
    return contenders;
  }

  /** Whether copying these costs less than a pass. */
  areFew(contenders: readonly number[]): boolean {
    if (contenders.length > CONTENDERS_PER_BLOCK * this.#blocks) return false;
    let cost = 0;
    for (const q of contenders) cost += this.#cache!.has(q) ? COPIED_SHARE : COPY_SHARE;
    return cost <= this.#blocks;
  }

  /** The best of `guess`, which has this loss, and the contenders. */
  bestOf(contenders: number[], guess: number, guessLoss: number, j: number): number {
    const { bounds } = this;
    let best = guess;
    let smallest = guessLoss;
    contenders.sort((a, b) => bounds[a]! - bounds[b]! || a - b);
    for (const q of contenders) {
      if (bounds[q]! > smallest) break;
      const loss = this.exactLoss(q, j);
      if (loss < smallest || (loss === smallest && q < best)) {
        smallest = loss;
        best = q;
      }
    }
    return best;
  }

  /** Computes the loss and its derivatives at u0. */
  evaluatePoint(j: number): void {
    const { kernels, layout, f64, budget, samples } = this.#memories[0]!;
    const { derivatives, scratch } = layout;
    const padded = paddedSamples(samples);
    kernels.logisticPoint(layout.z, layout.labels, samples, j, derivatives, 4 * padded, scratch);
    budget.spend(POINT_WORK * samples);
    this.loss = f64[scratch / 8]!;
    kernels.dotRows(derivatives, derivatives, padded, 1, scratch);
    this.#slopeNorm = Math.sqrt(f64[scratch / 8]!);
  }

  exactLoss(q: number, j: number): number {
    const { kernels, layout, f64, budget, samples } = this.#cache
      ? this.#memories[0]!
      : memoryOf(this.#memories, q);
    budget.spend(EXACT_WORK * samples);
    kernels.logisticLoss(this.#outputsOf(q), layout.z, layout.labels, samples, j, layout.scratch);
    return f64[layout.scratch / 8]!;
  }

  /** The address of the neuron's outputs, contiguous: in the first memory block if there is a cache, else in its own. */
  #outputsOf(q: number): number {
    if (this.#cache) return this.#cache.addressOf(q);
    const { kernels, layout, samples, first } = memoryOf(this.#memories, q);
    kernels.copyNeuron(neuronAddress(layout.phi, q - first, samples), samples, layout.values);
    return layout.values;
  }

  /**
   * Writes a candidate's bound from bounds of its terms. Those of G and S contain their rounding; `S0` is an S that was
   * summed, on which the rounding of T and F depends.
   */
  boundByTerms(q: number, j: number, G: number, S: number, T: number, F: number, S0: number): void {
    const margin = ROUNDING * (Math.sqrt(S0 * F) + F) + LOSS_ROUNDING * this.loss;
    this.bounds[q] = orNone(this.loss + G + curvedBound(S, T, F, this.#statistics.peaks[q]! / j) - margin);
  }

  /** Raises the contenders' bounds by their sums at u0. */
  raiseByMoments(contenders: readonly number[], j: number): void {
    const { kernels, layout, f64, budget, samples } = this.#memories[0]!;
    const { derivatives, scratch } = layout;
    const at = scratch / 8;
    for (const q of contenders) {
      kernels.candidateMoments(this.#outputsOf(q), derivatives, paddedSamples(samples), scratch);
      budget.spend(MOMENTS_WORK * samples);
      this.bound(q, j, f64[at]!, f64[at + 1]!, f64[at + 2]!, f64[at + 3]!);
    }
  }

  /** Writes the candidate's bound from its sums with Phi_q instead of delta_q; returns its G + S / 2. */
  bound(q: number, j: number, g: number, s: number, t: number, f: number): number {
    const { squaredNorms, peaks } = this.#statistics;
    const G = g / j;
    const S = s / (j * j);
    const T = t / (j * j * j);
    const F = f / (j * j * j * j);
    // By Cauchy-Schwarz, the sizes of G's terms sum to at most ||l'|| ||delta||. As |l'''| <= l'', those of T's terms
    // sum to at most sqrt(S F).
    const sizes = (this.#slopeNorm * Math.sqrt(squaredNorms[q]!)) / j + S + Math.sqrt(S * F) + F;
    const margin = ROUNDING * sizes + LOSS_ROUNDING * this.loss;
    this.bounds[q] = orNone(this.loss + G + curvedBound(S, T, F, peaks[q]! / j) - margin);
    return G + S / 2;
  }

  /** Raises the bounds of these candidates, which ascend by index, to their float32 losses less the error bound. */
  raiseByFloat32(candidates: readonly number[], j: number): void {
    const memories = this.#memories;
    for (const { kernels, layout, samples } of memories) {
      kernels.logisticMargins(layout.z, layout.labels, samples, j, layout.columnEntries);
    }
    const { bounds } = this;
    let doneBlock = -1;
    for (const q of candidates) {
      const { kernels, layout, f64, budget, samples, first } = memoryOf(memories, q);
      const { losses, columnEntries: margins, scratch } = layout;
      if (Math.floor(q / LANES) !== doneBlock) {
        doneBlock = Math.floor(q / LANES);
        const block = doneBlock - first / LANES;
        const phi = layout.phi + block * samples * ROW_BYTES;
        kernels.logisticLosses(phi, margins, samples, losses + 8 * block * LANES, scratch);
        budget.spend(samples * FLOAT32_WORK);
      }
      const loss = f64[losses / 8 + q - first]!;
      const bound = loss - FLOAT32_RELATIVE * loss - FLOAT32_PER_SAMPLE * samples;
      if (bound > bounds[q]!) bounds[q] = bound;
    }
  }
}

/** A bound that is not a number, as where sums overflow, excludes nothing. */
const orNone = (bound: number): number => (Number.isNaN(bound) ? Number.NEGATIVE_INFINITY : bound);
