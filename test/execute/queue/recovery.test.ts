/** Whoever dies or leaves, nothing is lost and nothing is computed twice that was heard. Whole processes die in test/chaos. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ExecutorEvent } from '../../../src/domain/messages.js';
import type { ResultCheck } from '../../../src/execute/executor.js';
import { parseAddress } from '../../../src/execute/queue/address.js';
import { BULL_PREFIX, keysOf, queueName } from '../../../src/execute/queue/keys.js';
import { PIECE_BYTES } from '../../../src/execute/queue/schemas.js';
import { SnapshotTransfer } from '../../../src/execute/queue/snapshots.js';
import { TcpProxy } from '../../support/proxy.js';
import { hasRedis, WITHOUT_REDIS } from '../../support/redis.js';
import { collect, tinyTask, withoutTimes } from '../../support/tiny.js';
import { QueueStage, queueExecutor, until } from './support.js';

describe.skipIf(!hasRedis)(hasRedis ? 'a queue' : WITHOUT_REDIS, () => {
  const stage = new QueueStage();
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  const { worker, executor: started } = stage;
  const rowsOf = (events: readonly ExecutorEvent[]) =>
    withoutTimes(events.filter(({ kind }) => kind === 'rows'));

  it('a trajectory whose worker leaves goes on at another one, from its snapshot', async () => {
    const executor = await started('wasm');
    const task = { ...tinyTask('wasm', { checkpoints: [0, 10, 1000, 30_000] }), snapshotEveryMs: 50 };
    const first = worker();
    const events: ExecutorEvent[] = [];
    for await (const event of executor.submit(task)) {
      events.push(event);
      if (event.kind === 'rows' && event.checkpoint.t === 10) {
        worker();
        void first.leave();
      }
    }
    await first.ended;
    expect(events.at(-1)?.kind).toBe('done');
    const starts = events.filter(event => event.kind === 'started');
    expect(starts.map(({ before }) => before)).toEqual([undefined, 'stopped']);
    expect(executor.queueState!().moved).toBe(1);
    const undisturbed = await collect((await started('wasm')).submit(task));
    expect(rowsOf(events)).toEqual(rowsOf(undisturbed));
  });

  it('a restarted coordinator takes up what was reported meanwhile, without any worker', async () => {
    const proxy = await TcpProxy.start(stage.server.port);
    const check: ResultCheck = {
      status: () => 'pending',
      compare: () => ({ kind: 'unknown' }),
      fail: () => {},
    };
    const tasks = [0, 1, 2].map(seed => ({ ...tinyTask('wasm', { config: { seed } }), id: `seed${seed}` }));
    const jobs = (state: 'wait' | 'active') =>
      stage.redis.llen(`${BULL_PREFIX}:${queueName('restarted', '0')}:${state}`);
    const dead = await started('wasm', { name: 'restarted', check, address: parseAddress('x', proxy.url) });
    for (const task of tasks) void collect(dead.submit(task));
    // A ticket is written before its job.
    await until(async () => (await jobs('wait')) === 3);
    // From here on the first coordinator hears and says nothing.
    proxy.mode = 'swallow';
    const first = worker();
    await until(async () => (await jobs('wait')) + (await jobs('active')) === 0);
    await first.leave();
    const next = await started('wasm', { name: 'restarted', check });
    const events = await Promise.all(tasks.map(task => collect(next.submit(task))));
    expect(events.map(each => each.at(-1)?.kind)).toEqual(['done', 'done', 'done']);
    expect(next.queueState!()).toMatchObject({ workers: [], moved: 0, dropped: 0 });
    worker();
    const again = await started('wasm');
    const alone = await Promise.all(tasks.map(task => collect(again.submit(task))));
    expect(events.map(rowsOf)).toEqual(alone.map(rowsOf));
    proxy.close();
  });

  it('a name that another database uses is refused', async () => {
    await started('wasm', { name: 'mine' });
    await expect(queueExecutor(stage.server, 'wasm', { name: 'mine', database: 'other' })).rejects.toThrow(
      /^--queue-name mine: in use by tiny \(process \d+ on .*\), expected another name$/,
    );
  });

  it('a worker takes only what fits its memory, and others are waited for', async () => {
    const warnings: string[] = [];
    const executor = await started('wasm', { warn: line => warnings.push(line) });
    worker({ memoryBytes: 2 ** 30 });
    await until(() => executor.capacity === 1);
    const large = { ...tinyTask('wasm'), id: 'large', memoryBytes: 2 ** 32 };
    expect([large.memoryBytes, 2 ** 20].map(bytes => executor.fits!(bytes))).toEqual([false, true]);
    const waiting = collect(executor.submit(large));
    expect((await collect(executor.submit(tinyTask('wasm')))).at(-1)?.kind).toBe('done');
    expect(executor.stats()).toMatchObject({ running: 0, finished: 1 });
    // A busy machine may lose the connection for a while.
    const ofMemory = warnings.filter(
      line => !line.includes('can be reached') && !line.includes('cannot be reached'),
    );
    expect(ofMemory).toEqual([expect.stringMatching(/fit the memory of no worker/)]);
    worker({ memoryBytes: 2 ** 33 });
    expect((await waiting).at(-1)?.kind).toBe('done');
  });

  it('what has to run alone runs alone', async () => {
    // Together longer than a thread takes to start.
    vi.stubEnv('ESPALIER_NOOP_STEP_MS', '100');
    const executor = await started('noop');
    worker({ threads: 2 });
    await until(() => executor.capacity === 2);
    let running = 0;
    let most = 0;
    let mostWithAlone = 0;
    const run = async (id: string, alone: boolean) => {
      for await (const { kind } of executor.submit({ ...tinyTask('noop'), id, alone })) {
        if (kind === 'started') running++;
        if (kind === 'done') running--;
        if (kind !== 'started') continue;
        // Ends that were reported before are read first.
        await new Promise(resolve => setTimeout(resolve));
        most = Math.max(most, running);
        if (alone) mostWithAlone = Math.max(mostWithAlone, running);
      }
    };
    await Promise.all([run('a', false), run('b', true), run('c', true), run('d', false)]);
    expect([most, mostWithAlone]).toEqual([2, 1]);
  });

  it('an attempt that takes too long fails, wherever it runs', async () => {
    vi.stubEnv('ESPALIER_NOOP_STEP_MS', '20');
    const executor = await started('noop', { timeoutS: 1 });
    worker();
    const events = await collect(executor.submit(tinyTask('noop', { checkpoints: [0, 1e6] })));
    expect(events.at(-1)).toMatchObject({ kind: 'failed', code: 'TIMEOUT' });
  });

  it('a paused run takes no reports, and loses none', async () => {
    const executor = await started('wasm');
    worker();
    await until(() => executor.capacity === 1);
    executor.pause();
    let isEnded = false;
    const running = collect(executor.submit(tinyTask('wasm'))).finally(() => {
      isEnded = true;
    });
    // The reader may be in the middle of its last look.
    await new Promise(resolve => setTimeout(resolve, 2_000));
    expect(isEnded).toBe(false);
    executor.resume();
    expect((await running).at(-1)?.kind).toBe('done');
  });

  it('several runs share a worker fairly', async () => {
    vi.stubEnv('ESPALIER_NOOP_STEP_MS', '2');
    const done = [0, 0];
    const runs = await Promise.all([started('noop'), started('noop')]);
    worker();
    await until(() => runs.every(run => run.capacity === 1));
    const tasks = Array.from({ length: 12 }, (_, i) => ({ ...tinyTask('noop'), id: `t${i}` }));
    let atFirstEnd: number[] | null = null;
    await Promise.all(
      runs.map(async (run, which) => {
        await Promise.all(
          tasks.map(async task => {
            await collect(run.submit(task));
            done[which]!++;
          }),
        );
        atFirstEnd ??= [...done];
      }),
    );
    expect(Math.min(...atFirstEnd!)).toBeGreaterThan(6);
  });

  it('snapshots travel in pieces, and the newest replaces the others', async () => {
    const keys = keysOf('pieces');
    const poison: string[] = [];
    const transfer = new SnapshotTransfer(stage.redis, keys, reason => poison.push(reason));
    const bytes = Uint8Array.from({ length: 2 * PIECE_BYTES + 17 }, (_, i) => (i * 31) % 251);
    expect(await transfer.write('ticket', { t: 5, bytes }, () => true)).toBe(true);
    const read = await transfer.read('ticket');
    expect(read?.t).toBe(5);
    expect(Buffer.from(read!.bytes).equals(bytes)).toBe(true);
    expect(await stage.redis.hlen(keys.pieces('ticket', 5))).toBe(3);
    const newer = { t: 9, bytes: bytes.slice(0, 100) };
    expect(await transfer.write('ticket', newer, () => true)).toBe(true);
    expect(await transfer.read('ticket')).toEqual(newer);
    expect(await stage.redis.exists(keys.pieces('ticket', 5))).toBe(0);
    // One that is given up leaves the one before.
    let asked = 0;
    expect(await transfer.write('ticket', { t: 12, bytes }, () => asked++ < 2)).toBe(false);
    expect(await transfer.read('ticket')).toEqual(newer);
    expect(await stage.redis.exists(keys.pieces('ticket', 12))).toBe(0);
    // A missing or a wrong piece makes it none.
    await stage.redis.hset(keys.pieces('ticket', 9), '0', 'short');
    expect(await transfer.read('ticket')).toBeNull();
    await stage.redis.hset(keys.snapshots, 'ticket', 'garbage');
    expect(await transfer.read('ticket')).toBeNull();
    expect(poison).toEqual(['not a message of espalier']);
    await transfer.write('ticket', newer, () => true);
    await transfer.remove('ticket');
    expect(await stage.redis.exists(keys.snapshots, keys.pieces('ticket', 9))).toBe(0);
  });
});
