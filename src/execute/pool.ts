/** Runs trajectories on worker threads: worker-slot.ts manages one thread, workers/trajectory.ts is its code. */
import { setFlagsFromString } from 'node:v8';
import { ActiveTimeClock } from '../base/active-time-clock.js';
import { EventQueue, type FinalEvent } from './event-queue.js';
import type { Executor } from './executor.js';
import type { ExecutorOptions } from './inline.js';
import { SIGNAL } from './protocol.js';
import { SPARE_BYTES, STOP_WITHIN_MS, type SubmittedTask, WorkerSlot } from './worker-slot.js';

/** What `createPoolExecutor` computes with. */
export interface PoolOptions extends ExecutorOptions {
  readonly threads: number;
  /** Seconds: ends an attempt that takes longer, and its thread. Pauses and suspensions of the machine do not count. */
  readonly timeoutS?: number | undefined;
}

/** An executor that can give up a single trajectory. */
export interface PoolExecutor extends Executor {
  /** Ends one trajectory as `stopped`: at its next pulse if it runs, else at once. */
  cancel(id: string): void;
}

/**
 * An executor on worker threads of this process: the default of `runSweep`. It throws nothing: what a thread cannot do is
 * the failure of its trajectory, e.g. ENGINE_UNAVAILABLE or TIMEOUT.
 *
 * @example
 * const prepared = await prepareSweep(readSweep('my.yaml'));
 * await runSweep(prepared, {
 *   db: 'results/a.sqlite',
 *   threads: 4,
 *   executor: datasets => createPoolExecutor({ engine: 'wasm', datasets, threads: 4, timeoutS: 3600 }),
 * });
 */
export function createPoolExecutor(options: PoolOptions): PoolExecutor {
  // Terminating a thread while V8 optimises its code in the background can abort the process (Node 20: an assertion in
  // `NodePlatform::ForIsolate`). With this flag, threads started later optimise on their own thread.
  setFlagsFromString('--no-concurrent-recompilation');
  const { engine, datasets, timeoutS = Number.POSITIVE_INFINITY } = options;
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const waiting: SubmittedTask[] = [];
  const cancelled = new Set<string>();
  const newSlot = (number: number) =>
    new WorkerSlot(number, { engine, datasets, signal }, returned => {
      waiting.unshift(...returned);
      distribute();
    });
  const slots = Array.from({ length: options.threads }, (_, number) => newSlot(number));
  /** Slots that take tasks. */
  let active: readonly WorkerSlot[] = [...slots];
  let isMakingRoom = false;
  let refused = 0;
  let lastTickMs = 0;
  let stopTimer: NodeJS.Timeout | undefined;

  const clock = new ActiveTimeClock(() => {
    const now = clock.ms();
    const elapsed = now - lastTickMs;
    lastTickMs = now;
    if (Atomics.load(signal, 0) !== SIGNAL.go) return;
    for (const slot of slots) slot.addActiveTime(elapsed, 1000 * timeoutS, timedOut(timeoutS));
  });

  const distribute = () => {
    for (let next = waiting[0]; next && !isMakingRoom; next = waiting[0]) {
      if (Atomics.load(signal, 0) === SIGNAL.stop || cancelled.has(next.task.id)) {
        refuse(next);
      } else {
        const slot = slotFor(next);
        if (!slot) return;
        slot.enqueue(next);
      }
      waiting.shift();
    }
  };

  const refuse = (...tasks: readonly SubmittedTask[]) => {
    refused += tasks.length;
    for (const { events } of tasks) events.push({ kind: 'stopped' });
  };

  /** Returns null if the task has to wait. */
  const slotFor = ({ task }: SubmittedTask): WorkerSlot | null => {
    const [slot, ...others] = active
      .filter(each => each.isIdle)
      .sort((a, b) => b.retainedBytes - a.retainedBytes);
    if (!slot) return leastQueued(active.filter(each => each.canPrefetch(task)));
    // The scheduler counts the memory of running trajectories only, so idle threads that retain memory are closed.
    const toClose = others.filter(each => each.retainedBytes > SPARE_BYTES);
    if (slot.retainsTooMuchFor(task.memoryBytes)) toClose.push(slot);
    if (toClose.length === 0) return slot;
    isMakingRoom = true;
    void Promise.all(toClose.map(each => each.close())).then(() => {
      isMakingRoom = false;
      distribute();
    });
    return null;
  };

  return {
    get capacity() {
      return active.length;
    },
    resize(capacity) {
      while (slots.length < capacity) slots.push(newSlot(slots.length));
      // Busy slots first, so that as few trajectories as possible are stopped.
      const byWork = slots.toSorted((a, b) => Number(a.isIdle) - Number(b.isIdle) || a.number - b.number);
      const retired = active.filter(slot => !byWork.slice(0, capacity).includes(slot));
      active = byWork.slice(0, capacity);
      for (const slot of retired) slot.retire();
      if (retired.length > 0) for (const task of waiting.splice(0)) refuse(task);
      distribute();
    },
    prefetch: () => active.reduce((sum, slot) => sum + slot.prefetch, 0),
    submit(task) {
      const events = new EventQueue();
      waiting.push({ task, events });
      distribute();
      return events;
    },
    cancel(id) {
      // Slots return what they have not started, and `distribute` refuses it.
      cancelled.add(id);
      if (!slots.some(slot => slot.cancel(id))) {
        const index = waiting.findIndex(({ task }) => task.id === id);
        if (index >= 0) refuse(...waiting.splice(index, 1));
      }
      cancelled.delete(id);
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
      capacity: active.length,
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
  message: `took longer than the ${seconds} s that \`espalier run --timeout\` allows`,
  stack: null,
});
