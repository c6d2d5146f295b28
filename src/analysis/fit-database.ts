/** `espalier fit`: fits a database and stores the result in it. */
import { StoreError } from '../base/errors.js';
import { type FitOptions, type FitReport, fitSweep } from '../fit/index.js';
import { openReader, type Reader } from '../store/read/reader.js';
import { Store, type StoreOptions } from '../store/write/store.js';
import { analyseSweep } from './analyse-sweep.js';
import { chooseSweeps } from './choose-sweep.js';
import { readFitInput } from './fit-input.js';
import { storedFits } from './stored-fits.js';
import { refreshThresholds } from './thresholds.js';

/** How the database is opened to write to it. */
type Writing = Pick<StoreOptions, 'unsafeFilesystem'>;

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
 * @param name one of its sweeps; default: all of them. @throws UsageError where there is none. @throws StoreError
 */
export function fitDatabase(
  file: string,
  name?: string,
  { unsafeFilesystem, ...options }: Partial<FitOptions> & Writing = {},
): FittedDatabase {
  const chosen = reading(file, reader => chooseSweeps(reader, file, name, '--sweep'));
  const held = openUnlessHeld(file, { unsafeFilesystem });
  if (held instanceof Store) {
    try {
      const reports = chosen.map(({ name }) => {
        const sweep = held.toReader().sweep(name);
        const thresholds = refreshThresholds(held, sweep);
        const report = fitSweep(readFitInput(held.toReader(), sweep, thresholds), options);
        held.replaceFits(sweep.name, storedFits(report));
        return report;
      });
      return { reports, notStored: null };
    } finally {
      held.close();
    }
  }
  const reports = reading(file, reader => chosen.map(sweep => analyseSweep(reader, sweep, options).report));
  return { reports, notStored: held };
}

function reading<T>(file: string, work: (reader: Reader) => T): T {
  const reader = openReader(file);
  try {
    return work(reader);
  } finally {
    reader.close();
  }
}

/** The store, or why it cannot be had. */
function openUnlessHeld(file: string, options: Writing): Store | string {
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
