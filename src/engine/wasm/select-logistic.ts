/**
 * Greedy forward selection for the logistic loss, exact by bounds. With losses summed over the samples instead of
 * averaged, delta_q = Phi_q / j, M_q = max |delta_q| and l the loss of a sample at u0 = z / j,
 *
 *   G = sum l' delta    S = sum l'' delta^2    T = sum l''' delta^3    F = sum l'' delta^4
 *
 * two lower bounds hold: that of science.md, and, since -l''/2 <= l'''' <= l'' and l''(u + t) <= l''(u) e^|t|, one
 * that is far tighter for small M_q:
 *
 *   L(u0 + delta_q)  >=  L + G + S psi(-M)                   psi(t) = (e^t - 1 - t) / t^2
 *   L(u0 + delta_q)  >=  L + G + S / 2 + T / 6 - F chi(M) / 2    chi(t) = (e^t - 1 - t - t^2/2 - t^3/6) / t^4
 *
 * Each step makes one pass over the activations, which gives the four sums, then:
 *
 *   1. evaluates the candidate with the smallest G + S / 2 exactly;
 *   2. if many lower bounds do not exceed its loss, as in the first few steps, computes those candidates' losses in
 *      float32 to raise their bounds;
 *   3. evaluates exactly, by rising bound, the candidates that may still be better.
 */
import { exp, expm1 } from '../../math/elementary.js';
import type { Path } from '../engine.js';
import { LANES, ROW_BYTES } from './layout-parts.js';
import { broadcastRegion, type MemoryBlock, memoryOf, neuronAddress } from './memory-block.js';
import { addToSum, clearSum } from './selected-sum.js';
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
/** The second bound is computed only for max |delta| below this: chi grows like e^t. */
const PEAK_LIMIT = 30;
/** With more candidates than this per block of neurons, float32 losses of whole blocks cost less than exact ones. */
const MANY_PER_BLOCK = 4;
/** Work per sample: of one block in a pass, of one block's float32 losses, of the loss at u0, of one exact loss. */
const PASS_WORK = 8;
const FLOAT32_WORK = 32;
const POINT_WORK = 8;
const EXACT_WORK = 5;

export function selectLogistic(
  memories: readonly MemoryBlock[],
  statistics: Statistics,
  subnetSize: number,
): Path {
  const picks = new Int32Array(subnetSize);
  const passes = new Int32Array(subnetSize);
  const step = new LogisticStep(memories, statistics);
  clearSum(memories);
  for (let j = 1; j <= subnetSize; j++) {
    const pick = step.best(j);
    picks[j - 1] = pick;
    passes[j - 1] = j;
    addToSum(memories, pick);
  }
  return { picks, passes };
}

/** Finds the best candidate of a step, for the z in the memory blocks. */
class LogisticStep {
  readonly #memories: readonly MemoryBlock[];
  readonly #statistics: Statistics;
  /** A lower bound of each candidate's loss. */
  readonly #bounds: Float64Array;

  constructor(memories: readonly MemoryBlock[], statistics: Statistics) {
    this.#memories = memories;
    this.#statistics = statistics;
    this.#bounds = new Float64Array(statistics.squaredNorms.length);
  }

  /** The candidate with the smallest loss of (z + Phi_q) / j, ties to the lowest index. */
  best(j: number): number {
    const bounds = this.#bounds;
    let best = this.#computeBounds(j);
    let smallest = this.#exactLoss(best, j);
    const candidates: number[] = [];
    for (let q = 0; q < bounds.length; q++) {
      if (q !== best && bounds[q]! <= smallest) candidates.push(q);
    }
    if (candidates.length > MANY_PER_BLOCK * Math.ceil(bounds.length / LANES))
      this.#raiseBounds(candidates, j);
    candidates.sort((a, b) => bounds[a]! - bounds[b]! || a - b);
    for (const q of candidates) {
      if (bounds[q]! > smallest) break;
      const loss = this.#exactLoss(q, j);
      if (loss < smallest || (loss === smallest && q < best)) {
        smallest = loss;
        best = q;
      }
    }
    return best;
  }

  #exactLoss(q: number, j: number): number {
    const memory = memoryOf(this.#memories, q);
    const { kernels, layout, budget, samples } = memory;
    budget.spend(EXACT_WORK * samples);
    const phi = neuronAddress(layout.phi, q - memory.first, samples);
    return kernels.logisticLoss(phi, layout.z, layout.labels, samples, j);
  }

