import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ThresholdRow } from '../../src/domain/types.js';
import { variantOf } from '../../src/domain/variant.js';
import { heldCells } from '../../src/store/read/held-cells.js';
import { openReader } from '../../src/store/read/reader.js';
import { storedTrajectory } from '../../src/store/read/stored-trajectory.js';
import { finishedCurves } from '../../src/store/read/sweep-curves.js';
import { Store } from '../../src/store/write/store.js';
import {
  ATTEMPT,
  cell,
  checkpoint,
  completeTrajectory,
  config,
  EVALUATE,
  greedy,
  planned,
  random,
  sampled,
  sweep,
  temporaryFolders,
} from './fixtures.js';

const folder = temporaryFolders();
let file: string;
let store: Store;
let reader: Sqlite.Database;

/** The rows that any other SQLite client sees during the run. */
const rows = (sql: string, ...params: unknown[]) =>
  reader.prepare(sql).all(...params) as Record<string, unknown>[];
const row = (sql: string, ...params: unknown[]) => rows(sql, ...params)[0];
const names = (relation: string) =>
  reader
    .prepare(`SELECT * FROM ${relation}`)
    .columns()
    .map(column => column.name);
const status = (id: string) => row('SELECT status FROM trajectories WHERE id = ?', id)?.status;

beforeEach(() => {
  file = join(folder(), 'made', 'on the way', 'a.sqlite');
  store = Store.open(file);
  reader = new Sqlite(file, { readonly: true });
});
afterEach(() => {
  reader.close();
  store.close();
});

describe('columns', () => {
  const list = (text: string) => text.split(/,\s*/);

  it('are the published ones, in their order', () => {
    expect(names('trajectories')).toEqual(
      list(
        'id, dataset, task, dataset_size, width, seed, config, status, attempts, error_code, error, worker, ' +
          'started_at, finished_at, train_wall_s, train_cpu_s, engine, numerics',
      ),
    );
    const measures = list('train_loss, train_accuracy, pool_loss, pool_accuracy, test_loss, test_accuracy');
    expect(names('results')).toEqual([
      ...list('sweep, trajectory_id, dataset, task, dataset_size, width, seed, pretrain_iterations'),
      ...list('prune_method, prune_objective, subnet_size, retrain_iterations'),
      ...['dense', 'subnet', 'retrained'].flatMap(network =>
        measures.map(measure => `${network}_${measure}`),
      ),
      ...list('distinct_neurons, activation_passes, dead_neurons, eta_lambda_max, prune_wall_s, prune_cpu_s'),
      ...list('finished_at, engine, numerics, config, gates_changed, neuron_variance, certified_loss'),
      'prune_sample_size',
    ]);
    expect(names('progress')).toEqual(
      list('sweep, trajectories, trajectories_done, trajectories_failed, cells, cells_done, description'),
    );
    expect(names('thresholds')).toEqual(
      list(
        'sweep, trajectory_id, dataset_size, width, seed, axes, prune_method, subnet_size, metric, target, lower, ' +
          'upper, censoring, raw_upper, sustained_upper, flagged, engine, numerics',
      ),
    );
  });
});

describe('selection on samples', () => {
  const variants = [
    greedy(3),
    sampled(3, 8),
    sampled(3, 9),
    { ...sampled(3, 8), objective: 'squared' as const },
  ];
  const plan = planned('aa', [0, 5], variants);
  const cellsOf = (t: number) =>
    variants.map((variant, i) => ({ ...cell(t, variant), distinctNeurons: i + 1 }));

  it('is a cell of its own for every objective and sample size, also in SQL', () => {
    store.saveSweep(sweep('one'), [plan]);
    store.started('aa', ATTEMPT);
    store.rows('aa', checkpoint(0), cellsOf(0).slice(0, 2));
    store.flush();
    expect(store.unfinished(plan, EVALUATE)).toEqual([
      { t: 0, variants: variants.slice(2) },
      { t: 5, variants },
    ]);
    for (const t of [0, 5]) store.rows('aa', checkpoint(t), cellsOf(t));
    store.flush();
    expect(store.unfinished(plan, EVALUATE)).toEqual([]);
    expect(
      rows(`SELECT prune_objective, prune_sample_size, distinct_neurons FROM results WHERE pretrain_iterations = 5
            ORDER BY distinct_neurons`),
    ).toEqual([
      { prune_objective: 'squared', prune_sample_size: null, distinct_neurons: 1 },
      { prune_objective: 'brier', prune_sample_size: 8, distinct_neurons: 2 },
      { prune_objective: 'brier', prune_sample_size: 9, distinct_neurons: 3 },
      { prune_objective: 'squared', prune_sample_size: 8, distinct_neurons: 4 },
    ]);
    expect(storedTrajectory(file, 'aa').planned.checkpoints[0]!.variants).toEqual([
      sampled(3, 8),
      sampled(3, 9),
      greedy(3),
      variants[3],
    ]);
  });

  it('gives curves and thresholds that know their sample size', () => {
    store.saveSweep(sweep('one'), [plan]);
    completeTrajectory(store, plan);
    const own = store.toReader();
    const curves = [...own.curveRows('one')].filter(({ t }) => t === 5).map(variantOf);
    expect(curves).toEqual([sampled(3, 8), sampled(3, 9), greedy(3), variants[3]]);
    expect(finishedCurves(own, 'one').map(variantOf)).toHaveLength(4);
  });
});

