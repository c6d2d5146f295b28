/**
 * Which files this process has connections to. Closing any descriptor of a file drops all locks that the process has
 * on it (POSIX), those of its connections too: another program could then take this one's write-ahead log away. A
 * file that is in this list must therefore be opened through SQLite only, which knows what it has open.
 */
import { type Stats, statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';

const connections = new Map<string, number>();

const keyOf = ({ dev, ino }: Stats): string => `${dev}/${ino}`;

export const isConnected = (file: Stats): boolean => connections.has(keyOf(file));

/** Counts the connection until it is closed. */
export function counted(db: Database): Database {
  const key = keyOf(statSync(db.name));
  connections.set(key, (connections.get(key) ?? 0) + 1);
  const close = db.close.bind(db);
  db.close = () => {
    if (db.open) {
      const left = connections.get(key)! - 1;
      if (left > 0) connections.set(key, left);
      else connections.delete(key);
    }
    return close();
  };
  return db;
}
