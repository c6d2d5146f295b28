/** Multiply-adds of a block of neurons between two calls of `pulse`: about 25 ms on an idle core. */
const SLICE = 2 ** 24;

/** Cuts work into slices, and calls `pulse` between them. Work is counted in multiply-adds of a block of neurons. */
export class WorkBudget {
  readonly #pulse: () => void;
  #left = SLICE;

  constructor(pulse: () => void) {
    this.#pulse = pulse;
  }

  spend(work: number): void {
    this.#left -= work;
    if (this.#left > 0) return;
    this.#left = SLICE;
    this.#pulse();
  }

  /** How many of `count` equal pieces of `total` work make one slice, as a multiple of `unit` (a power of two). */
  static piecesOf(total: number, count: number, unit: number): number {
    const pieces = Math.floor(SLICE / Math.max(1, total / count));
    return Math.max(unit, pieces - (pieces % unit));
  }
}
