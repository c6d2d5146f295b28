/** The contract that every executor is tested against. */
import { afterEach, describe, expect, it } from 'vitest';
import type { ExecutorEvent } from '../../src/domain/messages.js';
import type { EngineName } from '../../src/domain/types.js';
import { variantKey } from '../../src/domain/variant.js';
import type { Executor } from '../../src/execute/executor.js';
import { collect, greedy, tinyTask, withoutTimes } from '../support/tiny.js';

export function executorConformance(
  name: string,
  engine: EngineName,
  create: (engine: EngineName) => Executor | Promise<Executor>,
): void {
  describe(`executor ${name} with the ${engine} engine`, () => {
    let open: Executor[] = [];
    const executor = async () => {
      const made = await create(engine);
      open.push(made);
      return made;
    };
    afterEach(async () => {
      await Promise.all(open.map(one => one.close()));
      open = [];
    });

    /** Runs a long task until the checkpoint t = 10, where `interrupt` must stop it. */
    async function interrupted(pool: Executor, interrupt: () => void) {
      const task = tinyTask(engine, { checkpoints: [0, 10, 1000, engine === 'wasm' ? 40_000 : 8_000] });
      const undisturbed = await collect((await executor()).submit(task));
      const before: ExecutorEvent[] = [];
      for await (const event of pool.submit(task)) {
        before.push(event);
        if (event.kind === 'rows' && event.checkpoint.t === 10) interrupt();
      }
      expect(before.at(-1)?.kind).toBe('stopped');
      const snapshot = before.find(event => event.kind === 'snapshot')!.snapshot;
      const rowsBefore = before.filter(({ kind }) => kind === 'rows');
      const checkpoints = task.checkpoints.slice(rowsBefore.length);
      /** The rows are the same as undisturbed. */
      const continueOn = async (other: Executor) => {
        const resumed = await collect(other.submit({ ...task, checkpoints, snapshot }));
        const joined = [...rowsBefore, ...resumed.filter(({ kind }) => kind === 'rows')];
        expect(withoutTimes(joined)).toEqual(withoutTimes(undisturbed.filter(({ kind }) => kind === 'rows')));
      };
      return { checkpoints, snapshot, continueOn };
    }

    it('emits started, the rows of each checkpoint in order, then done', async () => {
      const variants = [
        greedy,
        { ...greedy, subnetSize: 2 },
        { ...greedy, method: 'random' as const, objective: null },
        { ...greedy, objective: 'brier' as const, sampleSize: 3 },
        { ...greedy, objective: 'brier' as const, sampleSize: 4 },
      ];
      const events = await collect((await executor()).submit(tinyTask(engine, { variants })));
      expect(events.map(({ kind }) => kind)).toEqual(['started', 'rows', 'rows', 'rows', 'done']);
      const rows = events.filter(event => event.kind === 'rows');
      expect(rows.map(({ checkpoint }) => checkpoint.t)).toEqual([0, 5, 20]);
      for (const { cells, checkpoint } of rows) {
        expect(cells.map(variantKey).sort()).toEqual(variants.map(variantKey).sort());
        expect(Object.keys(checkpoint.dense).sort()).toEqual(['pool', 'test', 'train']);
        for (const cell of cells) expect(Object.keys(cell.subnet).sort()).toEqual(['pool', 'test', 'train']);
      }
    });

    it('gives the same numbers when many trajectories run concurrently', async () => {
      const pool = await executor();
      const tasks = [0, 1, 2, 3, 4, 5].map(seed => ({
        ...tinyTask(engine, { config: { seed } }),
        id: `seed${seed}`,
      }));
      const together = await Promise.all(tasks.map(task => collect(pool.submit(task))));
      for (const [i, task] of tasks.entries()) {
        expect(withoutTimes(together[i]!)).toEqual(
          withoutTimes(await collect((await executor()).submit(task))),
        );
      }
      expect(pool.stats()).toEqual({ capacity: pool.capacity, running: 0, finished: 6 });
    });

    it('emits a fault as an event: a diverging trajectory fails with DIVERGED, the next one runs', async () => {
      const pool = await executor();
      const diverging = tinyTask(engine, {
        config: {
          train: {
            loss: 'squared',
            batchSize: 8,
            learningRate: 1e200,
            momentum: 0,
            weightDecay: 0,
            layers: 'both',
          },
        },
        checkpoints: [0, 1, 50],
      });
      const events = await collect(pool.submit(diverging));
      expect(events.at(-1)).toMatchObject({ kind: 'failed', code: 'DIVERGED' });
      expect(events.some(({ kind }) => kind === 'warning')).toBe(true);
      expect((await collect(pool.submit(tinyTask(engine)))).at(-1)?.kind).toBe('done');
    });

    it('stops with a snapshot, and continues from it with the same numbers', async () => {
      const stopped = await executor();
      const rest = await interrupted(stopped, () => stopped.stop());
      expect(rest.checkpoints.length).toBeGreaterThan(0);
      expect(rest.snapshot.t).toBeLessThanOrEqual(rest.checkpoints[0]!.t);
      await rest.continueOn(await executor());
    });

    it('starts over with a warning where a snapshot is damaged', async () => {
      const undamaged = tinyTask(engine, { checkpoints: [5, 20] });
      const task = { ...undamaged, snapshot: { t: 3, bytes: Uint8Array.from([1, 2, 3]) } };
      const events = await collect((await executor()).submit(task));
      expect(events[1]).toMatchObject({ kind: 'warning', message: expect.stringContaining('damaged') });
      const whole = await collect((await executor()).submit(undamaged));
      expect(withoutTimes(events.toSpliced(1, 1))).toEqual(withoutTimes(whole));
    });

    it('stops with a snapshot when it may run nothing, and goes on when it may again', async () => {
      const pool = await executor();
      const rest = await interrupted(pool, () => pool.resize(0));
      expect(pool.capacity).toBe(0);
      pool.resize(1);
      expect(pool.capacity).toBe(1);
      await rest.continueOn(pool);
    });

    it('starts no waiting task once it is stopped', async () => {
      const pool = await executor();
      pool.stop();
      expect((await collect(pool.submit(tinyTask(engine)))).map(({ kind }) => kind)).toEqual(['stopped']);
    });
  });
}
