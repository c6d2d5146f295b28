/** Keeps a sweep: what a folder holds already and what a database has, together, or an error where they differ. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mergeDatabases } from '../analysis/merge-databases.js';
import { UsageError } from '../base/errors.js';
import { canonicalJson } from '../domain/identity.js';
import { openReader, type Reader } from '../store/read/reader.js';
import { KEPT_FILES } from './files.js';
import { readKept } from './read.js';
import { restoreKept } from './restore.js';
import { type Kept, writeKept } from './write.js';

/**
 * Writes the finished trajectories of a sweep into a folder, beside those that it holds: a sweep that is run in parts, on
 * several machines or in a database that is lost meanwhile is kept whole.
 *
 * @param sweep of the database.
 * @throws InputError where the folder's files are damaged; UsageError where it holds another sweep; StoreError where its
 *   results and those of the database differ.
 */
export function keepSweep(db: string, sweep: string, folder: string): Kept {
  if (!existsSync(join(folder, KEPT_FILES.sweep))) return writeFrom(db, sweep, folder);
  const kept = readKept(folder);
  if (kept.spec.name !== sweep)
    throw new UsageError(`${folder}: holds the sweep ${kept.spec.name}, expected a folder for ${sweep}`);
  if (canonicalJson(kept.spec.definition) !== canonicalJson(definitionIn(db, sweep)))
    throw new UsageError(
      `${folder}: holds ${sweep} as it was defined before, expected a new folder for the edited sweep`,
    );
  const scratch = mkdtempSync(join(tmpdir(), 'espalier-keep-'));
  try {
    const [former, joined] = [join(scratch, 'kept.sqlite'), join(scratch, 'joined.sqlite')];
    restoreKept(kept, former);
    mergeDatabases(joined, [former, db]);
    return writeFrom(joined, sweep, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function definitionIn(db: string, sweep: string): unknown {
  const reader = openReader(db);
  try {
    return find(reader, sweep).definition;
  } finally {
    reader.close();
  }
}

const find = (reader: Reader, sweep: string) => reader.sweeps().find(({ name }) => name === sweep)!;

function writeFrom(db: string, sweep: string, folder: string): Kept {
  const reader = openReader(db);
  try {
    return writeKept(reader, find(reader, sweep), folder);
  } finally {
    reader.close();
  }
}
