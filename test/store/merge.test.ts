import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { mergeDatabases } from '../../src/analysis/merge-databases.js';
import { refreshThresholds } from '../../src/analysis/thresholds.js';
import { StoreError } from '../../src/base/errors.js';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import type { PlannedTrajectory, ThresholdSpec, Variant } from '../../src/domain/types.js';
import { Snapshots, snapshotIterations } from '../../src/store/file/snapshots.js';
import {
  PREDICTION_COLUMNS,
  replacePredictions,
  type StoredPrediction,
} from '../../src/store/schema/predictions.js';
import { Store } from '../../src/store/write/store.js';
import { numbers, type Row } from '../support/results.js';
import {
  ATTEMPT,
  cell,
  checkpoint,
  completeTrajectory,
  config,
  greedy,
  planned,
  random,
  sampled,
  sweep,
  temporaryFolders,
} from './fixtures.js';

const folder = temporaryFolders();
let at: (name: string) => string;
beforeEach(() => {
  const own = folder();
  at = name => join(own, name);
});

const VARIANTS = [greedy(3), random(2), greedy(5, 4)];
const TARGETS: ThresholdSpec[] = [
  { metric: 'subnet_train_loss', kind: 'atMost', value: 12, primary: true },
  { metric: 'subnet_train_loss', kind: 'published', value: null, primary: false },
];
const PLANS = [0, 1, 2, 3].map(i => planned(`a${i}`, [0, 5, 9], VARIANTS, config(20 + 10 * (i % 2), i >> 1)));
const SWEEP = sweep('one', { thresholds: TARGETS });

/** Every row of every table and view but the lock, in the order in which the file has them. */
function content(file: string): Record<string, Row[]> {
  const db = new Sqlite(file, { readonly: true });
  try {
    const names = db
      .prepare(
        `SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name <> 'holder' AND name NOT LIKE 'sqlite%'`,
      )
      .pluck()
      .all() as string[];
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    return Object.fromEntries(
      names.map(name => [name, db.prepare<[], Row>(`SELECT * FROM ${name}`).all()] as const),
    );
  } finally {
    db.close();
  }
}

const sorted = (all: readonly Row[]): string[] => all.map(row => JSON.stringify(row)).sort();

/** The first cells of a trajectory, as a run that is stopped then leaves them. */
function recordFirst(store: Store, { id, checkpoints }: PlannedTrajectory, count: number): void {
  store.started(id, { ...ATTEMPT, worker: `here/17/${count}` });
  for (const { t, variants } of checkpoints.slice(0, count))
    void store.rows(
      id,
      checkpoint(t),
      variants.map(variant => cell(t, variant)),
    );
  void store.finished(id, { kind: 'stopped' });
}

/** A database of one part: how many checkpoints of each trajectory it has; null for none of it. */
function writePart(file: string, counts: readonly (number | null)[], by = PLANS, of = SWEEP): void {
  const store = Store.open(file);
  const own = by.filter((_, i) => counts[i] !== null && counts[i] !== undefined);
  store.saveSweep(of, own);
  for (const [i, plan] of by.entries()) {
    const count = counts[i];
    if (count === plan.checkpoints.length) completeTrajectory(store, plan);
    else if (count !== null && count !== undefined && count > 0) recordFirst(store, plan, count);
  }
  store.close();
}

const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

const errorOf = (work: () => unknown): StoreError => {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(StoreError);
    return error as StoreError;
  }
  throw new Error('nothing was thrown');
};

function change(file: string, sql: string): void {
  const db = new Sqlite(file);
  db.pragma('foreign_keys = OFF');
  db.exec(sql);
  db.close();
}

const rows = (file: string, sql: string): unknown[] => {
  const db = new Sqlite(file, { readonly: true });
  try {
    return db.prepare(sql).raw().all();
  } finally {
    db.close();
  }
};

