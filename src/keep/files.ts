/** The files of a kept sweep: a folder of text that a repository or a journal takes, and that a database is made from again. */
import { isUtf8 } from 'node:buffer';
import { join } from 'node:path';
import { CsvError, parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { InputError } from '../base/errors.js';
import { readInputFile } from '../base/input-file.js';

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

/** A table as CSV: only the columns with a value; NULL is empty. */
export function asCsv(rows: readonly Row[]): string {
  const names = Object.keys(rows[0] ?? {}).filter(name => rows.some(row => row[name] !== null));
  return stringify([names, ...rows.map(row => names.map(name => row[name]))], { record_delimiter: '\n' });
}

/** One row of a kept table, which reads its fields. */
export class KeptRow {
  constructor(
    /** File and line, for errors. */
    readonly place: string,
    private readonly fields: Readonly<Record<string, string>>,
  ) {}

  /** Null where the field is empty or the file has no such column. */
  text(name: string): string | null {
    return this.fields[name] || null;
  }

  /** @throws InputError where there is none. */
  required(name: string): string {
    return this.text(name) ?? this.refuse(name, 'no value', 'one in each row');
  }

  /** @throws InputError for what is no finite number. */
  number(name: string): number | null {
    const text = this.text(name);
    if (text === null) return null;
    const value = Number(text);
    return Number.isFinite(value) ? value : this.refuse(name, JSON.stringify(text), 'a number');
  }

  /** @throws InputError for what is no whole number from 0 on. */
  count(name: string): number {
    const text = this.required(name);
    return /^\d+$/.test(text) ? Number(text) : this.refuse(name, JSON.stringify(text), 'a whole number');
  }

  refuse(name: string, found: string, expected: string): never {
    throw new InputError({
      path: name,
      source: this.place,
      value: found,
      what: `found ${found}`,
      expected,
    });
  }
}

/** The rows of a kept table. @throws InputError */
export function readCsv(folder: string, name: string): KeptRow[] {
  const file = join(folder, name);
  const bytes = readInputFile(file, EXPECTED);
  if (!isUtf8(bytes)) throw notKept(file, 'no text in UTF-8');
  try {
    const records = parse(Buffer.from(bytes), { columns: true, info: true }) as unknown as {
      record: Record<string, string>;
      info: { lines: number };
    }[];
    return records.map(({ record, info }) => new KeptRow(`${file}:${info.lines}`, record));
  } catch (error) {
    if (error instanceof CsvError) throw notKept(file, error.message);
    throw error;
  }
}

/** @throws InputError */
export function readJson(folder: string, name: string): Readonly<Record<string, unknown>> {
  const file = join(folder, name);
  try {
    return JSON.parse(Buffer.from(readInputFile(file, EXPECTED)).toString());
  } catch (error) {
    if (error instanceof SyntaxError) throw notKept(file, error.message);
    throw error;
  }
}

export const notKept = (file: string, what: string): InputError =>
  new InputError({ path: '', source: file, value: file, what, expected: EXPECTED });

const EXPECTED = 'the files of a sweep, as `espalier keep` writes them';
