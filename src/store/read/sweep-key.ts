import type { Database } from 'better-sqlite3';

/** @throws Error where no sweep of that name was saved. */
export function sweepKey(db: Database, sweep: string): number {
  const key = db.prepare('SELECT key FROM sweeps WHERE name = ?').pluck().get(sweep) as number | undefined;
  if (key === undefined) throw new Error(`sweep ${sweep} was never saved`);
  return key;
}
