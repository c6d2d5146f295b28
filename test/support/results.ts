/** Reads a database with plain SQL, as users do. */
import Sqlite from 'better-sqlite3';

export type Row = Record<string, string | number | null>;

/** Columns of times and dates. */
const TIMING = ['prune_wall_s', 'prune_cpu_s', 'finished_at'];

export function query(db: string, sql: string, ...params: readonly unknown[]): Row[] {
  const file = new Sqlite(db, { readonly: true });
  try {
    return file.prepare<unknown[], Row>(sql).all(...params);
  } finally {
    file.close();
  }
}

/** The whole view `results`, in a fixed order. */
export const allResults = (db: string): Row[] =>
  query(
    db,
    `SELECT * FROM results ORDER BY sweep, trajectory_id, pretrain_iterations, prune_method, prune_objective,
       subnet_size, retrain_iterations`,
  );

/** The same without its timing columns: values that must not depend on how they were computed. */
export const numbers = (db: string): Row[] =>
  allResults(db).map(row =>
    Object.fromEntries(Object.entries(row).filter(([column]) => !TIMING.includes(column))),
  );

/** The number of attempts of each trajectory, by id. */
export const attempts = (db: string): Map<string, number> =>
  new Map(
    query(db, 'SELECT id, attempts FROM trajectories').map(row => [String(row.id), Number(row.attempts)]),
  );