describe('recording', () => {
  const plan = planned('aa', [0, 5], [greedy(3), random(3)]);

  it('turns every finished cell into a result', () => {
    store.saveSweep(sweep('one'), [plan]);
    expect(row('SELECT * FROM trajectories')).toMatchObject({
      id: 'aa',
      dataset: 'digits',
      task: '5,6,7,8,9',
      dataset_size: 20,
      width: 10,
      seed: 0,
      config: JSON.stringify(plan.config),
      status: 'pending',
      attempts: 0,
      started_at: null,
      engine: 'wasm',
      numerics: 1,
    });
    const before = new Date().toISOString();
    completeTrajectory(store, plan);
    const after = new Date().toISOString();

    const results = rows('SELECT * FROM results ORDER BY pretrain_iterations, prune_method');
    expect(results).toHaveLength(4);
    expect(results[2]).toMatchObject({
      sweep: 'one',
      trajectory_id: 'aa',
      task: '5,6,7,8,9',
      pretrain_iterations: 5,
      prune_method: 'greedy',
      prune_objective: 'squared',
      subnet_size: 3,
      retrain_iterations: 0,
      dense_train_loss: 5.1,
      dense_pool_loss: null,
      dense_test_loss: 5.3,
      dense_test_accuracy: 1 / 6.3,
      subnet_train_loss: 8.1,
      subnet_pool_accuracy: null,
      retrained_train_loss: null,
      distinct_neurons: 3,
      activation_passes: 3,
      dead_neurons: 2,
      eta_lambda_max: 0.5,
      prune_wall_s: 0.25,
      prune_cpu_s: 0.2,
      config: JSON.stringify(plan.config),
    });
    expect(results[3]).toMatchObject({
      prune_method: 'random',
      prune_objective: null,
      activation_passes: null,
    });
    for (const { finished_at: at } of results) {
      expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect([before, at, after].sort()).toEqual([before, at, after]);
    }
    expect(row('SELECT * FROM trajectories')).toMatchObject({
      status: 'done',
      attempts: 1,
      worker: 'here/17/1',
      train_wall_s: 2,
      train_cpu_s: 1,
      error: null,
      finished_at: results[3]!.finished_at,
    });
    expect(row('SELECT * FROM attempts')).toMatchObject({
      trajectory_id: 'aa',
      outcome: 'done',
      host: 'here',
      process: 17,
      tool_version: '0.1.0',
      node_version: 'v20.0.0',
      git_revision: 'abc',
      git_dirty: 1,
      cpu: 'a cpu',
      threads: 2,
      engine: 'wasm',
      numerics: 1,
      error: null,
    });
    expect(row('SELECT * FROM progress')).toEqual({
      sweep: 'one',
      trajectories: 1,
      trajectories_done: 1,
      trajectories_failed: 0,
      cells: 4,
      cells_done: 4,
      description: null,
    });
    expect(store.unfinished(plan, EVALUATE)).toEqual([]);
  });

  it('stores NaN and infinity as NULL, and still counts them as recorded', () => {
    const retrained = greedy(3, 10);
    const sick = planned('aa', [5], [retrained]);
    store.saveSweep(sweep('one'), [sick]);
    const bad = { loss: Number.NaN, accuracy: Number.POSITIVE_INFINITY };
    store.rows(
      'aa',
      {
        ...checkpoint(5),
        dense: { train: bad, test: bad },
        etaLambdaMax: Number.NEGATIVE_INFINITY,
        trainCpuS: null,
      },
      [
        {
          ...cell(5, retrained),
          subnet: { train: bad, test: { loss: 1, accuracy: 0 } },
          retrained: { train: bad, test: bad },
          pruneCpuS: null,
        },
      ],
    );
    store.flush();
    expect(row('SELECT * FROM results')).toMatchObject({
      dense_train_loss: null,
      dense_test_accuracy: null,
      subnet_train_loss: null,
      subnet_test_loss: 1,
      subnet_test_accuracy: 0,
      retrained_test_loss: null,
      retrain_iterations: 10,
      eta_lambda_max: null,
      prune_cpu_s: null,
    });
    expect(store.unfinished(sick, EVALUATE)).toEqual([]);
  });

  it('commits rows before the trajectory is done, without an explicit flush', async () => {
    store.saveSweep(sweep('one'), [plan]);
    store.started('aa', ATTEMPT);
    store.rows('aa', checkpoint(0), [cell(0, greedy(3))]);
    expect(rows('SELECT * FROM results')).toHaveLength(0);
    await expect.poll(() => rows('SELECT * FROM results').length).toBe(1);
    expect(status('aa')).toBe('running');
    expect(row('SELECT ended_at, outcome FROM attempts')).toEqual({ ended_at: null, outcome: null });
    expect(store.progress('one')).toMatchObject({ trajectoriesDone: 0, cells: 4, cellsDone: 1 });
  });

  it('never blocks a reader in the middle of a result', () => {
    store.saveSweep(sweep('one'), [plan]);
    store.rows('aa', checkpoint(0), [cell(0, greedy(3)), cell(0, random(3))]);
    store.flush();
    const slow = reader.prepare('SELECT * FROM results').iterate();
    slow.next();
    completeTrajectory(store, plan);
    expect([...slow]).toHaveLength(1);
    expect(rows('SELECT * FROM results')).toHaveLength(4);
  });

  it('keeps recorded metrics when a sweep adds metrics', () => {
    store.saveSweep(sweep('one'), [plan]);
    completeTrajectory(store, plan);
    const wanted = { dense: ['train', 'pool', 'test'], subnet: ['train', 'pool'] } as const;
    const before = row('SELECT * FROM results WHERE pretrain_iterations = 5 AND prune_method = ?', 'greedy')!;
    store.saveSweep(sweep('one', { evaluate: wanted }), [plan]);
    expect(status('aa')).toBe('pending');
    expect(store.isPending('aa')).toBe(true);
    expect(rows('SELECT * FROM results')).toHaveLength(0);
    expect(store.progress('one')).toMatchObject({ trajectoriesDone: 0, cellsDone: 0 });
    expect(store.unfinished(plan, wanted)).toEqual(plan.checkpoints);

    // This attempt has the new metrics only, and times that must not replace the first ones.
    store.rows('aa', { ...checkpoint(5, ['pool']), trainWallS: 99 }, [
      { ...cell(5, greedy(3), ['pool']), pruneWallS: 99 },
    ]);
    expect(store.unfinished(plan, wanted)).toEqual([plan.checkpoints[0], { t: 5, variants: [random(3)] }]);
    const now = row('SELECT * FROM results')!;
    expect(now).toEqual({
      ...before,
      dense_pool_loss: 5.2,
      dense_pool_accuracy: 1 / 6.2,
      subnet_pool_loss: 8.2,
      subnet_pool_accuracy: 1 / 9.2,
      finished_at: now.finished_at,
    });
  });

  it('counts a re-trained cell only when both networks are measured', () => {
    const retrained = greedy(3, 10);
    const only = planned('aa', [5], [retrained]);
    store.saveSweep(sweep('one'), [only]);
    store.rows('aa', checkpoint(5), [{ ...cell(5, retrained), retrained: null }]);
    expect(store.unfinished(only, EVALUATE)).toEqual(only.checkpoints);
    store.rows('aa', checkpoint(5), [cell(5, retrained)]);
    expect(store.unfinished(only, EVALUATE)).toEqual([]);
    expect(row('SELECT * FROM results')).toMatchObject({
      retrained_train_loss: 1005.1,
      retrain_iterations: 10,
    });
  });

  it('refuses a trajectory of no sweep', () => {
    expect(() => store.rows('zz', checkpoint(0), [])).toThrow('trajectory zz was never saved with a sweep');
    expect(() => store.started('zz', ATTEMPT)).toThrow('trajectory zz was never saved with a sweep');
  });
});

