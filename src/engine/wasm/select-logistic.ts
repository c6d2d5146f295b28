/**
 * Greedy forward selection for the logistic loss, exact by bounds. With losses summed over the samples instead of
 * averaged, delta_q = Phi_q / j, M_q = max |delta_q| and l the loss of a sample at u0 = z / j,
 *
 *   G = sum l' delta    S = sum l'' delta^2    T = sum l''' delta^3    F = sum l'' delta^4
 *
 * two bounds hold from below: that of science.md, and, since -l''/2 <= l'''' <= l'' and l''(u + t) <= l''(u) e^|t|,
 * one that is far tighter where M_q is small:
 *
 *   L(u0 + delta_q)  >=  L + G + S psi(-M)                   psi(t) = (e^t - 1 - t) / t^2
 *   L(u0 + delta_q)  >=  L + G + S / 2 + T / 6 - F chi(M) / 2    chi(t) = (e^t - 1 - t - t^2/2 - t^3/6) / t^4
 *
 * One pass over the activations a step gives the four sums. The candidate with the smallest G + S / 2 is evaluated
 * first. Where many have a lower bound that is not above its loss, which is so in the first few steps, their losses
 * are taken in float32; then, by rising lower bound, those that may still be better are evaluated exactly.
 */
import { exp, expm1 } from '../../math/elementary.js';
import type { Path } from '../engine.js';
import { LANES, ROW_BYTES } from './layout-parts.js';
import { type MemoryBlock, memoryOf, neuronAddress, shareRegion } from './memory-block.js';
import { addToSum, clearSum } from './selected-sum.js';
import type { Statistics } from './statistics.js';

/**
 * The four sums are float32 sums over segments of 64 samples: their rounding is below 75 * 2^-24 of the sum of the
 * sizes of their terms. A lower bound gives way by more than that, so that rounding never discards the best candidate.
 */
const ROUNDING = 1e-5;
/** Relative rounding of a loss in float64, with room to spare. */
const LOSS_ROUNDING = 1e-12;
/** What a float32 loss may be wrong by: relative, and for each sample. */
const NARROW_RELATIVE = 2e-5;
const NARROW_EACH = 2e-6;
/** The largest |delta| for which the second bound is looked at: chi grows like e^t. */
const FAR = 30;
/** Candidates per block of neurons from which on the whole block's losses in float32 cost less than exact ones. */
const MANY = 2;
/** Work of one sample: of one block in a pass, in float32 losses; of the loss at u0; of one exact loss. */
const PASS_WORK = 8;
const NARROW_WORK = 32;
const POINT_WORK = 16;
const EXACT_WORK = 10;

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
    let best = this.#takeBounds(j);
    let smallest = this.#exactLoss(best, j);
    const candidates: number[] = [];
    for (let q = 0; q < bounds.length; q++) {
      if (q !== best && bounds[q]! <= smallest) candidates.push(q);
    }
    if (candidates.length > MANY * Math.ceil(bounds.length / LANES)) this.#narrowBounds(candidates, j);
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

  /** Writes each candidate's lower bound, and returns the one that looks best. One pass over the activations. */
  #takeBounds(j: number): number {
    const memories = this.#memories;
    const { kernels, layout, f32, budget, samples } = memories[0]!;
    const loss = kernels.logisticPoint(layout.z, layout.labels, samples, j, layout.derivatives);
    shareRegion(memories[0]!, memories, 'derivatives', 4 * samples);
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
      this.#takeMoments(memory);
      for (let i = 0; i < memory.width; i++) {
        const estimate = this.#takeBound(memory, i, j, loss, slopeNorm);
        if (estimate < smallest) {
          smallest = estimate;
          best = memory.first + i;
        }
      }
    }
    return best;
  }

  #takeMoments({ kernels, layout, budget, samples }: MemoryBlock): void {
    for (let block = 0; block < layout.blocks; block++) {
      const phi = layout.phi + block * samples * ROW_BYTES;
      kernels.logisticMoments(phi, layout.derivatives, samples, layout.moments + 32 * block * LANES);
      budget.spend(samples * PASS_WORK);
    }
  }

  /** Writes the lower bound of a memory's neuron i, and returns its G + S / 2. `loss` is L. */
  #takeBound(
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
      peak < FAR ? quadratic / 2 + cubic / 6 - (quartic * chi(peak)) / 2 : Number.NEGATIVE_INFINITY;
    // |l'''| <= l'', so the sizes of the cubic terms add up to at most sqrt(S F), and those of G by their norms.
    const sizes =
      (slopeNorm * Math.sqrt(squaredNorms[first + i]!)) / j +
      quadratic +
      Math.sqrt(quadratic * quartic) +
      quartic;
    const margin = ROUNDING * sizes + LOSS_ROUNDING * loss;
    this.#bounds[first + i] = loss + linear + Math.max(second, fourth) - margin;
    return linear + quadratic / 2;
  }

  /** Raises the bounds of these candidates, in order of index, to what their losses in float32 allow. */
  #narrowBounds(candidates: readonly number[], j: number): void {
    const memories = this.#memories;
    for (const { kernels, layout, samples } of memories) {
      kernels.logisticMargins(layout.z, layout.labels, samples, j, layout.columnEntries);
    }
    const bounds = this.#bounds;
    let done = -1;
    for (const q of candidates) {
      const { kernels, layout, f64, budget, samples, first } = memoryOf(memories, q);
      const { losses, columnEntries: margins, scratch } = layout;
      if (Math.floor(q / LANES) !== done) {
        done = Math.floor(q / LANES);
        const block = done - first / LANES;
        const phi = layout.phi + block * samples * ROW_BYTES;
        kernels.logisticLosses(phi, margins, samples, losses + 8 * block * LANES, scratch);
        budget.spend(samples * NARROW_WORK);
      }
      const loss = f64[losses / 8 + q - first]!;
      const bound = loss - NARROW_RELATIVE * loss - NARROW_EACH * samples;
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
