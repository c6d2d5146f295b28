/** Work between two calls of `pulse`: about 25 ms on an idle core. */
const SLICE = 2 ** 23;

/** Cuts work into slices and calls `pulse` between them. Unit of work: one multiply-add per neuron of a block. */
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

  /** Pieces per slice, where `count` equal pieces make `total` work: a multiple of `unit`, at least `unit`. */
  static piecesOf(total: number, count: number, unit: number): number {
    const pieces = Math.floor(SLICE / Math.max(1, total / count));
    return Math.max(unit, pieces - (pieces % unit));
  }
}
