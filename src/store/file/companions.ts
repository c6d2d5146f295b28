import { realpathSync, rmSync } from 'node:fs';
import { publishNew } from '../../base/atomic-file.js';

/**
 * Path of a companion file of a database. SQLite resolves symbolic links and puts its own next to the target; ours lies
 * there too, so that every link to the database leads to the same one.
 */
export function companionFile(database: string, which: 'wal' | 'shm' | 'threads'): string {
  try {
    return `${realpathSync(database)}-${which}`;
  } catch {
    return `${database}-${which}`;
  }
}

/** As `publishNew`, for a complete database without a log of its own. */
export function publishDatabase(part: string, database: string): boolean {
  // SQLite would take a log that was left there for that of the new file.
  for (const which of ['wal', 'shm'] as const) rmSync(companionFile(database, which), { force: true });
  return publishNew(part, database);
}
