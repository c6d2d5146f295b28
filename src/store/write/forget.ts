/** Deletes what read/forgettable.ts describes. */
import type { Database } from 'better-sqlite3';
import { UsageError } from '../../base/errors.js';
import { withStoreErrors } from '../file/open.js';
import { Snapshots } from '../file/snapshots.js';
import {
  type ForgetScope,
  type Forgettable,
  forgetQueries,
  forgettableSnapshots,
  forgottenSweep,
} from '../read/forgettable.js';
import { dataSource, parsedStamp } from '../read/stored-thresholds.js';
import { dropFits } from '../schema/fits.js';
import { dropPredictions } from '../schema/predictions.js';
import { isDiskFull } from './group-commit.js';
import { StatusReconciler } from './sweep-cells.js';

export interface Forgotten {
  readonly what: Forgettable;
  /** Ids of the trajectories whose snapshots the caller has to remove once the deletion is durable. */
  readonly snapshots: readonly string[];
}

export interface ForgetResult {
  readonly what: Forgettable;
  /** Why the file keeps its size; null where it does not. */
  readonly notShrunk: string | null;
}

/** The rows to delete, with the columns of their temporary tables. */
const TABLES = {
  trajectories: 'key INTEGER PRIMARY KEY',
  pendingAgain: 'key INTEGER PRIMARY KEY',
  checkpoints: 'trajectory, t, PRIMARY KEY (trajectory, t)',
  cells: 'trajectory, t, variant, PRIMARY KEY (trajectory, t, variant)',
  attempts: 'id INTEGER PRIMARY KEY',
} as const;

/**
 * Deletes the rows of a scope. The caller must hold the database and be in a transaction. Statuses of trajectories that
 * stay agree with their cells, and thresholds of sweeps that stay are as valid as before.
 *
 * @param expected the counts that were shown to the user. @throws UsageError if they no longer hold.
 */
export function forgetRows(
  db: Database,
  file: string,
  scope: ForgetScope,
  expected: Forgettable | null,
): Forgotten {
  const sweep = forgottenSweep(db, scope);
  const snapshots = forgettableSnapshots(db, file, scope);
  const valid = sweepsWithValidThresholds(db);
  listRows(db, scope, sweep);
  const shared = deleteSweep(db, sweep);
  const what: Forgettable = { ...deleteRows(db), pendingAgain: putBack(db), snapshots: snapshots.length };
  const isExpected = (name: keyof Forgettable): boolean => !expected || expected[name] === what[name];
  if (!(Object.keys(what) as (keyof Forgettable)[]).every(isExpected))
    throw new UsageError(`${file}: has changed meanwhile, so nothing was deleted; run forget again`);
  const again = db.prepare('SELECT key FROM temp."gone_pendingAgain"').pluck().all() as number[];
  const statuses = new StatusReconciler(db);
  for (const trajectory of [...shared, ...again]) statuses.reconcile(trajectory);
  for (const name of Object.keys(TABLES)) db.exec(`DROP TABLE temp."gone_${name}"`);
  keepThresholdsValid(db, valid);
  return { what, snapshots };
}

/** Removes snapshot files, and their folder with the last one. */
export function removeSnapshots(file: string, ids: readonly string[]): void {
  const snapshots = new Snapshots(file);
  for (const id of ids) snapshots.remove(id);
}

/**
 * Rebuilds a database without its free pages. That takes its size again, in the write-ahead log and in a temporary file;
 * returns what SQLite says where there is no room for it, else null.
 */
export function giveSpaceBack(db: Database, file: string): string | null {
  if (db.pragma('freelist_count', { simple: true }) === 0) return null;
  try {
    withStoreErrors(file, () => db.exec('VACUUM'));
    return null;
  } catch (error) {
    if (isDiskFull(error)) return (error as Error).message;
    throw error;
  }
}

/** Fills the temporary tables `gone_...`. */
function listRows(db: Database, scope: ForgetScope, sweep: number): void {
  const queries = forgetQueries(scope);
  for (const [name, columns] of Object.entries(TABLES)) {
    db.exec(`DROP TABLE IF EXISTS temp."gone_${name}"; CREATE TEMP TABLE "gone_${name}" (${columns})`);
    const query = queries[name as keyof typeof TABLES];
    db.prepare(`INSERT INTO temp."gone_${name}" SELECT * FROM (${query})`).run({ sweep });
  }
}

