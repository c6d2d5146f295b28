/** Estimates the remaining time of a run from the work that is left and the time of the work that is done. */
import { addWork, CostModel, largerWork, NO_WORK, type Work } from './cost-model.js';

export class EtaEstimator {
  readonly #model = new CostModel();
  /** Work left of all trajectories, started or not. */
  #left: Work = NO_WORK;
  #done: Work = NO_WORK;
  readonly #running = new Map<string, Work>();
  /** Work that was left when an attempt failed, by id of a trajectory that waits for its next one. */
  readonly #retried = new Map<string, Work>();
  #hasObserved = false;

  /** Adds work to do. */
  add(work: Work): void {
    this.#left = addWork(this.#left, work);
  }

  /** A trajectory starts with `work` to do. A retry may have more to do than its failed attempt had left. */
  start(id: string, work: Work): void {
    const left = this.#retried.get(id);
    if (left) this.#left = addWork(addWork(this.#left, work), left, -1);
    this.#retried.delete(id);
    this.#running.set(id, work);
  }

  /** A running trajectory has done `work`, expected or not, in so many seconds of its thread. */
  record(id: string, work: Work, seconds: number): void {
    this.#model.observe(work, seconds);
    this.#hasObserved = true;
    this.#done = addWork(this.#done, work);
    this.#setLeft(id, largerWork(addWork(this.#leftOf(id), work, -1), NO_WORK));
  }

  /** A running trajectory has at least `work` to do: it may choose more checkpoints than were expected. */
  expectAtLeast(id: string, work: Work): void {
    this.#setLeft(id, largerWork(this.#leftOf(id), work));
  }

  #leftOf(id: string): Work {
    return this.#running.get(id) ?? NO_WORK;
  }

  #setLeft(id: string, work: Work): void {
    this.#left = addWork(addWork(this.#left, this.#leftOf(id), -1), work);
    this.#running.set(id, work);
  }

  /** An attempt has ended. If no other will follow, the rest of its work is dropped. */
  end(id: string, willRetry: boolean): void {
    const left = this.#leftOf(id);
    if (willRetry) this.#retried.set(id, left);
    else this.#left = addWork(this.#left, left, -1);
    this.#running.delete(id);
  }

  /** Share of the run's expected time that is done, 0 to 1. */
  shareDone(): number {
    const done = this.#model.seconds(this.#done);
    const left = this.#model.seconds(this.#left);
    return done === 0 ? 0 : done / (done + left);
  }

  /**
   * Seconds that `threads` threads still need; null before the first record, and with no thread. `longest` is the work
   * of the longest waiting trajectory: no run is shorter than its longest trajectory.
   */
  secondsLeft(threads: number, longest: Work | null): number | null {
    if (!this.#hasObserved || threads === 0) return null;
    const unsplittable = [...this.#running.values(), ...(longest ? [longest] : [])];
    return Math.max(
      this.#model.seconds(this.#left) / threads,
      ...unsplittable.map(work => this.#model.seconds(work)),
    );
  }
}
