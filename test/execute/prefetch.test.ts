/** What a thread is handed before it has ended what it runs: begun by nobody else, lost by nothing. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ExecutorEvent } from '../../src/domain/messages.js';
import { Events } from '../../src/execute/event-queue.js';
import { createPoolExecutor, type PoolOptions } from '../../src/execute/pool.js';
import { SIGNAL } from '../../src/execute/protocol.js';
import { Lane, type Submitted } from '../../src/execute/worker-slot.js';
import { collect, tinyDatasets, tinyTask } from '../support/tiny.js';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(open.splice(0).map(each => each.close()));
});

const task = (width: number, checkpoints = [0, 5, 20]) =>
  tinyTask('noop', { config: { width }, checkpoints });
const submitted = (width: number, checkpoints?: number[]): Submitted => ({
  task: task(width, checkpoints),
  events: new Events(),
});
const kinds = async (events: AsyncIterable<ExecutorEvent>) => (await collect(events)).map(({ kind }) => kind);
const DONE = ['begun', 'rows', 'rows', 'rows', 'done'];
/** With steps of 10 ms: never over by itself. */
const ENDLESS = [0, 1e6];

async function laneWith(faults: string) {
  vi.stubEnv('ESPALIER_NOOP_FAULTS', faults);
  vi.stubEnv('ESPALIER_NOOP_STEP_MS', '10');
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const back: Submitted[] = [];
  const lane = new Lane(3, { engine: 'noop', datasets: tinyDatasets, signal }, given => back.push(...given));
  open.push(lane);
  expect(lane.ahead).toBe(0);
  const first = submitted(10, [0, 1]);
  lane.hand(first);
  await kinds(first.events);
  return { lane, back, signal };
}

describe('a lane', () => {
  it('is handed ahead as long as trajectories are short, and has nothing to run', async () => {
    const { lane } = await laneWith('');
    expect(lane.ahead).toBeGreaterThan(1);
    const [slow, next] = [submitted(10, [0, 60]), submitted(10)];
    // It is idle.
    expect(lane.hasRoomFor(slow.task)).toBe(false);
    lane.hand(slow);
    expect(lane.hasRoomFor(next.task)).toBe(true);
    expect(lane.hasRoomFor({ ...next.task, memoryBytes: -1e9 })).toBe(false);
    await kinds(slow.events);
    expect(lane.ahead).toBe(0);
    expect(lane.finished).toBe(2);
  });

  it('that loses its thread gives back what that had not begun', async () => {
    const { lane, back } = await laneWith('exit:13');
    const [dying, ...behind] = [submitted(13), submitted(10), submitted(11)];
    for (const each of [dying!, ...behind]) lane.hand(each);
    const events = await collect(dying!.events);
    expect(events.map(({ kind }) => kind)).toEqual(['begun', 'rows', 'failed']);
    expect(events[0]).toEqual({ kind: 'begun', lane: 3 });
    expect(events.at(-1)).toMatchObject({ code: 'WORKER_DIED' });
    expect(back.map(({ task: { config } }) => config.width)).toEqual([10, 11]);
    expect(lane.handed).toBe(0);
  });

  it('that is killed, too; and what is taken back is not begun later', async () => {
    const { lane, back } = await laneWith('');
    const [first, second, third] = [submitted(10, ENDLESS), submitted(11), submitted(12)];
    lane.hand(first!);
    lane.hand(second!);
    // As time passes, it takes longer than what is handed ahead to.
    await vi.waitFor(() => {
      lane.passed(600, Number.POSITIVE_INFINITY, { kind: 'stopped' });
      expect(back).toHaveLength(1);
    });
    lane.hand(third!);
    lane.passed(600, 1000, { kind: 'failed', code: 'TIMEOUT', message: 'too long', stack: null });
    const said = await kinds(first!.events);
    expect([said[0], said.at(-1)]).toEqual(['begun', 'failed']);
    expect(back.map(({ task: { config } }) => config.width)).toEqual([11, 12]);
    await lane.close();
    // A new thread takes what was taken back from the old one.
    lane.hand(back[0]!);
    expect(await kinds(second!.events)).toEqual(DONE);
  });

  it('goes on with what follows after something was taken back', async () => {
    const { lane, back } = await laneWith('');
    const [first, second, third] = [submitted(10, [0, 40]), submitted(11), submitted(12)];
    lane.hand(first!);
    lane.hand(second!);
    await vi.waitFor(() => {
      lane.passed(600, Number.POSITIVE_INFINITY, { kind: 'stopped' });
      expect(back).toEqual([expect.objectContaining({ task: second!.task })]);
    });
    lane.hand(third!);
    expect(await kinds(first!.events)).toEqual(['begun', 'rows', 'rows', 'done']);
    expect(await kinds(third!.events)).toEqual(DONE);
    lane.hand(back[0]!);
    expect(await kinds(second!.events)).toEqual(DONE);
  });

  it('that is stopped says of what is behind that it is stopped, and never that it began', async () => {
    const { lane, signal } = await laneWith('');
    const [first, ...behind] = [submitted(10, ENDLESS), submitted(11), submitted(12)];
    for (const each of [first!, ...behind]) lane.hand(each);
    await vi.waitFor(() => expect(lane.handed).toBe(3));
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
  expect(pool.ahead()).toBeGreaterThanOrEqual(pool.capacity);
  return pool;
}

describe('a pool', () => {
  it('runs elsewhere what was handed ahead to a thread that died', async () => {
    const pool = await warmed(poolWith('exit:13'));
    const all = await Promise.all([13, 10, 11, 12, 14].map(width => kinds(pool.submit(task(width)))));
    expect(all).toEqual([['begun', 'rows', 'failed'], DONE, DONE, DONE, DONE]);
    expect(pool.stats()).toEqual({ capacity: 2, running: 0, finished: 9 });
  });

  it('runs elsewhere what was handed ahead to a thread that hangs', async () => {
    const pool = await warmed(poolWith('hang:13'));
    const hanging = kinds(pool.submit(task(13)));
    const all = await Promise.all([10, 11, 12, 14].map(width => kinds(pool.submit(task(width)))));
    expect(all).toEqual([DONE, DONE, DONE, DONE]);
    pool.stop();
    expect(await hanging).toEqual(['begun', 'rows', 'stopped']);
  });

  it('has all of one trajectory read before any of the next on the same lane', async () => {
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
