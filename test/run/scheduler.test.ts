/** How a run hands out trajectories: ahead of time, by order, on a changing number of threads. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createPoolExecutor,
  type Executor,
  type PreparedSweep,
  parseSweep,
  prepareSweep,
  type RunObserver,
  type RunOptions,
  runSweep,
} from '../../src/index.js';
import { requestThreads } from '../../src/store/file/thread-request.js';
import { runningHolder as holder } from '../../src/store/read/holder.js';
import { attempts, numbers, query } from '../support/results.js';
import { plainSweep, type SweepObject } from '../support/small-sweeps.js';

let home: string;
let db: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'espalier-scheduler-'));
  db = join(home, 'a.sqlite');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

const prepare = (sweep: SweepObject, memoryBytes?: number) =>
  prepareSweep(parseSweep(JSON.stringify(sweep)), { engine: 'noop', memoryBytes });

/** Runs it on two threads. Returns how many trajectories the executor had at once, at most. */
async function run(prepared: PreparedSweep, options: Partial<RunOptions> = {}): Promise<number> {
  let [now, most] = [0, 0];
  const counting = (executor: Executor): Executor => ({
    ...executor,
    get capacity() {
      return executor.capacity;
    },
    async *submit(task) {
      most = Math.max(most, ++now);
      yield* executor.submit(task);
      now--;
    },
  });
  await runSweep(prepared, {
    db,
    threads: 2,
    executor: datasets => counting(createPoolExecutor({ engine: 'noop', datasets, threads: 2 })),
    ...options,
  });
  return most;
}

const runSweepOn = (prepared: PreparedSweep, observer: RunObserver, signal?: AbortSignal) =>
  runSweep(prepared, {
    db,
    threads: 2,
    executor: datasets => createPoolExecutor({ engine: 'noop', datasets, threads: 2 }),
    observer,
    ...(signal ? { signal } : {}),
  });

const outcomes = () =>
  query(
    db,
    'SELECT outcome, error_code, count(*) AS n FROM attempts GROUP BY outcome, error_code ORDER BY 1',
  );

/** Wider ones cost more, and go first. */
const sweep = (width: number | number[], seeds: number) =>
  plainSweep({ axes: { datasetSize: 20, width, seed: { count: seeds }, pretrainIterations: [2] } });

it('a thread that dies costs the attempt that it was at, and no other', async () => {
  const once = join(home, 'once');
  vi.stubEnv('ESPALIER_NOOP_FAULTS', `exit:13:${once}`);
  const most = await run(await prepare(sweep([12, 13, 14], 20)));
  expect(most).toBeGreaterThan(2);
  expect(existsSync(once)).toBe(true);
  expect(outcomes()).toEqual([
    { outcome: 'done', error_code: null, n: 60 },
    { outcome: 'failed', error_code: 'WORKER_DIED', n: 1 },
  ]);
  expect([...attempts(db).values()].sort().slice(-2)).toEqual([1, 2]);
  expect(query(db, 'SELECT DISTINCT trajectories_done AS n FROM progress')).toEqual([{ n: 60 }]);
});

it('attempts on one thread follow each other, each with its own times', async () => {
  vi.stubEnv('ESPALIER_NOOP_STEP_MS', '5');
  const told: string[] = [];
  await run(await prepare(sweep(12, 30)), {
    observer: {
      started: ({ id }, worker) => told.push(`${worker} started ${id}`),
      ended: (id, { kind }) => told.push(`${kind} ${id}`),
    },
  });
  const rows = query(db, 'SELECT * FROM attempts ORDER BY rowid');
  expect(rows).toHaveLength(30);
  const workers = new Set(rows.map(({ worker }) => worker));
  expect([...workers].map(worker => String(worker).split('/').at(-1)).sort()).toEqual(['0', '1']);
  for (const worker of workers) {
    const times = rows
      .filter(row => row.worker === worker)
      .flatMap(row => [String(row.started_at), String(row.ended_at)]);
    expect(times).toEqual(times.toSorted());
    let running: string | null = null;
    for (const line of told) {
      const [who, what, id] = line.split(' ');
      if (what === 'started' && who === worker) {
        expect(running).toBeNull();
        running = id!;
      } else if (who === 'done' && what === running) running = null;
    }
  }
});

