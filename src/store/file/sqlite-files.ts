import { realpathSync } from 'node:fs';

/** Path of SQLite's companion file of a database. SQLite resolves symbolic links and puts it next to the target. */
export function sqliteFile(database: string, which: 'wal' | 'shm'): string {
  try {
    return `${realpathSync(database)}-${which}`;
  } catch {
    return `${database}-${which}`;
  }
}
