/**
 * Products of all neurons with a vector over samples, without a pass. V has orthonormal rows, and P = V (w Phi) are
 * products with them, which passes compute. With x the vector, w > 0 the scales of samples and c = V (x / w),
 *
 *   <Phi_q, x>  =  <P_q, c> + <w Phi_q, r>        r = x / w - V^T c
 *
 * and |<w Phi_q, r>| <= |r| sqrt(||w Phi_q||^2 - |P_q|^2), as r is orthogonal to V (Cauchy-Schwarz). Phi may also stand
 * for the squares of the outputs.
 */
import type { Layout } from './layout.js';
import { type BasisLayout, LANES, PANEL, paddedSamples, ROW_BYTES } from './layout-parts.js';
import { broadcastRegion, type MemoryBlock } from './memory-block.js';

/** Relative error of float32 sums over segments of 64 samples, with a safety margin. */
const ROUNDING = 1e-5;
/** A direction is taken only if this much of it is left where it is made orthogonal to the others once more. */
const LEFT = 0.5;
/** Columns of a panel that the kernel forms together. */
const TOGETHER = 4;
/** Work per sample and direction of projecting a vector. */
const PROJECT_WORK = 0.1;

export class GradientBasis {
  readonly #memories: readonly MemoryBlock[];
  readonly #placeOf: (layout: Layout) => BasisLayout;
  /** The regions in the first memory block, and n, padded. */
  readonly #place: BasisLayout;
  readonly #padded: number;
  /** At least ||w Phi_q||^2, and the same less |P_q|^2. */
  readonly #norms: Float64Array;
  readonly #rests: Float64Array;
  /** w and 1 / w */
  readonly #scales: Float32Array;
  readonly #inverse: Float32Array;
  #known = 0;
  #pending = 0;
  /** |x / w| and |r| of the last projection. */
  #norm = 0;
  #rest = 0;