describe('ends of attempts', () => {
  const plan = planned('aa', [0, 5], [greedy(3)]);
  beforeEach(() => store.saveSweep(sweep('one'), [plan]));

  it('stores failures with their reasons', () => {
    store.started('aa', ATTEMPT);
    store.rows('aa', checkpoint(0), [cell(0, greedy(3))]);
    void store.finished('aa', {
      kind: 'failed',
      code: 'DIVERGED',
      message: 'not finite at step 3',
      stack: 'at f',
    });
    store.flush();
    expect(row('SELECT * FROM trajectories')).toMatchObject({
      status: 'failed',
      error_code: 'DIVERGED',
      error: 'not finite at step 3',
      train_wall_s: 1,
      train_cpu_s: 0.5,
    });
    expect(row('SELECT * FROM attempts')).toMatchObject({
      outcome: 'failed',
      error_code: 'DIVERGED',
      error: 'not finite at step 3',
      stack: 'at f',
    });
    expect(row('SELECT * FROM progress')).toMatchObject({
      trajectories_done: 0,
      trajectories_failed: 1,
      cells_done: 1,
    });
    expect(store.failures('one')).toEqual([
      {
        trajectoryId: 'aa',
        datasetSize: 20,
        width: 10,
        seed: 0,
        errorCode: 'DIVERGED',
        error: 'not finite at step 3',
      },
    ]);
    expect(store.isPending('aa')).toBe(false);
    // In the same sweep it stays failed. In a sweep of the stored cells only, it is done.
    store.saveSweep(sweep('one'), [plan]);
    expect(status('aa')).toBe('failed');
    store.saveSweep(sweep('one'), [planned('aa', [0], [greedy(3)])]);
    expect(row('SELECT status, error_code, error FROM trajectories')).toEqual({
      status: 'done',
      error_code: null,
      error: null,
    });
    expect(store.failures('one')).toEqual([]);
  });

  it('sets a stopped trajectory to pending and adds up its training time', () => {
    store.started('aa', ATTEMPT);
    store.rows('aa', checkpoint(0), [cell(0, greedy(3))]);
    void store.finished('aa', { kind: 'stopped' });
    store.flush();
    expect(row('SELECT * FROM trajectories')).toMatchObject({
      status: 'pending',
      train_wall_s: 1,
      attempts: 1,
    });
    expect(store.unfinished(plan, EVALUATE)).toEqual([{ t: 5, variants: [greedy(3)] }]);
    completeTrajectory(store, plan);
    expect(row('SELECT * FROM trajectories')).toMatchObject({
      status: 'done',
      train_wall_s: 3,
      train_cpu_s: 1.5,
      attempts: 2,
    });
    expect(rows('SELECT outcome FROM attempts ORDER BY id')).toEqual([
      { outcome: 'stopped' },
      { outcome: 'done' },
    ]);
  });

  it('keeps a trajectory pending while cells are missing, even after the event `done`', () => {
    store.started('aa', ATTEMPT);
    store.rows('aa', checkpoint(0), [cell(0, greedy(3))]);
    void store.finished('aa', { kind: 'done', trainWallS: 1, trainCpuS: null });
    store.flush();
    expect(row('SELECT * FROM trajectories')).toMatchObject({
      status: 'pending',
      train_wall_s: 1,
      train_cpu_s: null,
    });
  });

  it('keeps training times where nothing was trained', () => {
    completeTrajectory(store, plan);
    void store.finished('aa', { kind: 'done', trainWallS: null, trainCpuS: null });
    store.flush();
    expect(row('SELECT * FROM trajectories')).toMatchObject({
      status: 'done',
      train_wall_s: 2,
      train_cpu_s: 1,
    });
  });

  it('ends running attempts as stopped when it closes', () => {
    store.started('aa', ATTEMPT);
    store.rows('aa', checkpoint(0), [cell(0, greedy(3))]);
    store.close();
    store.close();
    expect(status('aa')).toBe('pending');
    expect(row('SELECT outcome FROM attempts')).toEqual({ outcome: 'stopped' });
    expect(rows('SELECT * FROM results')).toHaveLength(1);
    expect(rows('SELECT * FROM holder')).toEqual([]);
  });
});

