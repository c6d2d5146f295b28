/**
 * What passes between a slot and its thread. The thread is called once and then reads its trajectories from a port, so
 * that the next one can be there before the present one has ended.
 *
 * Trajectories are numbered from 1 in the order in which they are handed over, and `at` holds the number of the last one
 * that is no longer free: whoever moves it from n - 1 to n, in one step, has number n. The thread does so to begin it.
 * The slot does so to take it back, with all that follow it, which the thread then skips.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Dataset } from '../data/dataset.js';
import type { ExecutorEvent, TrajectoryTask } from '../domain/messages.js';
import type { EngineName } from '../domain/types.js';

/** What every worker thread is started with. Images are shared memory, so that all threads read one copy. */
export interface WorkerData {
  readonly engine: EngineName;
  readonly datasets: ReadonlyMap<string, Dataset>;
  /** One int32, one of SIGNAL; looked at between slices of work. */
  readonly signal: Int32Array;
}

export const SIGNAL = { go: 0, stop: 1, pause: 2 } as const;

/** What a worker is called with. */
export interface WorkerCall {
  /** Numbered comes, Said goes. */
  readonly port: MessagePort;
  /** One int32, see above. */
  readonly claimed: Int32Array;
  readonly slot: number;
}

export interface NumberedTask {
  readonly number: number;
  readonly task: TrajectoryTask;
}

/** In order; those of one trajectory may be followed by the first ones of the next. */
export type WorkerEvents = readonly ExecutorEvent[];