it('variants on samples are joined by their content, whatever their keys', () => {
  const write = (name: string, variants: readonly Variant[]): string => {
    const store = Store.open(at(name));
    const plan = planned('a0', [0, 5], variants);
    store.saveSweep(sweep(name), [plan]);
    completeTrajectory(store, plan);
    store.close();
    return at(name);
  };
  const first = write('a', [greedy(3), sampled(3, 8)]);
  const second = write('b', [sampled(3, 16), sampled(3, 8), random(3)]);
  mergeDatabases(at('both'), [first, second]);
  const { results, variants } = content(at('both'));
  const shown = ({ sweep: of, prune_objective, prune_sample_size, pretrain_iterations: t }: Row) =>
    t === 5 ? [`${of} ${prune_objective} ${prune_sample_size}`] : [];
  expect(results!.flatMap(shown).sort()).toEqual([
    'a brier 8',
    'a squared null',
    'b brier 16',
    'b brier 8',
    'b null null',
  ]);
  expect(variants).toHaveLength(4);
});

describe('parts that overlap', () => {
  const count = fc.constantFrom(null, 0, 1, 2, 3);
  const parts = fc.array(fc.tuple(count, count, count, count), { minLength: 2, maxLength: 4 });

  it('give the same rows in any order, and those of one database of all', { timeout: 300_000 }, () => {
    writePart(at('whole.sqlite'), [3, 3, 3, 3]);
    const store = Store.open(at('whole.sqlite'));
    refreshThresholds(store, store.toReader().sweep('one'));
    store.close();
    const whole = content(at('whole.sqlite'));
    let run = 0;
    fc.assert(
      fc.property(parts, fc.infiniteStream(fc.nat()), (drawn, order) => {
        const name = `${run++}`;
        // The last part has what all others leave out.
        const rest = PLANS.map((_, i) => (drawn.some(counts => counts[i] === 3) ? null : 3));
        const files = [...drawn, rest].map((counts, i) => {
          const file = at(`${name}-${i}.sqlite`);
          writePart(file, counts);
          return file;
        });
        const shuffled = files
          .map(file => [order.next().value as number, file] as const)
          .sort(([a], [b]) => a - b)
          .map(([, file]) => file);
        mergeDatabases(at(`${name}-a.sqlite`), files);
        mergeDatabases(at(`${name}-b.sqlite`), [...shuffled, files[0]!]);
        const merged = content(at(`${name}-a.sqlite`));
        expect(content(at(`${name}-b.sqlite`))).toEqual(merged);
        expect(numbers(at(`${name}-a.sqlite`))).toEqual(numbers(at('whole.sqlite')));
        for (const view of ['thresholds', 'progress'])
          expect(sorted(merged[view]!)).toEqual(sorted(whole[view]!));
        expect(merged.trajectories!.every(({ status }) => status === 'done')).toBe(true);
        const attempts = files.flatMap(file => content(file).attempts!);
        expect(merged.attempts).toHaveLength(attempts.length);
        // Again, and one of them again, and one after the other: nothing new.
        mergeDatabases(at(`${name}-a.sqlite`), [shuffled[0]!, at(`${name}-b.sqlite`)]);
        expect(content(at(`${name}-a.sqlite`))).toEqual(merged);
        for (const file of shuffled) mergeDatabases(at(`${name}-c.sqlite`), [file]);
        expect(numbers(at(`${name}-c.sqlite`))).toEqual(numbers(at('whole.sqlite')));
        expect(content(at(`${name}-c.sqlite`)).thresholds).toEqual(merged.thresholds);
      }),
      { numRuns: 5 },
    );
  });

  it('are one with what they are merged into', () => {
    writePart(at('a.sqlite'), [3, 1, null, null]);
    writePart(at('b.sqlite'), [null, 3, 3, 2]);
    mergeDatabases(at('new.sqlite'), [at('a.sqlite'), at('b.sqlite')]);
    const merged = content(at('new.sqlite'));
    for (const [out, other] of ['ab', 'ba'].map(order => [...order])) {
      copyFileSync(at(`${out}.sqlite`), at(`into-${out}.sqlite`));
      mergeDatabases(at(`into-${out}.sqlite`), [at(`${other}.sqlite`)]);
      expect(content(at(`into-${out}.sqlite`))).toEqual(merged);
    }
    expect(merged.progress).toMatchObject([{ trajectories: 4, trajectories_done: 3, cells_done: 33 }]);
    expect(readdirSync(at('')).filter(name => !name.endsWith('.sqlite'))).toEqual([]);
  });

  it('are counted once, whatever they are called', () => {
    writePart(at('a.sqlite'), [3, 1, null, null]);
    const { files } = mergeDatabases(at('out.sqlite'), [at('a.sqlite'), at('./a.sqlite')]);
    expect(files).toEqual([at('a.sqlite')]);
    expect(mergeDatabases(at('out.sqlite'), [at('out.sqlite')]).files).toEqual([at('out.sqlite')]);
  });
});

