/** Entry of the queue. Redis and BullMQ load when a run or a worker asks for them, and not before. */
import type { Executor } from '../executor.js';
import type { QueueExecutorOptions } from './options.js';
import type { QueueWorkerOptions } from './worker.js';

export { parseAddress, type QueueAddress } from './address.js';
export { RUN_NAME } from './keys.js';
export { LEAVE_WITHIN_MS, queueTimes } from './options.js';

/** @throws QueueError (QUEUE_UNREACHABLE, QUEUE_REFUSED, QUEUE_IN_USE) */
export const createQueueExecutor = async (options: QueueExecutorOptions): Promise<Executor> =>
  (await import('./executor.js')).createQueueExecutor(options);

/** Resolves when the worker has left. @throws QueueError (QUEUE_UNREACHABLE, QUEUE_REFUSED) */
export const runQueueWorker = async (options: QueueWorkerOptions): Promise<void> =>
  (await import('./worker.js')).runQueueWorker(options);

export type { QueueExecutorOptions, QueueWorkerOptions };
