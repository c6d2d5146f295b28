/**
 * Gradient steps of the neurons of one memory block.
 *
 * Each block of neurons takes its step on the current batch and immediately computes its outputs on the next batch,
 * so its weights pass through the cache once. Results have the same bits as without this interleaving. With dense
 * inputs, relu neurons do not interleave: their gradients are subset sums (subset-sums.ts).
 */
import { DivergedError } from '../../base/errors.js';
import type { Shift } from '../../data/inputs.js';
import type { Problem } from '../engine.js';
import { Batch } from './batch.js';
import { LANES, ROW_BYTES } from './layout-parts.js';
import { copyRegion, initOutputs, type MemoryBlock, sumShift } from './memory-block.js';
import { SubsetSums } from './subset-sums.js';
import { WorkBudget } from './work-budget.js';

/** Samples per float32 sum of a kernel, which adds these sums in float64. Slices of samples are multiples of it. */
const SEGMENT = 64;

/** Work of updating one row of a block's weights, in addition to the work per entry of its column. */
const COLUMN_WORK = 4;

/** A problem without its inputs, labels and weights. */
export type Settings = Omit<Problem, 'inputs' | 'labels' | 'state'>;

export class Training {
  readonly #memory: MemoryBlock;
  readonly #problem: Settings;
  readonly #bothLayers: boolean;
  /** Null if gradients are summed over the entries of each column instead. */
  readonly #subsets: SubsetSums | null;
  /** The current batch: the last one whose outputs were computed. */
  #batch: Batch;
  /** Room for the next batch during the step on the current one; undefined for long batches. */
  #spare: Batch | undefined;

