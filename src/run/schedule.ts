/** Simulates the schedule of a run whose trajectories take as long as expected. */
import { type Job, JobQueue } from './job-queue.js';

export interface Schedule {
  /** Time from the first start to the last end, in the unit of `Job.cost`. */
  readonly duration: number;
  /** The largest number of concurrent jobs, and the peak of their bytes. */
  readonly threads: number;
  readonly bytes: number;
  /** Jobs in order of their end, each with its end. */
  readonly ended: readonly { readonly job: Job; readonly end: number }[];
}

/** Each free thread takes the next job of the queue that fits in memory. */
export function scheduleOf(jobs: readonly Job[], threads: number, budgetBytes: number): Schedule {
  const queue = new JobQueue(jobs, budgetBytes);
  // Running jobs by their end, the earliest first.
  const running: { readonly job: Job; readonly end: number }[] = [];
  const done: { readonly job: Job; readonly end: number }[] = [];
  const peak = { threads: 0, bytes: 0 };
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
    if (!ended) return { ...peak, duration: now, ended: done };
    done.push(ended);
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