describe('sweeps', () => {
  const small = planned('aa', [0, 5], [greedy(3)]);

  it('share cells, each with its own members', () => {
    const other = planned('aa', [5, 9], [greedy(3), greedy(4)]);
    store.saveSweep(sweep('one'), [small]);
    completeTrajectory(store, small);
    store.saveSweep(sweep('two'), [other, planned('bb', [0], [greedy(3)], config(40, 1))]);
    expect(status('aa')).toBe('pending');
    expect(rows('SELECT * FROM progress ORDER BY sweep')).toEqual([
      {
        sweep: 'one',
        trajectories: 1,
        trajectories_done: 1,
        trajectories_failed: 0,
        cells: 2,
        cells_done: 2,
        description: null,
      },
      {
        sweep: 'two',
        trajectories: 2,
        trajectories_done: 0,
        trajectories_failed: 0,
        cells: 5,
        cells_done: 1,
        description: null,
      },
    ]);
    expect(store.unfinished(other, EVALUATE)).toEqual([
      { t: 5, variants: [greedy(4)] },
      { t: 9, variants: [greedy(3), greedy(4)] },
    ]);
    completeTrajectory(store, other);
    expect(status('aa')).toBe('done');
    expect(rows('SELECT sweep, count(*) AS n FROM results GROUP BY sweep')).toEqual([
      { sweep: 'one', n: 2 },
      { sweep: 'two', n: 4 },
    ]);
    expect(reader.prepare('SELECT count(*) FROM cells').pluck().get()).toBe(5);
    const { unfinished } = heldCells(file, [small, other], EVALUATE);
    expect([unfinished(small), unfinished(other)]).toEqual([[], []]);
    expect(heldCells(`${file}-absent`, [small], EVALUATE).unfinished(small)).toEqual(small.checkpoints);
  });

  it('are replaced under the same name; cells that they no longer contain stay stored', () => {
    const gone = planned('bb', [0], [greedy(3)], config(40, 1));
    store.saveSweep(sweep('one'), [small, gone]);
    completeTrajectory(store, small);
    const first = row('SELECT created_at FROM sweeps')!;
    store.saveSweep(sweep('one', { definition: { changed: true } }), [planned('aa', [5], [greedy(3)])]);
    expect(rows('SELECT pretrain_iterations FROM results')).toEqual([{ pretrain_iterations: 5 }]);
    expect(row('SELECT * FROM progress')).toMatchObject({ trajectories: 1, cells: 1, cells_done: 1 });
    expect(row('SELECT name, definition, created_at FROM sweeps')).toEqual({
      name: 'one',
      definition: '{"changed":true}',
      ...first,
    });
    expect(status('bb')).toBeUndefined();
    store.saveSweep(sweep('one'), [small]);
    expect(rows('SELECT * FROM results')).toHaveLength(2);
    expect(status('aa')).toBe('done');
  });

  it('keep started trajectories that no sweep contains any more', () => {
    const startedPlan = planned('bb', [0, 5], [greedy(3)], config(40, 1));
    store.saveSweep(sweep('one'), [small, startedPlan]);
    store.started('bb', ATTEMPT);
    store.rows('bb', checkpoint(0), [cell(0, greedy(3))]);
    void store.finished('bb', { kind: 'stopped' });
    store.flush();
    store.saveSweep(sweep('one'), [small]);
    expect(status('bb')).toBe('pending');
    expect(store.unfinished(startedPlan, EVALUATE)).toEqual([{ t: 5, variants: [greedy(3)] }]);
    const other = openReader(file);
    expect(other.statusCounts()).toEqual({ pending: 1, running: 0, done: 0, failed: 0 });
    other.close();
  });

  it('set done trajectories to pending when they are widened, and to done when narrowed', () => {
    store.saveSweep(sweep('one'), [small]);
    completeTrajectory(store, small);
    const wide = planned('aa', [0, 5, 9], [greedy(3)]);
    store.saveSweep(sweep('one'), [wide]);
    expect(row('SELECT status, finished_at FROM trajectories')).toEqual({
      status: 'pending',
      finished_at: null,
    });
    expect(store.unfinished(wide, EVALUATE)).toEqual([{ t: 9, variants: [greedy(3)] }]);
    completeTrajectory(store, wide);
    expect(status('aa')).toBe('done');
    store.saveSweep(sweep('one'), [planned('aa', [0, 5, 9, 11], [greedy(3)])]);
    expect(status('aa')).toBe('pending');
    store.saveSweep(sweep('one'), [small]);
    expect(status('aa')).toBe('done');
  });

  it('are read back as they were saved', () => {
    const thresholds = [{ metric: 'subnet_train_loss', kind: 'atMost', value: 0.1, primary: true }] as const;
    store.saveSweep(sweep('one', { definition: { a: [1, 'x'] }, thresholds }), [small]);
    store.saveSweep(sweep('empty'), []);
    const other = openReader(file);
    expect(other.sweeps()).toMatchObject([
      { name: 'empty', evaluate: EVALUATE },
      { name: 'one', definition: { a: [1, 'x'] }, thresholds, evaluate: EVALUATE },
    ]);
    expect(other.progress('empty')).toEqual([
      { sweep: 'empty', trajectories: 0, trajectoriesDone: 0, trajectoriesFailed: 0, cells: 0, cellsDone: 0 },
    ]);
    other.close();
    expect(() => store.progress('none')).toThrow('sweep none was never saved');
  });

  it('are unchanged by a plan that cannot be stored', () => {
    store.saveSweep(sweep('one'), [small]);
    const axes = () => {
      throw new Error('no axes');
    };
    expect(() => store.saveSweep(sweep('one', { axes }), [planned('bb', [0], [greedy(99)])])).toThrow(
      'no axes',
    );
    expect(row('SELECT * FROM progress')).toMatchObject({ trajectories: 1, cells: 2 });
    store.saveSweep(sweep('one'), [planned('bb', [0], [greedy(99)])]);
    expect(row('SELECT subnet_size FROM variants ORDER BY key DESC')).toEqual({ subnet_size: 99 });
  });
});