/** Deletes a sweep's own rows. Returns those of its trajectories that other sweeps have, too. */
function deleteSweep(db: Database, sweep: number): number[] {
  if (sweep === 0) return [];
  const shared = db
    .prepare(
      `SELECT DISTINCT trajectory FROM member_variants
       WHERE sweep = ? AND trajectory NOT IN (SELECT key FROM temp.gone_trajectories)`,
    )
    .pluck()
    .all(sweep) as number[];
  dropFits(db, sweep);
  dropPredictions(db, sweep);
  for (const table of ['threshold_rows', 'member_variants', 'members'])
    db.prepare(`DELETE FROM ${table} WHERE sweep = ?`).run(sweep);
  db.prepare('DELETE FROM sweeps WHERE key = ?').run(sweep);
  return shared;
}

/** Returns how many rows of each kind were deleted. */
function deleteRows(db: Database): Omit<Forgettable, 'pendingAgain' | 'snapshots'> {
  const removed = (sql: string): number => db.prepare(`DELETE FROM ${sql}`).run().changes;
  const trajectories = 'SELECT key FROM temp.gone_trajectories';
  const deleted = {
    cells:
      removed(`cells WHERE trajectory IN (${trajectories})`) +
      removed('cells WHERE (trajectory, t, variant) IN (SELECT trajectory, t, variant FROM temp.gone_cells)'),
    checkpoints:
      removed(`checkpoints WHERE trajectory IN (${trajectories})`) +
      removed('checkpoints WHERE (trajectory, t) IN (SELECT trajectory, t FROM temp.gone_checkpoints)'),
    attempts: removed('attempts WHERE id IN (SELECT id FROM temp.gone_attempts)'),
    trajectories: removed(
      `trajectories WHERE id IN (SELECT id FROM trajectory_keys WHERE key IN (${trajectories}))`,
    ),
  };
  removed(`trajectory_keys WHERE key IN (${trajectories})`);
  // Keys are used again, so no row may keep the key of a trajectory that is gone.
  removed(`threshold_rows WHERE trajectory IN (${trajectories})`);
  removed(`prediction_rows WHERE trajectory IN (${trajectories})`);
  removed('prediction_rows WHERE (sweep, trajectory) NOT IN (SELECT sweep, trajectory FROM member_variants)');
  return deleted;
}

/** Makes failed trajectories pending; one without any attempt left is as if it had never been started. Returns how many. */
function putBack(db: Database): number {
  const listed = `id IN (SELECT x.id FROM temp."gone_pendingAgain" g JOIN trajectory_keys x ON x.key = g.key)`;
  const { changes } = db
    .prepare(
      `UPDATE trajectories SET status = 'pending', error_code = NULL, error = NULL, finished_at = NULL WHERE ${listed}`,
    )
    .run();
  db.exec(`
    UPDATE trajectories SET attempts = 0, worker = NULL, started_at = NULL, train_wall_s = NULL, train_cpu_s = NULL
      WHERE ${listed} AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.trajectory_id = trajectories.id);
  `);
  // Readers that cache counts and curves of a sweep read it again when it was updated.
  db.prepare(
    `UPDATE sweeps SET updated_at = ? WHERE key IN
       (SELECT sweep FROM member_variants WHERE trajectory IN (SELECT key FROM temp."gone_pendingAgain"))`,
  ).run(new Date().toISOString());
  return changes;
}

function sweepsWithValidThresholds(db: Database): string[] {
  const stamps = db
    .prepare<[], { name: string; stamp: string | null }>('SELECT name, thresholds_from AS stamp FROM sweeps')
    .all();
  return stamps
    .filter(({ name, stamp }) => {
      const data = parsedStamp(stamp)?.data;
      return data !== undefined && data === dataSource(db, name);
    })
    .map(({ name }) => name);
}

/** Only trajectories that are finished for a sweep have thresholds there, and no cell of these is ever deleted. */
function keepThresholdsValid(db: Database, sweeps: readonly string[]): void {
  const update = db.prepare(
    `UPDATE sweeps SET thresholds_from = json_set(thresholds_from, '$.data', ?) WHERE name = ?`,
  );
  for (const name of sweeps) {
    const data = dataSource(db, name);
    if (data !== null) update.run(data, name);
  }
}
