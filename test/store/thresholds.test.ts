/** Stored thresholds are told again only while computing them anew would give the same. */
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
  complete,
  config,
  greedy,
  planned,
  random,
  scratch,
  sweep,
} from './fixtures.js';

const folder = scratch();
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

function computed() {
  const { rows, notes } = computeThresholds(specs, store.curveRows('one'), 30);
  store.replaceThresholds('one', rows, notes);
  return { rows, notes };
}

/** What any SQLite client may do to the file while nobody holds it. */
function changedBeside(sql: string): void {
  store.close();
  const db = new Sqlite(file);
  db.exec(sql);
  db.close();
  store = Store.open(file);
}

function finish(trajectories: readonly PlannedTrajectory[]): void {
  for (const trajectory of trajectories) complete(store, trajectory);
}

const curveOf = ({ trajectoryId, method, subnetSize }: ThresholdRow) =>
  `${trajectoryId}/${method}/${subnetSize}`;
const curvesOf = (rows: readonly ThresholdRow[]) => [...new Set(rows.map(curveOf))];
const sorted = (rows: readonly ThresholdRow[]) =>
  rows.map(row => JSON.stringify(row, Object.keys(row).sort())).sort();

describe('kept thresholds', () => {
  it('are what was computed, notes and order of curves included', () => {
    store.saveSweep(one(), plan);
    finish(plan);
    expect(store.keptThresholds('one')).toBeNull();
    const { rows, notes } = computed();
    expect(new Set(rows.map(row => row.target))).toEqual(new Set(['<= 3.5', 'published']));
    expect(notes.length).toBeGreaterThan(1);
    for (let i = 0; i < 2; i++) {
      const kept = store.keptThresholds('one')!;
      expect(sorted(kept.rows)).toEqual(sorted(rows));
      expect(curvesOf(kept.rows)).toEqual(curvesOf(rows));
      expect(kept.rows.map(row => row.target === 'published')).toEqual(
        rows.map(row => row.target === 'published'),
      );
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
    expect(store.keptThresholds('one')).not.toBeNull();
    const before = store.keptThresholds('one')!.rows.length;
    for (const trajectory of plan) complete(store, trajectory, pool.evaluate);
    expect(store.keptThresholds('one')).toBeNull();
    // The curves of the pool are there now.
    expect(computed().rows.length).toBeGreaterThan(before);
    expect(store.keptThresholds('one')).not.toBeNull();
  });

  it('are none where an attempt was under way when they were computed', () => {
    store.saveSweep(one(), plan);
    finish(plan.slice(1));
    store.started('bb', ATTEMPT);
    store.rows('bb', checkpoint(0), [cell(0, greedy(3))]);
    computed();
    expect(store.keptThresholds('one')).toBeNull();
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
    expect(store.keptThresholds('one')).toBeNull();
    store.saveSweep(one(), plan);
    expect(store.keptThresholds('one')).toBeNull();
  });

  it('are none where the sweep asks for fewer trajectories', () => {
    store.saveSweep(one(), plan);
    finish(plan);
    computed();
    store.saveSweep(one(), plan.slice(1));
    expect(store.keptThresholds('one')).toBeNull();
  });

  it.each([
    [
      'of another version',
      `UPDATE sweeps SET thresholds_from = json_set(thresholds_from, '$.toolVersion', '0.0.9')`,
    ],
    ['changed by hand', 'UPDATE threshold_rows SET flagged = 1 - flagged'],
    ['removed by hand', "DELETE FROM threshold_rows WHERE target = 'published'"],
  ])('are none where they are %s', (_, sql) => {
    store.saveSweep(one(), plan);
    finish(plan);
    computed();
    changedBeside(sql);
    expect(store.keptThresholds('one')).toBeNull();
  });

  it('are none where nobody says what they were computed from', () => {
    store.saveSweep(one(), plan);
    finish(plan);
    const { rows } = computed();
    store.replaceThresholds('one', rows);
    expect(store.keptThresholds('one')).toBeNull();
  });
});
