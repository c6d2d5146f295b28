/** What waits to be run: the longest first, and never more at once than fits in memory. */
import type { UnfinishedTrajectory } from '../domain/messages.js';

/** What it lacks is as of the begin of the run: less, where attempts of this run failed. */
export interface Job extends UnfinishedTrajectory {
  /** What it costs, in any unit: those that cost more go first. */
  readonly cost: number;
  /** Peak bytes while it runs; Infinity: it has to run alone. */
  readonly bytes: number;
  /** Attempts in this run that failed. */
  readonly failures: number;
}

/** How often a job that does not fit yet is passed by, for each that runs, before it is waited for. */
const PASSES = 4;

export class JobQueue {
  /** Jobs of the same size, the costliest last. */
  readonly #bySize = new Map<number, Job[]>();
  readonly #running = new Set<Job>();
  /** To be tried again once all others were begun. */
  readonly #retries: Job[] = [];
  #free: number;
  #passed: { readonly job: Job; times: number } | null = null;

  /** @param budgetBytes what all running jobs may take together. One job alone is always let run. */
  constructor(jobs: readonly Job[], budgetBytes: number) {
    this.#free = budgetBytes;
    for (const job of jobs) {
      const alike = this.#bySize.get(job.bytes);
      if (alike) alike.push(job);
      else this.#bySize.set(job.bytes, [job]);
    }
    for (const alike of this.#bySize.values()) alike.reverse().sort((a, b) => a.cost - b.cost);
  }

  /** The job to begin now; null where none is left or none fits beside what runs. */
  take(): Job | null {
    const peek = this.first();
    if (!peek) return null;
    let job: Job | null = peek;
    if (!this.#fits(peek)) {
      if (this.#passed?.job !== peek) this.#passed = { job: peek, times: 0 };
      job =
        this.#passed.times < PASSES * this.#running.size ? this.#costliest(each => this.#fits(each)) : null;
      if (job) this.#passed.times++;
    }
    if (!job) return null;
    this.#remove(job);
    this.#running.add(job);
    if (Number.isFinite(job.bytes)) this.#free -= job.bytes;
    return job;
  }

  /** The job has ended, and its memory is free. */
  release(job: Job): void {
    this.#running.delete(job);
    if (Number.isFinite(job.bytes)) this.#free += job.bytes;
  }

  /** Has a job that has ended tried again, after all others. */
  retry(job: Job): void {
    this.#retries.push(job);
  }

  /** The job that is to be begun next, whether it fits now or not. */
  first(): Job | null {
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
