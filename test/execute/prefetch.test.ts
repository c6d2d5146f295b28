/** Prefetched tasks: each one starts at most once, and none is lost. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ExecutorEvent } from '../../src/domain/messages.js';
import { EventQueue } from '../../src/execute/event-queue.js';
import { createPoolExecutor, type PoolOptions } from '../../src/execute/pool.js';
import { SIGNAL } from '../../src/execute/protocol.js';
import { type SubmittedTask, WorkerSlot } from '../../src/execute/worker-slot.js';
import { collect, tinyDatasets, tinyTask } from '../support/tiny.js';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(open.splice(0).map(each => each.close()));
});

const task = (width: number, checkpoints = [0, 5, 20]) =>
  tinyTask('noop', { config: { width }, checkpoints });
const submitted = (width: number, checkpoints?: number[]): SubmittedTask => ({
  task: task(width, checkpoints),
  events: new EventQueue(),
});
const kinds = async (events: AsyncIterable<ExecutorEvent>) => (await collect(events)).map(({ kind }) => kind);
const DONE = ['started', 'rows', 'rows', 'rows', 'done'];
/** Endless in practice, with steps of 10 ms. */
const ENDLESS = [0, 1e6];

async function slotWith(faults: string) {
  vi.stubEnv('ESPALIER_NOOP_FAULTS', faults);
  vi.stubEnv('ESPALIER_NOOP_STEP_MS', '10');
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const back: SubmittedTask[] = [];
  const slot = new WorkerSlot(3, { engine: 'noop', datasets: tinyDatasets, signal }, returned =>
    back.push(...returned),
  );
  open.push(slot);
  expect(slot.prefetch).toBe(0);
  const first = submitted(10, [0, 1]);
  slot.enqueue(first);
  await kinds(first.events);
  return { slot, back, signal };
}

describe('a slot', () => {
  it('prefetches as long as trajectories are short and it is busy', async () => {
    const { slot } = await slotWith('');
    expect(slot.prefetch).toBeGreaterThan(1);
    const [slow, next] = [submitted(10, [0, 60]), submitted(10)];
    // An idle slot does not prefetch.
    expect(slot.canPrefetch(slow.task)).toBe(false);
    slot.enqueue(slow);
    expect(slot.canPrefetch(next.task)).toBe(true);
    expect(slot.canPrefetch({ ...next.task, memoryBytes: -1e9 })).toBe(false);
    await kinds(slow.events);
    expect(slot.prefetch).toBe(0);
    expect(slot.finished).toBe(2);
  });

  it('returns prefetched tasks when its thread dies', async () => {
    const { slot, back } = await slotWith('exit:13');
    const [dying, ...behind] = [submitted(13), submitted(10), submitted(11)];
    for (const each of [dying!, ...behind]) slot.enqueue(each);
    const events = await collect(dying!.events);
    expect(events.map(({ kind }) => kind)).toEqual(['started', 'rows', 'failed']);
    expect(events[0]).toEqual({ kind: 'started', slot: 3 });
    expect(events.at(-1)).toMatchObject({ code: 'WORKER_DIED' });
    expect(back.map(({ task: { config } }) => config.width)).toEqual([10, 11]);
    expect(slot.queued).toBe(0);
  });

  it('returns prefetched tasks when it is killed, and never starts returned tasks', async () => {
    const { slot, back } = await slotWith('');
    const [first, second, third] = [submitted(10, ENDLESS), submitted(11), submitted(12)];
    slot.enqueue(first!);
    slot.enqueue(second!);
    // After enough active time the slot recalls its prefetched tasks.
    await vi.waitFor(() => {
      slot.addActiveTime(600, Number.POSITIVE_INFINITY, { kind: 'stopped' });
      expect(back).toHaveLength(1);
    });
    slot.enqueue(third!);
    slot.addActiveTime(600, 1000, { kind: 'failed', code: 'TIMEOUT', message: 'too long', stack: null });
    const emitted = await kinds(first!.events);
    expect([emitted[0], emitted.at(-1)]).toEqual(['started', 'failed']);
    expect(back.map(({ task: { config } }) => config.width)).toEqual([11, 12]);
    await slot.close();
    // A new thread runs the task that the old one returned.
    slot.enqueue(back[0]!);
    expect(await kinds(second!.events)).toEqual(DONE);
  });

  it('runs later tasks after a task was recalled', async () => {
    const { slot, back } = await slotWith('');
    const [first, second, third] = [submitted(10, [0, 40]), submitted(11), submitted(12)];
    slot.enqueue(first!);
    slot.enqueue(second!);
    await vi.waitFor(() => {
      slot.addActiveTime(600, Number.POSITIVE_INFINITY, { kind: 'stopped' });
      expect(back).toEqual([expect.objectContaining({ task: second!.task })]);
    });
    slot.enqueue(third!);
    expect(await kinds(first!.events)).toEqual(['started', 'rows', 'rows', 'done']);
    expect(await kinds(third!.events)).toEqual(DONE);
    slot.enqueue(back[0]!);
    expect(await kinds(second!.events)).toEqual(DONE);
  });

  it('emits only stopped for prefetched tasks when it is stopped', async () => {
    const { slot, signal } = await slotWith('');
    const [first, ...behind] = [submitted(10, ENDLESS), submitted(11), submitted(12)];
    for (const each of [first!, ...behind]) slot.enqueue(each);
    await vi.waitFor(() => expect(slot.queued).toBe(3));
    signal[0] = SIGNAL.stop;
    expect((await kinds(first!.events)).at(-1)).toBe('stopped');
    for (const each of behind) expect(await kinds(each.events)).toEqual(['stopped']);
  });
});

