/**
 * Messages between a slot and its thread. Piscina calls the thread once; the thread then reads tasks from a port,
 * which can hold the next task before the present one ends.
 *
 * Tasks are numbered from 1 in the order posted. `claimed` holds the number of the last task that is no longer free,
 * and both sides change it by atomic compare-exchange:
 *
 * - The thread starts task n by moving `claimed` from n - 1 to n. It skips a task that it cannot claim.
 * - The slot takes back task n and all later ones by moving `claimed` from n - 1 to the last number posted.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Dataset } from '../data/dataset.js';
import type { ExecutorEvent, TrajectoryTask } from '../domain/messages.js';
import type { EngineName } from '../domain/types.js';

/** Start data of every worker thread. Images are in shared memory: all threads read one copy. */
export interface WorkerData {
  readonly engine: EngineName;
  readonly datasets: ReadonlyMap<string, Dataset>;
  /** One shared int32, a value of SIGNAL. Threads poll it between slices of work. */
  readonly signal: Int32Array;
}

export const SIGNAL = { go: 0, stop: 1, pause: 2 } as const;

/** Argument of the one call of a worker thread. */
export interface WorkerCall {
  /** Carries NumberedTask to the thread and WorkerEvents from it. */
  readonly port: MessagePort;
  /** One shared int32, see above. */
  readonly claimed: Int32Array;
  /** One shared int32: 1 as soon as the thread must stop all its tasks at their next pulse. */
  readonly retired: Int32Array;
  /** One shared int32: the number of the task that must stop at its next pulse. */
  readonly stopped: Int32Array;
  readonly slot: number;
}

export interface NumberedTask {
  readonly number: number;
  readonly task: TrajectoryTask;
}

/** Events in order. One message may hold the last events of a trajectory and the first ones of the next. */
export type WorkerEvents = readonly ExecutorEvent[];
