/** Stored thresholds are valid only while computing them anew would give the same. */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PlannedTrajectory, ThresholdRow, ThresholdSpec } from '../../src/domain/types.js';
import type { StoredSweep } from '../../src/store/schema/rows.js';
import { Store } from '../../src/store/write/store.js';
import { computeThresholds } from '../../src/threshold/targets.js';
import {
  ATTEMPT,
  cell,
  checkpoint,
  completeTrajectory,
  config,
  greedy,
  planned,
  random,
  sweep,
  temporaryFolders,
} from './fixtures.js';

const folder = temporaryFolders();
let file: string;
let store: Store;
beforeEach(() => {
  file = join(folder(), 'a.sqlite');
  store = Store.open(file);
});
afterEach(() => store.close());

const LOSS = { metric: 'subnet_train_loss', primary: true } as const;
const specs: ThresholdSpec[] = [
  { ...LOSS, kind: 'published', value: null },
  { ...LOSS, kind: 'atMost', value: 3.5, primary: false },
  { ...LOSS, kind: 'withinDense', value: 1, primary: false },
  { metric: 'subnet_pool_loss', kind: 'atMost', value: 1, primary: false },
];
const variants = [random(4), greedy(4), greedy(3)];
const plan = [
  planned('bb', [0, 5, 9], variants),
  planned('aa', [0, 5, 9], variants, config(20, 1)),
  planned('cc', [0, 5, 9], variants, config(30, 1)),
];
const one = (changes: Partial<StoredSweep> = {}) => sweep('one', { thresholds: specs, ...changes });

const VERSION = 7;
const valid = () => store.toReader().validThresholds('one', VERSION);

function computed() {
  const { rows, notes } = computeThresholds(specs, store.toReader().curveRows('one'), { largestSize: 30 });
  const data = store.toReader().thresholdData('one')!;
  store.replaceThresholds('one', { rows, notes }, { version: VERSION, data });
  return { rows, notes };
}

/** What any SQLite client may do to the file while nobody holds it. */
function editedBySql(sql: string): void {
  store.close();
  const db = new Sqlite(file);
  db.exec(sql);
  db.close();
  store = Store.open(file);
}

function finish(trajectories: readonly PlannedTrajectory[]): void {
  for (const trajectory of trajectories) completeTrajectory(store, trajectory);
}

const sorted = (rows: readonly ThresholdRow[]) =>
  rows.map(row => JSON.stringify(row, Object.keys(row).sort())).sort();

