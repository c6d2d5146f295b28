/** Saves a database that is still being written when its path no longer leads to it: removed, moved, or replaced. */
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import type { Database } from 'better-sqlite3';
import { syncFile, withPart } from '../../base/atomic-file.js';
import { makeFolder } from '../../base/folders.js';
import { publishDatabase } from './companions.js';
import { moveSnapshots } from './snapshots.js';

/**
 * Copies everything that was committed to `file` if there is no file now, else beside it, and closes `db`. Overwrites
 * nothing.
 *
 * @returns the path of a copy beside it; null if `file` is there again.
 */
export function writeBack(file: string, db: Database): string | null {
  // Absolute: the working directory itself may have been renamed.
  const path = resolve(file);
  const home = linkedFrom(path);
  makeFolder(dirname(home));
  return withPart(home, part => {
    db.exec(`VACUUM INTO '${part.replaceAll("'", "''")}'`);
    db.close();
    syncFile(part);
    for (const target of candidates(home)) {
      if (existsSync(target) || !publishDatabase(part, target)) continue;
      if (target === home) return null;
      moveSnapshots(path, target);
      return target;
    }
    throw new Error('unreachable: there are always more candidates');
  });
}

/** Where a link leads whose target is gone; `file` if it is no link. */
function linkedFrom(file: string): string {
  const isLink = lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink();
  return isLink && !existsSync(file) ? resolve(dirname(file), readlinkSync(file)) : file;
}

function* candidates(file: string): Generator<string> {
  yield file;
  const ending = extname(file);
  const stem = file.slice(0, file.length - ending.length);
  for (let i = 1; ; i++) yield `${stem}.rescued-${i}${ending}`;
}
