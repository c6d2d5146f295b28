/** How long a queue of trajectories takes on some threads, if each takes as long as expected. */
import { type Job, JobQueue } from './job-queue.js';

export interface Schedule {
  /** From the first start to the last end, in the unit of the jobs' cost. */
  readonly duration: number;
  /** Jobs that run concurrently, at most, and their peak bytes together. */
  readonly threads: number;
  readonly bytes: number;
}

/** Plays the queue of a run: a thread that becomes free takes the next job that fits. */
export function scheduleOf(jobs: readonly Job[], threads: number, budgetBytes: number): Schedule {
  const queue = new JobQueue(jobs, budgetBytes);
  // Ends of running jobs, the earliest first. There are never more than threads.
  const running: { readonly job: Job; readonly end: number }[] = [];
  const peak = { duration: 0, threads: 0, bytes: 0 };
  let [now, bytes] = [0, 0];
  for (;;) {
    for (
      let job = nextJob(queue, running.length, threads);
      job;
      job = nextJob(queue, running.length, threads)
    ) {
      insertByEnd(running, { job, end: now + job.cost });
      bytes += job.bytes;
      peak.threads = Math.max(peak.threads, running.length);
      peak.bytes = Math.max(peak.bytes, bytes);
    }
    const ended = running.shift();
    if (!ended) return { ...peak, duration: now };
    now = ended.end;
    bytes -= ended.job.bytes;
    queue.release(ended.job);
  }
}

const nextJob = (queue: JobQueue, running: number, threads: number): Job | null =>
  running < threads ? queue.take() : null;

function insertByEnd<T extends { readonly end: number }>(sorted: T[], item: T): void {
  let at = sorted.length;
  while (at > 0 && sorted[at - 1]!.end > item.end) at--;
  sorted.splice(at, 0, item);
}
