/**
 * What `espalier forget` deletes, and what it leaves.
 *
 * - `sweep`: the sweep with its thresholds and fits, then as `unused`.
 * - `unused`: cells, checkpoints and trajectories that no sweep asks for, which edits of sweeps leave behind.
 * - `failed`: what failed trajectories have recorded. A sweep for which such a trajectory is done keeps its cells; a sweep
 *   that lacks cells of it counts it as failed, and loses the others. Thresholds and fits are of finished trajectories
 *   only, so they stay.
 */
import type { Database } from 'better-sqlite3';
import { connectReader, withStoreErrors } from '../file/open.js';
import { snapshotIterations } from '../file/snapshots.js';
import { LACKS_CELLS } from './reader.js';
import { sweepKey } from './sweep-key.js';

export type ForgetScope =
  | { readonly kind: 'sweep'; readonly sweep: string }
  | { readonly kind: 'unused' | 'failed' };

/** Counts of what is deleted. */
export interface Forgettable {
  /** Trajectories that are deleted altogether. */
  readonly trajectories: number;
  /** Failed trajectories that a sweep asks for, which become pending. */
  readonly pendingAgain: number;
  readonly checkpoints: number;
  readonly cells: number;
  readonly attempts: number;
  /** Snapshot files beside the database. */
  readonly snapshots: number;
}

/** Queries of the rows to delete. Parameter @sweep: the key of the sweep that is deleted, 0 for none. */
export interface ForgetQueries {
  /** Keys of trajectories that are deleted with all they have. */
  readonly trajectories: string;
  /** Keys of failed trajectories that stay and become pending. */
  readonly pendingAgain: string;
  /** Of trajectories that stay. */
  readonly checkpoints: string;
  readonly cells: string;
  /** Of any trajectory. */
  readonly attempts: string;
}

const attemptsOf = (keys: string): string =>
  `SELECT id FROM attempts WHERE trajectory_id IN (SELECT id FROM trajectory_keys WHERE key IN (${keys}))`;

const ASKED = 'SELECT trajectory FROM member_variants WHERE sweep <> @sweep';
const UNASKED_TRAJECTORIES = `SELECT key FROM trajectory_keys WHERE key NOT IN (${ASKED})`;
const UNASKED: ForgetQueries = {
  trajectories: UNASKED_TRAJECTORIES,
  pendingAgain: 'SELECT key FROM trajectory_keys WHERE false',
  checkpoints: `SELECT trajectory, t FROM checkpoints WHERE trajectory IN (${ASKED})
    EXCEPT SELECT trajectory, t FROM members WHERE sweep <> @sweep`,
  cells: `SELECT trajectory, t, variant FROM cells WHERE trajectory IN (${ASKED})
    EXCEPT SELECT trajectory, t, variant FROM members WHERE sweep <> @sweep`,
  attempts: attemptsOf(UNASKED_TRAJECTORIES),
};

// The condition on `done` makes SQLite use the partial index on other statuses.
const FAILED_TRAJECTORIES = `SELECT x.key FROM trajectories y JOIN trajectory_keys x ON x.id = y.id
  WHERE y.status <> 'done' AND y.status = 'failed'`;
const ASKED_FAILED = `SELECT key FROM (${FAILED_TRAJECTORIES}) WHERE key IN (SELECT trajectory FROM member_variants)`;
/** Pairs of a sweep and a failed trajectory that has all the cells that this sweep asks for. */
const COMPLETE = `SELECT s.key AS sweep, x.key AS trajectory FROM (${FAILED_TRAJECTORIES}) x CROSS JOIN sweeps s
  WHERE EXISTS (SELECT 1 FROM member_variants a WHERE a.sweep = s.key AND a.trajectory = x.key) AND NOT ${LACKS_CELLS}`;
const FAILED: ForgetQueries = {
  trajectories: `SELECT key FROM (${FAILED_TRAJECTORIES}) WHERE key NOT IN (SELECT trajectory FROM member_variants)`,
  pendingAgain: ASKED_FAILED,
  checkpoints: `SELECT trajectory, t FROM checkpoints WHERE trajectory IN (${ASKED_FAILED})
    EXCEPT SELECT m.trajectory, m.t FROM (${COMPLETE}) p JOIN members m USING (sweep, trajectory)`,
  cells: `SELECT trajectory, t, variant FROM cells WHERE trajectory IN (${ASKED_FAILED})
    EXCEPT SELECT m.trajectory, m.t, m.variant FROM (${COMPLETE}) p JOIN members m USING (sweep, trajectory)`,
  attempts: attemptsOf(`${FAILED_TRAJECTORIES} EXCEPT SELECT trajectory FROM (${COMPLETE})`),
};

