/** The activations Phi as matrices on the device, with the products that selections need. */
import { deinterleave } from './dense.js';
import type { Matrix, TensorFlow } from './tensorflow.js';

/** Samples whose outputs are fetched from the device in one transfer. */
const ROWS_TOGETHER = 64;

/**
 * Phi on the device, split by samples into pieces: matrices of (samples of the piece) x N.
 *
 * Sums over samples are float32 within a piece and float64 across pieces.
 */
export class Phi {
  readonly #tf: TensorFlow;
  readonly #pulse: () => void;
  readonly #pieces: Matrix[] = [];
  #samples = 0;

  /** Calls `pulse` after each piece that an operation reads. */
  constructor(tf: TensorFlow, pulse: () => void) {
    this.#tf = tf;
    this.#pulse = pulse;
  }

  /** Appends the outputs on the next samples. Takes ownership: `dispose` disposes the piece. */
  add(piece: Matrix): void {
    this.#pieces.push(piece);
    this.#samples += piece.shape[0];
  }

  /** Phi_i of each of these neurons, n values each. */
  columns(neurons: Int32Array): Float32Array[] {
    const columns = Array.from(neurons, () => new Float32Array(this.#samples));
    this.#forEachPiece((piece, from) => {
      const values = this.#tf.gather(piece, neurons, 1).dataSync<'float32'>();
      deinterleave(values, columns, from);
    });
    return columns;
  }

  /** Calls `visit` with the outputs of all N neurons on each of these samples, which ascend. */
  forEachRow(samples: Int32Array, visit: (sample: number, outputs: Float32Array) => void): void {
    let next = 0;
    this.#forEachPiece((piece, from) => {
      const [rows, width] = piece.shape;
      const end = from + rows;
      for (;;) {
        let last = next;
        while (last < samples.length && samples[last]! < end && last - next < ROWS_TOGETHER) last++;
        if (last === next) return;
        const own = samples.slice(next, last);
        const values = this.#tf
          .gather(
            piece,
            own.map(s => s - from),
            0,
          )
          .dataSync<'float32'>();
        for (const [at, s] of own.entries()) visit(s, values.subarray(at * width, (at + 1) * width));
        next = last;
      }
    });
  }

  /** For each vector v of n: <Phi_q, v> of every neuron q, or <Phi_q^2, v> with entrywise squares. */
  products(vectors: readonly ArrayLike<number>[], of: 'outputs' | 'squares' = 'outputs'): Float64Array[] {
    const width = this.#pieces[0]!.shape[1];
    const sums = vectors.map(() => new Float64Array(width));
    this.#forEachPiece((piece, from) => {
      const rows = piece.shape[0];
      const values = new Float32Array(vectors.length * rows);
      for (const [v, vector] of vectors.entries()) {
        for (let s = 0; s < rows; s++) values[v * rows + s] = vector[from + s]!;
      }
      const left = this.#tf.tensor2d(values, [vectors.length, rows]);
      const right = of === 'squares' ? this.#tf.square(piece) : piece;
      const products = this.#tf.matMul(left, right).dataSync<'float32'>();
      for (const [v, sum] of sums.entries()) {
        for (let q = 0; q < width; q++) sum[q]! += products[v * width + q]!;
      }
    });
    return sums;
  }

  /** max |Phi_q| of every neuron q. */
  peaks(): Float32Array {
    const peaks = new Float32Array(this.#pieces[0]!.shape[1]);
    this.#forEachPiece(piece => {
      const largest = this.#tf.max(this.#tf.abs(piece), 0).dataSync<'float32'>();
      for (let q = 0; q < peaks.length; q++) peaks[q] = Math.max(peaks[q]!, largest[q]!);
    });
    return peaks;
  }

  dispose(): void {
    this.#tf.dispose(this.#pieces);
  }

  #forEachPiece(visit: (piece: Matrix, from: number) => void): void {
    let from = 0;
    for (const piece of this.#pieces) {
      this.#tf.tidy(() => visit(piece, from));
      this.#pulse();
      from += piece.shape[0];
    }
  }
}

/** sum += terms */
export function addTo(sum: Float64Array, terms: ArrayLike<number>): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += terms[i]!;
}
