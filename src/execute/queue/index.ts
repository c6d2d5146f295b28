/** Entry of the queue. Redis and BullMQ load when a run or a worker asks for them, and not before. */
import type { Executor } from '../executor.js';
import type { QueueExecutorOptions } from './options.js';
import type { QueueWorkerOptions } from './worker.js';

export { parseAddress, type QueueAddress } from './address.js';
export { RUN_NAME } from './keys.js';
export type { OwnThreads, QueueExecutorOptions, RunDescription } from './options.js';
export { LEAVE_WITHIN_MS, queueTimes } from './options.js';
export type { QueueWorkerOptions } from './worker.js';
export type { WorkerData } from './worker-run.js';

/**
 * An executor that hands trajectories to workers on any machine, over Redis (docs/many-machines.md). All of Redis may be
 * lost: what is finished is in the database of the run.
 *
 * @example
 * const prepared = await prepareSweep(readSweep('my.yaml'));
 * const { engine, spec, data } = prepared;
 * const datasets = [...data.values()].map(({ settings, identified: { identity } }) => ({ settings, identity }));
 * await runSweep(prepared, {
 *   db: 'results/my.sqlite',
 *   threads: 0,
 *   executor: (_, check) =>
 *     createQueueExecutor({
 *       address: parseAddress('server', 'redis://host:6379'),
 *       name: 'my',
 *       database: 'my.sqlite on this machine',
 *       manifest: { sweep: spec.name, toolVersion: '1', engine: engine.name, numerics: engine.numerics, datasets },
 *       hasBits: true,
 *       check,
 *       warn: console.warn,
 *     }),
 * });
 *
 * @throws QueueError (QUEUE_UNREACHABLE, QUEUE_REFUSED, QUEUE_IN_USE by a run on another database)
 */
export const createQueueExecutor = async (options: QueueExecutorOptions): Promise<Executor> =>
  (await import('./executor.js')).createQueueExecutor(options);

/**
 * Computes trajectories of the runs on a Redis server, until `untilIdleMs` have passed without one, or `signal` aborts.
 * Resolves when it has left.
 *
 * @example
 * const threads = 4;
 * await runQueueWorker({
 *   address: parseAddress('server', 'redis://host:6379'),
 *   threads,
 *   memoryBytes: 8e9,
 *   data: createWorkerData({ dataDir: 'data', threads }),
 *   untilIdleMs: 600_000,
 *   report: console.log,
 * });
 *
 * @throws QueueError (QUEUE_UNREACHABLE, QUEUE_REFUSED) at the start; later it waits for the server
 */
export const runQueueWorker = async (options: QueueWorkerOptions): Promise<void> =>
  (await import('./worker.js')).runQueueWorker(options);
