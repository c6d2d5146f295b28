/** Rows as a table, CSV, JSON, NDJSON or Parquet (docs/queries.md says how each value appears). */

import type { Writable } from 'node:stream';
import Table from 'cli-table3';
import { type Options, stringify } from 'csv-stringify/sync';
import type { QueryBatch, Value } from '../store/user-sql/query.js';

export const FORMATS = ['table', 'csv', 'json', 'ndjson', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

/** Text is written as UTF-8. */
export type Piece = string | Uint8Array;

/** Rows in one call: with a thousand, csv-stringify takes twice the time for a row. */
const CSV_ROWS = 100;
/** Tables on a screen cut longer values. */
const CELL_CHARACTERS = 60;

export interface CellOptions {
  /** What stands for NULL; default: nothing. */
  readonly nullText?: string | undefined;
  /** Longer values are cut, and end in an ellipsis; default: 60. */
  readonly cellCharacters?: number | undefined;
}

/** A table for people: numbers align right, NULL is empty, long values are cut. Ends with a line break. */
export function renderTable(
  columns: readonly string[],
  rows: readonly (readonly (Value | undefined)[])[],
  { nullText = '', cellCharacters = CELL_CHARACTERS }: CellOptions = {},
): string {
  const shown = (value: Value | undefined) => cut(plain(String(value ?? nullText)), cellCharacters);
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
const plain = (text: string): string => text.replace(/\p{Cc}/gu, ' ');

/** Cuts between code points: half of a surrogate pair is no character. */
function cut(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const points = [...text];
  return points.length > characters ? `${points.slice(0, characters - 1).join('')}…` : text;
}

export interface TextOptions extends CellOptions {
  /** Maximum number of rows of a table: it is laid out as a whole. */
  readonly rows: number;
  /** Called at the end with the number of further rows, if there are any. */
  leftOut(count: number): void;
}

/**
 * Yields a result piece by piece. Memory does not grow with the result, except for a table up to its limit.
 *
 * - csv: starts with a line of column names; NULL is an empty field, or `nullText`; empty text is `""`
 * - json: an array of one object for each row; ndjson: one object a line. Integers beyond 2^53 and infinities, which
 *   JSON's numbers cannot hold, are strings.
 * - parquet: see parquet.ts; the batches must have their types
 */
export async function* formatRows(
  batches: AsyncIterable<QueryBatch>,
  format: Format,
  options: TextOptions,
): AsyncGenerator<Piece> {
  switch (format) {
    case 'table':
      yield* asTable(batches, options);
      return;
    case 'csv':
      yield* asCsv(batches, options.nullText);
      return;
    case 'json': {
      let lead = '[\n';
      for await (const { columns, rows } of batches) {
        if (rows.length === 0) continue;
        yield lead + rows.map(jsonWriter(columns)).join(',\n');
        lead = ',\n';
      }
      yield lead === '[\n' ? '[]\n' : '\n]\n';
      return;
    }
    case 'ndjson':
      for await (const { columns, rows } of batches) {
        const asJson = jsonWriter(columns);
        yield rows.map(row => `${asJson(row)}\n`).join('');
      }
      return;
    case 'parquet': {
      // Loaded late: other formats do not need its library.
      const { asParquet } = await import('./parquet.js');
      yield* asParquet(batches);
    }
  }
}

async function* asTable(batches: AsyncIterable<QueryBatch>, options: TextOptions): AsyncGenerator<string> {
  let head: readonly string[] = [];
  let printed = false;
  let leftOut = 0;
  const kept: (readonly Value[])[] = [];
  for await (const { columns, rows } of batches) {
    head = columns;
    const fitting = rows.slice(0, options.rows - kept.length);
    kept.push(...fitting);
    leftOut += rows.length - fitting.length;
    if (leftOut === 0 || printed) continue;
    printed = true;
    yield renderTable(head, kept, options);
  }
  if (!printed) yield renderTable(head, kept, options);
  if (leftOut > 0) options.leftOut(leftOut);
}

async function* asCsv(batches: AsyncIterable<QueryBatch>, nullText = ''): AsyncGenerator<string> {
  const options: Options = {
    quoted_match: /^$/,
    cast: {
      null: () => nullText,
      // Text that reads like NULL is quoted, as empty text is.
      ...(nullText === '' ? {} : { string: value => (value === nullText ? { value, quoted: true } : value) }),
    },
  };
  let headed = false;
  for await (const { columns, rows } of batches) {
    if (!headed) yield stringify([[...columns]], { quoted_match: /^$/ });
    headed = true;
    for (let i = 0; i < rows.length; i += CSV_ROWS)
      yield stringify(rows.slice(i, i + CSV_ROWS) as Value[][], options);
  }
}

/** Writes rows as JSON objects whose keys keep the columns' order, also where a name is a number. */
function jsonWriter(columns: readonly string[]): (row: readonly Value[]) => string {
  const keys = columns.map(column => `${JSON.stringify(column)}:`);
  return row => `{${row.map((value, i) => keys[i] + jsonValue(value)).join(',')}}`;
}

function jsonValue(value: Value): string {
  const isNumber =
    typeof value === 'bigint' || value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY;
  return JSON.stringify(isNumber ? String(value) : value);
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