describe('thresholds', () => {
  const plan = planned('aa', [0, 5], [random(3), greedy(4), greedy(3)]);
  const late = planned('0late', [0, 5], [greedy(3)], config(10, 1));
  const crossing: ThresholdRow = {
    ...greedy(3),
    trajectoryId: 'aa',
    metric: 'subnet_train_loss',
    target: '<= 0.15',
    lower: 5,
    upper: null,
    censoring: 'right',
    rawUpper: null,
    sustainedUpper: null,
    flagged: false,
  };

  it('are computed from finished trajectories, in order', () => {
    store.saveSweep(sweep('one'), [plan, late]);
    completeTrajectory(store, plan);
    store.rows('0late', checkpoint(0), [cell(0, greedy(3))]);
    const order = () =>
      [...store.toReader().curveRows('one')].map(r => `${r.trajectoryId} ${r.method} ${r.subnetSize} ${r.t}`);
    const own = [
      'aa greedy 3 0',
      'aa greedy 3 5',
      'aa greedy 4 0',
      'aa greedy 4 5',
      'aa random 3 0',
      'aa random 3 5',
    ];
    expect(order()).toEqual(own);
    completeTrajectory(store, late);
    expect(order()).toEqual(['0late greedy 3 0', '0late greedy 3 5', ...own]);
    const [, first] = store.toReader().curveRows('one');
    expect(first).toMatchObject({ trajectoryId: '0late', config: late.config, ...greedy(3), t: 5 });
    const { metrics } = first!;
    expect(Object.keys(metrics)).toEqual(names('results').filter(name => /_(loss|accuracy)$/.test(name)));
    expect(metrics).toMatchObject({
      dense_train_loss: 5.1,
      dense_pool_loss: null,
      subnet_test_accuracy: 1 / 9.3,
      retrained_train_loss: null,
    });
    expect([...store.toReader().curveRows('none')]).toEqual([]);
  });

  it('use only cells of their sweep, even where other sweeps have more', () => {
    store.saveSweep(sweep('one'), [plan]);
    completeTrajectory(store, plan);
    store.saveSweep(sweep('two'), [planned('aa', [5, 9], [greedy(3)])]);
    expect([...store.toReader().curveRows('one')]).toHaveLength(6);
    expect([...store.toReader().curveRows('two')]).toHaveLength(0);
  });

  it('are replaced as a whole and join with the other axes', () => {
    const axes = () => ({ 'train.learningRate': 0.1 });
    store.saveSweep(sweep('one', { axes }), [plan]);
    completeTrajectory(store, plan);
    const left = { ...crossing, ...random(3), lower: 0, upper: 5, censoring: 'left' } as const;
    store.replaceThresholds(
      'one',
      { rows: [crossing, { ...left, rawUpper: 5, sustainedUpper: 5, flagged: true }], notes: [] },
      { version: 1, data: '' },
    );
    expect(rows('SELECT * FROM thresholds ORDER BY prune_method')).toEqual([
      {
        sweep: 'one',
        trajectory_id: 'aa',
        dataset_size: 20,
        width: 10,
        seed: 0,
        axes: '{"train.learningRate":0.1}',
        prune_method: 'greedy',
        subnet_size: 3,
        metric: 'subnet_train_loss',
        target: '<= 0.15',
        lower: 5,
        upper: null,
        censoring: 'right',
        raw_upper: null,
        sustained_upper: null,
        flagged: 0,
        engine: 'wasm',
        numerics: 1,
      },
      expect.objectContaining({ prune_method: 'random', lower: 0, upper: 5, raw_upper: 5, flagged: 1 }),
    ]);
    store.replaceThresholds('one', { rows: [crossing], notes: [] }, { version: 1, data: '' });
    expect(rows('SELECT * FROM thresholds')).toHaveLength(1);
    // Saving the same sweep again keeps them. A changed sweep has to compute its own.
    store.saveSweep(sweep('one', { axes }), [plan]);
    expect(rows('SELECT * FROM thresholds')).toHaveLength(1);
    store.saveSweep(sweep('one', { definition: 'changed' }), [plan]);
    expect(rows('SELECT * FROM thresholds')).toHaveLength(0);
  });

  it('disappear with the cells that the sweep no longer contains', () => {
    store.saveSweep(sweep('one'), [plan]);
    store.replaceThresholds('one', { rows: [crossing], notes: [] }, { version: 1, data: '' });
    store.saveSweep(sweep('one'), [planned('aa', [0, 5], [random(3)])]);
    expect(rows('SELECT * FROM thresholds')).toHaveLength(0);
    expect(() => store.replaceThresholds('none', { rows: [], notes: [] }, { version: 1, data: '' })).toThrow(
      'sweep none was never saved',
    );
  });
});

