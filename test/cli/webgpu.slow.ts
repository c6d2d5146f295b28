/** A sweep on the engine webgpu, by worker threads of their own devices. */
import { existsSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { afterAll, expect, it } from 'vitest';
import { Workplace } from '../support/program.js';
import { hasRedis, RedisServer } from '../support/redis.js';
import { numbers } from '../support/results.js';
import { tryWebgpu, WEBGPU_ENVIRONMENT } from '../support/webgpu.js';

const work = new Workplace();
afterAll(() => work.remove());

const SWEEP = work.sweep({
  name: 'small',
  dataset: { name: 'digits', positive: [5, 6, 7, 8, 9], pool: 200, test: 60 },
  axes: {
    datasetSize: 60,
    width: 30,
    seed: { count: 2 },
    pretrainIterations: [5],
    subnetSize: 8,
  },
  prune: { method: ['greedy', 'random', 'magnitude'] },
  retrain: { iterations: 3 },
  evaluate: { dense: ['train', 'test'], subnet: ['train', 'pool', 'test'] },
});

const tried = tryWebgpu();
if (tried instanceof Error) console.log(`skipped: webgpu (${tried.message})`);

it.skipIf(tried instanceof Error)(
  'fills the columns that wasm fills, with numbers next to its own',
  async () => {
    const run = (engine: string) =>
      work.startWith(
        WEBGPU_ENVIRONMENT,
        'run',
        SWEEP,
        '--engine',
        engine,
        '--threads',
        '2',
        '--db',
        `${engine}.sqlite`,
      ).ended;
    for (const engine of ['wasm', 'webgpu']) expect(await run(engine)).toMatchObject({ code: 0 });
    const rowsOf = (engine: string) => {
      const db = new Sqlite(work.path(`${engine}.sqlite`), { readonly: true });
      const order = 'dataset_size, seed, pretrain_iterations, prune_method';
      const rows = db.prepare(`SELECT * FROM results ORDER BY ${order}`).all() as Record<string, unknown>[];
      const kernels = db.prepare('SELECT DISTINCT kernels FROM attempts').pluck().all();
      db.close();
      return { rows, kernels };
    };
    const [wasm, webgpu] = [rowsOf('wasm'), rowsOf('webgpu')];
    expect(webgpu.kernels).toEqual([(tried as { kernels: string }).kernels]);
    expect(webgpu.rows).toHaveLength(2 * 2 * 3);
    expect(webgpu.rows).toHaveLength(wasm.rows.length);
    for (const [i, row] of webgpu.rows.entries()) {
      for (const [column, value] of Object.entries(wasm.rows[i]!)) {
        expect(row[column] === null, column).toBe(value === null);
        if (/_loss$/.test(column) && value !== null)
          expect(Math.abs((row[column] as number) - (value as number)), column).toBeLessThan(1e-3);
      }
    }
  },
);

it.skipIf(tried instanceof Error || !hasRedis)(
  'a worker computes it for a run, with the same bits',
  async () => {
    const redis = await RedisServer.start();
    const environment = { ...WEBGPU_ENVIRONMENT, ESPALIER_QUEUE: redis.url };
    const worker = work.startWith(environment, 'worker', '--engine', 'webgpu', '--threads', '1');
    const args = ['run', SWEEP, '--engine', 'webgpu', '--queue', redis.url, '--db', 'queue.sqlite'];
    const run = await work.startWith(environment, ...args).ended;
    worker.child.kill('SIGTERM');
    const done = await worker.ended;
    await redis.remove();
    expect(run).toMatchObject({ code: 0 });
    expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining('engine webgpu') });
    expect(numbers(work.path('queue.sqlite'))).toEqual(numbers(work.path('webgpu.sqlite')));
    const db = new Sqlite(work.path('queue.sqlite'), { readonly: true });
    const attempt = db.prepare('SELECT DISTINCT process, kernels FROM attempts').all();
    db.close();
    expect(attempt).toEqual([{ process: worker.child.pid, kernels: (tried as { kernels: string }).kernels }]);
  },
);

it.skipIf(process.platform !== 'linux')(
  'without a driver it ends in one line, and writes nothing',
  async () => {
    const variables = { VK_DRIVER_FILES: '/no/driver.json' };
    const { code, stdout, stderr } = await work.startWith(
      variables,
      'run',
      SWEEP,
      '--engine',
      'webgpu',
      '--db',
      'n.sqlite',
    ).ended;
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^espalier: engine "webgpu" is not available: [^\n]+\n$/);
    expect(existsSync(work.path('n.sqlite'))).toBe(false);
  },
);
