/** Which sweep of a database a command is about. */
import { UsageError } from '../base/errors.js';
import { didYouMean } from '../base/nearest.js';
import type { Reader } from '../store/read/reader.js';
import type { SweepRow } from '../store/schema/rows.js';

/**
 * The sweep of this name, or the only one.
 *
 * @param file the database, for the message. @param option what names the sweep, for the message.
 * @example
 * const sweep = chooseSweep(openReader('results/my.sqlite'), 'results/my.sqlite');
 *
 * @throws UsageError (USAGE) where there is none, or several to choose from.
 */
export function chooseSweep(reader: Reader, file: string, name?: string, option = 'sweep'): SweepRow {
  const [first, second] = chooseSweeps(reader, file, name, option);
  if (!second) return first!;
  const names = reader.sweeps().map(sweep => sweep.name);
  throw new UsageError(`${file}: holds several sweeps, expected ${option} with one of: ${names.join(', ')}`);
}

/** All sweeps, or the one of this name. @throws UsageError where there is none. */
export function chooseSweeps(reader: Reader, file: string, name?: string, option = 'sweep'): SweepRow[] {
  const sweeps = reader.sweeps();
  if (sweeps.length === 0) throw new UsageError(`${file}: holds no sweep, expected one that was run`);
  if (name === undefined) return sweeps;
  const names = sweeps.map(sweep => sweep.name);
  const found = sweeps.filter(sweep => sweep.name === name);
  if (found.length > 0) return found;
  throw new UsageError(
    `${option}: found "${name}"${didYouMean(name, names)}, expected one of: ${names.join(', ')}`,
  );
}