it('stores a hundred thousand cells', () => {
  const variants = Array.from({ length: 10 }, (_, i) => greedy(i + 1));
  const checkpoints = Array.from({ length: 100 }, (_, i) => i * 10);
  const plans = Array.from({ length: 100 }, (_, i) => planned(`t${i}`, checkpoints, variants, config(20, i)));
  store.saveSweep(sweep('big'), plans);
  for (const { id } of plans) {
    for (const t of checkpoints)
      store.rows(
        id,
        checkpoint(t),
        variants.map(variant => cell(t, variant)),
      );
  }
  expect(plans.flatMap(plan => store.unfinished(plan, EVALUATE))).toEqual([]);
  store.saveSweep(sweep('big'), plans);
  expect(store.progress('big')).toMatchObject({ trajectoriesDone: 100, cellsDone: 100_000 });
  expect(reader.prepare('SELECT count(*) FROM results').pluck().get()).toBe(100_000);
});

it('saving an unchanged sweep again changes nothing but its time', () => {
  const plans = [planned('aa', [0, 5], [greedy(3)]), planned('bb', [0], [greedy(3), greedy(4)])];
  store.saveSweep(sweep('one'), plans);
  completeTrajectory(store, plans[0]!);
  const members = 'SELECT * FROM members ORDER BY 1, 2, 3, 4';
  const before = { members: rows(members), trajectories: rows('SELECT * FROM trajectories') };
  // Other objects with the same content.
  store.saveSweep(sweep('one'), JSON.parse(JSON.stringify(plans)));
  expect({ members: rows(members), trajectories: rows('SELECT * FROM trajectories') }).toEqual(before);
  // The same trajectories with other checkpoints, variants or evaluated sets.
  store.saveSweep(sweep('one'), [planned('aa', [0, 7], [greedy(3)]), plans[1]!]);
  expect(rows(members)).not.toEqual(before.members);
  expect(status('aa')).toBe('pending');
  store.saveSweep(sweep('one'), plans);
  expect(status('aa')).toBe('done');
  store.saveSweep(sweep('one', { evaluate: { dense: ['train', 'test'], subnet: ['train', 'pool'] } }), plans);
  expect(status('aa')).toBe('pending');
  store.saveSweep(sweep('one'), [plans[0]!, planned('bb', [0], [greedy(4)])]);
  expect(rows(members)).toHaveLength(3);
});
