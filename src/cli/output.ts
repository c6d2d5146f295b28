/** Writes rows as a table, CSV, JSON, NDJSON or Parquet to a stream or a file. */

import { once } from 'node:events';
import { createWriteStream, realpathSync, renameSync, type Stats, statSync } from 'node:fs';
import type { Writable } from 'node:stream';
import Table from 'cli-table3';
import { stringify } from 'csv-stringify/sync';
import { withPart } from '../base/atomic-file.js';
import { UsageError } from '../base/errors.js';
import type { QueryBatch, Value } from '../store/user-sql/query.js';

export const FORMATS = ['table', 'csv', 'json', 'ndjson', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

/** Text is written as UTF-8. */
export type Piece = string | Uint8Array;

/** Rows in one call: with a thousand, csv-stringify takes twice the time for a row. */
const CSV_ROWS = 100;
/** Tables cut longer values. */
const CELL_CHARACTERS = 60;

/** A table for people: numbers align right, NULL is empty, long values are cut. Ends with a line break. */
export function renderTable(
  columns: readonly string[],
  rows: readonly (readonly (Value | undefined)[])[],
): string {
  const table = new Table({
    head: columns.map(shown),
    style: { head: [], border: [], compact: true },
    colAligns: columns.map((_, i) => (rows.some(row => isText(row[i])) ? 'left' : 'right')),
  });
  for (const row of rows) table.push(row.map(shown));
  return `${table.toString()}\n`;
}

const isText = (value: unknown): boolean => typeof value === 'string';

/** Replaces control characters: they could move the terminal's cursor or change its state. */
function shown(value: Value | undefined): string {
  const text = String(value ?? '').replace(/\p{Cc}/gu, ' ');
  return text.length > CELL_CHARACTERS ? `${text.slice(0, CELL_CHARACTERS - 1)}…` : text;
}

export interface TableLimit {
  /** Maximum number of rows: a table is laid out as a whole. */
  readonly rows: number;
  /** Called at the end with the number of further rows, if there are any. */
  leftOut(count: number): void;
}

/**
 * Yields a result piece by piece. Memory does not grow with the result, except for a table up to its limit.
 *
 * - csv: starts with a line of column names; NULL is an empty field
 * - json: an array of one object for each row; ndjson: one object a line. Integers beyond 2^53 are strings, numbers
 *   that JSON cannot hold are null.
 * - parquet: see parquet.ts; the batches must have their types
 */
export async function* formatRows(
  batches: AsyncIterable<QueryBatch>,
  format: Format,
  limit: TableLimit,
): AsyncGenerator<Piece> {
  switch (format) {
    case 'table':
      yield* asTable(batches, limit);
      return;
    case 'csv':
      yield* asCsv(batches);
      return;
    case 'json': {
      let lead = '[\n';
      for await (const { columns, rows } of batches) {
        if (rows.length === 0) continue;
        yield lead + rows.map(row => asJson(columns, row)).join(',\n');
        lead = ',\n';
      }
      yield lead === '[\n' ? '[]\n' : '\n]\n';
      return;
    }
    case 'ndjson':
      for await (const { columns, rows } of batches) {
        yield rows.map(row => `${asJson(columns, row)}\n`).join('');
      }
      return;
    case 'parquet': {
      // Loaded late: other formats do not need its library.
      const { asParquet } = await import('./parquet.js');
      yield* asParquet(batches);
    }
  }
}

async function* asTable(batches: AsyncIterable<QueryBatch>, limit: TableLimit): AsyncGenerator<string> {
  let head: readonly string[] = [];
  let printed = false;
  let leftOut = 0;
  const kept: (readonly Value[])[] = [];
  for await (const { columns, rows } of batches) {
    head = columns;
    const fitting = rows.slice(0, limit.rows - kept.length);
    kept.push(...fitting);
    leftOut += rows.length - fitting.length;
    if (leftOut === 0 || printed) continue;
    printed = true;
    yield renderTable(head, kept);
  }
  if (!printed) yield renderTable(head, kept);
  if (leftOut > 0) limit.leftOut(leftOut);
}

async function* asCsv(batches: AsyncIterable<QueryBatch>): AsyncGenerator<string> {
  let headed = false;
  for await (const { columns, rows } of batches) {
    const lines = headed ? rows : [columns, ...rows];
    headed = true;
    for (let i = 0; i < lines.length; i += CSV_ROWS)
      yield stringify(lines.slice(i, i + CSV_ROWS) as Value[][]);
  }
}

function asJson(columns: readonly string[], row: readonly Value[]): string {
  const plain = row.map((value, i) => [columns[i]!, typeof value === 'bigint' ? String(value) : value]);
  return JSON.stringify(Object.fromEntries(plain));
}

/** Writes at the stream's pace. Returns without an error where the reader has gone (`| head`: EPIPE). */
export async function writeToStream(pieces: AsyncIterable<Piece>, stream: Writable): Promise<void> {
  const ignore = () => {};
  stream.on('error', ignore);
  try {
    for await (const piece of pieces) await write(stream, piece);
    stream.off('error', ignore);
  } catch (error) {
    // The listener stays: a broken stream emits further errors later.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

const write = (stream: Writable, piece: Piece): Promise<void> =>
  new Promise((done, failed) => {
    stream.write(piece, error => (error ? failed(error) : done()));
  });

/** Creates or replaces a file only when its content is complete. @throws UsageError where it cannot be written. */
export async function writeToFile(pieces: AsyncIterable<Piece>, file: string): Promise<void> {
  const present = statusOf(file);
  if (present?.isDirectory()) throw new UsageError(`--output ${file}: this is a folder, expected a file`);
  // A device or a pipe is written directly; only a regular file is replaced.
  const target = present ? realpathSync(file) : file;
  const replace = async (part: string) => {
    await writeTo(pieces, part);
    renameSync(part, target);
  };
  try {
    if (present && !present.isFile()) await writeTo(pieces, target);
    else await withPart(target, replace);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new UsageError(`--output ${file}: cannot be written (${(error as Error).message})`);
  }
}

async function writeTo(pieces: AsyncIterable<Piece>, file: string): Promise<void> {
  const stream = createWriteStream(file);
  await once(stream, 'open');
  try {
    await writeToStream(pieces, stream);
  } finally {
    stream.end();
    await once(stream, 'close');
  }
}

/** Whether both paths name one existing file. */
export function isSameFile(a: string, b: string): boolean {
  const one = statusOf(a);
  const other = statusOf(b);
  return one !== null && other !== null && one.dev === other.dev && one.ino === other.ino;
}

/** Null where the file does not exist or its status cannot be read. */
function statusOf(file: string): Stats | null {
  try {
    return statSync(file);
  } catch {
    return null;
  }
}
