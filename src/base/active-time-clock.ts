/**
 * Measures the time during which this process could work. A suspended machine, a stopped process (SIGSTOP) or a
 * stepped clock leaves a gap between two ticks, and a gap counts as one tick. Measured durations do not jump over
 * gaps, and timeouts do not expire in them.
 */

const TICK_MS = 250;
/** Longer intervals count as a gap. A busy main thread delays a tick by less. */
const GAP_MS = 2_000;

export class ActiveTimeClock {
  #activeMs = 0;
  #lastReading: number;
  readonly #timer: NodeJS.Timeout;

  /** `now` returns monotonic milliseconds. `onTick` is called after every tick. */
  constructor(
    onTick: () => void = () => {},
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#lastReading = now();
    this.#timer = setInterval(() => {
      this.ms();
      onTick();
    }, TICK_MS).unref();
  }

  /** Active milliseconds since construction. */
  ms(): number {
    const now = this.now();
    const gap = now - this.#lastReading;
    this.#activeMs += gap > GAP_MS ? TICK_MS : gap;
    this.#lastReading = now;
    return this.#activeMs;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
