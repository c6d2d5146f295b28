/** The memory of one random call of a kernel (kernel-twins.ts). */
import { normals, type Uniform } from '../../math/random.js';
import { ENTRY_BYTES, LANES, ROW_BYTES } from './layout-parts.js';

/** Maximum bytes of the memory of a call. */
const CALL_BYTES = 4 << 20;

/** Lays out the memory of a call from address 64 on; 0 stands for no address. */
export class Arena {
  readonly #buffer = new ArrayBuffer(CALL_BYTES);
  readonly f32 = new Float32Array(this.#buffer);
  readonly f64 = new Float64Array(this.#buffer);
  readonly u32 = new Uint32Array(this.#buffer);
  readonly #number: () => number;
  #end = 64;

  constructor(
    readonly next: Uniform,
    draw?: (next: Uniform) => number,
  ) {
    const normal = normals(next);
    this.#number = draw ? () => draw(next) : () => (next() < 0.1 ? 0 : normal());
  }

  /** What was laid out so far. */
  get memory(): Uint8Array {
    return new Uint8Array(this.#buffer, 0, this.#end);
  }

  take(bytes: number): number {
    const address = this.#end;
    this.#end += Math.ceil(bytes / 64) * 64;
    if (this.#end > CALL_BYTES) throw new Error('the call does not fit in its memory');
    return address;
  }

  /** Random float32. */
  numbers(count: number): number {
    const address = this.take(4 * count);
    for (let i = 0; i < count; i++) this.f32[address / 4 + i] = this.#number();
    return address;
  }

  /** Random float64, each a float32. */
  wide(count: number): number {
    const address = this.take(8 * count);
    for (let i = 0; i < count; i++) this.f64[address / 8 + i] = Math.fround(this.#number());
    return address;
  }

  /** Random rows of a block. */
  rows(count: number): number {
    return this.numbers(count * LANES);
  }

  /** Sparse vectors over the rows of a block: runs of entries, ascending. Some are empty if `share` is below 1. */
  sparse(vectors: number, length: number, share: number): number {
    const runs = this.take(8 * vectors);
    const entries = this.take(ENTRY_BYTES * vectors * length);
    let at = entries;
    for (let v = 0; v < vectors; v++) {
      this.u32[runs / 4 + 2 * v] = at;
      const own = share < 1 && this.next() < 0.1 ? 0 : share;
      for (let row = 0; row < length; row++) {
        if (own < 1 && this.next() >= own) continue;
        this.u32[at / 4] = row * ROW_BYTES;
        this.f32[at / 4 + 1] = this.#number();
        at += ENTRY_BYTES;
      }
      this.u32[runs / 4 + 2 * v + 1] = at;
    }
    return runs;
  }
}
