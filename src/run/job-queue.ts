/** Queue of waiting trajectories: by rank, the costliest first, and never more concurrently than fit in memory. */
import type { UnfinishedTrajectory } from '../domain/messages.js';

/** `checkpoints` are as of the start of the run. After an attempt in this run, fewer cells may be missing. */
export interface Job extends UnfinishedTrajectory {
  /** Jobs of a lower rank go first (order.ts). */
  readonly rank: number;
  /** Cost in any unit. Within a rank, costlier jobs go first. */
  readonly cost: number;
  /** Peak bytes while it runs; Infinity if it has to run alone. */
  readonly bytes: number;
  /** Number of failed attempts in this run. */
  readonly failures: number;
  /** Whether an attempt was made in this run. */
  readonly wasTried: boolean;
}

/** How often others may overtake a job that does not fit yet, per running job, before the queue waits for it. */
const OVERTAKES = 4;

export class JobQueue {
  /** Jobs by peak bytes; within a size, the first to go last. */
  readonly #bySize = new Map<number, Job[]>();
  readonly #running = new Set<Job>();
  /** Failed jobs, retried after all others have started. */
  readonly #retries: Job[] = [];
  #free: number;
  readonly #isUnlimited: boolean;
  #overtaken: { readonly job: Job; times: number } | null = null;

  /**
   * @param budgetBytes peak bytes of all running jobs together. A single job may always run. Infinity: whoever runs them
   *   looks after memory, also that of jobs that have to run alone.
   */
  constructor(jobs: readonly Job[], budgetBytes: number) {
    this.#free = budgetBytes;
    this.#isUnlimited = budgetBytes === Number.POSITIVE_INFINITY;
    for (const job of jobs) this.#waitingLike(job).push(job);
    for (const alike of this.#bySize.values()) alike.reverse().sort((a, b) => precedence(b, a));
  }

  /**
   * Removes the job to start now; null if none is left or none fits next to the running ones. `isEligible` depends on the
   * bytes alone.
   */
  take(isEligible: (job: Job) => boolean = () => true): Job | null {
    const next = this.#first(isEligible) ?? this.#retries.find(isEligible) ?? null;
    if (!next) return null;
    let job: Job | null = next;
    if (!this.#fits(next)) {
      if (this.#overtaken?.job !== next) this.#overtaken = { job: next, times: 0 };
      job =
        this.#overtaken.times < OVERTAKES * this.#running.size
          ? this.#first(each => isEligible(each) && this.#fits(each))
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
    this.#retries.push({ ...job, wasTried: true });
  }

  /** Queues a job that was stopped before its end, at its place in the order. */
  putBack(stopped: Job): void {
    const job = { ...stopped, wasTried: true };
    if (job.failures > 0) {
      this.#retries.unshift(job);
      return;
    }
    const alike = this.#waitingLike(job);
    const at = alike.findLastIndex(each => precedence(each, job) >= 0);
    alike.splice(at + 1, 0, job);
  }

  /** The job to start next, whether it fits now or not. */
  peek(): Job | null {
    return this.#first(() => true) ?? this.#retries[0] ?? null;
  }

  #first(isEligible: (job: Job) => boolean): Job | null {
    let first: Job | null = null;
    for (const alike of this.#bySize.values()) {
      const job = alike.at(-1);
      if (job && (!first || precedence(job, first) < 0) && isEligible(job)) first = job;
    }
    return first;
  }

  #waitingLike({ bytes }: Job): Job[] {
    const alike = this.#bySize.get(bytes) ?? [];
    this.#bySize.set(bytes, alike);
    return alike;
  }

  #fits({ bytes }: Job): boolean {
    if (this.#running.size === 0 || this.#isUnlimited) return true;
    for (const job of this.#running) if (job.bytes === Infinity) return false;
    return bytes <= this.#free;
  }

  #remove(job: Job): void {
    const retry = this.#retries.indexOf(job);
    if (retry >= 0) this.#retries.splice(retry, 1);
    else this.#bySize.get(job.bytes)!.pop();
  }
}

/** Negative if `a` goes before `b`. */
const precedence = (a: Job, b: Job): number => a.rank - b.rank || b.cost - a.cost;
