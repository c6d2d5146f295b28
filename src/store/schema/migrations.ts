/**
 * Documents the tables, and migrates databases of earlier versions.
 *
 *   trajectories     one row each, as users read it; inside, trajectory_keys gives each an integer key
 *   variants         ways to prune at a checkpoint: method, objective, sample size, subnetwork size, re-training
 *   checkpoints      (trajectory, t): the dense network
 *   cells            (trajectory, t, variant): the subnetwork
 *   sweeps           definitions; `dense_mask` and `subnet_mask` are the sets that must be recorded
 *   members          the cells that a sweep requests, finished or not
 *   member_variants  the (trajectory, variant) pairs that a sweep requests, with its other axes as JSON
 *   threshold_rows   the crossings last computed for a sweep
 *   fit_reports, fit_groups, fit_laws   the laws last fitted to them
 *   prediction_rows  what a kernel predicts for a trajectory of a sweep, one row a target
 *   revisions        `results`: counts every change to cells and checkpoints
 *   attempts         every start and end of a trajectory
 *   holder           at most one row: the process that may write
 *   about            who wrote this schema
 *
 * A cell is finished for a sweep when the cell and its checkpoint have recorded all the sets of the sweep's masks
 * (train 1, pool 2, test 4). `cells.recorded` counts a set of a re-trained variant only when both the subnetwork and
 * the re-trained one were measured on it.
 *
 * To change the schema, append an entry to MIGRATIONS. The version is the number of entries.
 *
 * - A migration only adds: CREATE TABLE, CREATE INDEX, CREATE TRIGGER, rows of its own tables, ALTER TABLE ... ADD COLUMN
 *   (with a default, or NULL); an index may give way to another. Readers show an older database as migrated without
 *   changing it (read-older.ts), which allows for empty tables and default columns only.
 * - Views are not part of migrations: change views.ts, and append a migration if there is no other, even ''. A migration
 *   drops all views and creates them again.
 * - A new database runs the same migrations as an old one. Entries on the main branch never change, INITIAL_SCHEMA
 *   included, so they must not be built from anything that may change, such as lists of columns.
 * - test/store/released keeps a database of every release. Tests migrate all of them.
 */
import type { Database } from 'better-sqlite3';
import { FIT_TABLES } from './fit-tables.js';
import { INITIAL_SCHEMA } from './initial-schema.js';
import { PREDICTION_ROWS } from './prediction-rows.js';
import { REVISIONS } from './revisions.js';
import { VIEWS } from './views.js';

/** `espl` in ASCII, at byte 68 of the file, big-endian: identifies our SQLite files. */
export const APPLICATION_ID = 0x6573706c;

/** MIGRATIONS[v] turns the tables of version v into those of version v + 1. */
export const MIGRATIONS: readonly string[] = [
  INITIAL_SCHEMA,
  FIT_TABLES,
  // State of a run for observers. slow_reader is JSON, see SlowReader.
  `ALTER TABLE holder ADD COLUMN slow_reader TEXT; ALTER TABLE holder ADD COLUMN seconds_left REAL;`,
  // Hash of everything that a sweep's members follow from: see sweep-cells.ts.
  'ALTER TABLE sweeps ADD COLUMN plan TEXT',
  // What the sweep's thresholds were computed from, as JSON: see read/stored-thresholds.ts.
  'ALTER TABLE sweeps ADD COLUMN thresholds_from TEXT',
  REVISIONS,
  // Text of the sweep file about the sweep; the threads of the run, 0 while it is paused.
  'ALTER TABLE sweeps ADD COLUMN description TEXT; ALTER TABLE holder ADD COLUMN threads INTEGER;',
  // What ran the hot loops: Engine.kernels.
  'ALTER TABLE attempts ADD COLUMN kernels TEXT',
  PREDICTION_ROWS,
  // Workers of a run with a queue, as JSON: QueueState.
  'ALTER TABLE holder ADD COLUMN queue TEXT',
  // Where which law holds.
  `ALTER TABLE fit_groups ADD COLUMN regimes TEXT; ALTER TABLE fit_groups ADD COLUMN lower_law TEXT;
   ALTER TABLE fit_groups ADD COLUMN lower_to INTEGER; ALTER TABLE fit_groups ADD COLUMN upper_law TEXT;
   ALTER TABLE fit_groups ADD COLUMN upper_from INTEGER; ALTER TABLE fit_groups ADD COLUMN bend_low INTEGER;
   ALTER TABLE fit_groups ADD COLUMN bend_high INTEGER;`,
  // The regimes of predictions.
  `ALTER TABLE fit_groups ADD COLUMN regimes_predicted TEXT;
   ALTER TABLE fit_groups ADD COLUMN regimes_agree INTEGER;`,
  // Samples that each pick of a greedy selection looks at; NULL for all n, as in every variant before.
  `ALTER TABLE variants ADD COLUMN sample_size INTEGER;
   DROP INDEX variants_content;
   CREATE UNIQUE INDEX variants_content
     ON variants (method, coalesce(objective, ''), coalesce(sample_size, 0), subnet_size, retrain_iterations);
   ALTER TABLE fit_groups ADD COLUMN prune_sample_size INTEGER;`,
];

/** This program's schema version, stored as `user_version`. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** Runs the missing migrations. The caller must be in a transaction. */
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
