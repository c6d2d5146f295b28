/** Runs trajectories on worker threads; see worker-slot.ts for one of them, and workers/trajectory.ts for its other side. */
import { setFlagsFromString } from 'node:v8';
import { ActiveTimeClock } from '../base/active-time-clock.js';
import { EventQueue, type FinalEvent } from './event-queue.js';
import type { Executor } from './executor.js';
import type { ExecutorOptions } from './inline.js';
import { SIGNAL } from './protocol.js';
import { SPARE_BYTES, type SubmittedTask, WorkerSlot } from './worker-slot.js';

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
  const waiting: SubmittedTask[] = [];
  const slots = Array.from(
    { length: threads },
    (_, number) =>
      new WorkerSlot(number, { engine, datasets, signal }, back => {
        waiting.unshift(...back);
        distribute();
      }),
  );
  let isMakingRoom = false;
  let refused = 0;
  let seenMs = 0;
  let stopTimer: NodeJS.Timeout | undefined;

  const clock = new ActiveTimeClock(() => {
    const now = clock.ms();
    const passed = now - seenMs;
    seenMs = now;
    if (Atomics.load(signal, 0) !== SIGNAL.go) return;
    for (const slot of slots) slot.addActiveTime(passed, 1000 * timeoutS, timedOut(timeoutS));
  });

  const distribute = () => {
    for (let next = waiting[0]; next && !isMakingRoom; next = waiting[0]) {
      if (Atomics.load(signal, 0) === SIGNAL.stop) {
        refused++;
        next.events.push({ kind: 'stopped' });
      } else {
        const slot = slotFor(next);
        if (!slot) return;
        slot.enqueue(next);
      }
      waiting.shift();
    }
  };

  /** Null where it has to wait. */
  const slotFor = ({ task }: SubmittedTask): WorkerSlot | null => {
    const [slot, ...others] = slots.filter(each => each.isIdle).sort((a, b) => b.heldBytes - a.heldBytes);
    if (!slot) return leastQueued(slots.filter(each => each.canPrefetch(task)));
    // What idle threads still hold is not counted by who schedules.
    const unneeded = others.filter(each => each.heldBytes > SPARE_BYTES);
    if (slot.holdsTooMuchFor(task.memoryBytes)) unneeded.push(slot);
    if (unneeded.length === 0) return slot;
    isMakingRoom = true;
    void Promise.all(unneeded.map(each => each.close())).then(() => {
      isMakingRoom = false;
      distribute();
    });
    return null;
  };

  return {
    capacity: threads,
    prefetch: () => slots.reduce((sum, slot) => sum + slot.prefetch, 0),
    submit(task) {
      const events = new EventQueue();
      waiting.push({ task, events });
      distribute();
      return events;
    },
    stop() {
      signal[0] = SIGNAL.stop;
      Atomics.notify(signal, 0);
      distribute();
      stopTimer ??= setTimeout(() => {
        for (const slot of slots) slot.kill({ kind: 'stopped' });
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
      running: slots.filter(slot => slot.queued > 0).length,
      finished: slots.reduce((sum, slot) => sum + slot.finished, refused),
    }),
    async close() {
      clearTimeout(stopTimer);
      clock.stop();
      await Promise.all(slots.map(slot => slot.close()));
    },
  };
}

function leastQueued(slots: readonly WorkerSlot[]): WorkerSlot | null {
  return slots.reduce<WorkerSlot | null>(
    (least, each) => (least && least.queued <= each.queued ? least : each),
    null,
  );
}

const timedOut = (seconds: number): FinalEvent => ({
  kind: 'failed',
  code: 'TIMEOUT',
  message: `took longer than the ${seconds} s that --timeout allows`,
  stack: null,
});