  /** `norms` are those of w = 1. */
  constructor(
    memories: readonly MemoryBlock[],
    placeOf: (layout: Layout) => BasisLayout,
    norms: Float64Array,
  ) {
    const { samples, f32, layout } = memories[0]!;
    this.#memories = memories;
    this.#placeOf = placeOf;
    this.#place = placeOf(layout);
    this.#padded = paddedSamples(samples);
    this.#norms = norms.slice();
    this.#rests = norms.slice();
    this.#scales = new Float32Array(samples).fill(1);
    this.#inverse = new Float32Array(samples).fill(1);
    const { residual } = this.#place;
    f32.fill(0, residual / 4, residual / 4 + this.#padded);
  }

  /** Directions that the next pass multiplies; their products are not known yet. */
  get pending(): number {
    return this.#pending;
  }

  /** Forgets all directions, and takes w = sqrt(weight). `norm` is ||w Phi_q||^2 or more. */
  reset(weight: (s: number) => number, norm: (memory: MemoryBlock, i: number) => number): void {
    for (let s = 0; s < this.#scales.length; s++) {
      const scale = Math.fround(Math.sqrt(weight(s)));
      this.#scales[s] = scale;
      this.#inverse[s] = 1 / scale;
    }
    for (const memory of this.#memories)
      for (let i = 0; i < memory.width; i++) this.#norms[memory.first + i] = norm(memory, i);
    this.#rests.set(this.#norms);
    this.#known = 0;
    this.#pending = 0;
  }

  /** Projects the vector x, f32 [n], on the known directions: computes c and r. Returns |x / w| and |r|. */
  project(vector: number): { norm: number; rest: number } {
    const { f32, samples } = this.#memories[0]!;
    const residual = this.#place.residual / 4;
    const inverse = this.#inverse;
    for (let s = 0; s < samples; s++) f32[residual + s] = f32[vector / 4 + s]! * inverse[s]!;
    this.#norm = this.#residualNorm();
    this.#subtract(0, this.#known);
    this.#rest = this.#residualNorm();
    broadcastRegion(this.#memories[0]!, this.#memories, l => this.#placeOf(l).coefficients, this.#known);
    return { norm: this.#norm, rest: this.#rest };
  }

  /** sum_q += <P_q, c> for the last projection. */
  addProducts(sum: Float64Array): void {
    if (this.#known === 0) return;
    for (const { kernels, layout, f64, budget, first, width } of this.#memories) {
      const { products, capacity, coefficients } = this.#placeOf(layout);
      const { sketchProducts } = layout;
      for (let block = 0; block < layout.blocks; block++) {
        const rows = products + block * capacity * ROW_BYTES;
        kernels.sketchProducts(rows, coefficients, this.#known, sketchProducts + 8 * block * LANES);
        budget.spend(this.#known);
      }
      for (let i = 0; i < width; i++) sum[first + i]! += f64[sketchProducts / 8 + i]!;
    }
  }

  /**
   * How far <P_q, c> of the last projection is from <Phi_q, x> at most. The P are float32 sums, each with an error of
   * ROUNDING ||w Phi_q||, and V is orthonormal up to rounding.
   */
  errorOf(q: number): number {
    const norm = this.#norms[q]!;
    const slack = ROUNDING * (1 + 2 * Math.sqrt(this.#known));
    return (
      this.#rest * Math.sqrt(Math.max(0, this.#rests[q]!) + slack * norm) +
      slack * this.#norm * Math.sqrt(norm)
    );
  }

  /** w r at sample s, for the r of the last projection. */
  restAt(s: number): number {
    return this.#memories[0]!.f32[this.#place.residual / 4 + s]! * this.#scales[s]!;
  }

  /** Makes r of the last projection, less its part in pending directions, a pending one if it is longer than `least`. */
  propose(least: number): void {
    const { f32, samples } = this.#memories[0]!;
    if (this.#pending === PANEL) return;
    this.#subtract(this.#known, this.#pending);
    const length = this.#residualNorm();
    if (!(length > least)) return;
    const residual = this.#place.residual / 4;
    for (let s = 0; s < samples; s++) f32[residual + s]! /= length;
    // What is left may be small, and have rounding errors of the whole vector.
    this.#subtract(0, this.#known + this.#pending);
    const left = this.#residualNorm();
    if (!(left > LEFT)) return;
    const row = this.#row(this.#known + this.#pending) / 4;
    const panel = this.#place.panel / 4 + this.#pending;
    const scales = this.#scales;
    f32.fill(0, row + samples, row + this.#padded);
    for (let s = 0; s < samples; s++) {
      const value = Math.fround(f32[residual + s]! / left);
      f32[row + s] = value;
      f32[panel + s * PANEL] = value * scales[s]!;
    }
    this.#pending++;
  }

  /** Makes room for the directions of one pass: forgets the older half if there is none. */
  makeRoom(): void {
    const { capacity } = this.#place;
    if (this.#known + PANEL <= capacity) return;
    const kept = Math.min(capacity - PANEL, capacity >> 1);
    const dropped = this.#known - kept;
    const { f32 } = this.#memories[0]!;
    f32.copyWithin(this.#row(0) / 4, this.#row(dropped) / 4, this.#row(this.#known) / 4);
    for (const { f32, layout } of this.#memories) {
      for (let block = 0; block < layout.blocks; block++) {
        const start = (this.#placeOf(layout).products + block * capacity * ROW_BYTES) / 4;
        f32.copyWithin(start, start + dropped * LANES, start + this.#known * LANES);
      }
    }
    this.#known = kept;
    this.#rests.set(this.#norms);
    this.#shorten(0, kept);
  }

  /** Completes the panel of a pass, in every memory block; returns its columns, a multiple of 4. */
  preparePanel(): number {
    const home = this.#memories[0]!;
    const columns = Math.ceil(this.#pending / TOGETHER) * TOGETHER;
    const panel = this.#place.panel / 4;
    for (let column = this.#pending; column < columns; column++)
      for (let s = 0; s < home.samples; s++) home.f32[panel + s * PANEL + column] = 0;
    if (columns > 0) broadcastRegion(home, this.#memories, l => this.#placeOf(l).panel, PANEL * home.samples);
    return columns;
  }

  /** Takes a pass's products with one block, f64 [12][48]. */
  takeProducts({ f32, f64, layout }: MemoryBlock, block: number, sums: number): void {
    const { products, capacity } = this.#placeOf(layout);
    const rows = products + (block * capacity + this.#known) * ROW_BYTES;
    for (let i = 0; i < this.#pending * LANES; i++) f32[rows / 4 + i] = f64[sums / 8 + i]!;
  }

  /** Ends a pass: its directions are known. */
  commit(): void {
    this.#shorten(this.#known, this.#known + this.#pending);
    this.#known += this.#pending;
    this.#pending = 0;
  }

  /** Rests -= squares of the products with these directions. */
  #shorten(from: number, to: number): void {
    const rests = this.#rests;
    for (const { f32, layout, first, width } of this.#memories) {
      const { products, capacity } = this.#placeOf(layout);
      for (let block = 0; block < layout.blocks; block++) {
        const q = first + block * LANES;
        const count = Math.min(LANES, width - block * LANES);
        for (let i = from; i < to; i++) {
          const row = products / 4 + (block * capacity + i) * LANES;
          for (let lane = 0; lane < count; lane++) rests[q + lane]! -= f32[row + lane]! * f32[row + lane]!;
        }
      }
    }
  }

  /** Residual -= its part in `count` directions from `from` on; writes their coefficients. */
  #subtract(from: number, count: number): void {
    if (count === 0) return;
    const { kernels, layout, f32, f64, budget, samples } = this.#memories[0]!;
    const { coefficients, residual } = this.#place;
    const { directionSums } = layout;
    kernels.dotRows(this.#row(from), residual, this.#padded, count, directionSums);
    for (let i = 0; i < count; i++) f32[coefficients / 4 + from + i] = f64[directionSums / 8 + i]!;
    kernels.subtractRows(this.#row(from), coefficients + 4 * from, this.#padded, count, residual);
    budget.spend(PROJECT_WORK * count * samples);
  }

  #residualNorm(): number {
    const { kernels, layout, f64 } = this.#memories[0]!;
    kernels.dotRows(this.#place.residual, this.#place.residual, this.#padded, 1, layout.directionSums);
    return Math.sqrt(f64[layout.directionSums / 8]!);
  }

  #row(i: number): number {
    return this.#place.directions + i * this.#padded * 4;
  }
}
