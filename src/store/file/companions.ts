import { realpathSync } from 'node:fs';

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
