import { existsSync, mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Executor, RunOptions, TrajectoryEvent } from '../../src/index.js';
import { allResults, attempts, numbers, query, type Row } from '../support/results.js';
import { plainSweep, VARIED } from '../support/small-sweeps.js';
import { expectSameOnThreads, expectSameWhenInterrupted, run, thresholds } from './computed-alike.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'espalier-sweep-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));
const db = (name: string) => join(home, `${name}.sqlite`);

const all = (cells: number, trajectories: number) => ({
  cells,
  cellsDone: cells,
  trajectories,
  trajectoriesDone: trajectories,
  trajectoriesFailed: 0,
});

// run-sweep.slow.ts has more of both.
describe('results do not depend on how they were computed', () => {
  it.each(VARIED.slice(0, 2))('threads: $name', sweep => expectSameOnThreads(home, sweep, [3]));

  it('threads, with the reference engine', async () => {
    const sweep = plainSweep({ axes: { width: 12, pretrainIterations: [4] } });
    await run(db('inline'), sweep, 0, { engine: 'reference' });
    await run(db('pool'), sweep, 2, { engine: 'reference' });
    expect(numbers(db('pool'))).toEqual(numbers(db('inline')));
    expect(numbers(db('pool'))[0]).toMatchObject({ engine: 'reference' });
  });

  it('interruptions: rich', () => expectSameWhenInterrupted(home, VARIED[1]!));
});

/** Pairs of rows of the same sweep and cell in both databases. */
function shared(before: readonly Row[], after: readonly Row[]): { past: Row[]; now: Row[] } {
  const cell = ({
    sweep,
    trajectory_id,
    pretrain_iterations,
    prune_method,
    prune_objective,
    subnet_size,
  }: Row) =>
    [sweep, trajectory_id, pretrain_iterations, prune_method, prune_objective, subnet_size].join(' ');
  const past = new Map(before.map(row => [cell(row), row]));
  const now = after.filter(row => past.has(cell(row)));
  return { past: now.map(row => past.get(cell(row))!), now };
}

