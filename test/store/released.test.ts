/** Databases of every released version, in test/store/released, work with this version. */
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { beforeEach, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT, TOOL_VERSION } from '../../src/base/paths.js';
import { parseSweep } from '../../src/domain/sweep-file/parse.js';
import { NUMERICS } from '../../src/engine/numerics.js';
import { prepareSweep } from '../../src/run/prepare.js';
import { runSweep } from '../../src/run/run-sweep.js';
import { openReader } from '../../src/store/read/reader.js';
import { readStatus } from '../../src/store/read/status.js';
import { storedTrajectory } from '../../src/store/read/stored-trajectory.js';
import { MIGRATIONS, migrate, SCHEMA_VERSION } from '../../src/store/schema/migrations.js';
import { showAsCurrent } from '../../src/store/schema/read-older.js';
import { Store } from '../../src/store/write/store.js';
import { completeTrajectory, EVALUATE, greedy, planned, sweep, temporaryFolders } from './fixtures.js';

const RELEASED = join(PACKAGE_ROOT, 'test', 'store', 'released');
const versions = readdirSync(RELEASED).map(name => name.replace(/\.sqlite$/, ''));
const folder = temporaryFolders();
let file: string;

const schemaOf = (db: Database) =>
  (db.prepare('SELECT name, sql FROM sqlite_schema ORDER BY 1').all() as { sql: string | null }[]).map(
    ({ sql, ...rest }) => ({ ...rest, sql: sql?.replace(/\s+/g, ' ') }),
  );
const rowsOf = (db: Database, relation: string) => {
  const rows = db.prepare(`SELECT * FROM ${relation}`).all() as object[];
  return rows.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
};
const USERS = ['results', 'progress', 'thresholds', 'trajectories', 'attempts'];

/** The rows of all relations that users read, read with plain SQLite. */
function readPlain(name: string): Record<string, object[]> {
  const db = new Sqlite(name, { readonly: true });
  try {
    return Object.fromEntries(USERS.map(relation => [relation, rowsOf(db, relation)]));
  } finally {
    db.close();
  }
}

it('the folder holds a database of every released version', () => {
  expect(versions.sort()).toEqual(['0.1.0', '0.1.0-schema-5', '0.2.0']);
});

describe.each(versions)('a database of %s', version => {
  beforeEach(() => {
    file = join(folder(), 'old.sqlite');
    copyFileSync(join(RELEASED, `${version}.sqlite`), file);
  });

  it('is read without being changed', () => {
    const before = readPlain(file);
    const reader = openReader(file);
    expect(reader.progress()).toMatchObject([
      { sweep: 'plain', trajectories: 4, trajectoriesDone: 4, cells: 64, cellsDone: 64 },
      {
        sweep: 'rates',
        trajectories: 3,
        trajectoriesDone: 2,
        trajectoriesFailed: 1,
        cells: 12,
        cellsDone: 9,
      },
    ]);
    const report = readStatus(reader, file);
    expect(report.holder).toBeNull();
    expect(report.failures).toMatchObject([{ errorCode: 'DIVERGED' }]);
    expect([...reader.curveRows('plain')]).toHaveLength(64);
    expect(reader.relations().map(({ name }) => name)).toEqual(expect.arrayContaining(USERS));
    reader.close();
    expect(readPlain(file)).toEqual(before);
    expect(readFileSync(file).equals(readFileSync(join(RELEASED, `${version}.sqlite`)))).toBe(true);
  });

  it('is migrated to the schema of a new database, and keeps its rows', () => {
    const before = readPlain(file);
    Store.open(file).close();
    const fresh = join(folder(), 'new.sqlite');
    Store.open(fresh).close();
    const [db, made] = [new Sqlite(file), new Sqlite(fresh)];
    expect(schemaOf(db)).toEqual(schemaOf(made));
    expect(db.pragma('user_version', { simple: true })).toBe(SCHEMA_VERSION);
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    for (const handle of [db, made]) handle.close();
    for (const relation of USERS) expect(readPlain(file)[relation]).toMatchObject(before[relation]!);
  });

  it('keeps finished cells finished, and accepts further sweeps', () => {
    const before = readPlain(file);
    const store = Store.open(file);
    const done = (before.trajectories as { id: string; status: string }[]).filter(
      row => row.status === 'done',
    );
    expect(done).toHaveLength(5);
    for (const { id } of done) {
      expect(store.unfinished(storedTrajectory(file, id).planned, EVALUATE)).toEqual([]);
    }
    const plan = planned('aa', [0, 5], [greedy(3)]);
    store.saveSweep(sweep('later'), [plan]);
    completeTrajectory(store, plan);
    expect(store.progress('later')).toMatchObject({ trajectoriesDone: 1, cellsDone: 2 });
    store.close();
    expect(readPlain(file).results).toHaveLength(before.results!.length + 2);
  });

  it('goes on with nothing computed again, if its numbers are still those of today', async () => {
    const reader = openReader(file);
    const { definition } = reader.sweep('plain');
    const [row] = reader.rows<{ numerics: number }>('SELECT max(numerics) AS numerics FROM trajectories', {});
    reader.close();
    if (row!.numerics !== NUMERICS.wasm) return expect(version).toBe('0.1.0');
    const results = () =>
      readPlain(file).results!.filter(row => (row as { sweep: string }).sweep === 'plain');
    const plans = () => {
      const db = new Sqlite(file, { readonly: true });
      const all = db.prepare(`SELECT plan FROM sweeps WHERE name = 'plain'`).pluck().all();
      db.close();
      return all;
    };
    const [before, plansBefore] = [results(), plans()];
    const prepared = await prepareSweep(parseSweep(JSON.stringify(definition)));
    const outcome = await runSweep(prepared, {
      db: file,
      threads: 1,
      executor: () => {
        throw new Error('something was to be computed');
      },
    });
    expect(outcome.progress).toMatchObject({ cells: 64, cellsDone: 64, trajectoriesDone: 4 });
    expect(outcome.thresholds.length).toBeGreaterThan(0);
    expect(results()).toMatchObject(before);
    // An equal plan writes no member again.
    expect(plans()).toEqual(plansBefore);
  });
});

