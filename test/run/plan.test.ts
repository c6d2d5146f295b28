import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryBudget } from '../../src/base/memory.js';
import { loadDataset } from '../../src/data/dataset.js';
import { createInputSource } from '../../src/data/inputs.js';
import { countCells } from '../../src/domain/grid.js';
import { parseSweep } from '../../src/domain/sweep-file/parse.js';
import type { EngineName, PlannedTrajectory } from '../../src/domain/types.js';
import { createWasmEngine } from '../../src/engine/wasm/index.js';
import { planSweep, threadsThatFit } from '../../src/run/plan.js';
import { type PreparedSweep, prepareSweep } from '../../src/run/prepare.js';
import { heldCells } from '../../src/store/read/held-cells.js';
import { Workplace } from '../support/program.js';
import { DIGITS, plainSweep } from '../support/small-sweeps.js';

type Changes = Parameters<typeof plainSweep>[0];
const prepare = (changes: Changes = {}, engine: EngineName = 'wasm'): Promise<PreparedSweep> =>
  prepareSweep(parseSweep(JSON.stringify(plainSweep(changes))), { engine });

/** Operations a second. */
const RATES = { training: 1e6, activations: 1e6, selection: 1e6, evaluation: 1e6 };

describe('a plan', () => {
  it('adds up the unfinished part of each trajectory', async () => {
    const prepared = await prepare();
    const ids = prepared.trajectories.map(({ id }) => id);
    // Two of four trajectories are stored completely, and half of the cells of another one.
    const unfinished = ({ id, checkpoints }: PlannedTrajectory) =>
      id === ids[2] ? checkpoints : id === ids[1] ? checkpoints.slice(checkpoints.length / 2) : [];
    const plan = planSweep(prepared, { threads: 2, unfinished, snapshots: new Map(), rates: RATES });
    expect(plan).toMatchObject({ sweep: 'plain', engine: 'wasm', threads: 2 });
    expect(plan).toMatchObject({ trajectories: 4, cells: 32, cellsHeld: 20 });
    expect(plan.secondsLongest).toBeGreaterThan(0);
    // Two threads take a trajectory of n = 70 each, then one of n = 40. Left are one of n = 70 and, on the other thread,
    // half of one of n = 40.
    expect(plan.secondsLeft).toBeGreaterThan(plan.secondsLongest);
    expect(plan.secondsLeft).toBeLessThan(plan.secondsLongest + 1);
    expect(plan.secondsAll).toBeGreaterThan(1.3 * plan.secondsLongest);
    expect(plan.secondsAll).toBeLessThan(2 * plan.secondsLongest);
    expect(plan.totalBytes).toBe(2 * plan.workerBytes + 400 * 784);
    expect(plan.snapshotBytes).toBe(24 * 785 * 4);
    expect(plan.arithmetic.training).toBeCloseTo(
      4 * 30 * 16 * 24 * 4 * prepared.sizesOf(prepared.trajectories[0]!).entriesPerRow,
      0,
    );
    expect(prepared.sizesOf(prepared.trajectories[0]!)).toMatchObject({ pool: 300, test: 100, columns: 784 });
  });

  it('says what is finished in a limited time: whole seeds, or everything', async () => {
    const prepared = await prepare({ axes: { seed: { count: 3 } } });
    const plan = (secondsAvailable?: number, order?: 'longest' | 'seeds') =>
      planSweep(prepared, {
        threads: 1,
        unfinished: ({ checkpoints, config }) => (config.seed === 2 ? [] : checkpoints),
        snapshots: new Map(),
        rates: RATES,
        secondsAvailable,
        order,
      });
    const { secondsLeft, ...free } = plan();
    expect(free).toMatchObject({ order: 'longest', byDeadline: null });
    const whole = { trajectories: 6, cells: 48, seeds: [0, 1, 2] };
    expect(plan(1.3 * secondsLeft)).toMatchObject({ order: 'longest', byDeadline: whole });
    // Both sizes of the first seed, but not of the second; seed 2 is there already.
    expect(plan(0.6 * secondsLeft)).toMatchObject({
      order: 'seeds',
      byDeadline: { seconds: 0.6 * secondsLeft, trajectories: 4, cells: 32, seeds: [0, 2] },
    });
    // The longest first leaves no seed whole.
    expect(plan(0.6 * secondsLeft, 'longest').byDeadline).toMatchObject({ seeds: [2] });
    expect(plan(0).byDeadline).toMatchObject({ trajectories: 2, cells: 16, seeds: [2] });
  });

  it('counts the entries of dense inputs and the column of a bias', async () => {
    const entries = async (changes: Changes) => {
      const { trajectories, sizesOf } = await prepare(changes);
      const { columns, entriesPerRow } = sizesOf(trajectories[0]!);
      return [columns, entriesPerRow] as const;
    };
    const [, sparse] = await entries({});
    expect(sparse / 784).toBeGreaterThan(0.1);
    expect(sparse / 784).toBeLessThan(0.3);
    expect(await entries({ network: { bias: true } })).toEqual([785, sparse + 1]);
    expect(await entries({ inputs: { scaling: 'centred' } })).toEqual([784, 784]);
    expect(await entries({ inputs: { scaling: 'standardised' }, network: { bias: true } })).toEqual([
      785, 785,
    ]);
  });

  it('runs as many threads as fit in memory', async () => {
    const prepared = await prepare();
    expect(threadsThatFit(prepared, 2)).toBe(2);
    const large = { ...prepared, bytesOf: () => prepared.memoryBytes / 3 };
    expect(threadsThatFit(large, 8)).toBe(2);
    expect(threadsThatFit({ ...prepared, bytesOf: () => prepared.memoryBytes }, 8)).toBe(1);
  });
});

