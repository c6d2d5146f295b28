/** How long a run will still take, from what is left of it and how long the rest took. */
import { addWork, CostModel, NO_WORK, type Work } from './cost-model.js';

export class EtaEstimator {
  readonly #model = new CostModel();
  /** Of all trajectories, begun or not. */
  #left: Work = NO_WORK;
  #done: Work = NO_WORK;
  readonly #running = new Map<string, Work>();
  /** What was left of those that are tried again. */
  readonly #retried = new Map<string, Work>();
  #hasObserved = false;

  /** Work that is to be done. */
  add(work: Work): void {
    this.#left = addWork(this.#left, work);
  }

  /** A trajectory begins, of which so much is to be done; one that is tried again may have lost some. */
  start(id: string, work: Work): void {
    const left = this.#retried.get(id);
    if (left) this.#left = addWork(addWork(this.#left, work), left, -1);
    this.#retried.delete(id);
    this.#running.set(id, work);
  }

  /** A part of a running trajectory is done, and took so many seconds of its thread. */
  record(id: string, work: Work, seconds: number): void {
    this.#model.observe(work, seconds);
    this.#hasObserved = true;
    this.#done = addWork(this.#done, work);
    this.#left = addWork(this.#left, work, -1);
    this.#running.set(id, addWork(this.#running.get(id) ?? work, work, -1));
  }

  /** It runs no more. Unless it is tried again, what is left of it will not be done. */
  end(id: string, isTriedAgain: boolean): void {
    const left = this.#running.get(id) ?? NO_WORK;
    if (isTriedAgain) this.#retried.set(id, left);
    else this.#left = addWork(this.#left, left, -1);
    this.#running.delete(id);
  }

  /** The share of the run that is done, 0 to 1, by the time it takes. */
  share(): number {
    const done = this.#model.seconds(this.#done);
    const left = this.#model.seconds(this.#left);
    return done === 0 ? 0 : done / (done + left);
  }

  /**
   * Seconds that `threads` threads still need; null before anything is known. `longest`: the longest trajectory that
   * waits. No run is shorter than its longest trajectory.
   */
  secondsLeft(threads: number, longest: Work | null): number | null {
    if (!this.#hasObserved) return null;
    const single = [...this.#running.values(), ...(longest ? [longest] : [])];
    return Math.max(
      this.#model.seconds(this.#left) / threads,
      ...single.map(work => this.#model.seconds(work)),
    );
  }
}