  /** Writes each candidate's lower bound; returns the candidate with the smallest G + S / 2. One pass over phi. */
  #computeBounds(j: number): number {
    const memories = this.#memories;
    const { kernels, layout, f32, budget, samples } = memories[0]!;
    const loss = kernels.logisticPoint(layout.z, layout.labels, samples, j, layout.derivatives);
    broadcastRegion(memories[0]!, memories, 'derivatives', 4 * samples);
    budget.spend(POINT_WORK * samples);
    let slopeNorm = 0;
    for (let s = 0; s < samples; s++) {
      const slope = f32[layout.derivatives / 4 + 4 * s]!;
      slopeNorm += slope * slope;
    }
    slopeNorm = Math.sqrt(slopeNorm);

    let best = 0;
    let smallest = Infinity;
    for (const memory of memories) {
      this.#computeMoments(memory);
      for (let i = 0; i < memory.width; i++) {
        const estimate = this.#computeBound(memory, i, j, loss, slopeNorm);
        if (estimate < smallest) {
          smallest = estimate;
          best = memory.first + i;
        }
      }
    }
    return best;
  }

  #computeMoments({ kernels, layout, budget, samples }: MemoryBlock): void {
    for (let block = 0; block < layout.blocks; block++) {
      const phi = layout.phi + block * samples * ROW_BYTES;
      kernels.logisticMoments(phi, layout.derivatives, samples, layout.moments + 32 * block * LANES);
      budget.spend(samples * PASS_WORK);
    }
  }

  /** Writes the lower bound of the memory block's neuron i; returns its G + S / 2. `loss` is L. */
  #computeBound(
    { f64, layout, first }: MemoryBlock,
    i: number,
    j: number,
    loss: number,
    slopeNorm: number,
  ): number {
    const { squaredNorms, peaks } = this.#statistics;
    const lane = i % LANES;
    const moment = layout.moments / 8 + 4 * (i - lane) + lane;
    const linear = f64[moment]! / j;
    const quadratic = f64[moment + LANES]! / (j * j);
    const cubic = f64[moment + 2 * LANES]! / (j * j * j);
    const quartic = f64[moment + 3 * LANES]! / (j * j * j * j);
    const peak = peaks[first + i]! / j;
    const second = quadratic * psiOfNegative(peak);
    const fourth =
      peak < PEAK_LIMIT ? quadratic / 2 + cubic / 6 - (quartic * chi(peak)) / 2 : Number.NEGATIVE_INFINITY;
    // By Cauchy-Schwarz, the sizes of G's terms sum to at most ||l'|| ||delta||. As |l'''| <= l'', those of T's terms
    // sum to at most sqrt(S F).
    const sizes =
      (slopeNorm * Math.sqrt(squaredNorms[first + i]!)) / j +
      quadratic +
      Math.sqrt(quadratic * quartic) +
      quartic;
    const margin = ROUNDING * sizes + LOSS_ROUNDING * loss;
    this.#bounds[first + i] = loss + linear + Math.max(second, fourth) - margin;
    return linear + quadratic / 2;
  }

  /** Raises the bounds of these candidates, which ascend by index, to their float32 losses less the error bound. */
  #raiseBounds(candidates: readonly number[], j: number): void {
    const memories = this.#memories;
    for (const { kernels, layout, samples } of memories) {
      kernels.logisticMargins(layout.z, layout.labels, samples, j, layout.columnEntries);
    }
    const bounds = this.#bounds;
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

/** psi(-m) for m >= 0: (e^-m - 1 + m) / m^2, 1/2 at 0. */
export function psiOfNegative(m: number): number {
  if (m < 1e-3) return 0.5 - m / 6 + (m * m) / 24;
  return (expm1(-m) + m) / (m * m);
}

/** chi(t) for t >= 0: (e^t - 1 - t - t^2/2 - t^3/6) / t^4, 1/24 at 0. */
export function chi(t: number): number {
  if (t > 0.5) return (exp(t) - 1 - t * (1 + t * (1 / 2 + t / 6))) / (t * t * t * t);
  let sum = 0;
  for (let k = 14; k > 4; k--) sum = (sum + 1) * (t / k);
  return (1 + sum) / 24;
}
