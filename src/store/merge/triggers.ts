import type { Database } from 'better-sqlite3';

/**
 * Does `work` without the triggers of a database, which would count each row. The caller must be in a transaction, and
 * roll it back if this throws.
 */
export function withoutTriggers(db: Database, work: () => void): void {
  const triggers = db.prepare(`SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger'`).all() as {
    name: string;
    sql: string;
  }[];
  for (const { name } of triggers) db.exec(`DROP TRIGGER main.${name}`);
  work();
  for (const { sql } of triggers) db.exec(sql);
}
