/**
 * Tracks the files that this process has SQLite connections to. Such a file must be opened through SQLite only.
 *
 * Closing any descriptor of a file drops all POSIX locks that the process has on it, including those of its
 * connections; another program could then remove the write-ahead log in use. SQLite tracks its own descriptors.
 */
import { type Stats, statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';

/** Open connections by file (device and inode). */
const connections = new Map<string, number>();

const keyOf = ({ dev, ino }: Stats): string => `${dev}/${ino}`;

export const isConnected = (file: Stats): boolean => connections.has(keyOf(file));

/** Registers a connection until it is closed. Returns it, with `close` replaced. */
export function trackConnection(db: Database): Database {
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
