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

/** The file of each tracked connection, when it was opened. */
const openedAs = new WeakMap<Database, string>();

const keyOf = ({ dev, ino }: Stats): string => `${dev}/${ino}`;

export const isConnected = (file: Stats): boolean => connections.has(keyOf(file));

/** Whether a path leads to the same file as when it was opened by this connection. */
export function isAtItsPath(db: Database): boolean {
  const stat = statSync(db.name, { throwIfNoEntry: false });
  return stat !== undefined && openedAs.get(db) === keyOf(stat);
}

/** Registers a connection until it is closed. Returns it, with `close` replaced. */
export function trackConnection(db: Database): Database {
  const key = keyOf(statSync(db.name));
  openedAs.set(db, key);
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
