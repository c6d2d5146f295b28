/** Whatever a trajectory does to its thread, it alone fails, with what it had finished, and the others go on. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createPoolExecutor, type PoolOptions } from '../../src/execute/pool.js';
import { collect, tinyDatasets } from '../support/tiny.js';
import { expectOthersDone, task } from './others-done.js';

const pools: ReturnType<typeof createPoolExecutor>[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(pools.splice(0).map(pool => pool.close()));
});

function poolWith(faults: string, options: Partial<PoolOptions> = {}) {
  vi.stubEnv('ESPALIER_NOOP_FAULTS', faults);
  const pool = createPoolExecutor({ engine: 'noop', datasets: tinyDatasets, threads: 2, ...options });
  pools.push(pool);
  return pool;
}

/** Long enough for a trajectory that does not hang, also on a busy machine. */
const LATE_S = 4;

describe('a fault of one trajectory', () => {
  // faults.slow.ts has the one that takes the longest to come.
  it.each([
    ['exception', 'ERROR', 'a fault on demand', /faults\.js/],
    ['divergence', 'DIVERGED', 'no longer finite at step', /session\.js/],
    ['array', 'OUT_OF_MEMORY', 'Array buffer allocation failed', /faults\.js/],
    ['exit', 'WORKER_DIED', 'the worker thread ended: worker exited with code: 0', /Error/],
    ['hang', 'TIMEOUT', `took longer than the ${LATE_S} s that \`espalier run --timeout\` allows`, null],
  ])('%s: %s, and the others are done', (fault, code, message, stack) =>
    expectOthersDone(poolWith(`${fault}:13`, fault === 'hang' ? { timeoutS: LATE_S } : {}), {
      code,
      message,
      stack,
    }),
  );

  it('that hits the thread once the trajectory is done leaves it done', async () => {
    const pool = poolWith('crash:13', { threads: 1 });
    expect((await collect(pool.submit(task(13)))).at(-1)?.kind).toBe('done');
    // The thread is ending. A trajectory that it still takes may be lost with it, but only one, and it is told why.
    const lasts = [];
    for (let i = 0; i < 3; i++) lasts.push((await collect(pool.submit(task(10)))).at(-1)!);
    const failed = lasts.filter(last => last.kind === 'failed');
    expect(failed.length).toBeLessThanOrEqual(1);
    for (const { code } of failed) expect(code).toBe('WORKER_DIED');
    expect(lasts.filter(last => last.kind === 'done')).toHaveLength(3 - failed.length);
    // However late the thread ends, of two more at least one is done.
    const [next, last] = [await collect(pool.submit(task(10))), await collect(pool.submit(task(10)))];
    expect([next, last].map(events => events.at(-1)!.kind)).toContain('done');
  });

  it('a thread that cannot even start fails its trajectory, and no more', async () => {
    vi.stubEnv('ESPALIER_TFJS_MODULE', 'no-such-module');
    const pool = createPoolExecutor({ engine: 'tfjs', datasets: tinyDatasets, threads: 1 });
    pools.push(pool);
    for (const _ of [1, 2]) {
      expect((await collect(pool.submit(task(10)))).at(-1)).toMatchObject({
        kind: 'failed',
        code: 'WORKER_DIED',
      });
    }
  });

  it('a thread that exits while it starts, too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'espalier-faults-'));
    try {
      writeFileSync(join(folder, 'exits.cjs'), 'process.exit(3)');
      vi.stubEnv('ESPALIER_TFJS_MODULE', join(folder, 'exits.cjs'));
      const pool = createPoolExecutor({ engine: 'tfjs', datasets: tinyDatasets, threads: 1 });
      pools.push(pool);
      for (const _ of [1, 2]) {
        expect((await collect(pool.submit(task(10)))).at(-1)).toMatchObject({
          kind: 'failed',
          code: 'WORKER_DIED',
          message: 'the worker thread ended: it exited before it began',
        });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('once only: the next attempt is done', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'espalier-faults-'));
    try {
      const pool = poolWith(`exit:13:${join(folder, 'once')}`);
      expect((await collect(pool.submit(task(13)))).at(-1)?.kind).toBe('failed');
      expect((await collect(pool.submit(task(13)))).at(-1)?.kind).toBe('done');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('stopping', () => {
  it('ends what does not listen, and calls it stopped', async () => {
    const pool = poolWith('hang:13');
    const kinds: string[] = [];
    // What hangs never ends by itself: that the events end shows that it was ended.
    for await (const { kind } of pool.submit(task(13))) {
      kinds.push(kind);
      if (kind === 'rows') pool.stop();
    }
    expect(kinds).toEqual(['started', 'rows', 'stopped']);
    await pool.close();
  });

  it('a pause holds trajectories where they are, is not held against their time, and ends with a stop', async () => {
    vi.stubEnv('ESPALIER_NOOP_STEP_MS', '10');
    const pool = poolWith('', { timeoutS: 3 });
    const went: string[] = [];
    const run = async (steps: number) => {
      const events = await collect(pool.submit(task(10, [0, steps])));
      went.push(events.at(-1)!.kind);
    };
    const short = run(30);
    pool.pause();
    await new Promise(resolve => setTimeout(resolve, 3500));
    expect(went).toEqual([]);
    pool.resume();
    await short;
    const endless = run(1e6);
    pool.pause();
    pool.stop();
    await endless;
    expect(went).toEqual(['done', 'stopped']);
  });
});
