/** Runs of a sweep on any threads, interrupted or not, whose results must be the same. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import {
  createInlineExecutor,
  createPoolExecutor,
  type Executor,
  parseSweep,
  prepareSweep,
  type RunOptions,
  type RunOutcome,
  runSweep,
} from '../../src/index.js';
import { stream } from '../../src/math/random.js';
import { numbers, query } from '../support/results.js';
import type { SweepObject } from '../support/small-sweeps.js';

/** `sawRows` is called once before the run, and then on each rows event, before it is stored. */
type Options = Partial<RunOptions> & { engine?: 'wasm' | 'reference'; sawRows?: () => unknown };

/** Runs a sweep on this number of threads; 0 runs it inline. */
export async function run(
  file: string,
  sweep: SweepObject,
  threads = 0,
  { engine = 'wasm', sawRows = () => {}, ...options }: Options = {},
): Promise<RunOutcome & { executors: number }> {
  const prepared = await prepareSweep(parseSweep(JSON.stringify(sweep)), { engine });
  let executors = 0;
  const outcome = await runSweep(prepared, {
    db: file,
    threads: Math.max(1, threads),
    executor: async datasets => {
      executors++;
      sawRows();
      const executor =
        threads === 0
          ? await createInlineExecutor({ engine, datasets })
          : createPoolExecutor({ engine, datasets, threads });
      return watched(executor, sawRows);
    },
    ...options,
  });
  return { ...outcome, executors };
}

function watched(executor: Executor, sawRows: () => unknown): Executor {
  return {
    get capacity() {
      return executor.capacity;
    },
    resize: capacity => executor.resize(capacity),
    prefetch: () => executor.prefetch(),
    async *submit(task) {
      for await (const event of executor.submit(task)) {
        if (event.kind === 'rows') sawRows();
        yield event;
      }
    },
    stop: () => executor.stop(),
    pause: () => executor.pause(),
    resume: () => executor.resume(),
    stats: () => executor.stats(),
    close: () => executor.close(),
  };
}

export const thresholds = (file: string) =>
  query(
    file,
    'SELECT * FROM thresholds ORDER BY sweep, trajectory_id, prune_method, subnet_size, metric, target',
  );

/** Compares runs on these numbers of threads with an inline one. */
export async function expectSameOnThreads(
  home: string,
  sweep: SweepObject,
  counts: readonly number[],
): Promise<void> {
  const db = (name: string) => join(home, `${name}.sqlite`);
  await run(db('inline'), sweep);
  const inline = numbers(db('inline'));
  expect(inline.length).toBeGreaterThan(15);
  for (const threads of counts) {
    const { progress } = await run(db(`pool${threads}`), sweep, threads);
    expect(progress.cellsDone).toBe(inline.length);
    expect(numbers(db(`pool${threads}`))).toEqual(inline);
  }
}

/** Compares a run that is stopped again and again with one that is not. */
export async function expectSameWhenInterrupted(home: string, sweep: SweepObject): Promise<void> {
  const db = (name: string) => join(home, `${name}.sqlite`);
  const long = {
    ...sweep,
    axes: { ...(sweep.axes as object), pretrainIterations: [2, 9, 1000, 2000, 3000, 4000] },
  };
  await run(db('whole'), long);
  const moment = stream(1, 'interruptions', sweep.name);
  let stops = 0;
  let snapshots = 0;
  for (const threads of [2, 0, 1, 0]) {
    const controller = new AbortController();
    const afterRows = Math.floor(2 * moment());
    let seen = 0;
    const { stopped } = await run(db('broken'), long, threads, {
      signal: controller.signal,
      sawRows: () => {
        if (seen++ === afterRows) setTimeout(() => controller.abort(), 20 * moment());
      },
    });
    if (!stopped) break;
    stops++;
    if (existsSync(`${db('broken')}-snapshots`)) snapshots++;
  }
  const { progress, stopped } = await run(db('broken'), long);
  expect(stopped).toBe(false);
  expect(progress.cellsDone).toBe(progress.cells);
  expect(numbers(db('broken'))).toEqual(numbers(db('whole')));
  expect(thresholds(db('broken'))).toEqual(thresholds(db('whole')));
  expect(stops).toBeGreaterThanOrEqual(2);
  expect(snapshots).toBeGreaterThanOrEqual(1);
  expect(existsSync(`${db('broken')}-snapshots`)).toBe(false);
}
