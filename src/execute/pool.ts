/** Runs trajectories on worker threads; see lane.ts for one of them, and workers/trajectory.ts for its other side. */
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import type { MessagePort } from 'node:worker_threads';
import type { Dataset } from '../data/dataset.js';
import type { EngineName } from '../domain/config.js';
import { AwakeClock } from './awake.js';
import type { Executor, TrajectoryTask } from './executor.js';
import type { ExecutorOptions } from './inline.js';
import { isLast, Lane, type LastEvent, SPARE_BYTES } from './lane.js';

/** What every worker thread is started with. Images are shared memory, so that all threads read one copy. */
export interface WorkerData {
  readonly engine: EngineName;
  readonly datasets: ReadonlyMap<string, Dataset>;
  /** One int32, one of SIGNAL; looked at between slices of work. */
  readonly signal: Int32Array;
}

/** What a worker is called with: events go to the port, in order. */
export interface WorkerCall {
  readonly task: TrajectoryTask;
  readonly port: MessagePort;
}

// A thread that is ended while V8 optimises its code in the background can take the whole process with it (Node 20:
// `NodePlatform::ForIsolate` asserts). Threads that are started from now on optimise by themselves.
setFlagsFromString('--no-concurrent-recompilation');

export const SIGNAL = { go: 0, stop: 1, pause: 2 } as const;

/** A trajectory that has not stopped by itself by then is stopped where it is: what it did since its snapshot is lost. */
const STOP_WITHIN_MS = 1_200;

export interface PoolOptions extends ExecutorOptions {
  readonly threads: number;
  /** An attempt that takes longer than this is ended, and its thread with it. Pauses and suspensions do not count. */
  readonly timeoutS?: number | undefined;
}

export function createPoolExecutor({ engine, datasets, threads, timeoutS }: PoolOptions): Executor {
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const lanes = Array.from({ length: threads }, () => new Lane({ engine, datasets, signal }));
  const idle = [...lanes].reverse();
  const running = new Map<Lane, { awakeMs: number }>();
  const waiting: (() => void)[] = [];
  let finished = 0;
  let seenMs = 0;
  let stopTimer: NodeJS.Timeout | undefined;
  const isStopping = () => Atomics.load(signal, 0) === SIGNAL.stop;

  const clock = new AwakeClock(() => {
    const now = clock.ms();
    const passed = now - seenMs;
    seenMs = now;
    if (timeoutS === undefined || Atomics.load(signal, 0) !== SIGNAL.go) return;
    for (const [lane, time] of running) {
      time.awakeMs += passed;
      if (time.awakeMs > 1000 * timeoutS) lane.kill(timedOut(timeoutS));
    }
  });

  const runNow = async (task: TrajectoryTask, events: Readable) => {
    idle.sort((a, b) => a.heldBytes - b.heldBytes);
    const lane = idle.pop()!;
    running.set(lane, { awakeMs: 0 });
    // What idle threads still hold is not counted by who schedules.
    await Promise.all(idle.filter(each => each.heldBytes > SPARE_BYTES).map(each => each.close()));
    await lane.run(task, event => {
      // A thread that breaks because it is being stopped is no fault of its trajectory.
      events.push(event.kind === 'failed' && isStopping() ? { kind: 'stopped' } : event);
      if (!isLast(event)) return;
      running.delete(lane);
      finished++;
      events.push(null);
    });
    idle.push(lane);
    waiting.shift()?.();
  };

  return {
    capacity: threads,
    submit(task) {
      const events = new Readable({ objectMode: true, read() {} });
      const begin = () => {
        if (isStopping()) {
          finished++;
          events.push({ kind: 'stopped' });
          events.push(null);
          waiting.shift()?.();
        } else void runNow(task, events);
      };
      if (idle.length > 0) begin();
      else waiting.push(begin);
      return events;
    },
    stop() {
      signal[0] = SIGNAL.stop;
      Atomics.notify(signal, 0);
      stopTimer ??= setTimeout(() => {
        for (const lane of running.keys()) lane.kill({ kind: 'stopped' });
      }, STOP_WITHIN_MS);
    },
    pause() {
      Atomics.compareExchange(signal, 0, SIGNAL.go, SIGNAL.pause);
    },
    resume() {
      Atomics.compareExchange(signal, 0, SIGNAL.pause, SIGNAL.go);
      Atomics.notify(signal, 0);
    },
    stats: () => ({ capacity: threads, running: running.size, finished }),
    async close() {
      clearTimeout(stopTimer);
      clock.stop();
      await Promise.all(lanes.map(lane => lane.close()));
    },
  };
}

const timedOut = (seconds: number): LastEvent => ({
  kind: 'failed',
  code: 'TIMEOUT',
  message: `took longer than the ${seconds} s that --timeout allows`,
  stack: null,
});