it('a stop leaves what was handed ahead as it was', async () => {
  vi.stubEnv('ESPALIER_NOOP_STEP_MS', '5');
  const prepared = await prepare(sweep(12, 200));
  const stop = new AbortController();
  const begun = new Set<string>();
  const most = await run(prepared, {
    signal: stop.signal,
    observer: {
      started: ({ id }) => {
        begun.add(id);
        if (begun.size === 30) stop.abort();
      },
    },
  });
  expect(most).toBeGreaterThan(2);
  const tried = attempts(db);
  expect([...tried].filter(([, count]) => count > 0).map(([id]) => id)).toEqual(
    [...tried.keys()].filter(id => begun.has(id)),
  );
  expect(Math.max(...tried.values())).toBe(1);
  expect(query(db, 'SELECT count(*) AS n FROM attempts')).toEqual([{ n: begun.size }]);
  expect(query(db, `SELECT DISTINCT status FROM trajectories WHERE attempts = 0`)).toEqual([
    { status: 'pending' },
  ]);
  const stopped = Number(query(db, `SELECT count(*) AS n FROM attempts WHERE outcome = 'stopped'`)[0]!.n);
  expect(stopped).toBeLessThanOrEqual(2);

  vi.stubEnv('ESPALIER_NOOP_STEP_MS', '0');
  await run(prepared);
  expect(query(db, 'SELECT count(*) AS n FROM attempts')).toEqual([{ n: 200 + stopped }]);
});

describe('the number of threads of a run', () => {
  const long = () => prepare(sweep(12, 60));

  it('can be changed from outside; what it stops goes on, and nothing is computed twice', async () => {
    vi.stubEnv('ESPALIER_NOOP_STEP_MS', '200');
    const prepared = await long();
    const stop = new AbortController();
    const seen: number[] = [];
    const ask = (threads: number) => requestThreads(db, holder(db).token, threads);
    let begun = 0;
    await runSweepOn(
      prepared,
      {
        started: () => {
          if (++begun === 2) ask(1);
          if (seen.length === 3) stop.abort();
        },
        resized: threads => {
          seen.push(threads);
          const next = { 1: 0, 0: 3 }[threads];
          if (next !== undefined) setTimeout(() => ask(next), 50);
        },
      },
      stop.signal,
    );
    expect(seen).toEqual([1, 0, 3]);
    const threads = query(db, 'SELECT DISTINCT threads AS n FROM attempts').map(({ n }) => n);
    expect(threads).toEqual(expect.arrayContaining([2, 3]));
    vi.stubEnv('ESPALIER_NOOP_STEP_MS', '0');
    await run(prepared);
    expect(query(db, 'SELECT trajectories_done AS n FROM progress')).toEqual([{ n: 60 }]);
    const kinds = query(db, 'SELECT outcome, count(*) AS n FROM attempts GROUP BY outcome');
    expect(kinds).toEqual([
      { outcome: 'done', n: 60 },
      { outcome: 'stopped', n: expect.any(Number) },
    ]);
    const undisturbed = join(home, 'b.sqlite');
    await run(prepared, { db: undisturbed });
    expect(numbers(db)).toEqual(numbers(undisturbed));
  });

  it('0 pauses the run, which a stop then ends', async () => {
    vi.stubEnv('ESPALIER_NOOP_STEP_MS', '20000');
    const stop = new AbortController();
    const outcome = await runSweepOn(
      await long(),
      {
        started: () => requestThreads(db, holder(db).token, 0),
        resized: () => setTimeout(() => stop.abort(), 50),
      },
      stop.signal,
    );
    expect(outcome).toMatchObject({ stopped: true, progress: { trajectoriesDone: 0 } });
    expect(query(db, `SELECT DISTINCT status FROM trajectories`)).toEqual([{ status: 'pending' }]);
  });
});

it('a stop that comes while the executor is made ends the run', async () => {
  const stop = new AbortController();
  const outcome = await runSweep(await prepare(sweep(12, 3)), {
    db,
    threads: 1,
    executor: datasets => {
      stop.abort();
      return createPoolExecutor({ engine: 'noop', datasets, threads: 1 });
    },
    signal: stop.signal,
  });
  expect(outcome).toMatchObject({ stopped: true, progress: { trajectoriesDone: 0 } });
});

it('by seeds, all of a seed starts before the next; within it the longest first', async () => {
  const started: [number, number][] = [];
  await runSweep(await prepare(sweep([12, 14, 13], 2)), {
    db,
    threads: 1,
    executor: datasets => createPoolExecutor({ engine: 'noop', datasets, threads: 1 }),
    order: 'seeds',
    observer: { started: ({ config: { seed, width } }) => started.push([seed, width]) },
  });
  expect(started).toEqual([0, 1].flatMap(seed => [14, 13, 12].map(width => [seed, width])));
});

it('no more is handed ahead than fits in memory', async () => {
  const roomy = await prepare(sweep(12, 40));
  const each = roomy.bytesOf(roomy.trajectories[0]!);
  expect(await run(roomy)).toBeGreaterThan(5);
  for (const fitting of [1, 2, 3]) {
    rmSync(db);
    const tight = await prepare(sweep(12, 40), roomy.imageBytes + (fitting + 0.5) * each);
    expect(await run(tight)).toBe(fitting);
  }
});