describe('predictions', () => {
  /** Predictions of one trajectory, by target. */
  function predict(
    file: string,
    id: string,
    predicted: Readonly<Record<number, number>>,
    horizon: number,
  ): void {
    const blank = Object.fromEntries(PREDICTION_COLUMNS.map(column => [column, null]));
    const db = new Sqlite(file);
    const key = db.prepare('SELECT key FROM trajectory_keys WHERE id = ?').pluck().get(id) as number;
    const scope = { kernel: 'initial', horizon, subnetSize: 5 };
    const rows = Object.entries(predicted).map(([target, value]) => ({
      ...(blank as unknown as StoredPrediction),
      kernel: 'initial',
      target: Number(target),
      predicted: value,
    }));
    replacePredictions(db, 1, key, scope, rows);
    db.close();
  }
  const ofAll = (file: string) =>
    rows(file, 'SELECT trajectory_id, target, predicted FROM predictions ORDER BY 1, 2');

  it('are joined by content; of one target the farthest stays', () => {
    writePart(at('a.sqlite'), [3, 1, null, null]);
    writePart(at('b.sqlite'), [3, 3, 3, 2]);
    predict(at('a.sqlite'), 'a0', { 0.1: 7, 0.2: 4 }, 9);
    predict(at('b.sqlite'), 'a0', { 0.1: 7, 0.3: 2 }, 9);
    predict(at('a.sqlite'), 'a1', { 0.1: 5 }, 5);
    predict(at('b.sqlite'), 'a1', { 0.1: 8 }, 9);
    mergeDatabases(at('out.sqlite'), [at('a.sqlite'), at('b.sqlite')]);
    mergeDatabases(at('back.sqlite'), [at('b.sqlite'), at('a.sqlite')]);
    expect(ofAll(at('out.sqlite'))).toEqual([
      ['a0', 0.1, 7],
      ['a0', 0.2, 4],
      ['a0', 0.3, 2],
      ['a1', 0.1, 8],
    ]);
    expect(content(at('back.sqlite'))).toEqual(content(at('out.sqlite')));
  });

  it('are refused where equal ones differ', () => {
    for (const name of ['a', 'b']) writePart(at(`${name}.sqlite`), [3, null, null, null]);
    predict(at('a.sqlite'), 'a0', { 0.1: 7 }, 9);
    predict(at('b.sqlite'), 'a0', { 0.1: 8 }, 9);
    const error = errorOf(() => mergeDatabases(at('out.sqlite'), [at('a.sqlite'), at('b.sqlite')]));
    expect(error.code).toBe('BITS_DIFFER');
    expect(error.message).toMatch(
      /trajectory a0 .* at the prediction of the initial kernel for 0.1: predicted is 7 in .*a\.sqlite.* and 8 in .*b\.sqlite/,
    );
    expect(existsSync(at('out.sqlite'))).toBe(false);
  });
});

