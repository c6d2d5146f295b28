import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refinedCheckpoints } from '../../src/domain/sweep-file/axes.js';
import {
  createInlineExecutor,
  type Executor,
  type ExecutorEvent,
  parseSweep,
  prepareSweep,
  runSweep,
} from '../../src/index.js';
import { attempts, numbers, query } from '../support/results.js';
import { plainSweep, type SweepObject } from '../support/small-sweeps.js';
import { expectSameOnThreads, run, thresholds } from './computed-alike.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'espalier-refine-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));
const db = (name: string) => join(home, `${name}.sqlite`);

const TARGETS = [
  { metric: 'subnet_train_loss', atMost: 0.3 },
  { metric: 'dense_train_loss', atMost: 0.2 },
];
const sweepWith = (name: string, changes: object = {}, thresholds: object[] = TARGETS): SweepObject =>
  plainSweep({
    name,
    thresholds,
    axes: {
      datasetSize: [40, 70],
      pretrainIterations: { from: 4, to: 400, ratio: 2, refine: 1.15 },
      ...changes,
    },
  });
const FULL = { pretrainIterations: { from: 4, to: 400, ratio: 1.15 } };

const cellsIn = (file: string, sweep: string): number =>
  Number(query(file, 'SELECT cells FROM progress WHERE sweep = ?', sweep)[0]!.cells);
const own = (file: string, sweep: string) => {
  const crossings = thresholds(file).filter(row => row.sweep === sweep);
  return crossings.map(({ sweep: _, ...row }) => row);
};

describe('a refined sweep', () => {
  it('has the same bits on any threads', () => expectSameOnThreads(home, sweepWith('refined'), [2]));

  it('has the thresholds of the full grid, as the same cells, for fewer of them', async () => {
    await run(db('a'), sweepWith('refined'));
    const refined = numbers(db('a'));
    await run(db('a'), sweepWith('full', FULL));
    expect(own(db('a'), 'refined')).toEqual(own(db('a'), 'full'));
    expect(cellsIn(db('a'), 'refined')).toBeLessThan(0.75 * cellsIn(db('a'), 'full'));
    const full = numbers(db('a')).filter(({ sweep }) => sweep === 'full');
    for (const row of refined) expect(full).toContainEqual({ ...row, sweep: 'full' });
  });

  it('is finished where the full grid is stored, and chooses the same checkpoints from it', async () => {
    await run(db('a'), sweepWith('refined'));
    await run(db('b'), sweepWith('full', FULL));
    const { executors, progress } = await run(db('b'), sweepWith('refined'));
    expect(executors).toBe(0);
    expect(progress.cells).toBe(cellsIn(db('a'), 'refined'));
    expect(numbers(db('b')).filter(({ sweep }) => sweep === 'refined')).toEqual(numbers(db('a')));
  });

  it('computes nothing in a second run, and only what other targets need in a third', async () => {
    const first = await run(db('a'), sweepWith('refined'));
    expect(first.progress.cellsDone).toBe(first.progress.cells);
    const held = numbers(db('a'));
    expect((await run(db('a'), sweepWith('refined'))).executors).toBe(0);
    expect(numbers(db('a'))).toEqual(held);
    const wider = sweepWith('refined', {}, [...TARGETS, { metric: 'subnet_train_loss', atMost: 0.1 }]);
    const { executors } = await run(db('a'), wider);
    expect(executors).toBe(1);
    await run(db('b'), wider);
    expect(numbers(db('a'))).toEqual(numbers(db('b')));
    expect(new Set(attempts(db('a')).values())).toContain(2);
  });

  it('derives its cells again when its definition changes, from what is stored', async () => {
    await run(db('a'), sweepWith('refined'));
    const cells = cellsIn(db('a'), 'refined');
    // The order of targets is part of the definition.
    const { executors } = await run(db('a'), sweepWith('refined', {}, TARGETS.toReversed()));
    expect(executors).toBe(0);
    expect(cellsIn(db('a'), 'refined')).toBe(cells);
    const without = sweepWith(
      'refined',
      {},
      TARGETS.map(target => ({ ...target, refine: false })),
    );
    expect((await run(db('a'), without)).executors).toBe(0);
    const coarse = 4 * 2 * 9;
    expect(cellsIn(db('a'), 'refined')).toBe(coarse);
  });

  it('is the same after any number of interruptions', async () => {
    await run(db('whole'), sweepWith('refined', { seed: [0] }));
    let stops = 0;
    for (let after = 2; ; after += 6) {
      const controller = new AbortController();
      let seen = 0;
      const { stopped } = await run(db('broken'), sweepWith('refined', { seed: [0] }), 0, {
        signal: controller.signal,
        snapshotEveryMs: 200,
        sawRows: () => {
          if (seen++ === after) controller.abort();
        },
      });
      if (!stopped) break;
      stops++;
    }
    expect(stops).toBeGreaterThan(1);
    expect(numbers(db('broken'))).toEqual(numbers(db('whole')));
    expect(thresholds(db('broken'))).toEqual(thresholds(db('whole')));
  });

  it('refines published targets in the next run, and then no more', async () => {
    const published = [...TARGETS, { metric: 'subnet_train_accuracy', published: true }];
    const range = { from: 4, to: 100, ratio: 3, refine: 1.3 };
    const sweep = sweepWith('refined', { seed: [0], pretrainIterations: range }, published);
    const first = await run(db('a'), sweep);
    const second = await run(db('a'), sweep);
    expect(second.progress.cells).toBeGreaterThanOrEqual(first.progress.cells);
    const held = numbers(db('a'));
    const third = await run(db('a'), sweep);
    expect(third.executors).toBe(0);
    expect(third.progress.cells).toBe(second.progress.cells);
    expect(numbers(db('a'))).toEqual(held);
    // From nothing with the levels of before: the same.
    await run(db('b'), sweep, 2);
    await run(db('b'), sweep, 2);
    expect(numbers(db('b'))).toEqual(held);
  });
});