export const forgetQueries = ({ kind }: ForgetScope): ForgetQueries => (kind === 'failed' ? FAILED : UNASKED);

/** The key of the sweep that is deleted, 0 if none is. @throws Error if no sweep of that name was saved. */
export const forgottenSweep = (db: Database, scope: ForgetScope): number =>
  scope.kind === 'sweep' ? sweepKey(db, scope.sweep) : 0;

/** Ids of trajectories whose snapshots are deleted: also those that the database no longer knows. */
export function forgettableSnapshots(db: Database, file: string, scope: ForgetScope): string[] {
  const isKept = db
    .prepare<[{ id: string; sweep: number }], number>(
      scope.kind === 'failed'
        ? `SELECT 1 FROM trajectories WHERE id = @id AND status <> 'failed' AND @sweep = 0`
        : `SELECT 1 FROM trajectory_keys x WHERE x.id = @id AND EXISTS (SELECT 1 FROM sweeps s
             CROSS JOIN member_variants a ON a.sweep = s.key AND a.trajectory = x.key WHERE s.key <> @sweep)`,
    )
    .pluck();
  const sweep = forgottenSweep(db, scope);
  return [...snapshotIterations(file).keys()].filter(id => isKept.get({ id, sweep }) === undefined);
}

/** Whether nothing would be deleted. A sweep without any cell is something. */
export const isNothing = (scope: ForgetScope, what: Forgettable): boolean =>
  scope.kind !== 'sweep' && Object.values(what).every(count => count === 0);

/**
 * Counts what would be deleted, and estimates the bytes of these rows from the sizes of their tables.
 * @throws StoreError as `connectReader` (file/open.ts)
 */
export function readForgettable(file: string, scope: ForgetScope): { what: Forgettable; bytes: number } {
  const db = connectReader(file);
  try {
    return withStoreErrors(
      file,
      db.transaction(() => {
        const parameters = { sweep: forgottenSweep(db, scope) };
        const count = (query: string): number =>
          db.prepare<unknown[], number>(`SELECT count(*) FROM (${query})`).pluck().get(parameters)!;
        const queries = forgetQueries(scope);
        const countOf = (table: string): number =>
          count(`SELECT 1 FROM ${table} WHERE trajectory IN (${queries.trajectories})`);
        const rows = {
          trajectories: count(queries.trajectories),
          checkpoints: count(queries.checkpoints) + countOf('checkpoints'),
          cells: count(queries.cells) + countOf('cells'),
          attempts: count(queries.attempts),
        };
        const members = {
          members: count('SELECT 1 FROM members WHERE sweep = @sweep'),
          member_variants: count('SELECT 1 FROM member_variants WHERE sweep = @sweep'),
        };
        const what: Forgettable = {
          ...rows,
          pendingAgain: count(queries.pendingAgain),
          snapshots: forgettableSnapshots(db, file, scope).length,
        };
        return { what, bytes: bytesOf(db, { ...rows, ...members, trajectory_keys: rows.trajectories }) };
      }),
    );
  } finally {
    db.close();
  }
}

/** The share of each table's pages, indices included, that so many of its rows take. */
function bytesOf(db: Database, rows: Readonly<Record<string, number>>): number {
  const sizes = db
    .prepare<[], { name: string; bytes: number }>(
      `SELECT o.tbl_name AS name, sum(d.pgsize) AS bytes
       FROM dbstat('main', 1) d JOIN main.sqlite_schema o ON o.name = d.name GROUP BY o.tbl_name`,
    )
    .all();
  let bytes = 0;
  for (const { name, bytes: size } of sizes) {
    if (!rows[name]) continue;
    const all = db.prepare<[], number>(`SELECT count(*) FROM main."${name}"`).pluck().get()!;
    bytes += (size * rows[name]) / all;
  }
  return Math.round(bytes);
}
