/**
 * The tables, and how a database of an earlier version becomes one of this version.
 *
 *   trajectories     one row each, as users read it; its key inside is an integer, from trajectory_keys
 *   variants         what is pruned at a checkpoint: method, objective, subnetwork size, re-training
 *   checkpoints      (trajectory, t): the dense network
 *   cells            (trajectory, t, variant): the subnetwork
 *   sweeps           definitions; `dense_mask` and `subnet_mask` say what must be recorded
 *   members          which cells a sweep asks for, finished or not
 *   member_variants  which variants of which trajectories a sweep asks for, with its other axes as JSON
 *   threshold_rows   the crossings that were last computed for a sweep
 *   fit_reports, fit_groups, fit_laws   what was last fitted to them
 *   revisions        `results`: counts every change to cells and checkpoints
 *   attempts         every start and end of a trajectory
 *   holder           at most one row: the process that may write
 *   about            who wrote this schema
 *
 * A cell is finished for a sweep when the cell and its checkpoint have recorded all the sets of the sweep's masks
 * (train 1, pool 2, test 4). `cells.recorded` counts a set of a re-trained variant only when both the subnetwork and
 * the re-trained one were measured on it.
 *
 * To change the schema, append an entry to MIGRATIONS; the version is their number, and nothing else has to be raised.
 *
 * - A migration is SQL that adds: CREATE TABLE, CREATE INDEX, CREATE TRIGGER, rows of a table of its own, ALTER TABLE
 *   ... ADD COLUMN (with a default, or NULL).
 *   Programs that only read show an older database as if it had been migrated, without touching it (read-older.ts): they
 *   can add empty tables and default columns, and no more.
 * - Views are not part of migrations: change views.ts, and append a migration if there is no other, be it ''. All
 *   views are dropped and made anew whenever a database is migrated.
 * - A new database goes through the same migrations as an old one. Entries of MIGRATIONS that are on the main branch
 *   never change, INITIAL included: they must not be put together from what may change, such as lists of columns.
 * - With every release, a database that it wrote is kept in test/store/released; all of them are migrated there.
 */
import type { Database } from 'better-sqlite3';
import { FIT_TABLES } from './fit-tables.js';
import { INITIAL_SCHEMA } from './initial-schema.js';
import { REVISIONS } from './revisions.js';
import { VIEWS } from './views.js';

/** `espl` in ASCII: which SQLite files are ours. At byte 68 of the file, big-endian. */
export const APPLICATION_ID = 0x6573706c;

/** MIGRATIONS[v] turns the tables of version v into those of version v + 1. */
export const MIGRATIONS: readonly string[] = [
  INITIAL_SCHEMA,
  FIT_TABLES,
  // What a run tells of itself to those who look on. slow_reader: JSON, see SlowReader.
  `ALTER TABLE holder ADD COLUMN slow_reader TEXT; ALTER TABLE holder ADD COLUMN seconds_left REAL;`,
  // A hash of all that a sweep's members follow from: see sweep-cells.ts.
  'ALTER TABLE sweeps ADD COLUMN plan TEXT',
  // What its thresholds were computed from, as JSON: see read/stored-thresholds.ts.
  'ALTER TABLE sweeps ADD COLUMN thresholds_from TEXT',
  REVISIONS,
];

/** The version of this program's schema, kept in the file as `user_version`. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** Brings a database of ours to the last of the migrations. Inside a transaction of the caller. */
export function migrate(db: Database, toolVersion: string, migrations: readonly string[] = MIGRATIONS): void {
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version >= migrations.length) return;
  const views = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'view'`).pluck().all() as string[];
  for (const view of views) db.exec(`DROP VIEW "${view}"`);
  for (const migration of migrations.slice(version)) db.exec(migration);
  db.exec(VIEWS);
  db.prepare(`INSERT OR REPLACE INTO about VALUES ('written_by', ?)`).run(`espalier ${toolVersion}`);
  db.pragma(`user_version = ${migrations.length}`);
}