describe('stored results are not computed again', () => {
  const narrow = plainSweep({ axes: { seed: [0], pretrainIterations: [9], subnetSize: [3] } });

  it('a second run of a sweep computes nothing', async () => {
    const first = await run(db('a'), narrow);
    expect(first).toMatchObject({ stopped: false, executors: 1, progress: all(4, 2) });
    const held = allResults(db('a'));
    const again = await run(db('a'), narrow);
    expect(again).toMatchObject({ stopped: false, executors: 0, progress: all(4, 2) });
    expect(again.thresholds).toEqual(first.thresholds);
    expect(allResults(db('a'))).toEqual(held);
    expect([...attempts(db('a')).values()]).toEqual([1, 1]);
  });

  it.each(VARIED)('$name: a second run gives the same thresholds and notes', async sweep => {
    const collecting = () => {
      const warnings: string[] = [];
      return { observer: { warning: (message: string) => warnings.push(message) }, warnings };
    };
    const [first, second] = [collecting(), collecting()];
    const { thresholds: computed } = await run(db('a'), sweep, 0, first);
    const stored = thresholds(db('a'));
    const { executors, thresholds: again } = await run(db('a'), sweep, 0, second);
    expect(executors).toBe(0);
    expect(again).toEqual(computed);
    expect(thresholds(db('a'))).toEqual(stored);
    const notes = (warnings: string[]) => warnings.filter(text => text.includes('no threshold'));
    expect(notes(second.warnings)).toEqual(notes(first.warnings));
  });

  it('a wider sweep computes only new cells, and equals a run from scratch', async () => {
    await run(db('a'), narrow);
    const held = allResults(db('a'));
    const wide = plainSweep({
      axes: { datasetSize: [40, 55, 70], seed: [0, 1], pretrainIterations: [4, 9, 30], subnetSize: [3, 7] },
    });
    const { progress } = await run(db('a'), wide, 2);
    expect(progress).toMatchObject(all(6 * 4 * 2, 6));
    const { past, now } = shared(held, allResults(db('a')));
    expect(now).toHaveLength(4);
    expect(now).toEqual(past);
    await run(db('fresh'), wide);
    expect(numbers(db('a'))).toEqual(numbers(db('fresh')));
    expect([...attempts(db('a')).values()].sort()).toEqual([1, 1, 1, 1, 2, 2]);
  });

  it('more seeds do not rerun finished trajectories', async () => {
    await run(db('a'), narrow);
    const attemptsBefore = attempts(db('a'));
    await run(
      db('a'),
      plainSweep({ axes: { seed: { count: 3 }, pretrainIterations: [9], subnetSize: [3] } }),
    );
    const now = attempts(db('a'));
    expect(now.size).toBe(6);
    for (const [id, count] of attemptsBefore) expect(now.get(id)).toBe(count);
    expect(query(db('a'), 'SELECT count(*) AS n FROM attempts')).toEqual([{ n: 6 }]);
  });

  it('a new metric is added to the stored ones', async () => {
    const few = { ...narrow, evaluate: { dense: ['train'], subnet: ['test'] }, thresholds: [] };
    await run(db('a'), few);
    const held = allResults(db('a'));
    expect(held[0]).toMatchObject({
      dense_test_loss: null,
      subnet_train_loss: null,
      subnet_pool_accuracy: null,
    });
    const more = {
      ...few,
      evaluate: { dense: ['train', 'pool', 'test'], subnet: ['train', 'pool', 'test'] },
    };
    const { progress } = await run(db('a'), more);
    expect(progress).toMatchObject(all(4, 2));
    const { past, now } = shared(held, allResults(db('a')));
    expect(now).toHaveLength(4);
    for (const [i, row] of now.entries()) {
      const kept = Object.entries(past[i]!).filter(([column, v]) => v !== null && column !== 'finished_at');
      expect(row).toMatchObject(Object.fromEntries(kept));
    }
    await run(db('fresh'), more);
    expect(numbers(db('a'))).toEqual(numbers(db('fresh')));
    // Fewer metrics again: all of them are stored.
    expect(await run(db('a'), few)).toMatchObject({ executors: 0, progress: all(4, 2) });
  });

  it('sweeps of one database share their cells', async () => {
    const other = plainSweep({
      name: 'other',
      axes: { datasetSize: [70, 90], seed: [0], pretrainIterations: [9, 12], subnetSize: [3] },
    });
    await run(db('both'), narrow);
    await run(db('both'), other);
    await run(db('alone'), other);
    expect(numbers(db('both')).filter(({ sweep }) => sweep === 'other')).toEqual(numbers(db('alone')));
    expect(query(db('both'), 'SELECT * FROM progress ORDER BY sweep')).toMatchObject([
      { sweep: 'other', trajectories: 2, cells: 6, cells_done: 6 },
      { sweep: 'plain', trajectories: 2, cells: 4, cells_done: 4 },
    ]);
    expect([...attempts(db('both')).values()].sort()).toEqual([1, 1, 2]);
    const [joint] = query(db('both'), `SELECT * FROM results WHERE dataset_size = 70 AND sweep = 'plain'`);
    expect(
      query(db('both'), `SELECT * FROM results WHERE dataset_size = 70 AND sweep = 'other'`),
    ).toContainEqual({
      ...joint,
      sweep: 'other',
    });
  });

  it('a run leaves the missing cells of other sweeps alone', async () => {
    await run(db('a'), narrow);
    const wide = plainSweep({
      name: 'wide',
      axes: { seed: [0], pretrainIterations: [9, 30], subnetSize: [3] },
    });
    const stopped = await run(db('a'), wide, 0, { signal: AbortSignal.abort() });
    expect(stopped).toMatchObject({ stopped: true, executors: 0, progress: { cells: 6, cellsDone: 4 } });
    expect(await run(db('a'), narrow)).toMatchObject({ stopped: false, executors: 0, progress: all(4, 2) });
    expect([...attempts(db('a')).values()]).toEqual([1, 1]);
    expect(await run(db('a'), wide)).toMatchObject({ stopped: false, progress: all(6, 2) });
  });

  it('a stop request after the last cell stops nothing', async () => {
    const controller = new AbortController();
    const { stopped, progress } = await run(db('a'), narrow, 0, {
      signal: controller.signal,
      observer: {
        progress: ({ cells, cellsDone, trajectories, trajectoriesDone }) => {
          if (cells === cellsDone && trajectories === trajectoriesDone) controller.abort();
        },
      },
    });
    expect(controller.signal.aborted).toBe(true);
    expect({ stopped, progress }).toMatchObject({ stopped: false, progress: all(4, 2) });
  });
});

