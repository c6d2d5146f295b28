/** `espalier fit`: fits a database and stores the result in it. */
import { StoreError } from '../base/errors.js';
import { inTurns } from '../base/steps.js';
import { type FitOptions, type FitReport, fitSteps } from '../fit/index.js';
import { openReader, type Reader } from '../store/read/reader.js';
import { Store, type StoreOptions } from '../store/write/store.js';
import { analyseSweep } from './analyse-sweep.js';
import { chooseSweeps } from './choose-sweep.js';
import { readFitInput } from './fit-input.js';
import { storedFits } from './stored-fits.js';
import { refreshThresholds } from './thresholds.js';

/** How a database is fitted, and how it is opened to write to it. */
export interface DatabaseFitOptions extends Partial<FitOptions> {
  /** Write even if the database is on a network file system. */
  readonly unsafeFilesystem?: boolean | undefined;
}

/** What became of fitting a database. */
export interface FittedDatabase {
  /** One for each sweep that was asked for. */
  readonly reports: readonly FitReport[];
  /** Why thresholds and fits were not stored; null where they were. */
  readonly notStored: string | null;
}

/**
 * Fits sweeps of a database and stores thresholds and fits in it. While another process holds it, or where it may not
 * be written, nothing is stored.
 *
 * @param name one of its sweeps; default: all of them.
 * @example
 * const { reports } = await fitDatabase('results/my.sqlite');
 * for (const { sweep, primary, groups } of reports)
 *   if (primary !== null) console.log(sweep, groups[primary]?.verdict.sentence);
 *
 * @throws UsageError (USAGE) where there is no such sweep; StoreError (DATABASE_MISSING, NOT_A_DATABASE, NOT_OURS,
 *   NEWER_SCHEMA, DISK_FULL)
 */
export async function fitDatabase(
  file: string,
  name?: string,
  { unsafeFilesystem, ...options }: DatabaseFitOptions = {},
): Promise<FittedDatabase> {
  const chosen = await reading(file, reader => chooseSweeps(reader, file, name, '--sweep'));
  const held = openUnlessHeld(file, { unsafeFilesystem });
  if (held instanceof Store) {
    try {
      const reports: FitReport[] = [];
      for (const { name } of chosen) {
        const sweep = held.toReader().sweep(name);
        const thresholds = refreshThresholds(held, sweep);
        const report = await inTurns(fitSteps(readFitInput(held.toReader(), sweep, thresholds), options));
        held.replaceFits(sweep.name, storedFits(report));
        reports.push(report);
      }
      return { reports, notStored: null };
    } finally {
      held.close();
    }
  }
  const reports = await reading(file, async reader => {
    const analyses: FitReport[] = [];
    for (const sweep of chosen) analyses.push((await analyseSweep(reader, sweep, options)).report);
    return analyses;
  });
  return { reports, notStored: held };
}

async function reading<T>(file: string, work: (reader: Reader) => T | Promise<T>): Promise<T> {
  const reader = openReader(file);
  try {
    return await work(reader);
  } finally {
    reader.close();
  }
}

/** The store, or why it cannot be had. */
function openUnlessHeld(file: string, options: StoreOptions): Store | string {
  try {
    return Store.open(file, options);
  } catch (error) {
    if (
      error instanceof StoreError &&
      ['DATABASE_HELD', 'DATABASE_IO', 'NETWORK_FILESYSTEM'].includes(error.code)
    )
      return error.message;
    throw error;
  }
}
