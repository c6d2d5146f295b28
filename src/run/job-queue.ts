/** Queue of waiting trajectories: the costliest first, and never more concurrently than fit in memory. */
import type { UnfinishedTrajectory } from '../domain/messages.js';

/** `checkpoints` are as of the start of the run. After a failed attempt in this run, fewer cells may be missing. */
export interface Job extends UnfinishedTrajectory {
  /** Cost in any unit. Costlier jobs go first. */
  readonly cost: number;
  /** Peak bytes while it runs; Infinity if it has to run alone. */
  readonly bytes: number;
  /** Number of failed attempts in this run. */
  readonly failures: number;
}

/** How often others may overtake a job that does not fit yet, per running job, before the queue waits for it. */
const OVERTAKES = 4;

export class JobQueue {
  /** Jobs by peak bytes; within a size, the costliest last. */
  readonly #bySize = new Map<number, Job[]>();
  readonly #running = new Set<Job>();
  /** Failed jobs, retried after all others have started. */
  readonly #retries: Job[] = [];
  #free: number;
  #overtaken: { readonly job: Job; times: number } | null = null;

  /** @param budgetBytes peak bytes of all running jobs together. A single job may always run. */
  constructor(jobs: readonly Job[], budgetBytes: number) {
    this.#free = budgetBytes;
    for (const job of jobs) {
      const alike = this.#bySize.get(job.bytes);
      if (alike) alike.push(job);
      else this.#bySize.set(job.bytes, [job]);
    }
    for (const alike of this.#bySize.values()) alike.reverse().sort((a, b) => a.cost - b.cost);
  }

  /** Removes the job to start now; null if none is left or none fits next to the running ones. */
  take(): Job | null {
    const next = this.peek();
    if (!next) return null;
    let job: Job | null = next;
    if (!this.#fits(next)) {
      if (this.#overtaken?.job !== next) this.#overtaken = { job: next, times: 0 };
      job =
        this.#overtaken.times < OVERTAKES * this.#running.size
          ? this.#costliest(each => this.#fits(each))
          : null;
      if (job) this.#overtaken.times++;
    }
    if (!job) return null;
    this.#remove(job);
    this.#running.add(job);
    if (Number.isFinite(job.bytes)) this.#free -= job.bytes;
    return job;
  }

  /** Frees the memory of a job that has ended. */
  release(job: Job): void {
    this.#running.delete(job);
    if (Number.isFinite(job.bytes)) this.#free += job.bytes;
  }

  /** Queues a job that has ended for another attempt, after all others. */
  retry(job: Job): void {
    this.#retries.push(job);
  }

  /** The job to start next, whether it fits now or not. */
  peek(): Job | null {
    return this.#costliest(() => true) ?? this.#retries[0] ?? null;
  }

  #costliest(isEligible: (job: Job) => boolean): Job | null {
    let best: Job | null = null;
    for (const alike of this.#bySize.values()) {
      const job = alike.at(-1);
      if (job && (!best || job.cost > best.cost) && isEligible(job)) best = job;
    }
    return best;
  }

  #fits({ bytes }: Job): boolean {
    if (this.#running.size === 0) return true;
    for (const job of this.#running) if (job.bytes === Infinity) return false;
    return bytes <= this.#free;
  }

  #remove(job: Job): void {
    if (job === this.#retries[0]) this.#retries.shift();
    else this.#bySize.get(job.bytes)!.pop();
  }
}