/** Runs a refined sweep inline, with tasks and events changed on their way. */
async function runChanged(
  file: string,
  change: { task?: object; event?: (event: ExecutorEvent, attempt: number) => ExecutorEvent },
): Promise<string[]> {
  const sweep = sweepWith('refined', { datasetSize: 40, seed: [0] });
  const prepared = await prepareSweep(parseSweep(JSON.stringify(sweep)));
  const warnings: string[] = [];
  let attempt = 0;
  await runSweep(prepared, {
    db: file,
    threads: 1,
    observer: { warning: message => warnings.push(message) },
    executor: async datasets => {
      const inline = await createInlineExecutor({ engine: 'wasm', datasets });
      const submit: Executor['submit'] = async function* (task) {
        attempt++;
        const refinement = task.refinement && { ...task.refinement, ...change.task };
        for await (const event of inline.submit({ ...task, refinement }))
          yield change.event?.(event, attempt) ?? event;
      };
      return { ...inline, submit };
    },
  });
  return warnings;
}

it('trains again where a worker may keep a single state, to the same bits', async () => {
  await runChanged(db('a'), {});
  await runChanged(db('b'), { task: { keptStates: 1 } });
  expect(numbers(db('b'))).toEqual(numbers(db('a')));
});

it('a worker that chooses other checkpoints than the stored rows is found out, and what it left is put right', async () => {
  await runChanged(db('a'), {});
  const forgetful = await runChanged(db('b'), {
    event: (event, attempt) => (event.kind === 'rows' && attempt === 1 ? { ...event, chosen: [] } : event),
  });
  expect(forgetful.join()).toMatch(/CHECKPOINTS_DIFFER: .* ask for t = .* as well; it is tried again/);
  expect(numbers(db('b'))).toEqual(numbers(db('a')));
  const late = refinedCheckpoints({ from: 4, to: 400, ratio: 2, refine: 1.15 })!.fine.at(-2)!;
  const greedy = await runChanged(db('c'), {
    event: (event, attempt) =>
      event.kind === 'rows' && attempt === 1 && event.checkpoint.t === 0
        ? { ...event, chosen: [late] }
        : event,
  });
  expect(greedy.join()).toContain(`do not ask for t = ${late};`);
  expect(numbers(db('c'))).toEqual(numbers(db('a')));
});
