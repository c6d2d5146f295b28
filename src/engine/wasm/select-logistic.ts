/**
 * Greedy forward selection for the logistic loss, exact by bounds (logistic-bounds.ts). A pass over the activations gives
 * the sums of every candidate's bound at one step, and products with directions that later steps need: from these come
 * bounds at later steps without a pass (gradient-basis.ts, logistic-reference.ts). Each step
 *
 *   1. bounds all candidates without a pass, evaluates the best guess exactly, and finds the contenders: candidates
 *      whose bounds do not exceed that loss;
 *   2. if they are few, copies their outputs and raises their bounds by their own sums; else makes a pass, which raises
 *      all bounds, and guesses anew;
 *   3. if many contenders are left after a pass, as in the first few steps, computes their losses in float32 to raise
 *      their bounds;
 *   4. evaluates exactly, by rising bound, the contenders that may still be better.
 *
 * In small networks a pass costs no more than step 1, so each step makes one.
 */
import type { Path } from '../engine.js';
import { GradientBasis } from './gradient-basis.js';
import { GradientPredictor } from './gradient-predictor.js';
import { LANES, PANEL, paddedSamples, ROW_BYTES } from './layout-parts.js';
import { COPY_SHARE, LogisticCandidates } from './logistic-candidates.js';
import { LogisticReference, momentAddress } from './logistic-reference.js';
import { broadcastRegion, type MemoryBlock } from './memory-block.js';
import { addToSum, clearSum } from './selected-sum.js';
import type { Statistics } from './statistics.js';

/** With more candidates than this per block of neurons, float32 losses of whole blocks cost less than exact ones. */
const MANY_PER_BLOCK = 4;
/** The basis starts anew, with the scales of the time, whenever j has grown by this factor. */
const RESET_GROWTH = 2;
/** Scales are the roots of l'' plus this share of its mean. */
const SCALE_FLOOR = 0.02;
/** Samples of a block that stay in the second-level cache: a multiple of the kernels' segment of 64. */
const CHUNK = 1024;
/** Work per sample of one block in a pass, and of one column of it. */
const PASS_WORK = 8;
const COLUMN_WORK = 1;

export function selectLogistic(
  memories: readonly MemoryBlock[],
  statistics: Statistics,
  subnetSize: number,
): Path {
  const picks = new Int32Array(subnetSize);
  const passes = new Int32Array(subnetSize);
  const selection = new LogisticSelection(memories, statistics);
  clearSum(memories);
  for (let j = 1; j <= subnetSize; j++) {
    const pick = selection.best(j);
    picks[j - 1] = pick;
    passes[j - 1] = selection.passes;
    addToSum(memories, pick);
  }
  return { picks, passes };
}

/** What spares passes, in networks that are large enough. */
interface Basis {
  readonly slopes: GradientBasis;
  readonly curvatures: GradientBasis;
  readonly predictor: GradientPredictor;
}

/** Finds the best candidate of each step, for the z in the memory blocks. */
class LogisticSelection {
  readonly #memories: readonly MemoryBlock[];
  readonly #statistics: Statistics;
  readonly #blocks: number;
  readonly #reference: LogisticReference;
  readonly #candidates: LogisticCandidates;
  #basis: Basis | null = null;
  #passes = 0;
  #lastReset = 0;
  /** False while a pass leaves so many contenders that directions would not spare the next one. */
  #canSpare = false;
  /** Scratch for estimates of G and S. */
  readonly #linear: Float64Array;
  readonly #quadratic: Float64Array;

  constructor(memories: readonly MemoryBlock[], statistics: Statistics) {
    const { layout, samples, f32 } = memories[0]!;
    const width = statistics.squaredNorms.length;
    const padded = paddedSamples(samples);
    this.#memories = memories;
    this.#statistics = statistics;
    this.#blocks = Math.ceil(width / LANES);
    this.#reference = new LogisticReference(memories, width);
    this.#linear = new Float64Array(width);
    this.#quadratic = new Float64Array(width);
    this.#candidates = new LogisticCandidates(memories, statistics);
    // Kernels read what lies past n, up to whole groups of 16.
    for (const planes of [layout.derivatives, layout.predicted]) {
      for (let plane = planes / 4; plane < planes / 4 + 3 * padded; plane += padded)
        f32.fill(0, plane + samples, plane + padded);
    }
  }

  /** Passes so far. */
  get passes(): number {
    return this.#passes;
  }

