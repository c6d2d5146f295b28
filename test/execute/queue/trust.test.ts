/** Whoever can write to Redis can write anything: it is dropped, counted and named, and the coordinator lives. */
import { describe, expect, it } from 'vitest';
import type { ExecutorEvent, TrajectoryTask } from '../../../src/domain/messages.js';
import { NUMERICS } from '../../../src/engine/numerics.js';
import type { ResultCheck } from '../../../src/execute/executor.js';
import { pack } from '../../../src/execute/queue/codec.js';
import { jobId, keysOf, queueName, RUNS_KEY } from '../../../src/execute/queue/keys.js';
import { MAX_EVENTS_BYTES, PROTOCOL } from '../../../src/execute/queue/schemas.js';
import { hasRedis, WITHOUT_REDIS } from '../../support/redis.js';
import { collect, tinyTask, withoutTimes } from '../../support/tiny.js';
import { identity, QueueStage, until } from './support.js';

const ROGUE = {
  host: 'rogue',
  process: 666,
  toolVersion: '0.2.0',
  nodeVersion: 'v20',
  gitRevision: null,
  gitDirty: null,
  cpu: 'x',
  threads: 1,
  kernels: null,
};

describe.skipIf(!hasRedis)(hasRedis ? 'a queue with rogues' : WITHOUT_REDIS, () => {
  const stage = new QueueStage();
  const { worker } = stage;
  async function started(options: Parameters<typeof stage.executor>[1] = {}) {
    const warnings: string[] = [];
    const executor = await stage.executor('wasm', {
      name: 'trust',
      warn: message => warnings.push(message),
      ...options,
    });
    const dropped = () => executor.queueState!().dropped;
    return { executor, warnings, dropped };
  }
  const keys = keysOf('trust');
  const say = (message: unknown) => stage.redis.xadd(keys.events, '*', 'm', pack(message));
  const report = (changes: object, event: unknown) =>
    say({
      protocol: PROTOCOL,
      worker: 'rogue',
      by: ROGUE,
      reports: [{ id: 'aaaa', ticket: 'abcdef', execution: 'x', slot: 0, event }],
      ...changes,
    });
  const metric = { loss: 0.5, accuracy: 0.5 };
  const sets = { train: metric, pool: metric, test: metric };
  const checkpoint = {
    t: 0,
    dense: sets,
    deadNeurons: 0,
    etaLambdaMax: 1,
    gatesChanged: 0,
    neuronVariance: 1,
    trainWallS: 0,
    trainCpuS: 0,
  };
  const cellOf = (task: TrajectoryTask) => ({
    ...task.checkpoints[0]!.variants[0]!,
    t: 0,
    subnet: sets,
    retrained: null,
    distinctNeurons: 1,
    activationPasses: 1,
    certifiedLoss: null,
    pruneWallS: 0,
    pruneCpuS: 0,
  });

  it('drops reports that make no sense, says whose they were, and runs on', async () => {
    const check: ResultCheck = {
      status: id => (id === 'aaaa' ? 'pending' : undefined),
      compare: () => ({ kind: 'unknown' }),
      fail: () => {},
    };
    const { executor, warnings, dropped } = await started({ check });
    await stage.redis.xadd(keys.events, '*', 'm', 'no msgpack \xff');
    await stage.redis.xadd(keys.events, '*', 'other', 'field');
    await report({ protocol: 99 }, { kind: 'stopped' });
    await report({}, { kind: 'rows', checkpoint: { t: 0 }, cells: [] });
    await report({}, { kind: 'rows', checkpoint, cells: [{}] });
    await report({}, { kind: 'failed', code: 'no code', message: 'x', stack: null });
    await report(
      { reports: [{ id: 'bbbb', ticket: 'x', execution: 'x', slot: 0, event: { kind: 'stopped' } }] },
      0,
    );
    await until(() => dropped() === 7);
    expect(warnings).toContainEqual(
      expect.stringMatching(/^dropped a report from an unknown sender: not a message/),
    );
    expect(warnings).toContainEqual(expect.stringMatching(/^dropped a report from rogue\/666: protocol/));
    await stage.redis.xadd(keys.events, '*', 'm', Buffer.alloc(MAX_EVENTS_BYTES + 1));
    await stage.redis.hset(keys.workers, 'rogue', 'no heartbeat');
    await until(() => dropped() >= 9);
    worker();
    const events = await collect(executor.submit(tinyTask('wasm')));
    expect(events.at(-1)?.kind).toBe('done');
    // What is stored stays in Redis no longer.
    for (const event of events) if (event.kind !== 'started') event.onStored?.();
    await until(async () => (await stage.redis.xlen(keys.events)) === 0);
  });

  it('ignores ends that it has no reason to believe', async () => {
    const { executor } = await started();
    const task = tinyTask('wasm');
    const running = collect(executor.submit(task));
    for (const kind of ['done', 'stopped'] as const)
      await report({}, kind === 'done' ? { kind, trainWallS: 0, trainCpuS: 0 } : { kind });
    await report({}, { kind: 'failed', code: 'OUT_OF_MEMORY', message: 'not really', stack: null });
    await until(async () => (await stage.redis.xlen(keys.events)) === 0);
    worker();
    expect((await running).at(-1)?.kind).toBe('done');
  });

  it('fails a trajectory of which two workers say different things, and names both', async () => {
    const { executor } = await started();
    const task = tinyTask('wasm');
    const events: ExecutorEvent[] = [];
    const running = (async () => {
      for await (const event of executor.submit(task)) events.push(event);
    })();
    await report({}, { kind: 'rows', checkpoint, cells: [cellOf(task)] });
    await until(() => events.some(({ kind }) => kind === 'rows'));
    worker();
    await running;
    const message = expect.stringMatching(
      new RegExp(`^the numbers at iteration 0 from rogue/666 and from .*/${process.pid} differ: one of`),
    );
    expect(events.at(-1)).toMatchObject({ kind: 'failed', code: 'BITS_DIFFER', message });
  });

  it('takes equal rows that come twice once', async () => {
    const { executor } = await started();
    const task = tinyTask('wasm');
    worker();
    const once = await collect(executor.submit(task));
    const rows = once.filter(event => event.kind === 'rows');
    const second = executor.submit({ ...task, id: 'again' });
    for (const { checkpoint, cells } of rows)
      await report(
        {
          reports: [
            { id: 'again', ticket: 'x', execution: 'x', slot: 0, event: { kind: 'rows', checkpoint, cells } },
          ],
        },
        0,
      );
    const twice = (await collect(second)).filter(event => event.kind === 'rows');
    expect(withoutTimes(twice)).toEqual(withoutTimes(rows));
  });

  it('a task that makes no sense is dropped by the worker, which lives', async () => {
    const { executor } = await started();
    const running = collect(executor.submit(tinyTask('wasm')));
    await until(async () => (await stage.redis.hlen(keys.tasks)) === 1);
    await stage.redis.hset(
      keys.tasks,
      'aaaa',
      pack({ protocol: PROTOCOL, id: 'aaaa', code: 'process.exit()' }),
    );
    const { lines } = worker();
    // The run finds that its job is gone, and hands it out again.
    expect((await running).at(-1)?.kind).toBe('done');
    expect(lines).toContainEqual(expect.stringMatching(/^dropped a task from trust: ticket/));
  });

  it('a job that no run has handed out is taken off the queue', async () => {
    const { executor } = await started();
    worker();
    await until(() => executor.capacity === 1);
    expect((await collect(executor.submit(tinyTask('wasm')))).at(-1)?.kind).toBe('done');
    const bull = `espalier-queue:${queueName('trust', '0')}`;
    const forged = jobId('zzzz', 'abc');
    await stage.redis.hset(
      `${bull}:${forged}`,
      'name',
      'zzzz',
      'data',
      '{}',
      'opts',
      '{"removeOnComplete":true}',
      'timestamp',
      1,
    );
    await stage.redis.lpush(`${bull}:wait`, forged);
    await until(async () => (await stage.redis.exists(`${bull}:${forged}`)) === 0);
  });

  const { wasm: numerics } = NUMERICS;
  const manifest = { sweep: 'tiny', toolVersion: '0.0.0', engine: 'wasm', numerics, datasets: [] };
  it.each([
    [
      'another protocol',
      { protocol: 99 },
      /^the run is of espalier 0\.0\.0 \(protocol 99\), the worker of .* \(protocol 2\)$/,
    ],
    [
      'other numerics',
      { numerics: 1_000 },
      /^its wasm engine has numerics 1000, the worker's \d+: other versions/,
    ],
  ])('a worker of %s refuses, and both sides say why', async (_, changes, reason) => {
    const { warnings } = await started();
    await stage.redis.hset(
      keys.state,
      'manifest',
      pack({ ...manifest, protocol: PROTOCOL, run: 'trust', ...changes }),
    );
    const { lines } = worker();
    const said = () => warnings.map(line => /takes nothing of this run: (.*)/.exec(line)?.[1]).find(Boolean);
    await until(() => said() !== undefined);
    expect(said()).toMatch(reason);
    expect(lines).toContain(`takes nothing of the run trust: ${said()}`);
  });

  it('a worker with other data refuses, and one with --engine of another', async () => {
    const { warnings } = await started();
    const data = { identify: () => ({ ...identity, content: 'truncated' }), load: async () => new Map() };
    worker({ data });
    worker({ engine: 'tfjs' });
    await until(() => warnings.length === 2);
    expect(warnings).toContainEqual(
      expect.stringMatching(
        /takes nothing of this run: the data set idx is another one here: content truncated, the run has tiny$/,
      ),
    );
    expect(warnings).toContainEqual(
      expect.stringMatching(/takes nothing of this run: its engine is wasm, --engine allows tfjs$/),
    );
  });

  it('garbage in place of a manifest, a run or a stream is no end of anything', async () => {
    await stage.redis.sadd(RUNS_KEY, 'no run', 'half', 'x'.repeat(500));
    await stage.redis.hset(keysOf('half').state, 'epoch', 'x', 'manifest', 'garbage');
    const { executor, warnings } = await started();
    await stage.redis.unlink(keys.events);
    await stage.redis.set(keys.events, 'no stream');
    const { lines } = worker();
    expect((await collect(executor.submit(tinyTask('wasm')))).at(-1)?.kind).toBe('done');
    expect(lines).toContainEqual(expect.stringMatching(/^dropped a manifest from half: /));
    expect(warnings).toContainEqual(expect.stringMatching(/^dropped the stream of reports/));
    await stage.redis.srem(RUNS_KEY, 'no run', 'half', 'x'.repeat(500));
  });
});