describe('several sweeps', () => {
  const other = sweep('two', { evaluate: { dense: ['train'], subnet: ['train', 'pool'] } });

  it('share cells, and fill what each lacks', () => {
    writePart(at('a.sqlite'), [3, null, null, null]);
    const store = Store.open(at('b.sqlite'));
    const wider = planned('a0', [0, 9, 12], [greedy(3)]);
    store.saveSweep(other, [wider]);
    completeTrajectory(store, wider, other.evaluate);
    store.close();
    mergeDatabases(at('out.sqlite'), [at('a.sqlite'), at('b.sqlite')]);
    expect(content(at('out.sqlite')).progress).toMatchObject([
      { sweep: 'one', trajectories: 1, trajectories_done: 1, cells: 9, cells_done: 9 },
      { sweep: 'two', trajectories: 1, trajectories_done: 1, cells: 3, cells_done: 3 },
    ]);
    expect(rows(at('out.sqlite'), 'SELECT t, recorded FROM cells WHERE variant = 1')).toEqual([
      // With the bit of the certificate.
      [0, 15],
      [5, 13],
      [9, 15],
      [12, 11],
    ]);
  });

  it('of one name that differ in thresholds alone are joined; of other grids the latest stays', () => {
    writePart(at('a.sqlite'), [3, null, null, null]);
    const edited = {
      ...SWEEP,
      definition: { name: 'one', thresholds: [1] },
      thresholds: TARGETS.slice(0, 1),
    };
    writePart(at('b.sqlite'), [null, 3, null, null], PLANS, edited);
    const joined = mergeDatabases(at('ab.sqlite'), [at('b.sqlite'), at('a.sqlite')]);
    expect(joined.progress).toMatchObject([{ trajectories: 2, cellsDone: 18 }]);
    expect(joined.sweeps).toMatchObject([{ name: 'one', others: [] }]);
    expect(rows(at('ab.sqlite'), 'SELECT count(DISTINCT target) FROM thresholds')).toEqual([[1]]);
    writePart(at('c.sqlite'), [null, null, 3, null], PLANS, {
      ...SWEEP,
      definition: { name: 'one', width: 7 },
    });
    const replaced = mergeDatabases(at('out.sqlite'), [at('c.sqlite'), at('a.sqlite'), at('b.sqlite')]);
    expect(replaced.sweeps).toMatchObject([{ name: 'one', latest: 0, others: [1, 2] }]);
    expect(replaced.progress).toMatchObject([{ trajectories: 1, cellsDone: 9 }]);
    expect(replaced.cells).toBe(27);
  });
});

