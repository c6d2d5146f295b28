/** Keeps a sweep: what a folder holds already and what a database has, together, or an error where they differ. */
import { UsageError } from '../base/errors.js';
import { canonicalJson } from '../domain/identity.js';
import { openReader } from '../store/read/reader.js';
import { joinKept } from './join.js';
import type { KeptSweep } from './kept-sweep.js';
import { isKept, readFinished, readKept } from './read.js';
import { withDatabaseOf } from './restore.js';
import { type Kept, writeKept } from './write.js';

/**
 * Writes the finished trajectories of a sweep into a folder, beside those that it holds: a sweep that is run in parts, on
 * several machines or in a database that is lost meanwhile is kept whole. Thresholds are those of what the folder then
 * holds, in whatever parts it came. Only reads the database, also while a run is at work on it.
 *
 * @param sweep of the database.
 * @param folder is made if it is missing.
 * @throws InputError where the folder's files are damaged; UsageError where it holds another sweep; StoreError BITS_DIFFER
 *   where its results and those of the database differ. No file is changed then.
 */
export function keepSweep(db: string, sweep: string, folder: string): Kept {
  const former = isKept(folder) ? readKept(folder) : null;
  const own = readFinished(db, sweep);
  if (former) refuseOther(former, own, folder);
  return withDatabaseOf(former ? joinKept(former, own) : own, scratch => {
    const reader = openReader(scratch);
    try {
      return writeKept(reader, own.spec, folder);
    } finally {
      reader.close();
    }
  });
}

function refuseOther({ spec: former }: KeptSweep, { spec: own }: KeptSweep, folder: string): void {
  if (former.name !== own.name)
    throw new UsageError(`${folder}: holds the sweep ${former.name}, expected a folder for ${own.name}`);
  if (canonicalJson(former.definition) === canonicalJson(own.definition)) return;
  throw new UsageError(
    `${folder}: holds ${own.name} as it was defined before, expected a new folder for the edited sweep`,
  );
}
