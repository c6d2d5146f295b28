/** Runs trajectories on worker threads; see worker-slot.ts for one of them, and workers/trajectory.ts for its other side. */
import { setFlagsFromString } from 'node:v8';
import { AwakeClock } from '../base/active-time-clock.js';
import { Events, type LastEvent } from './event-queue.js';
import type { Executor } from './executor.js';
import type { ExecutorOptions } from './inline.js';
import { SIGNAL } from './protocol.js';
import { Lane, SPARE_BYTES, type Submitted } from './worker-slot.js';

// A thread that is ended while V8 optimises its code in the background can take the whole process with it (Node 20:
// `NodePlatform::ForIsolate` asserts). Threads that are started from now on optimise by themselves.
setFlagsFromString('--no-concurrent-recompilation');

/** A trajectory that has not stopped by itself by then is stopped where it is: what it did since its snapshot is lost. */
const STOP_WITHIN_MS = 1_200;

export interface PoolOptions extends ExecutorOptions {
  readonly threads: number;
  /** An attempt that takes longer than this is ended, and its thread with it. Pauses and suspensions do not count. */
  readonly timeoutS?: number | undefined;
}

export function createPoolExecutor(options: PoolOptions): Executor {
  const { engine, datasets, threads, timeoutS = Number.POSITIVE_INFINITY } = options;
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const waiting: Submitted[] = [];
  const lanes = Array.from(
    { length: threads },
    (_, number) =>
      new Lane(number, { engine, datasets, signal }, back => {
        waiting.unshift(...back);
        distribute();
      }),
  );
  let isMakingRoom = false;
  let refused = 0;
  let seenMs = 0;
  let stopTimer: NodeJS.Timeout | undefined;

  const clock = new AwakeClock(() => {
    const now = clock.ms();
    const passed = now - seenMs;
    seenMs = now;
    if (Atomics.load(signal, 0) !== SIGNAL.go) return;
    for (const lane of lanes) lane.passed(passed, 1000 * timeoutS, timedOut(timeoutS));
  });

  const distribute = () => {
    for (let next = waiting[0]; next && !isMakingRoom; next = waiting[0]) {
      if (Atomics.load(signal, 0) === SIGNAL.stop) {
        refused++;
        next.events.push({ kind: 'stopped' });
      } else {
        const lane = laneFor(next);
        if (!lane) return;
        lane.hand(next);
      }
      waiting.shift();
    }
  };

  /** Null where it has to wait. */
  const laneFor = ({ task }: Submitted): Lane | null => {
    const [lane, ...others] = lanes.filter(each => each.isIdle).sort((a, b) => b.heldBytes - a.heldBytes);
    if (!lane) return leastHanded(lanes.filter(each => each.hasRoomFor(task)));
    // What idle threads still hold is not counted by who schedules.
    const unneeded = others.filter(each => each.heldBytes > SPARE_BYTES);
    if (lane.holdsTooMuchFor(task.memoryBytes)) unneeded.push(lane);
    if (unneeded.length === 0) return lane;
    isMakingRoom = true;
    void Promise.all(unneeded.map(each => each.close())).then(() => {
      isMakingRoom = false;
      distribute();
    });
    return null;
  };

  return {
    capacity: threads,
    ahead: () => lanes.reduce((sum, lane) => sum + lane.ahead, 0),
    submit(task) {
      const events = new Events();
      waiting.push({ task, events });
      distribute();
      return events;
    },
    stop() {
      signal[0] = SIGNAL.stop;
      Atomics.notify(signal, 0);
      distribute();
      stopTimer ??= setTimeout(() => {
        for (const lane of lanes) lane.kill({ kind: 'stopped' });
      }, STOP_WITHIN_MS);
    },
    pause() {
      Atomics.compareExchange(signal, 0, SIGNAL.go, SIGNAL.pause);
    },
    resume() {
      Atomics.compareExchange(signal, 0, SIGNAL.pause, SIGNAL.go);
      Atomics.notify(signal, 0);
    },
    stats: () => ({
      capacity: threads,
      running: lanes.filter(lane => lane.handed > 0).length,
      finished: lanes.reduce((sum, lane) => sum + lane.finished, refused),
    }),
    async close() {
      clearTimeout(stopTimer);
      clock.stop();
      await Promise.all(lanes.map(lane => lane.close()));
    },
  };
}

function leastHanded(lanes: readonly Lane[]): Lane | null {
  return lanes.reduce<Lane | null>(
    (least, each) => (least && least.handed <= each.handed ? least : each),
    null,
  );
}

const timedOut = (seconds: number): LastEvent => ({
  kind: 'failed',
  code: 'TIMEOUT',
  message: `took longer than the ${seconds} s that --timeout allows`,
  stack: null,
});