describe('different numbers', () => {
  beforeEach(() => {
    writePart(at('a.sqlite'), [3, 3, null, null]);
    writePart(at('b.sqlite'), [null, 3, 3, null]);
  });

  it.each([
    [
      'cells',
      'subnet_test_loss',
      /a1 .*t = 5, greedy on squared loss, k = 3: subnet_test_loss is \S+ in .*a\.sqlite/,
    ],
    ['checkpoints', 'dense_train_accuracy', /a1 .*t = 5: dense_train_accuracy is/],
    ['cells', 'distinct_neurons', /distinct_neurons/],
  ])('in %s are refused with both origins: %s', (table, column, message) => {
    const variant = table === 'cells' ? `AND variant = (SELECT key FROM variants WHERE subnet_size = 3)` : '';
    change(
      at('b.sqlite'),
      `UPDATE ${table} SET ${column} = ${column} * (1 + 3e-16) + (typeof(${column}) = 'integer') WHERE t = 5 ${variant}
         AND trajectory = (SELECT key FROM trajectory_keys WHERE id = 'a1')`,
    );
    copyFileSync(at('a.sqlite'), at('out.sqlite'));
    const before = digest(at('out.sqlite'));
    const error = errorOf(() => mergeDatabases(at('out.sqlite'), [at('b.sqlite')]));
    expect(error.code).toBe('BITS_DIFFER');
    const refused = errorOf(() => mergeDatabases(at('new.sqlite'), [at('b.sqlite'), at('a.sqlite')]));
    expect(refused.message).toMatch(message);
    for (const name of ['a.sqlite', 'b.sqlite', 'here/17/1', '0.1.0'])
      expect(refused.message).toContain(name);
    expect(digest(at('out.sqlite'))).toBe(before);
    expect(readdirSync(at('')).sort()).toEqual(['a.sqlite', 'b.sqlite', 'out.sqlite']);
  });

  it('are refused where one is not finite, and taken where one was not measured', () => {
    change(at('b.sqlite'), 'UPDATE cells SET subnet_test_loss = NULL WHERE t = 5');
    expect(errorOf(() => mergeDatabases(at('out.sqlite'), [at('a.sqlite'), at('b.sqlite')])).message).toMatch(
      /subnet_test_loss is .* not finite/,
    );
    change(at('b.sqlite'), 'UPDATE cells SET subnet_test_accuracy = NULL, recorded = 1 WHERE t = 5');
    mergeDatabases(at('out.sqlite'), [at('a.sqlite'), at('b.sqlite')]);
    expect(content(at('out.sqlite')).progress).toMatchObject([{ cells: 27, cells_done: 24 }]);
    expect(
      rows(
        at('out.sqlite'),
        'SELECT id, count(*) FROM cells JOIN trajectory_keys ON key = trajectory WHERE recorded = 1 GROUP BY id',
      ),
    ).toEqual([['a2', 3]]);
  });

  it('in times and passes are none, and the trajectory that was finished first gives them', () => {
    for (const [name, ms] of [
      ['a', 2_000],
      ['b', 1_000],
    ] as const)
      change(
        at(`${name}.sqlite`),
        `UPDATE cells SET finished_ms = ${ms}, prune_wall_s = ${ms}, activation_passes = ${ms}`,
      );
    mergeDatabases(at('out.sqlite'), [at('a.sqlite'), at('b.sqlite')]);
    expect(
      rows(
        at('out.sqlite'),
        `SELECT id, min(finished_ms), max(prune_wall_s), max(activation_passes)
         FROM cells JOIN trajectory_keys ON key = trajectory GROUP BY id ORDER BY id`,
      ),
    ).toEqual([
      ['a0', 2_000, 2_000, 2_000],
      ['a1', 1_000, 1_000, 1_000],
      ['a2', 1_000, 1_000, 1_000],
    ]);
  });

  it('of an engine that does not promise bits: one whole trajectory stays, never a mixture', () => {
    const plans = PLANS.map(plan => ({ ...plan, config: { ...plan.config, engine: 'tfjs' as const } }));
    for (const name of ['x', 'y']) writePart(at(`${name}.sqlite`), [3, 3, null, null], plans);
    change(
      at('x.sqlite'),
      `UPDATE cells SET subnet_train_loss = 1, finished_ms = 5 + 5 * (SELECT id = 'a1' FROM trajectory_keys WHERE key = trajectory);
       UPDATE checkpoints SET dense_train_loss = 1`,
    );
    change(
      at('y.sqlite'),
      `UPDATE cells SET subnet_train_loss = 2, finished_ms = 7; UPDATE checkpoints SET dense_train_loss = 2;
       DELETE FROM cells WHERE t = 9 AND trajectory = (SELECT key FROM trajectory_keys WHERE id = 'a0')`,
    );
    const taken = `SELECT trajectory_id, min(subnet_train_loss), max(subnet_train_loss), min(dense_train_loss),
      max(dense_train_loss), count(*) FROM results GROUP BY 1 ORDER BY 1`;
    for (const order of ['xy', 'yx']) {
      mergeDatabases(
        at(`${order}.sqlite`),
        [...order].map(name => at(`${name}.sqlite`)),
      );
      expect(rows(at(`${order}.sqlite`), taken)).toEqual([
        ['a0', 1, 1, 1, 1, 9],
        ['a1', 2, 2, 2, 2, 9],
      ]);
    }
  });
});

