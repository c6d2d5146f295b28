/** Chooses the samples of each gradient step. They depend on (seed, n, B) and the step's number alone. */
import { permutation, stream, type Uniform } from '../math/random.js';

/**
 * Draws one random permutation of 0..n-1 per epoch, joins the permutations end to end and cuts every B positions.
 * With `full`, every batch is all n samples in index order.
 */
export class Batches {
  /** B, at most n. */
  readonly size: number;
  private readonly next: Uniform | null;
  private epoch: Int32Array;
  private used: number;

  constructor(
    readonly samples: number,
    batchSize: number | 'full',
    seed: number,
    name = 'batches',
  ) {
    this.size = batchSize === 'full' ? samples : Math.min(batchSize, samples);
    this.next = batchSize === 'full' ? null : stream(seed, name);
    this.epoch = this.next
      ? permutation(this.next, samples)
      : Int32Array.from({ length: samples }, (_, i) => i);
    this.used = 0;
  }

  /** Returns the positions of the next `steps` batches, steps x B. */
  take(steps: number): Int32Array {
    const positions = new Int32Array(steps * this.size);
    for (let filled = 0; filled < positions.length; ) {
      const count = Math.min(positions.length - filled, this.available());
      positions.set(this.epoch.subarray(this.used, this.used + count), filled);
      this.used += count;
      filled += count;
    }
    return positions;
  }

  /** Advances by `steps` batches, as `take` does. */
  skip(steps: number): void {
    for (let left = steps * this.size; left > 0; ) {
      const count = Math.min(left, this.available());
      this.used += count;
      left -= count;
    }
  }

  private available(): number {
    if (this.used === this.samples) {
      if (this.next) this.epoch = permutation(this.next, this.samples);
      this.used = 0;
    }
    return this.samples - this.used;
  }
}
