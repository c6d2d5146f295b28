import { realpathSync } from 'node:fs';

/** SQLite's own files beside a database. They lie beside the file that a symbolic link points to. */
export function sqliteFile(database: string, which: 'wal' | 'shm'): string {
  try {
    return `${realpathSync(database)}-${which}`;
  } catch {
    return `${database}-${which}`;
  }
}