describe('the state of a trajectory', () => {
  it('failed stays failed while it lacks cells, and is done when another database has them', () => {
    for (const name of ['a', 'b']) {
      const store = Store.open(at(`${name}.sqlite`));
      store.saveSweep(SWEEP, PLANS.slice(0, 2));
      if (name === 'b') completeTrajectory(store, PLANS[0]!);
      for (const { id } of name === 'a' ? PLANS.slice(0, 2) : []) {
        store.started(id, ATTEMPT);
        void store.finished(id, { kind: 'failed', code: 'TIMEOUT', message: 'slow', stack: null });
      }
      store.close();
    }
    mergeDatabases(at('out.sqlite'), [at('a.sqlite'), at('b.sqlite')]);
    expect(content(at('out.sqlite')).trajectories).toMatchObject([
      { id: 'a0', status: 'done', error_code: null, attempts: 2 },
      { id: 'a1', status: 'failed', error_code: 'TIMEOUT', attempts: 1 },
    ]);
    expect(content(at('out.sqlite')).attempts!.map(({ outcome }) => outcome)).toEqual(
      expect.arrayContaining(['failed', 'failed', 'done']),
    );
  });

  it('of a copy of a run at work: its attempt is lost, until the database is merged that tells its end', () => {
    const store = Store.open(at('live.sqlite'));
    store.saveSweep(SWEEP, PLANS.slice(0, 1));
    store.started('a0', ATTEMPT);
    void store.rows(
      'a0',
      checkpoint(0),
      VARIANTS.map(variant => cell(0, variant)),
    );
    store.flush();
    mergeDatabases(at('copy.sqlite'), [at('live.sqlite')]);
    const state = 'SELECT status, attempts FROM trajectories';
    const attempts = 'SELECT outcome, ended_at >= started_at FROM attempts';
    expect([rows(at('copy.sqlite'), state), rows(at('copy.sqlite'), attempts)]).toEqual([
      [['pending', 1]],
      [['lost', 1]],
    ]);
    void store.finished('a0', { kind: 'stopped' });
    store.close();
    mergeDatabases(at('copy.sqlite'), [at('live.sqlite')]);
    expect(rows(at('copy.sqlite'), attempts)).toEqual([['stopped', 1]]);
    expect(content(at('copy.sqlite')).attempts).toEqual(content(at('live.sqlite')).attempts);
  });

  it('unfinished keeps the latest snapshot that its next checkpoint can be reached from', () => {
    writePart(at('a.sqlite'), [1, 2, 3, 1]);
    writePart(at('b.sqlite'), [2, 1, null, null]);
    const bytes = new Uint8Array([1, 2]);
    for (const [id, t] of [
      ['a0', 3],
      ['a1', 7],
      ['a2', 8],
      ['a3', 6],
    ] as const)
      new Snapshots(at('a.sqlite')).write(id, { t, bytes });
    new Snapshots(at('b.sqlite')).write('a0', { t: 8, bytes });
    mergeDatabases(at('out.sqlite'), [at('a.sqlite'), at('b.sqlite')]);
    expect(snapshotIterations(at('out.sqlite'))).toEqual(
      new Map([
        ['a0', 8],
        ['a1', 7],
      ]),
    );
    mergeDatabases(at('out.sqlite'), [at('a.sqlite')]);
    expect(snapshotIterations(at('out.sqlite')).get('a0')).toBe(8);
    expect(readdirSync(at('')).filter(name => name.startsWith('.'))).toEqual([]);
  });
});