function poolWith(faults: string, options: Partial<PoolOptions> = {}) {
  vi.stubEnv('ESPALIER_NOOP_FAULTS', faults);
  const pool = createPoolExecutor({ engine: 'noop', datasets: tinyDatasets, threads: 2, ...options });
  open.push(pool);
  return pool;
}

async function warmed(pool: ReturnType<typeof poolWith>) {
  await Promise.all([1, 2, 3, 4].map(() => kinds(pool.submit(task(10)))));
  expect(pool.prefetch()).toBeGreaterThanOrEqual(pool.capacity);
  return pool;
}

describe('a pool', () => {
  it('runs the prefetched tasks of a dead thread elsewhere', async () => {
    const pool = await warmed(poolWith('exit:13'));
    const all = await Promise.all([13, 10, 11, 12, 14].map(width => kinds(pool.submit(task(width)))));
    expect(all).toEqual([['started', 'rows', 'failed'], DONE, DONE, DONE, DONE]);
    expect(pool.stats()).toEqual({ capacity: 2, running: 0, finished: 9 });
  });

  it('runs the prefetched tasks of a hanging thread elsewhere', async () => {
    const pool = await warmed(poolWith('hang:13'));
    const hanging = kinds(pool.submit(task(13)));
    const all = await Promise.all([10, 11, 12, 14].map(width => kinds(pool.submit(task(width)))));
    expect(all).toEqual([DONE, DONE, DONE, DONE]);
    pool.stop();
    expect(await hanging).toEqual(['started', 'rows', 'stopped']);
  });

  it('delivers all events of a trajectory before any of the next one on the same slot', async () => {
    const pool = await warmed(poolWith('', { threads: 1 }));
    const read: string[] = [];
    await Promise.all(
      ['a', 'b', 'c'].map(async name => {
        for await (const { kind } of pool.submit(task(10))) {
          await new Promise(resolve => setTimeout(resolve, 20));
          read.push(`${name} ${kind}`);
        }
      }),
    );
    expect(read).toEqual(['a', 'b', 'c'].flatMap(name => DONE.map(kind => `${name} ${kind}`)));
  });
});
