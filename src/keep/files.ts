/** The files of a kept sweep: a folder of text that a repository or a journal takes, and that a database is made from again. */
import { isUtf8 } from 'node:buffer';
import { join } from 'node:path';
import { CsvError, parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { formatValue, InputError } from '../base/errors.js';
import { readInputFile } from '../base/input-file.js';
import type { KeptColumns } from './columns.js';
import { KeptRow } from './row.js';

/**
 * - `sweep`: the sweep's definition, as JSON
 * - `trajectories`, `results`, `thresholds`, `predictions`: one row each, the same on every machine
 * - `provenance`: what computed each trajectory
 */
export const KEPT_FILES = {
  sweep: 'sweep.json',
  trajectories: 'trajectories.csv',
  results: 'results.csv',
  thresholds: 'thresholds.csv',
  predictions: 'predictions.csv',
  provenance: 'provenance.csv',
} as const;

export type Value = string | number | null;
export type Row = Readonly<Record<string, Value>>;

/** A table as CSV, without constant columns and optional ones that have no value; NULL is empty. */
export function asCsv(rows: readonly Row[], { names, optional, constant }: KeptColumns): string {
  const shown = names.filter(
    name => !constant.has(name) && (!optional.has(name) || rows.some(row => row[name] !== null)),
  );
  return stringify([shown, ...rows.map(row => shown.map(name => row[name]))], { record_delimiter: '\n' });
}

/** The rows of a kept table, with its constant columns. @throws InputError where the file is missing or damaged, or has other columns. */
export function readCsv(folder: string, name: string, columns: KeptColumns): KeptRow[] {
  const file = join(folder, name);
  const bytes = readInputFile(file, EXPECTED);
  if (!isUtf8(bytes)) throw notKept(file, 'is no text in UTF-8');
  const check = (found: readonly string[]): string[] => {
    const missing = columns.names.find(
      name => !columns.optional.has(name) && !columns.constant.has(name) && !found.includes(name),
    );
    if (missing !== undefined) throw notKept(file, `has no column ${missing}`);
    const other = found.find((column, i) => !columns.names.includes(column) || found.indexOf(column) < i);
    if (other !== undefined) throw notKept(file, `has a column ${formatValue(other)} too many`);
    return [...found];
  };
  let hasHeader = false;
  try {
    const records = parse(Buffer.from(bytes), {
      columns: found => {
        hasHeader = true;
        return check(found);
      },
      info: true,
    }) as unknown as { record: Record<string, string>; info: { lines: number } }[];
    if (!hasHeader) throw notKept(file, 'is empty');
    return records.map(
      ({ record, info }) =>
        new KeptRow(`${file}:${info.lines}`, { ...Object.fromEntries(columns.constant), ...record }),
    );
  } catch (error) {
    if (error instanceof CsvError) throw notKept(file, `is no CSV (${error.message})`);
    throw error;
  }
}

/** A JSON object. @throws InputError */
export function readJson(folder: string, name: string): Readonly<Record<string, unknown>> {
  const file = join(folder, name);
  try {
    const value = JSON.parse(Buffer.from(readInputFile(file, EXPECTED)).toString());
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    throw notKept(file, `found ${formatValue(value)}`);
  } catch (error) {
    if (error instanceof SyntaxError) throw notKept(file, `is no JSON (${error.message})`);
    throw error;
  }
}

/** @param what follows the file's name. */
export const notKept = (file: string, what: string): InputError =>
  new InputError({ path: '', source: file, value: file, what, expected: EXPECTED });

const EXPECTED = 'a file as `espalier keep` writes it';
