/**
 * Time during which this process could work. A suspended machine, a stopped process (SIGSTOP) and a stepped clock leave
 * gaps between two ticks, and a gap counts as one tick: what is measured here neither jumps nor expires meanwhile.
 */

const TICK_MS = 250;
/** A busy main thread is late by less. */
const GAP_MS = 2_000;

export class ActiveTimeClock {
  #active = 0;
  #seen: number;
  readonly #timer: NodeJS.Timeout;

  /** `now` in milliseconds, never going back; `onTick` hears of every tick. */
  constructor(
    onTick: () => void = () => {},
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#seen = now();
    this.#timer = setInterval(() => {
      this.ms();
      onTick();
    }, TICK_MS).unref();
  }

  /** Milliseconds awake since the clock was made. */
  ms(): number {
    const now = this.now();
    const gap = now - this.#seen;
    this.#active += gap > GAP_MS ? TICK_MS : gap;
    this.#seen = now;
    return this.#active;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
