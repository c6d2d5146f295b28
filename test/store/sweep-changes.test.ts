import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PlannedTrajectory, SetName } from '../../src/domain/types.js';
import { storedSweepChanges } from '../../src/store/read/sweep-changes.js';
import { Store } from '../../src/store/write/store.js';
import { completeTrajectory, config, greedy, planned, random, sweep, temporaryFolders } from './fixtures.js';

const folder = temporaryFolders();
let file: string;
let store: Store;
beforeEach(() => {
  file = join(folder(), 'a.sqlite');
  store = Store.open(file);
});
afterEach(() => store.close());

const VARIANTS = [greedy(3), random(3)];
const seeds = (list: readonly number[], times: readonly number[] = [0, 5]): PlannedTrajectory[] =>
  list.map(seed => planned(`s${seed}`, times, VARIANTS, config(20, seed)));
const defined = (axes: object, changes: object = {}) =>
  sweep('one', { definition: { name: 'one', axes, train: { momentum: 0 } }, ...changes });

function saveAndFinish(...saved: Parameters<Store['saveSweep']>): void {
  store.saveSweep(...saved);
  for (const plan of saved[1]) completeTrajectory(store, plan, saved[0].evaluate);
}

describe('an edited sweep', () => {
  it('is told as what is new, kept and dropped, and by the values that differ', () => {
    saveAndFinish(defined({ seed: [0, 1, 2], width: [10] }), seeds([0, 1, 2]));
    const edited = defined({ seed: [0, 3], width: [10] });
    const expected = {
      trajectories: { new: 1, kept: 1, dropped: 2 },
      cells: { new: 4, newHeld: 0, kept: 4, dropped: 8, droppedFinished: 8, measuredAgain: 0 },
      furtherSets: { dense: [], subnet: [] },
      newlyCertified: false,
      settings: [{ path: 'seed', removed: [1, 2], added: [3] }],
    };
    // From outside, before it is saved, and when it is.
    expect(storedSweepChanges(file, edited, seeds([0, 3]))).toEqual(expected);
    expect(store.saveSweep(edited, seeds([0, 3]))).toEqual(expected);
    expect(store.saveSweep(edited, seeds([0, 3]))).toBeNull();
    // Back again: what was dropped is in the file still.
    const back = store.saveSweep(defined({ seed: [0, 1, 2], width: [10] }), seeds([0, 1, 2]));
    expect(back?.cells).toEqual({
      new: 8,
      newHeld: 8,
      kept: 4,
      dropped: 4,
      droppedFinished: 0,
      measuredAgain: 0,
    });
  });

  it('drops everything where a setting changed, or the engine, the numerics or the data', () => {
    saveAndFinish(defined({ seed: [0] }), seeds([0]));
    const settings = { ...config(20, 0), engine: 'reference', numerics: 2 } as const;
    const other = planned('other', [0, 5], VARIANTS, {
      ...settings,
      dataset: { ...settings.dataset, content: 'other files' },
    });
    const definition = { name: 'one', axes: { seed: [0] }, train: { momentum: 0.5 } };
    expect(store.saveSweep(sweep('one', { definition }), [other])).toMatchObject({
      trajectories: { new: 1, kept: 0, dropped: 1 },
      cells: { new: 4, kept: 0, dropped: 4, droppedFinished: 4 },
      settings: [
        { path: 'engine', removed: ['wasm'], added: ['reference'] },
        { path: 'numerics', removed: [1], added: [2] },
        { path: 'dataset.content', removed: ['digits-1'], added: ['other files'] },
        { path: 'train.momentum', removed: [0], added: [0.5] },
      ],
    });
  });

  it('says which finished cells are to be measured again', () => {
    saveAndFinish(sweep('one', { evaluate: { dense: ['train'], subnet: ['train'] } }), seeds([0, 1]));
    const more = sweep('one', { evaluate: { dense: ['train', 'test'], subnet: ['train'] } });
    expect(storedSweepChanges(file, more, seeds([0, 1]))).toMatchObject({
      cells: { new: 0, kept: 8, dropped: 0, measuredAgain: 8 },
      furtherSets: { dense: ['test'], subnet: [] },
    });
    // Fewer sets keep every result.
    expect(
      storedSweepChanges(file, sweep('one', { evaluate: { dense: [], subnet: [] } }), seeds([0, 1])),
    ).toBe(null);
  });

  it('is none where only targets, description or order differ, or where the sweep is new', () => {
    saveAndFinish(defined({ seed: [0, 1] }), seeds([0, 1]));
    const specs = [{ metric: 'subnet_train_loss', kind: 'atMost', value: 0.1, primary: true }] as const;
    const same = defined({ seed: [1, 0] }, { thresholds: specs, description: 'words' });
    expect(storedSweepChanges(file, same, seeds([1, 0]))).toBeNull();
    expect(store.saveSweep(same, seeds([1, 0]))).toBeNull();
    expect(storedSweepChanges(file, sweep('another'), seeds([5]))).toBeNull();
    expect(storedSweepChanges(`${file}-absent`, same, seeds([5]))).toBeNull();
  });

  it('compares axes of either kind, zipped ones too, and a setting that has become an axis', () => {
    saveAndFinish(defined({ width: [5], zip: [{ datasetSize: [10, 20], subnetSize: [1, 2] }] }), seeds([0]));
    const now = {
      zip: [{ datasetSize: [10, 40], subnetSize: [1, 2] }],
      'train.momentum': [0, 0.9],
      width: [5],
    };
    expect(store.saveSweep(defined(now), seeds([1]))?.settings).toEqual([
      { path: 'train.momentum', removed: [], added: [0.9] },
      { path: 'datasetSize', removed: [20], added: [40] },
    ]);
  });

  it('agrees with the rows of results before and after, for any edit', () => {
    const SETS: SetName[] = ['train', 'pool', 'test'];
    const sets = fc.record({ dense: fc.subarray(SETS), subnet: fc.subarray(SETS) });
    const plan = fc.record({
      evaluate: sets,
      trajectories: fc.uniqueArray(
        fc.record({
          seed: fc.nat(3),
          times: fc.subarray([0, 3, 5, 9], { minLength: 1 }),
          variants: fc.subarray([...VARIANTS, greedy(4)], { minLength: 1 }),
        }),
        { selector: ({ seed }) => seed, maxLength: 4 },
      ),
    });
    type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;
    const db = new Sqlite(file, { readonly: true });
    const keysOf = (sql: string) => new Set(db.prepare(sql).pluck().all('property') as string[]);
    const KEY = `trajectory || ' ' || t || ' ' || variant`;
    const members = () =>
      keysOf(`SELECT ${KEY} FROM members WHERE sweep = (SELECT key FROM sweeps WHERE name = ?)`);
    const results = () =>
      keysOf(
        `SELECT trajectory_id || ' ' || pretrain_iterations || ' ' || prune_method || ' ' || subnet_size
         FROM results WHERE sweep = ?`,
      );
    const without = (a: Set<string>, b: Set<string>) => [...a].filter(key => !b.has(key)).length;
    const trajectoriesOf = ({ trajectories }: Plan) =>
      trajectories.map(({ seed, times, variants }) => planned(`p${seed}`, times, variants, config(20, seed)));
    const save = (one: Plan) =>
      store.saveSweep(sweep('property', { definition: one, evaluate: one.evaluate }), trajectoriesOf(one));
    fc.assert(
      fc.property(plan, plan, fc.nat(4), (one, two, finished) => {
        save(one);
        for (const trajectory of trajectoriesOf(one).slice(0, finished))
          completeTrajectory(store, trajectory, one.evaluate);
        const [oldMembers, oldResults] = [members(), results()];
        const changes = save(two);
        const [nowMembers, nowResults] = [members(), results()];
        if (!changes) {
          expect(nowMembers).toEqual(oldMembers);
          expect(without(oldResults, nowResults)).toBe(0);
          return;
        }
        const { cells } = changes;
        expect(cells.new).toBe(without(nowMembers, oldMembers));
        expect(cells.kept).toBe(nowMembers.size - cells.new);
        expect(cells.dropped).toBe(without(oldMembers, nowMembers));
        expect(cells.droppedFinished + cells.measuredAgain).toBe(without(oldResults, nowResults));
      }),
      { numRuns: 60 },
    );
    db.close();
  });
});
