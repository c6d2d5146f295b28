import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PlannedTrajectory } from '../../src/domain/types.js';
import { Snapshots } from '../../src/store/file/snapshots.js';
import { type ForgetScope, isNothing, readForgettable } from '../../src/store/read/forgettable.js';
import { Store } from '../../src/store/write/store.js';
import { computeThresholds } from '../../src/threshold/targets.js';
import { query as queryFile } from '../support/results.js';
import {
  ATTEMPT,
  cell,
  checkpoint,
  completeTrajectory,
  config,
  greedy,
  planned,
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
afterEach(() => {
  expect(query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  store.close();
});

const UNUSED: ForgetScope = { kind: 'unused' };
const FAILED: ForgetScope = { kind: 'failed' };
const SPECS = [{ metric: 'subnet_train_loss', kind: 'atMost', value: 8, primary: true }] as const;
const VERSION = 7;
const named = (name: string, definition: unknown = name) => sweep(name, { definition, thresholds: SPECS });
const plan = (seed: number, times: readonly number[] = [0, 5], ks: readonly number[] = [3]) =>
  planned(
    `s${seed}`,
    times,
    ks.map(k => greedy(k)),
    config(20, seed),
  );

/** Reads through a connection of its own. */
const query = (sql: string, ...params: readonly unknown[]) => queryFile(file, sql, ...params);
const count = (table: string): number => Number(query(`SELECT count(*) AS n FROM ${table}`)[0]!.n);

/** Everything that users see of a sweep. */
const seen = (name: string) => ({
  results: query('SELECT * FROM results WHERE sweep = ? ORDER BY 2, 8, 9, 11', name),
  thresholds: query('SELECT * FROM thresholds WHERE sweep = ? ORDER BY 2, 7, 8, 9, 10', name),
  progress: query('SELECT * FROM progress WHERE sweep = ?', name),
  fits: query('SELECT report FROM fit_reports WHERE sweep = (SELECT key FROM sweeps WHERE name = ?)', name),
});

function saved(name: string, plans: readonly PlannedTrajectory[], definition: unknown = name): void {
  store.saveSweep(named(name, definition), plans);
  for (const each of plans) if (store.isPending(each.id)) completeTrajectory(store, each);
}
/** A trajectory fails after its first `done` checkpoints. */
function failing(each: PlannedTrajectory, done: number): void {
  store.started(each.id, ATTEMPT);
  for (const { t, variants } of each.checkpoints.slice(0, done))
    store.rows(
      each.id,
      checkpoint(t),
      variants.map(variant => cell(t, variant)),
    );
  store.finished(each.id, { kind: 'failed', code: 'DIVERGED', message: 'not finite', stack: null });
  store.flush();
}
function analysed(name: string): void {
  const { rows, notes } = computeThresholds([...SPECS], store.toReader().curveRows(name), {
    largestSize: 20,
  });
  const data = store.toReader().thresholdData(name)!;
  store.replaceThresholds(name, { rows, notes }, { version: VERSION, data });
  store.replaceFits(name, { simulationSeed: 1, fits: [], report: { of: name } });
}
const validOf = (name: string) => store.toReader().validThresholds(name, VERSION);

describe('forget --unused', () => {
  it('deletes what edits have left, and nothing else', () => {
    saved('one', [plan(0, [0, 5, 9], [3, 4]), plan(1), plan(2)]);
    saved('two', [plan(2, [0], [3]), plan(3)]);
    saved('one', [plan(0, [0, 5], [4])], 'edited');
    for (const name of ['one', 'two']) analysed(name);
    const before = [seen('one'), seen('two'), validOf('one'), validOf('two')];
    const { what } = readForgettable(file, UNUSED);
    // Of trajectory 0 the checkpoint 9 and the other variant, of trajectory 2 the checkpoint 5, and all of trajectory 1.
    expect(what).toEqual({
      trajectories: 1,
      pendingAgain: 0,
      checkpoints: 1 + 1 + 2,
      cells: 4 + 1 + 2,
      attempts: 1,
      snapshots: 0,
    });
    expect(store.forget(UNUSED, what)).toEqual({ what, notShrunk: null });
    expect([seen('one'), seen('two'), validOf('one'), validOf('two')]).toEqual(before);
    expect(before[2]).not.toBeNull();
    expect([count('cells'), count('members'), count('trajectories'), count('trajectory_keys')]).toEqual([
      5, 5, 3, 3,
    ]);
    expect(isNothing(UNUSED, readForgettable(file, UNUSED).what)).toBe(true);
    expect(isNothing(UNUSED, store.forget(UNUSED).what)).toBe(true);
    // What was deleted is computed again when it is asked for again.
    saved('one', [plan(0, [0, 5, 9], [3, 4]), plan(1)]);
    expect(seen('one').progress).toMatchObject([{ cells: 8, cells_done: 8 }]);
  });

  it('gives the space back', () => {
    const times = Array.from({ length: 400 }, (_, t) => t);
    saved('one', [plan(0, times, [3, 4, 5])]);
    saved('one', [plan(0, [0], [3])], 'edited');
    store.close();
    const before = statSync(file).size;
    const { what, bytes } = readForgettable(file, UNUSED);
    store = Store.open(file);
    store.forget(UNUSED, what);
    store.close();
    const freed = before - statSync(file).size;
    expect(freed).toBeGreaterThan(100_000);
    expect(bytes).toBeGreaterThan(freed / 2);
    expect(bytes).toBeLessThan(freed * 2);
  });

  it('removes snapshots of trajectories that are gone, and keeps the others', () => {
    saved('one', [plan(0)]);
    store.saveSweep(named('two'), [plan(1)]);
    const snapshots = new Snapshots(file);
    for (const id of ['s0', 's1', 'abc'])
      snapshots.write(id.replace('s', 'e'), { t: 3, bytes: new Uint8Array(4) });
    // Names of snapshots are hexadecimal: these two trajectories are e0 and e1.
    const [gone, kept] = [
      planned('e0', [0], [greedy(3)], config(9, 0)),
      planned('e1', [0], [greedy(3)], config(9, 1)),
    ];
    store.saveSweep(named('three'), [gone, kept]);
    store.started('e0', ATTEMPT);
    void store.finished('e0', { kind: 'stopped' });
    store.saveSweep(named('three', 'edited'), [kept]);
    expect(store.forget(UNUSED).what).toMatchObject({ trajectories: 1, snapshots: 2 });
    expect(readdirSync(`${file}-snapshots`)).toEqual(['e1-3.snapshot']);
    expect(store.forget({ kind: 'sweep', sweep: 'three' }).what).toMatchObject({ snapshots: 1 });
    expect(existsSync(`${file}-snapshots`)).toBe(false);
  });

  it('deletes nothing where it would be something else than what was agreed to', () => {
    saved('one', [plan(0), plan(1)]);
    saved('one', [plan(0)], 'edited');
    const { what } = readForgettable(file, UNUSED);
    store.saveSweep(named('two'), [plan(1)]);
    const before = query('SELECT * FROM cells');
    expect(() => store.forget(UNUSED, what)).toThrow(
      `${file}: has changed meanwhile, so nothing was deleted; run forget again`,
    );
    expect(query('SELECT * FROM cells')).toEqual(before);
    // The store goes on.
    expect(store.forget(UNUSED).what.cells).toBe(0);
  });

  it('leaves a reader that is in the middle of a transaction with what it saw', () => {
    saved('one', [plan(0), plan(1)]);
    saved('one', [plan(0)], 'edited');
    const reader = new Sqlite(file, { readonly: true });
    reader.exec('BEGIN');
    const cells = () => reader.prepare('SELECT count(*) FROM cells').pluck().get();
    expect(cells()).toBe(4);
    expect(store.forget(UNUSED)).toMatchObject({ what: { cells: 2 }, notShrunk: null });
    expect(cells()).toBe(4);
    reader.exec('COMMIT');
    expect(cells()).toBe(2);
    reader.close();
  });
});

describe('forget --sweep', () => {
  it('deletes the sweep and what no other sweep asks for, what edits have left included', () => {
    saved('one', [plan(0, [0, 5, 9]), plan(1), plan(2)]);
    saved('one', [plan(0, [0, 5, 9]), plan(1)], 'edited');
    saved('two', [plan(0, [0, 5])]);
    // Sweep two lacks nothing of trajectory 0, sweep one does.
    store.saveSweep(named('one', 'again'), [plan(0, [0, 5, 9, 11]), plan(1)]);
    for (const name of ['one', 'two']) analysed(name);
    const [before, valid] = [seen('two'), validOf('two')];
    expect(store.status('s0')).toBe('pending');
    const scope: ForgetScope = { kind: 'sweep', sweep: 'one' };
    const { what } = readForgettable(file, scope);
    expect(what).toMatchObject({ trajectories: 2, cells: 1 + 2 + 2, attempts: 2 });
    expect(store.forget(scope, what)).toEqual({ what, notShrunk: null });
    expect(seen('two')).toEqual(before);
    expect(validOf('two')).toEqual(valid);
    expect(valid).not.toBeNull();
    expect(query('SELECT name FROM sweeps')).toEqual([{ name: 'two' }]);
    for (const table of ['members', 'member_variants', 'threshold_rows', 'fit_reports', 'trajectories'])
      expect(count(table), table).toBe({ members: 2 }[table] ?? 1);
    // Nothing lacks cells of trajectory 0 any more.
    expect(store.status('s0')).toBe('done');
    expect(() => store.forget(scope)).toThrow('sweep one was never saved');
  });

  it('leaves no row behind that a later trajectory, which gets the same key, would take over', () => {
    saved('two', [plan(7)]);
    saved('one', [plan(0), plan(1)]);
    analysed('one');
    const keys = query('SELECT key FROM trajectory_keys ORDER BY key');
    store.forget({ kind: 'sweep', sweep: 'one' });
    store.saveSweep(named('one'), [plan(4), plan(5)]);
    expect(query('SELECT key FROM trajectory_keys ORDER BY key')).toEqual(keys);
    expect(seen('one')).toMatchObject({ results: [], thresholds: [], fits: [] });
    expect(count('attempts')).toBe(1);
  });

  it('leaves an empty database after the last sweep', () => {
    saved('one', [plan(0), plan(1)]);
    analysed('one');
    store.forget({ kind: 'sweep', sweep: 'one' });
    for (const { name } of query(`SELECT name FROM sqlite_schema WHERE type = 'table'`)) {
      if (!['about', 'holder', 'revisions', 'variants'].includes(String(name)))
        expect(count(String(name)), String(name)).toBe(0);
    }
  });
});

describe('forget --failed', () => {
  it('deletes what failed trajectories have recorded, and makes them pending as if new', () => {
    store.saveSweep(named('one'), [plan(0, [0, 5, 9]), plan(1)]);
    completeTrajectory(store, plan(1));
    failing(plan(0, [0, 5, 9]), 2);
    analysed('one');
    const { results, thresholds } = seen('one');
    const valid = validOf('one');
    expect(results).toHaveLength(4);
    const { what } = readForgettable(file, FAILED);
    expect(what).toEqual({
      trajectories: 0,
      pendingAgain: 1,
      checkpoints: 2,
      cells: 2,
      attempts: 1,
      snapshots: 0,
    });
    expect(store.forget(FAILED, what).what).toEqual(what);
    expect(seen('one')).toMatchObject({
      results: results.filter(row => row.trajectory_id === 's1'),
      thresholds,
      progress: [{ cells: 5, cells_done: 2, trajectories_failed: 0 }],
    });
    expect(validOf('one')).toEqual(valid);
    expect(query(`SELECT * FROM trajectories WHERE id = 's0'`)).toMatchObject([
      { status: 'pending', attempts: 0, error: null, error_code: null, worker: null, started_at: null },
    ]);
    expect(store.forget(FAILED).what.pendingAgain).toBe(0);
  });

  it('keeps what a sweep has for which the trajectory is done', () => {
    store.saveSweep(named('done'), [plan(0, [0, 5])]);
    store.saveSweep(named('lacking'), [plan(0, [0, 5, 9, 11])]);
    failing(plan(0, [0, 5, 9, 11]), 3);
    analysed('done');
    const [before, valid] = [seen('done'), validOf('done')];
    expect(before.progress).toMatchObject([{ trajectories_done: 1 }]);
    expect(store.forget(FAILED).what).toMatchObject({
      cells: 1,
      checkpoints: 1,
      attempts: 0,
      pendingAgain: 1,
    });
    expect(seen('done')).toEqual(before);
    expect([validOf('done'), valid]).toEqual([valid, expect.anything()]);
    expect(seen('lacking').results).toHaveLength(2);
    expect(store.status('s0')).toBe('pending');
    expect(query('SELECT attempts, train_wall_s FROM trajectories')).toEqual([
      { attempts: 1, train_wall_s: 3 },
    ]);
  });

  it('deletes a failed trajectory that no sweep asks for, and its snapshot', () => {
    const gone = planned('e0', [0, 5], [greedy(3)], config(9, 0));
    store.saveSweep(named('one'), [plan(1), gone]);
    failing(gone, 1);
    store.saveSweep(named('one', 'edited'), [plan(1)]);
    new Snapshots(file).write('e0', { t: 3, bytes: new Uint8Array(4) });
    expect(store.forget(FAILED).what).toEqual({
      trajectories: 1,
      pendingAgain: 0,
      checkpoints: 1,
      cells: 1,
      attempts: 1,
      snapshots: 1,
    });
    expect([store.status('e0'), existsSync(`${file}-snapshots`)]).toEqual([undefined, false]);
  });

  it('tells pages that cache a sweep that it has changed', () => {
    store.saveSweep(named('one'), [plan(0)]);
    store.saveSweep(named('two'), [plan(1)]);
    failing(plan(0), 1);
    const stamps = () =>
      query('SELECT updated_at FROM sweeps ORDER BY name').map(row => String(row.updated_at));
    const [one, two] = stamps();
    while (new Date().toISOString() === one) {}
    store.forget(FAILED);
    expect(stamps()[0]).not.toBe(one);
    expect(stamps()[1]).toBe(two);
  });
});

it('whatever is forgotten, other sweeps keep their rows, and the counts are those that were said', () => {
  const NAMES = ['one', 'two', 'three'] as const;
  const edit = fc.record({
    name: fc.constantFrom(...NAMES),
    plans: fc.uniqueArray(
      fc.record({
        seed: fc.nat(3),
        times: fc.subarray([0, 5, 9], { minLength: 1 }),
        ks: fc.subarray([3, 4], { minLength: 1 }),
        fate: fc.constantFrom('done', 'failed', 'left'),
      }),
      { selector: ({ seed }) => seed, maxLength: 3 },
    ),
  });
  const scopes: fc.Arbitrary<ForgetScope> = fc.oneof(
    fc.constantFrom(UNUSED, FAILED),
    fc.constantFrom(...NAMES).map(name => ({ kind: 'sweep', sweep: name }) as const),
  );
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 5 }), scopes, (edits, scope) => {
      for (const name of NAMES) store.saveSweep(named(name), []);
      for (const { name, plans } of edits) {
        const trajectories = plans.map(({ seed, times, ks }) => plan(seed, times, ks));
        store.saveSweep(named(name, edits), trajectories);
        for (const [i, { fate }] of plans.entries()) {
          const each = trajectories[i]!;
          if (!store.isPending(each.id) || fate === 'left') continue;
          if (fate === 'done') completeTrajectory(store, each);
          else failing(each, 1);
        }
      }
      for (const name of NAMES) analysed(name);
      const others = NAMES.filter(name => scope.kind !== 'sweep' || name !== scope.sweep);
      const failed = new Set(query(`SELECT id FROM trajectories WHERE status = 'failed'`).map(row => row.id));
      const complete = (name: string) =>
        new Set(
          query(
            `SELECT x.id FROM member_progress p JOIN sweeps s ON s.key = p.sweep
             JOIN trajectory_keys x ON x.key = p.trajectory WHERE s.name = ? AND p.cells = p.cells_done`,
            name,
          ).map(row => row.id),
        );
      const expected = others.map(name => {
        const all = seen(name);
        if (scope.kind !== 'failed') return all;
        const done = complete(name);
        const results = all.results.filter(
          ({ trajectory_id: id }) => done.has(id) || !failed.has(id as string),
        );
        return { results, thresholds: all.thresholds, fits: all.fits };
      });
      const valid = others.map(validOf);
      const { what } = readForgettable(file, scope);
      expect(store.forget(scope, what).what).toEqual(what);
      for (const [i, name] of others.entries()) {
        const now = seen(name);
        if (scope.kind === 'failed') {
          // Cells that another sweep is done with may be kept beyond those expected.
          expect(now).toMatchObject({ thresholds: expected[i]!.thresholds, fits: expected[i]!.fits });
          expect(now.results).toEqual(expect.arrayContaining(expected[i]!.results));
        } else expect(now).toEqual(expected[i]);
        expect(validOf(name)).toEqual(valid[i]);
        const { rows } = computeThresholds([...SPECS], store.toReader().curveRows(name), { largestSize: 20 });
        expect(validOf(name)!.rows).toHaveLength(rows.length);
      }
      // Statuses agree with the cells, no row is an orphan, and there is nothing left to forget.
      expect(
        query(
          `SELECT y.id FROM trajectories y JOIN trajectory_keys x ON x.id = y.id JOIN member_progress p ON p.trajectory = x.key
           GROUP BY y.id HAVING y.status <> 'failed' AND (y.status = 'done') <> (sum(p.cells) = sum(p.cells_done))`,
        ),
      ).toEqual([]);
      for (const table of ['cells', 'checkpoints', 'members', 'member_variants', 'threshold_rows'])
        expect(
          query(`SELECT 1 FROM ${table} WHERE trajectory NOT IN (SELECT key FROM trajectory_keys)`),
        ).toEqual([]);
      expect(
        query('SELECT 1 FROM attempts WHERE trajectory_id NOT IN (SELECT id FROM trajectories)'),
      ).toEqual([]);
      if (scope.kind !== 'sweep') expect(isNothing(scope, readForgettable(file, scope).what)).toBe(true);
      expect(query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
      // Empties the database for the next run.
      for (const { name } of query('SELECT name FROM sweeps'))
        store.forget({ kind: 'sweep', sweep: String(name) });
      expect(count('trajectories')).toBe(0);
    }),
    { numRuns: 15 },
  );
});