describe('what cannot be merged', () => {
  const digests = () =>
    new Map(
      readdirSync(at(''))
        .filter(name => /\.sqlite$/.test(name))
        .map(name => [name, digest(at(name))]),
    );
  beforeEach(() => {
    writePart(at('a.sqlite'), [3, null, null, null]);
    writePart(at('out.sqlite'), [null, 3, null, null]);
  });
  /** The code, after checking that nothing was written and the message is a line that names the file. */
  function refusal(named: string, inputs: readonly string[], out = 'out.sqlite'): string {
    const files = digests();
    const names = readdirSync(at('')).sort();
    const error = errorOf(() =>
      mergeDatabases(
        at(out),
        inputs.map(name => at(name)),
      ),
    );
    expect(error.message).toContain(at(named));
    expect(error.message).not.toContain('\n');
    expect(digests()).toEqual(files);
    expect(readdirSync(at('')).sort()).toEqual(names);
    return error.code;
  }

  it('is said in one line, and nothing is written', () => {
    expect(refusal('none.sqlite', ['a.sqlite', 'none.sqlite'])).toBe('DATABASE_MISSING');
    expect(refusal('none.sqlite', ['none.sqlite'], 'new/deep/out.sqlite')).toBe('DATABASE_MISSING');
    writeFileSync(at('text.sqlite'), 'text');
    expect(refusal('text.sqlite', ['text.sqlite'])).toBe('NOT_A_DATABASE');
    expect(refusal('text.sqlite', ['a.sqlite'], 'text.sqlite')).toBe('NOT_A_DATABASE');
    const foreign = new Sqlite(at('foreign.sqlite'));
    foreign.exec('CREATE TABLE a (b)');
    foreign.close();
    expect(refusal('foreign.sqlite', ['a.sqlite', 'foreign.sqlite'])).toBe('NOT_OURS');
    copyFileSync(at('a.sqlite'), at('newer.sqlite'));
    change(at('newer.sqlite'), 'PRAGMA user_version = 1000');
    expect(refusal('newer.sqlite', ['newer.sqlite'], 'new.sqlite')).toBe('NEWER_SCHEMA');
    const damaged = readFileSync(at('a.sqlite'));
    damaged.fill(0x55, 8192, damaged.length - 4096);
    writeFileSync(at('damaged.sqlite'), damaged);
    expect(refusal('damaged.sqlite', ['damaged.sqlite'])).toBe('NOT_A_DATABASE');
    mkdirSync(at('folder'));
    expect(refusal('folder', ['a.sqlite', 'folder'])).toBe('NOT_A_DATABASE');
  });

  it('is a database that a run holds; as an input it may', () => {
    const store = Store.open(at('out.sqlite'));
    const results = numbers(at('out.sqlite'));
    expect(errorOf(() => mergeDatabases(at('out.sqlite'), [at('a.sqlite')]))).toMatchObject({
      code: 'DATABASE_HELD',
    });
    expect(numbers(at('out.sqlite'))).toEqual(results);
    mergeDatabases(at('new.sqlite'), [at('a.sqlite'), at('out.sqlite')]);
    expect(numbers(at('new.sqlite'))).toHaveLength(18);
    store.close();
    mergeDatabases(at('out.sqlite'), [at('a.sqlite')]);
    expect(numbers(at('out.sqlite'))).toEqual(numbers(at('new.sqlite')));
  });
});

describe('databases of every released version', () => {
  const released = join(PACKAGE_ROOT, 'test', 'store', 'released');
  const files = readdirSync(released).map(name => join(released, name));

  it('are joined without being changed, also with each other', () => {
    const bytes = files.map(digest);
    mergeDatabases(at('a.sqlite'), files);
    mergeDatabases(at('b.sqlite'), files.toReversed());
    expect(content(at('a.sqlite'))).toEqual(content(at('b.sqlite')));
    expect(files.map(digest)).toEqual(bytes);
    for (const file of files) {
      mergeDatabases(at('one.sqlite'), [file]);
      expect(existsSync(`${file}-shm`)).toBe(false);
    }
    expect(content(at('one.sqlite')).results).toEqual(content(at('a.sqlite')).results);
  });

  it.each(files)('%s keeps its results and thresholds', file => {
    mergeDatabases(at('out.sqlite'), [file]);
    const [merged, before] = [numbers(at('out.sqlite')), numbers(file)];
    expect(merged).toMatchObject(before);
  });
});
