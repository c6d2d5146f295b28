/**
 * Chooses the directions that a pass of logistic selection multiplies: those of the present l' and l'', and of the ones
 * that later steps will have if their picks are as predicted. A predicted pick has the smallest G + S / 2, where what
 * the basis says about G is completed from a sketch, m of the n rows of the activations:
 *
 *   G_q  ~  <P_q, c> + (n / m) <Phi_q, w r> over the m rows of the sketch
 *
 * A wrong prediction costs time, and never changes a pick.
 */
import type { GradientBasis } from './gradient-basis.js';
import { LANES, paddedSamples, ROW_BYTES } from './layout-parts.js';
import type { LogisticReference } from './logistic-reference.js';
import { broadcastRegion, type MemoryBlock } from './memory-block.js';
import { addToSum } from './selected-sum.js';
import { copySketch } from './sketch.js';

/** Maximum directions of l', and of l'', for one pass; a multiple of what the kernel forms together. */
const DIRECTIONS = 8;
/** Steps that are predicted at most. */
const HORIZON = 24;
/**
 * A predicted direction is taken where the rest of the vector is larger than this share of it. The bounds are blurred
 * otherwise: those of l'' less, as its terms have another factor 1 / j.
 */
const SLOPE_SHARE = 0.005;
const CURVATURE_SHARE = 0.02;
/** Below this share what is left of a vector is rounding error. */
const ROUNDING_SHARE = 1e-4;
/** And where it is larger than this share of what the known directions leave of it. */
const REST_SHARE = 0.1;
/** Work per sample of the derivatives at a point. */
const POINT_WORK = 2;

export class GradientPredictor {
  readonly #memories: readonly MemoryBlock[];
  readonly #slopes: GradientBasis;
  readonly #curvatures: GradientBasis;
  readonly #reference: LogisticReference;
  /** What the basis says about G. */
  readonly #linear: Float64Array;
  #sketched = false;

  constructor(
    memories: readonly MemoryBlock[],
    slopes: GradientBasis,
    curvatures: GradientBasis,
    reference: LogisticReference,
    width: number,
  ) {
    this.#memories = memories;
    this.#slopes = slopes;
    this.#curvatures = curvatures;
    this.#reference = reference;
    this.#linear = new Float64Array(width);
  }

  /** Proposes directions for the pass of step j, whose derivatives are in memory. Uses f. */
  propose(j: number): void {
    if (!this.#sketched) copySketch(this.#memories);
    this.#sketched = true;
    const memories = this.#memories;
    const { kernels, layout, budget, samples } = memories[0]!;
    const stride = 4 * paddedSamples(samples);
    for (const { f64, layout } of memories)
      f64.copyWithin(layout.f / 8, layout.z / 8, layout.z / 8 + samples);
    let derivatives = layout.derivatives;
    for (let step = j; step < j + HORIZON; step++) {
      if (step > j) {
        derivatives = layout.predicted;
        kernels.logisticPoint(layout.f, layout.labels, samples, step, derivatives, stride, layout.scratch);
        budget.spend(POINT_WORK * samples);
      }
      const slope = this.#slopes.project(derivatives);
      this.#projectRest();
      const least = step === j ? 0 : Math.max(REST_SHARE * slope.rest, SLOPE_SHARE * slope.norm);
      this.#slopes.propose(Math.max(ROUNDING_SHARE * slope.norm, least));
      if (this.#curvatures.pending < DIRECTIONS) {
        const { norm } = this.#curvatures.project(derivatives + stride);
        this.#curvatures.propose((step === j ? ROUNDING_SHARE : CURVATURE_SHARE) * norm);
      }
      if (this.#slopes.pending >= DIRECTIONS) return;
      addToSum(memories, this.#predictedPick(step), 'f');
    }
  }

  /** Reads the last projection: the estimates of G, and w r on the sketch. */
  #projectRest(): void {
    const memories = this.#memories;
    const { f32, layout, samples } = memories[0]!;
    const { sketchRows: rows, sketchValues } = layout;
    this.#linear.fill(0);
    this.#slopes.addProducts(this.#linear);
    for (let t = 0; t < rows; t++)
      f32[sketchValues / 4 + t] = this.#slopes.restAt(Math.floor(((2 * t + 1) * samples) / (2 * rows)));
    broadcastRegion(memories[0]!, memories, 'sketchValues', rows);
  }

  #predictedPick(step: number): number {
    let best = 0;
    let smallest = Infinity;
    for (const memory of this.#memories) {
      const { kernels, layout, f64, budget, samples, first, width } = memory;
      const { sketch, sketchRows: rows, sketchValues, sketchProducts } = layout;
      for (let block = 0; block < layout.blocks; block++) {
        const products = sketchProducts + 8 * block * LANES;
        kernels.sketchProducts(sketch + block * rows * ROW_BYTES, sketchValues, rows, products);
        budget.spend(rows);
      }
      for (let i = 0; i < width; i++) {
        const G = this.#linear[first + i]! + (samples / rows) * f64[sketchProducts / 8 + i]!;
        const estimate = G + this.#reference.secondMoment(memory, i) / (2 * step);
        if (estimate < smallest) {
          smallest = estimate;
          best = first + i;
        }
      }
    }
    return best;
  }
}