  /** `places` is scratch: n values, all -1. The trainings of a network share it. */
  constructor(memory: MemoryBlock, problem: Settings, places: Int32Array) {
    this.#memory = memory;
    this.#problem = problem;
    this.#bothLayers = problem.layers === 'both';
    const { subsets } = memory.layout;
    this.#subsets = subsets && problem.activation === 'relu' ? new SubsetSums(memory, subsets) : null;
    const every = problem.momentum !== 0 || problem.weightDecay !== 0 || memory.shift !== null;
    const columns = every ? 'all' : 'stored';
    const [batch, spare] = memory.layout.batches.map(
      layout => new Batch(memory, layout, problem.batchSize, this.#subsets ? 'none' : columns, places),
    );
    this.#batch = batch!;
    this.#spare = spare;
    this.refreshFactors();
  }

  /** To be called when b was written. */
  refreshFactors(): void {
    this.#refreshFactors(0, this.#memory.width);
  }

  /**
   * Loads the batch at `from` and computes f on it, summed over all memory blocks up to this one. `previous` is the
   * training of the memory block before it; null for the first.
   */
  start(positions: Int32Array, from: number, previous: Training | null): void {
    this.#batch.load(positions, from);
    initOutputs(this.#memory, previous ? previous.#memory : null, this.#batch.rows);
    for (let block = 0; block < this.#memory.layout.blocks; block++) this.#forwardBlock(this.#batch, block);
  }

  /**
   * Computes dloss/df of each row of the batch, times its share, from the outputs of all neurons in `last`, the
   * training of the last memory block.
   *
   * @throws DivergedError (DIVERGED), with this step, if an output is not finite
   */
  lossGradient(step: number, last: Training): void {
    const { kernels, layout } = this.#memory;
    const batch = this.#batch;
    if (last !== this) copyRegion(last.#memory, this.#memory, 'f', 2 * batch.rows);
    const logistic = this.#problem.loss === 'logistic';
    const finite = kernels.lossSlopes(
      logistic,
      layout.f,
      batch.labels,
      batch.shares,
      batch.rows,
      layout.slopes,
    );
    if (!finite) throw new DivergedError(step);
  }

  /** Takes the gradient step on the current batch. Then starts the batch at `next` as `start` does; -1 means none. */
  backward(positions: Int32Array, next: number, previous: Training | null): void {
    const { blocks } = this.#memory.layout;
    const batch = this.#batch;
    if (this.#subsets) {
      this.#descendBySubsets(this.#subsets);
      if (next >= 0) this.start(positions, next, previous);
      return;
    }
    const nextBatch = next >= 0 ? this.#spare : undefined;
    if (nextBatch) {
      nextBatch.load(positions, next);
      initOutputs(this.#memory, previous ? previous.#memory : null, nextBatch.rows);
    }
    for (let block = 0; block < blocks; block++) {
      this.#descendBlock(batch, block);
      if (nextBatch) this.#forwardBlock(nextBatch, block);
    }
    if (nextBatch) {
      this.#batch = nextBatch;
      this.#spare = batch;
    } else if (next >= 0) this.start(positions, next, previous);
  }

  /** Computes the block's pre-activations on the batch, and adds its part of the outputs to f. */
  #forwardBlock(batch: Batch, block: number): void {
    const { kernels, layout, budget, kind, sigmaWork, columns: d } = this.#memory;
    const { rows, entryCount } = batch;
    const weights = layout.weights + block * d * ROW_BYTES;
    const z = layout.phi + block * this.#problem.batchSize * ROW_BYTES;
    const coefficients = layout.coefficients + block * ROW_BYTES;
    const slice = WorkBudget.piecesOf(entryCount, rows, SEGMENT);
    for (let row = 0; row < rows; row += slice) {
      const count = Math.min(slice, rows - row);
      const place = z + row * ROW_BYTES;
      kernels.preactivate(weights, batch.runs + 8 * row, count, place);
      kernels.addOutputs(kind, place, count, coefficients, layout.f + 8 * row);
      budget.spend(count * (entryCount / rows + sigmaWork));
    }
  }

  /** Takes the gradient step of one block, from the pre-activations that its last `#forwardBlock` stored. */
  #descendBlock(batch: Batch, block: number): void {
    const { kernels, layout, budget, kind, sigmaWork, shift } = this.#memory;
    const { rows, entryCount } = batch;
    const { batchSize } = this.#problem;
    const z = layout.phi + block * batchSize * ROW_BYTES;
    const factors = layout.factors + block * ROW_BYTES;
    const sums = layout.scratch;
    if (this.#bothLayers) this.#sumSigns(batch, block, sums);
    const rowSlice = WorkBudget.piecesOf(entryCount, rows, SEGMENT);
    for (let row = 0; row < rows; row += rowSlice) {
      const count = Math.min(rowSlice, rows - row);
      const place = z + row * ROW_BYTES;
      kernels.deltas(kind, place, count, layout.slopes + 4 * row, factors);
      budget.spend(count * sigmaWork);
    }
    if (shift) this.#descendShifted(batch, block, shift);
    else this.#descendColumns(batch, block, 0, batch.columnCount, 0);
    if (this.#bothLayers) this.#descendSigns(block, sums);
  }

  /**
   * With shifted inputs, the pixels' gradients have a common part, offset * (the gradient of the last column). It takes
   * the place of that column's weights until these are known.
   */
  #descendShifted(batch: Batch, block: number, { offset, pixels }: Shift): void {
    const { kernels, layout, f32, columns: d } = this.#memory;
    const weights = layout.weights + block * d * ROW_BYTES;
    const last = weights + (d - 1) * ROW_BYTES;
    const z = layout.phi + block * this.#problem.batchSize * ROW_BYTES;
    const scratch = layout.scratch + 8 * LANES;
    f32.fill(0, last / 4, last / 4 + LANES);
    kernels.descend(weights, 0, z, batch.columns + 12 * (d - 1), 1, 0, 0, -offset, 0, scratch);
    this.#descendColumns(batch, block, 0, pixels, last);
    this.#descendColumns(batch, block, pixels, d - 1, 0);
    sumShift(this.#memory, block);
  }

  /** Takes the step of columns `from` to `to` - 1 of the batch, with `shift` added to their gradients. */
  #descendColumns(batch: Batch, block: number, from: number, to: number, shift: number): void {
    const { kernels, layout, budget, columns: d } = this.#memory;
    const { batchSize, momentum, weightDecay, learningRate } = this.#problem;
    const offset = block * d * ROW_BYTES;
    const weights = layout.weights + offset;
    const velocity = layout.velocity === 0 ? 0 : layout.velocity + offset;
    const z = layout.phi + block * batchSize * ROW_BYTES;
    const columnWork = batch.entryCount / batch.columnCount + COLUMN_WORK;
    const slice = WorkBudget.piecesOf(columnWork * (to - from), to - from, 1);
    for (let column = from; column < to; column += slice) {
      const count = Math.min(slice, to - column);
      kernels.descend(
        weights,
        velocity,
        z,
        batch.columns + 12 * column,
        count,
        momentum,
        weightDecay,
        learningRate,
        shift,
        layout.scratch + 8 * LANES,
      );
      budget.spend(columnWork * count);
    }
  }

  /** Takes the gradient step of all blocks, from the pre-activations that their last `#forwardBlock` stored. */
  #descendBySubsets(subsets: SubsetSums): void {
    const { layout } = this.#memory;
    const { batchSize, momentum, weightDecay: decay, learningRate: rate } = this.#problem;
    const sums = (block: number) => layout.subsets!.signSums + 8 * block * LANES;
    if (this.#bothLayers) {
      for (let block = 0; block < layout.blocks; block++) this.#sumSigns(this.#batch, block, sums(block));
    }
    subsets.descend(this.#batch, layout.phi, batchSize, { momentum, decay, rate });
    if (this.#bothLayers) {
      for (let block = 0; block < layout.blocks; block++) this.#descendSigns(block, sums(block));
    }
  }

  /** Writes the gradient of the block's signs, without the factor rate, to 48 float64 at `sums`. */
  #sumSigns({ rows, entryCount }: Batch, block: number, sums: number): void {
    const { kernels, layout, f64, budget, kind, sigmaWork } = this.#memory;
    const z = layout.phi + block * this.#problem.batchSize * ROW_BYTES;
    f64.fill(0, sums / 8, sums / 8 + LANES);
    const slice = WorkBudget.piecesOf(entryCount, rows, SEGMENT);
    for (let row = 0; row < rows; row += slice) {
      const count = Math.min(slice, rows - row);
      const scratch = layout.scratch + 8 * LANES;
      kernels.addSignSums(kind, z + row * ROW_BYTES, count, layout.slopes + 4 * row, sums, scratch);
      budget.spend(count * sigmaWork);
    }
  }

  /** v <- momentum * v + G        b <- b - learningRate * v */
  #descendSigns(block: number, sums: number): void {
    const { f32, f64, layout, width } = this.#memory;
    const { rate, momentum, learningRate } = this.#problem;
    const first = block * LANES;
    const last = Math.min(first + LANES, width);
    for (let i = first; i < last; i++) {
      let v = rate * f64[sums / 8 + i - first]!;
      if (momentum !== 0) {
        v += momentum * f32[layout.signVelocity / 4 + i]!;
        f32[layout.signVelocity / 4 + i] = v;
      }
      f32[layout.signs / 4 + i]! -= learningRate * v;
    }
    this.#refreshFactors(first, last);
  }

  /** Recomputes gains, coefficients and factors from b, for neurons `first` to `last` - 1 of the memory block. */
  #refreshFactors(first: number, last: number): void {
    const { f32, layout, first: offset } = this.#memory;
    const { outputScale, rate, shares, width } = this.#problem;
    for (let i = first; i < last; i++) {
      const sign = f32[layout.signs / 4 + i]!;
      const share = shares ? shares[offset + i]! : 1 / width;
      f32[layout.gains / 4 + i] = outputScale * sign;
      f32[layout.coefficients / 4 + i] = share * outputScale * sign;
      f32[layout.factors / 4 + i] = rate * sign;
    }
  }
}