describe('faults', () => {
  it('a damaged snapshot is reported, and its trajectory starts over', async () => {
    const sweep = plainSweep({ axes: { datasetSize: 40, pretrainIterations: [9, 1500] } });
    const folder = `${db('a')}-snapshots`;
    const controller = new AbortController();
    let seen = 0;
    const { stopped } = await run(db('a'), sweep, 1, {
      signal: controller.signal,
      sawRows: () => ++seen === 3 && controller.abort(),
    });
    expect(stopped).toBe(true);
    const [file] = readdirSync(folder);
    expect(file).toMatch(/^[0-9a-f]+-\d+\.snapshot$/);
    truncateSync(join(folder, file!), 5000);
    // Another sweep that finishes its own part of the trajectory keeps the snapshot for the first.
    const name = 'short';
    await run(db('a'), plainSweep({ name, axes: { datasetSize: 40, pretrainIterations: [8] } }), 1);
    expect(readdirSync(folder)).toEqual([file]);
    const warnings: string[] = [];
    await run(db('a'), sweep, 1, { observer: { warning: text => warnings.push(text) } });
    const id = file!.split('-')[0]!;
    expect(warnings).toEqual([expect.stringContaining(`the snapshot of trajectory ${id} is damaged`)]);
    await run(db('whole'), sweep, 1);
    expect(numbers(db('a')).filter(row => row.sweep !== name)).toEqual(numbers(db('whole')));
    expect(existsSync(folder)).toBe(false);
  });

  const diverging = plainSweep({
    name: 'diverging',
    train: { batchSize: 16, layers: 'both' },
    axes: { datasetSize: 40, 'train.learningRate': [0.1, 1e30] },
  });

  it('a diverging trajectory fails and is not retried; the others finish', async () => {
    const warnings: string[] = [];
    const failures: unknown[] = [];
    const observer: RunOptions['observer'] = {
      warning: message => warnings.push(message),
      failed: (...failure) => failures.push(failure),
    };
    const outcome = await run(db('a'), diverging, 2, { observer });
    expect(outcome.stopped).toBe(false);
    expect(outcome.progress).toMatchObject({ trajectories: 4, trajectoriesDone: 2, trajectoriesFailed: 2 });
    expect(outcome.thresholds).not.toEqual([]);
    expect(failures).toHaveLength(2);
    expect(failures[0]).toEqual([
      expect.any(String),
      'DIVERGED',
      expect.stringMatching(/no longer finite at step \d+/),
    ]);
    expect(warnings.filter(text => text.includes('too high'))).toHaveLength(2);
    const trajectories = query(
      db('a'),
      `SELECT json_extract(config, '$.train.learningRate') AS rate, status, error_code FROM trajectories ORDER BY 1`,
    );
    expect(trajectories).toEqual([
      { rate: 0.1, status: 'done', error_code: null },
      { rate: 0.1, status: 'done', error_code: null },
      { rate: 1e30, status: 'failed', error_code: 'DIVERGED' },
      { rate: 1e30, status: 'failed', error_code: 'DIVERGED' },
    ]);
    // Rows from before the divergence stay.
    expect(
      query(
        db('a'),
        `SELECT DISTINCT pretrain_iterations AS t FROM results
      WHERE json_extract(config, '$.train.learningRate') > 1`,
      ),
    ).toContainEqual({ t: 0 });
    expect(query(db('a'), 'SELECT DISTINCT outcome, error_code FROM attempts ORDER BY 1')).toEqual([
      { outcome: 'done', error_code: null },
      { outcome: 'failed', error_code: 'DIVERGED' },
    ]);

    const held = allResults(db('a'));
    const again = await run(db('a'), diverging, 2, { observer });
    expect(again).toMatchObject({ executors: 0, progress: { trajectoriesFailed: 2 } });
    expect(allResults(db('a'))).toEqual(held);
  });

  it('a broken executor ends the run, stops the other trajectories and releases the database', async () => {
    const sweep = plainSweep({ axes: { datasetSize: 40 } });
    let stop = () => {};
    const stopRequested = new Promise<void>(resolve => {
      stop = resolve;
    });
    let submitted = 0;
    const broken: Executor = {
      capacity: 2,
      resize: () => {},
      prefetch: () => 0,
      async *submit(): AsyncGenerator<TrajectoryEvent> {
        if (submitted++ === 0) throw new Error('the network cable');
        await stopRequested;
        yield { kind: 'stopped' };
      },
      stop: () => stop(),
      pause: () => {},
      resume: () => {},
      stats: () => ({ capacity: 2, running: 0, finished: 0 }),
      close: () => Promise.resolve(),
    };
    await expect(run(db('a'), sweep, 1, { executor: () => broken })).rejects.toThrow('the network cable');
    expect(query(db('a'), `SELECT DISTINCT status FROM trajectories`)).toEqual([{ status: 'pending' }]);
    expect(await run(db('a'), sweep)).toMatchObject({ stopped: false, progress: all(16, 2) });
  });
});