  /** The candidate with the smallest loss of (z + Phi_q) / j, ties to the lowest index. */
  best(j: number): number {
    const candidates = this.#candidates;
    candidates.evaluatePoint(j);
    if (this.#basis) {
      const guess = this.#boundWithoutPass(j, this.#basis);
      const loss = candidates.exactLoss(guess, j);
      const contenders = candidates.contenders(guess, loss);
      if (candidates.areFew(contenders)) {
        candidates.raiseByMoments(contenders, j);
        return candidates.bestOf(contenders, guess, loss, j);
      }
      if (this.#canSpare) this.#propose(j, this.#basis);
    }
    const guess = this.#pass(j);
    const loss = candidates.exactLoss(guess, j);
    const contenders = candidates.contenders(guess, loss);
    this.#canSpare = contenders.length * COPY_SHARE <= this.#blocks;
    if (contenders.length > MANY_PER_BLOCK * this.#blocks) candidates.raiseByFloat32(contenders, j);
    return candidates.bestOf(contenders, guess, loss, j);
  }

  /** Writes every candidate's bound without a pass; returns the one with the smallest estimate. */
  #boundWithoutPass(j: number, { slopes, curvatures }: Basis): number {
    const { layout, samples } = this.#memories[0]!;
    const { peaks } = this.#statistics;
    const reference = this.#reference;
    const candidates = this.#candidates;
    const [linear, quadratic] = [this.#linear.fill(0), this.#quadratic.fill(0)];
    slopes.project(layout.derivatives);
    slopes.addProducts(linear);
    curvatures.project(layout.derivatives + 4 * paddedSamples(samples));
    curvatures.addProducts(quadratic);
    const changes = reference.changes();
    const [j2, j3, j4] = [j * j, j * j * j, j * j * j * j];
    let best = 0;
    let smallest = Infinity;
    for (const memory of this.#memories) {
      const { f64, first, width } = memory;
      for (let i = 0; i < width; i++) {
        const q = first + i;
        const peak = peaks[q]!;
        const third = f64[momentAddress(memory, i) + 2 * LANES]!;
        const weight = reference.weight(memory, i);
        const S = Math.max(0, quadratic[q]! - curvatures.errorOf(q)) / j2;
        const T = (third - peak * changes.third * weight) / j3;
        const F = (reference.fourthMoment(memory, i) + peak * peak * changes.rise * weight) / j4;
        const G = (linear[q]! - slopes.errorOf(q)) / j;
        candidates.boundByTerms(q, j, G, S, T, F, reference.secondMoment(memory, i) / j2);
        const estimate = linear[q]! / j + quadratic[q]! / (2 * j2) + third / (6 * j3);
        if (estimate < smallest) {
          smallest = estimate;
          best = q;
        }
      }
    }
    return best;
  }

  /** Proposes directions for the pass of step j. */
  #propose(j: number, { slopes, curvatures, predictor }: Basis): void {
    if (j > RESET_GROWTH * this.#lastReset) this.#reset(j, slopes, curvatures);
    slopes.makeRoom();
    curvatures.makeRoom();
    predictor.propose(j);
  }

  /** Starts the bases anew, with the scales of the last pass. */
  #reset(j: number, slopes: GradientBasis, curvatures: GradientBasis): void {
    this.#lastReset = j;
    const reference = this.#reference;
    const { squaredNorms } = this.#statistics;
    const { fourthPowers } = reference;
    const floor = SCALE_FLOOR * reference.meanCurvature;
    const weight = (s: number) => reference.curvatureAt(s) + floor;
    slopes.reset(
      weight,
      (memory, i) => reference.secondMoment(memory, i) + floor * squaredNorms[memory.first + i]!,
    );
    curvatures.reset(
      weight,
      (memory, i) => reference.fourthMoment(memory, i) + floor * fourthPowers[memory.first + i]!,
    );
  }

  /** Writes every candidate's bound; returns the candidate with the smallest G + S / 2. One pass over phi. */
  #pass(j: number): number {
    this.#passes++;
    const memories = this.#memories;
    const home = memories[0]!;
    broadcastRegion(home, memories, 'derivatives', 3 * paddedSamples(home.samples));
    const columns = this.#basis?.slopes.preparePanel() ?? 0;
    const squares = this.#basis?.curvatures.preparePanel() ?? 0;
    let best = 0;
    let smallest = Infinity;
    for (const memory of memories) {
      const { layout, f64, first, width } = memory;
      for (let block = 0; block < layout.blocks; block++) this.#passOver(memory, block, columns, squares);
      for (let i = 0; i < width; i++) {
        const at = momentAddress(memory, i);
        const [g, s, t, f] = [f64[at]!, f64[at + LANES]!, f64[at + 2 * LANES]!, f64[at + 3 * LANES]!];
        const estimate = this.#candidates.bound(first + i, j, g, s, t, f);
        if (estimate < smallest) {
          smallest = estimate;
          best = first + i;
        }
      }
    }
    this.#basis?.slopes.commit();
    this.#basis?.curvatures.commit();
    if (this.#candidates.canCopy) {
      this.#reference.take();
      this.#basis ??= this.#makeBasis();
    }
    return best;
  }

  #passOver(memory: MemoryBlock, block: number, columns: number, squares: number): void {
    const { kernels, layout, f64, budget, samples } = memory;
    const { derivatives, gradients, curvatures, directionSums } = layout;
    const stride = 4 * paddedSamples(samples);
    const moments = layout.moments + 32 * block * LANES;
    const squareSums = directionSums + 8 * PANEL * LANES;
    f64.fill(0, moments / 8, moments / 8 + 4 * LANES);
    f64.fill(0, directionSums / 8, directionSums / 8 + 2 * PANEL * LANES);
    for (let s = 0; s < samples; s += CHUNK) {
      const count = Math.min(CHUNK, samples - s);
      const phi = layout.phi + (block * samples + s) * ROW_BYTES;
      const row = 4 * PANEL * s;
      kernels.logisticMoments(phi, derivatives + 4 * s, stride, count, moments);
      if (columns > 0) kernels.panelProducts(phi, gradients.panel + row, count, columns, directionSums);
      if (squares > 0) kernels.panelSquares(phi, curvatures.panel + row, count, squares, squareSums);
      budget.spend(count * (PASS_WORK + COLUMN_WORK * (columns + squares)));
    }
    if (columns > 0) this.#basis!.slopes.takeProducts(memory, block, directionSums);
    if (squares > 0) this.#basis!.curvatures.takeProducts(memory, block, squareSums);
  }

  #makeBasis(): Basis {
    const memories = this.#memories;
    const { squaredNorms } = this.#statistics;
    const slopes = new GradientBasis(memories, ({ gradients }) => gradients, squaredNorms);
    const curvatures = new GradientBasis(memories, layout => layout.curvatures, this.#reference.fourthPowers);
    const predictor = new GradientPredictor(
      memories,
      slopes,
      curvatures,
      this.#reference,
      squaredNorms.length,
    );
    return { slopes, curvatures, predictor };
  }
}
