/** How many trajectories workers finish, and how many to hand out ahead of them. */

const WINDOW_MS = 1_000;
/** So many seconds of the workers' pace are handed out beyond what they have taken. */
const AHEAD_S = 0.5;
const MIN_AHEAD = 2;
const MAX_AHEAD = 2_000;

export class Pace {
  #ends: number[] = [];
  #first = 0;

  /** A trajectory has been done. */
  add(): void {
    this.#ends.push(performance.now());
  }

  /** @param taken what workers take ahead themselves. */
  ahead(taken: number): number {
    const since = performance.now() - WINDOW_MS;
    while (this.#first < this.#ends.length && this.#ends[this.#first]! < since) this.#first++;
    if (this.#first > 10_000) {
      this.#ends = this.#ends.slice(this.#first);
      this.#first = 0;
    }
    const pace = (this.#ends.length - this.#first) / (WINDOW_MS / 1000);
    return Math.min(MAX_AHEAD, Math.max(MIN_AHEAD, taken + Math.ceil(AHEAD_S * pace)));
  }
}