describe('a sweep that does not fit', () => {
  it('is refused before anything is loaded', async () => {
    const wide = { dataset: { ...DIGITS, pool: 60_000 }, axes: { datasetSize: 60_000, width: 10_000_000 } };
    await expect(prepare(wide)).rejects.toMatchObject({
      code: 'TOO_LARGE',
      exitCode: 2,
      message: expect.stringMatching(/^datasetSize 60000 with width 10000000 needs .+, expected at most /),
    });
    await expect(prepare({ dataset: { ...DIGITS, test: 9_000_000 } })).rejects.toMatchObject({
      code: 'TOO_LARGE',
      message: expect.stringMatching(/^dataset\.test 9000000 of digits does not fit/),
    });
  });

  it('names a size that fits with the samples that are drawn, which may have more ink than those looked at', async () => {
    const error = await prepare({
      dataset: { ...DIGITS, pool: 3_000_000 },
      axes: { datasetSize: 3_000_000, width: 100 },
    }).catch(e => e);
    expect(error).toMatchObject({ code: 'TOO_LARGE' });
    const datasetSize = Number(/expected at most (\d+) of these data$/.exec(error.message)?.[1]);
    const dataset = loadDataset({ name: 'digits', positive: [5], seed: 0, pool: 20_000, test: 1 });
    const source = createInputSource(dataset, 'raw', false);
    const engine = await createWasmEngine();
    for (let from = 0; from < 20_000; from += 4000) {
      const entriesPerRow = source.range('pool', from, from + 4000).value.length / 4000;
      const shape = { datasetSize, width: 100, columns: 784, batchSize: 8, momentum: false, shifted: false };
      expect(engine.memoryBytes({ ...shape, entriesPerRow })).toBeLessThan(Infinity);
    }
  });

  it('is refused where each part fits, but not all together', async () => {
    // Data sets of 4 GB each, of which the engine sees 40 samples.
    const count = Math.ceil(memoryBudget() / 4e9) + 1;
    const seeds = Array.from({ length: count }, (_, i) => i);
    await expect(
      prepare({ dataset: { ...DIGITS, pool: 5_100_000 }, axes: { 'dataset.seed': seeds } }),
    ).rejects.toMatchObject({ code: 'TOO_LARGE', message: expect.stringContaining('and its images') });
  });
});

describe('espalier plan', () => {
  let work: Workplace;
  beforeAll(() => {
    work = new Workplace();
  });
  afterAll(() => work.remove());

  it('--json has the documented keys, and counts cells that a run has stored', async () => {
    const sweep = work.sweep(plainSweep());
    const plan = async () => {
      const { code, stdout, stderr } = await work.run('plan', sweep, '--threads', '2', '--json');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return JSON.parse(stdout);
    };
    const before = await plan();
    expect(Object.keys(before).sort()).toEqual(
      [
        'sweep',
        'db',
        'engine',
        'kernels',
        'threads',
        'trajectories',
        'cells',
        'cellsHeld',
        'cellsExpected',
        'keptStates',
        'changes',
        'arithmetic',
        'workerBytes',
        'totalBytes',
        'prediction',
        'snapshotBytes',
        'secondsLeft',
        'secondsAll',
        'secondsLongest',
        'order',
        'byDeadline',
      ].sort(),
    );
    expect(Object.keys(before.arithmetic)).toEqual(['training', 'activations', 'selection', 'evaluation']);
    expect(before).toMatchObject({
      sweep: 'plain',
      db: 'results/plain.sqlite',
      cells: 32,
      cellsHeld: 0,
      changes: null,
    });
    expect(before.secondsLeft).toBe(before.secondsAll);
    expect(work.files()).toEqual([sweep]);

    expect((await work.run('run', sweep)).code).toBe(0);
    expect(await plan()).toMatchObject({ cells: 32, cellsHeld: 32, secondsLeft: 0 });
  });

  it('counts stored cells of another sweep where engine and metrics match', async () => {
    await work.run('run', work.sweep(plainSweep({ name: 'held' })));
    const held = async (changes: Changes, engine: EngineName = 'wasm') => {
      const { trajectories, spec } = await prepare(changes, engine);
      const { unfinished } = heldCells(work.path('results/held.sqlite'), trajectories, spec.evaluate);
      const missing = trajectories.map(trajectory => ({ checkpoints: unfinished(trajectory) }));
      return countCells(trajectories) - countCells(missing);
    };
    expect(await held({})).toBe(32);
    expect(await held({ axes: { seed: { count: 3 }, subnetSize: [3] } })).toBe(16);
    expect(await held({ evaluate: { dense: ['train', 'pool'] } })).toBe(0);
    expect(await held({ evaluate: { dense: [], subnet: ['test'] }, thresholds: [] })).toBe(32);
    expect(await held({}, 'reference')).toBe(0);
  });

  it('prints for people', async () => {
    const sweep = work.sweep(
      plainSweep({ name: 'read', network: { scaling: 'ntk' }, axes: { subnetSize: [1] } }),
    );
    const { code, stdout, stderr } = await work.run('plan', sweep, '--db', 'my.sqlite');
    expect(code).toBe(0);
    expect(stdout.split('\n').map(line => line.trim().split(/ {2,}/)[0])).toEqual([
      'read',
      'trajectories',
      'cells',
      'arithmetic',
      'memory',
      'snapshot',
      'expected time',
      'prediction',
      '',
    ]);
    expect(stdout).toContain('16, of which my.sqlite holds 0\n');
    expect(stdout).toMatch(
      /prediction {5}about .+ of one thread by `espalier predict`, 1\d\d MB per worker at most\n/,
    );
    expect(stderr).toMatch(/^note: network\.scaling ntk with subnetSize 1 /);
  });
});
