/** Runs trajectories on a pool of worker threads (piscina); see workers/trajectory.ts for the other side. */
import { Readable } from 'node:stream';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Dataset } from '../data/dataset.js';
import type { EngineName } from '../domain/config.js';
import { describeError } from '../errors.js';
import { workerFile } from '../paths.js';
import type { Executor, TrajectoryEvent, TrajectoryTask } from './executor.js';
import type { ExecutorOptions } from './inline.js';

/** What every worker thread is started with. Images are shared memory, so that all threads read one copy. */
export interface WorkerData {
  readonly engine: EngineName;
  readonly datasets: ReadonlyMap<string, Dataset>;
  /** One int32: 1 once trajectories are to stop. */
  readonly stopFlag: Int32Array;
}

/** What a worker is called with: events go to the port, in order. */
export interface WorkerCall {
  readonly task: TrajectoryTask;
  readonly port: MessagePort;
}

const isLast = (event: TrajectoryEvent): boolean =>
  event.kind === 'done' || event.kind === 'stopped' || event.kind === 'failed';

export function createPoolExecutor({
  engine,
  datasets,
  threads,
}: ExecutorOptions & { threads: number }): Executor {
  const stopFlag = new Int32Array(new SharedArrayBuffer(4));
  const workerData: WorkerData = { engine, datasets, stopFlag };
  const pool = new Piscina<WorkerCall, void>({
    filename: workerFile('trajectory'),
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
    // Worker threads with nothing to wait for in shared memory: events are too few for that to pay.
    atomics: 'disabled',
    workerData,
  });
  let running = 0;
  let finished = 0;

  return {
    capacity: threads,
    submit(task) {
      const { port1, port2 } = new MessageChannel();
      const events = new Readable({ objectMode: true, read() {} });
      let ended = false;
      running++;
      const tell = (event: TrajectoryEvent) => {
        if (ended) return;
        events.push(event);
        if (!isLast(event)) return;
        ended = true;
        running--;
        finished++;
        events.push(null);
        port1.close();
      };
      port1.on('message', tell);
      pool.run({ task, port: port2 }, { transferList: [port2] }).catch((error: unknown) => {
        const { message, stack } = describeError(error);
        tell(
          Atomics.load(stopFlag, 0) === 1
            ? { kind: 'stopped' }
            : { kind: 'failed', code: 'WORKER_DIED', message: `the worker thread ended: ${message}`, stack },
        );
      });
      return events;
    },
    stop() {
      Atomics.store(stopFlag, 0, 1);
    },
    stats: () => ({ capacity: threads, running, finished }),
    close: () => pool.destroy(),
  };
}
