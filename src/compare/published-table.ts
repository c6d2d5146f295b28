/** Reads a published table: one value for each width, data set size and checkpoint, as CSV. */
import { isUtf8 } from 'node:buffer';
import { CsvError, parse } from 'csv-parse/sync';
import { InputError } from '../base/errors.js';
import { fileKind } from '../base/file-kind.js';
import { readInputFile } from '../base/input-file.js';
import { didYouMean } from '../base/nearest.js';
import type { MetricInfo } from '../domain/metrics.js';

/** A point of the grid: N, n and iterations. */
export interface CellPlace {
  readonly width: number;
  readonly n: number;
  readonly t: number;
}

export interface TableCell extends CellPlace {
  /** An accuracy (0 to 1) or a mean loss. */
  readonly value: number;
}

type Quantity = MetricInfo['quantity'];

interface Rule {
  readonly expected: string;
  fits(value: number): boolean;
}

const whole = (min: number): Rule => ({
  expected: `a whole number, ${min} or more`,
  fits: value => Number.isSafeInteger(value) && value >= min,
});
const VALUE: Readonly<Record<Quantity, Rule>> = {
  accuracy: { expected: 'an accuracy from 0 to 1', fits: value => value >= 0 && value <= 1 },
  loss: { expected: 'a mean loss, 0 or more', fits: value => value >= 0 && value < Number.POSITIVE_INFINITY },
};
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

const columnsOf = (quantity: Quantity): ReadonlyMap<string, Rule> =>
  new Map([
    ['width', whole(1)],
    ['dataset_size', whole(1)],
    ['pretrain_iterations', whole(0)],
    [quantity, VALUE[quantity]],
  ]);

/**
 * The cells of a table with the columns `width, dataset_size, pretrain_iterations` and `accuracy` or `loss`, in any order.
 *
 * @param file its name, as errors show it.
 * @returns at least one cell, ordered by width, n, t.
 * @throws InputError (BAD_INPUT)
 */
export const readTable = (file: string, quantity: Quantity): TableCell[] =>
  parseTable(readInputFile(file, EXPECTED_FILE), file, quantity);

const EXPECTED_FILE = 'a published table, CSV in UTF-8';

/** As `readTable`, from the bytes of the file. */
export function parseTable(bytes: Uint8Array, source: string, quantity: Quantity): TableCell[] {
  const refuse = (what: string, expected: string, line?: number) => {
    const at = line === undefined ? source : `${source}:${line}`;
    return new InputError({ path: '', source: at, value: source, what, expected });
  };
  const kind = fileKind(bytes) ?? (isUtf8(bytes) ? null : 'no text in UTF-8');
  if (kind !== null) throw refuse(`this is ${kind}`, EXPECTED_FILE);
  const columns = columnsOf(quantity);
  const names = [...columns.keys()];
  const [head, ...rows] = recordsOf(bytes, refuse);
  const listed = `the columns ${names.join(', ')}`;
  if (!head) throw refuse('the file is empty', listed);
  for (const [i, name] of head.fields.entries()) {
    if (!columns.has(name))
      throw refuse(
        `found the column ${JSON.stringify(name)}${didYouMean(name, names)}`,
        `${listed}, in any order`,
        head.line,
      );
    if (head.fields.indexOf(name) < i)
      throw refuse(`the column ${name} is there twice`, 'each column once', head.line);
  }
  const absent = names.find(name => !head.fields.includes(name));
  if (absent !== undefined) throw refuse(`the column ${absent} is missing`, listed, head.line);

  const lines = new Map<string, number>();
  const cells = rows.map(({ line, fields }): TableCell => {
    if (fields.length !== head.fields.length)
      throw refuse(`found ${fields.length} fields`, `${head.fields.length}, one for each column`, line);
    const read = (name: string): number => {
      const text = fields[head.fields.indexOf(name)]!;
      const { expected, fits } = columns.get(name)!;
      if (DECIMAL.test(text) && fits(Number(text))) return Number(text);
      throw new InputError({ path: name, source: `${source}:${line}`, value: text, expected });
    };
    const [width, n, t, value] = names.map(read) as [number, number, number, number];
    const place = `width ${width}, dataset_size ${n}, pretrain_iterations ${t}`;
    const earlier = lines.get(place);
    if (earlier !== undefined)
      throw refuse(`${place} is on line ${earlier} already`, 'each cell only once', line);
    lines.set(place, line);
    return { width, n, t, value };
  });
  if (cells.length === 0) throw refuse('no line of numbers is below the column names', 'at least one');
  return cells.sort(byPlace);
}

/** Orders by width, n, t. */
export const byPlace = (a: CellPlace, b: CellPlace): number => a.width - b.width || a.n - b.n || a.t - b.t;

interface CsvRecord {
  /** Counted from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

function recordsOf(
  bytes: Uint8Array,
  refuse: (what: string, expected: string, line?: number) => InputError,
): CsvRecord[] {
  try {
    const records = parse(Buffer.from(bytes), {
      bom: true,
      info: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as { info: { lines: number }; record: string[] }[];
    return records.map(({ info, record }) => ({ line: info.lines, fields: record }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = Number((error as unknown as { lines?: number }).lines) || undefined;
    throw refuse('a quote is not closed, or text follows it', 'CSV', line);
  }
}