describe('a migration', () => {
  const later = [
    ...MIGRATIONS,
    'CREATE TABLE later (a, b DEFAULT 5); ALTER TABLE sweeps ADD COLUMN note TEXT',
    '',
  ];
  const more = [...later, `ALTER TABLE later ADD COLUMN c TEXT NOT NULL DEFAULT 'none'`];
  beforeEach(() => {
    file = join(folder(), 'old.sqlite');
    copyFileSync(join(RELEASED, '0.1.0.sqlite'), file);
  });

  it('is visible to readers before it is applied', () => {
    const reading = new Sqlite(file, { readonly: true });
    const before = schemaOf(reading);
    showAsCurrent(reading, more);
    reading.pragma('query_only = ON');
    const writing = new Sqlite(join(folder(), 'migrated.sqlite'));
    writing.close();
    copyFileSync(file, writing.name);
    const migrated = new Sqlite(writing.name);
    migrate(migrated, TOOL_VERSION, more);
    for (const relation of [...USERS, 'sweeps', 'later']) {
      expect(
        reading
          .prepare(`SELECT * FROM ${relation}`)
          .columns()
          .map(({ name }) => name),
      ).toEqual(
        migrated
          .prepare(`SELECT * FROM ${relation}`)
          .columns()
          .map(({ name }) => name),
      );
    }
    for (const relation of USERS) expect(rowsOf(reading, relation)).toEqual(rowsOf(migrated, relation));
    expect(reading.prepare('SELECT name, note FROM sweeps').all()).toEqual([
      { name: 'plain', note: null },
      { name: 'rates', note: null },
    ]);
    expect(schemaOf(reading)).toEqual(before);
    reading.close();
    migrated.close();
  });

  it('runs once, in order, from any version', () => {
    const db = new Sqlite(file);
    migrate(db, '1.0.0', later);
    db.exec(`INSERT INTO later (a) VALUES (1)`);
    migrate(db, '2.0.0', more);
    migrate(db, '3.0.0', more);
    expect(db.prepare('SELECT * FROM later').all()).toEqual([{ a: 1, b: 5, c: 'none' }]);
    expect(db.prepare('SELECT value FROM about').pluck().get()).toBe('espalier 2.0.0');
    db.close();
  });
});