describe('stored thresholds', () => {
  it('are what was computed, notes included', () => {
    store.saveSweep(one(), plan);
    finish(plan);
    expect(valid()).toBeNull();
    const { rows, notes } = computed();
    expect(new Set(rows.map(row => row.target))).toEqual(new Set(['<= 3.5', 'published']));
    expect(notes.length).toBeGreaterThan(1);
    for (let i = 0; i < 2; i++) {
      const kept = valid()!;
      expect(sorted(kept.rows)).toEqual(sorted(rows));
      expect(kept.notes).toEqual(notes);
      store.close();
      store = Store.open(file);
      store.saveSweep(one(), plan);
    }
  });

  it('are none where something was recorded since, be it for another sweep', () => {
    store.saveSweep(one(), plan);
    finish(plan);
    computed();
    const pool = sweep('two', { evaluate: { dense: ['pool'], subnet: ['pool'] } });
    store.saveSweep(pool, plan);
    expect(valid()).not.toBeNull();
    const before = valid()!.rows.length;
    for (const trajectory of plan) completeTrajectory(store, trajectory, pool.evaluate);
    expect(valid()).toBeNull();
    // The curves of the pool are there now.
    expect(computed().rows.length).toBeGreaterThan(before);
    expect(valid()).not.toBeNull();
  });

  it('are none as soon as an attempt that was under way records more', () => {
    store.saveSweep(one(), plan);
    finish(plan.slice(1));
    store.started('bb', ATTEMPT);
    store.rows('bb', checkpoint(0), [cell(0, greedy(3))]);
    computed();
    expect(valid()).not.toBeNull();
    store.rows('bb', checkpoint(5), [cell(5, greedy(3))]);
    expect(valid()).toBeNull();
  });

  it('are none where results came by another way than a run', () => {
    store.saveSweep(one(), plan);
    finish(plan.slice(1));
    computed();
    editedBySql(`INSERT INTO checkpoints (trajectory, t, recorded) VALUES (1, 0, 0)`);
    expect(valid()).toBeNull();
  });

  it.each([
    ['definition', { definition: 'another' }],
    ['targets', { thresholds: specs.slice(1) }],
    ['measures', { evaluate: { dense: ['train'], subnet: ['train'] } }],
  ] as [string, Partial<StoredSweep>][])('are none where the %s of the sweep changed', (_, changes) => {
    store.saveSweep(one(), plan);
    finish(plan);
    computed();
    store.saveSweep(one(changes), plan);
    expect(valid()).toBeNull();
    store.saveSweep(one(), plan);
    expect(valid()).toBeNull();
  });

  it('stay valid, as do fits, where the description of the sweep changed', () => {
    store.saveSweep(one(), plan);
    finish(plan);
    const thresholds = computed();
    store.replaceFits('one', { simulationSeed: 1, fits: [], report: { any: 1 } });
    store.saveSweep(one({ description: 'two\nlines' }), plan);
    expect(valid()).toEqual(thresholds);
    const db = new Sqlite(file, { readonly: true });
    expect(db.prepare('SELECT description FROM progress').pluck().get()).toBe('two\nlines');
    expect(db.prepare('SELECT count(*) FROM fit_reports').pluck().get()).toBe(1);
    db.close();
    expect(store.toReader().sweep('one').description).toBe('two\nlines');
    store.saveSweep(one(), plan);
    expect(store.toReader().sweep('one').description).toBeNull();
  });

  it('are none where the sweep asks for fewer trajectories', () => {
    store.saveSweep(one(), plan);
    finish(plan);
    computed();
    store.saveSweep(one(), plan.slice(1));
    expect(valid()).toBeNull();
  });

  it.each([
    [
      'of another version of the code',
      `UPDATE sweeps SET thresholds_from = json_set(thresholds_from, '$.version', 8)`,
    ],
    [
      'stored by 0.1.0',
      `UPDATE sweeps SET thresholds_from = json_remove(json_set(thresholds_from, '$.toolVersion', '0.1.0',
         '$.attempt', 3), '$.version', '$.data')`,
    ],
    ['of results that were changed by hand', 'UPDATE cells SET subnet_train_loss = 1 WHERE t = 5'],
    ['of dense results that were changed by hand', 'UPDATE checkpoints SET dense_train_loss = 1'],
    ['of results that were deleted by hand', 'DELETE FROM cells WHERE t = 5'],
    [
      'of targets that were changed by hand',
      `UPDATE sweeps SET thresholds = replace(thresholds, '3.5', '3.6')`,
    ],
    ['of measures that were changed by hand', 'UPDATE sweeps SET subnet_mask = 7'],
    ['of cells that the sweep does not request any more', 'DELETE FROM members WHERE t = 5'],
    ['stamped with nonsense', `UPDATE sweeps SET thresholds_from = 'nonsense'`],
    ['stamped with null', `UPDATE sweeps SET thresholds_from = 'null'`],
    ['changed by hand', 'UPDATE threshold_rows SET flagged = 1 - flagged'],
    ['removed by hand', "DELETE FROM threshold_rows WHERE target = 'published'"],
  ])('are none where they are %s', (_, sql) => {
    store.saveSweep(one(), plan);
    finish(plan);
    computed();
    editedBySql(sql);
    expect(valid()).toBeNull();
  });

  it('are none where nothing says what they were computed from', () => {
    store.saveSweep(one(), plan);
    finish(plan);
    computed();
    editedBySql('UPDATE sweeps SET thresholds_from = NULL');
    expect(valid()).toBeNull();
  });
});
