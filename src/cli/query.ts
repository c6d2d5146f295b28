import { isUtf8 } from 'node:buffer';
import { extname } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { CommandModule } from 'yargs';
import { InputError, UsageError } from '../base/errors.js';
import { fileKind } from '../base/file-kind.js';
import { didYouMean } from '../base/nearest.js';
import { onFirstStopSignal } from '../base/stop-signals.js';
import { counted } from '../base/units.js';
import { openReader, type Relation } from '../store/read/reader.js';
import { type QueryBatch, querySql } from '../store/user-sql/query.js';
import { Destination } from './destination.js';
import { moreThanZero, numberOption, wholeFrom } from './numbers.js';
import { FORMATS, type Format, formatRows, type Piece, type TextOptions } from './output.js';
import { refuseForeign } from './overwrite.js';
import { parseParameters } from './parameters.js';
import { describedViews, viewRows, viewsText } from './views.js';

/** Row limit of tables that are not written to a file. Longer results are for programs, in another format. */
const TABLE_ROWS = 1_000;

const FORMAT_OF_ENDING: Readonly<Record<string, Format>> = {
  csv: 'csv',
  json: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  parquet: 'parquet',
};

export interface QueryArguments {
  readonly db: string;
  readonly sql?: string | undefined;
  readonly view?: string | undefined;
  readonly views?: boolean | undefined;
  readonly param?: readonly string[] | undefined;
  readonly format?: Format | undefined;
  readonly output?: string | undefined;
  readonly null?: string | undefined;
  readonly limit?: number | undefined;
  readonly timeout?: number | undefined;
}

/** `espalier query DB [SQL]`: runs read-only SQL. */
export const queryCommand: CommandModule<object, QueryArguments> = {
  builder: yargs =>
    yargs
      .positional('db', { type: 'string', demandOption: true, describe: 'The database' })
      .positional('sql', { type: 'string', describe: 'One SELECT; `-` reads it from stdin' })
      .option('view', {
        type: 'string',
        nargs: 1,
        describe: 'All of a view or table: results, progress, ...',
      })
      .option('views', { type: 'boolean', describe: 'List the views, their columns and what these mean' })
      .option('param', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'name=value for :name in the SQL; a value is read as in SQL, else it is text (repeatable)',
      })
      .option('format', {
        choices: FORMATS,
        describe: `Table: not in a file, at most ${TABLE_ROWS} rows, long values cut [default: by --output's ending; on stdout table]`,
      })
      .option('output', {
        type: 'string',
        nargs: 1,
        describe: 'Write to this file: .csv, .json, .ndjson, .jsonl, .parquet, or another with --format',
      })
      .option('null', {
        type: 'string',
        nargs: 1,
        describe: 'What stands for NULL in csv and table [default: nothing; empty text is "" in csv]',
      })
      .option('limit', { ...numberOption('limit', wholeFrom(0)), describe: 'Stop after this many rows' })
      .option('timeout', {
        ...numberOption('timeout', moreThanZero('seconds')),
        describe: 'Give up after this many seconds',
      })
      .example('$0 query results/quickstart.sqlite --views', 'what can be asked')
      .example('$0 query results/quickstart.sqlite --view progress', 'how far it is')
      .example(
        '$0 query my.sqlite "SELECT * FROM thresholds WHERE target = :target" --param "target=<= 0.15"',
        'SQL with a parameter',
      )
      .example(
        '$0 query my.sqlite "SELECT dataset_size, avg(upper) FROM thresholds GROUP BY 1" --format csv',
        'the mean threshold by data set size',
      )
      .example(
        '$0 query my.sqlite --view results --output results.parquet',
        'everything, for pandas or DuckDB',
      ) as never,
  handler: async args => {
    const { limit, timeout: seconds } = args;
    const destination = destinationOf(args);
    const format = formatOf(args, destination);
    if (args.output !== undefined) refuseForeign(destination, format);
    if (format === 'parquet' && destination.isTerminal) {
      throw new UsageError('--format parquet: a terminal cannot show it, expected --output FILE');
    }
    checkNull(args.null, format);
    const text = {
      nullText: args.null,
      ...(destination.file === null
        ? { rows: limit ?? TABLE_ROWS }
        : { rows: Number.POSITIVE_INFINITY, cellCharacters: Number.POSITIVE_INFINITY }),
      leftOut: (count: number) => {
        process.stderr.write(
          `${counted(count, 'more row is', 'more rows are')} left out; --format csv or --limit shows more\n`,
        );
      },
    };
    if (args.views) await destination.write(viewsOf(args, format, text));
    else {
      const timeoutMs = seconds === undefined ? undefined : seconds * 1000;
      await ask(args, format, destination, { ...text, limit, timeoutMs });
    }
  },
};

function destinationOf({ db, output, sql }: QueryArguments): Destination {
  if (output === undefined) return Destination.at('-', null);
  const destination = Destination.at(output, '--output');
  if (destination.is(db)) throw new UsageError(`${destination.name}: this is the database itself`);
  if (sql === '-' && destination.is(0))
    throw new UsageError(`${destination.name}: the statement is read from it`);
  return destination;
}

async function ask(
  args: QueryArguments,
  format: Format,
  destination: Destination,
  options: TextOptions & { readonly limit: number | undefined; readonly timeoutMs: number | undefined },
): Promise<void> {
  const params = parseParameters(args.param ?? []);
  const sql = await statementOf(args);
  const stop = new AbortController();
  const ignoreSignals = onFirstStopSignal(() => stop.abort());
  try {
    const { limit, timeoutMs } = options;
    const batches = querySql(args.db, sql, {
      signal: stop.signal,
      typed: format === 'parquet',
      params,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    const pieces = formatRows(limited(batches, limit ?? Number.POSITIVE_INFINITY), format, options);
    await destination.write(pieces, stop.signal);
  } finally {
    ignoreSignals();
  }
}

function viewsOf(args: QueryArguments, format: Format, options: TextOptions): AsyncGenerator<Piece> {
  if (args.sql !== undefined)
    throw new UsageError('query: --views lists what can be asked, expected no SQL with it');
  for (const option of ['view', 'param', 'limit', 'timeout'] as const) {
    if (args[option] !== undefined)
      throw new UsageError(`query: --views lists what can be asked, expected no --${option} with it`);
  }
  const reader = openReader(args.db);
  try {
    const views = describedViews(reader);
    return format === 'table' ? viewsText(views) : formatRows(viewRows(views), format, options);
  } finally {
    reader.close();
  }
}

/** @throws UsageError unless it is text in UTF-8. */
async function sqlFromInput(): Promise<string> {
  const bytes = await buffer(process.stdin);
  const other = fileKind(bytes) ?? (isUtf8(bytes) ? null : 'text in another encoding');
  if (other !== null) throw new UsageError(`standard input: this is ${other}, expected one SELECT in UTF-8`);
  return bytes.toString('utf8');
}

async function statementOf({ db, sql, view }: QueryArguments): Promise<string> {
  if (sql !== undefined && view !== undefined)
    throw new UsageError('query: both SQL and --view, expected one');
  if (sql !== undefined) return sql === '-' ? sqlFromInput() : sql;
  const relations = relationsOf(db);
  if (view === undefined) {
    throw new UsageError(`query: expected SQL, --views, or --view with one of: ${listed(relations)}`);
  }
  const names = relations.map(({ name }) => name);
  const known = names.find(name => name.toLowerCase() === view.toLowerCase());
  if (known === undefined) {
    throw new UsageError(
      `--view: found "${view}"${didYouMean(view, names)}, expected one of: ${listed(relations)}`,
    );
  }
  return `SELECT * FROM "${known}"`;
}

function relationsOf(db: string): Relation[] {
  const reader = openReader(db);
  try {
    return reader.relations();
  } finally {
    reader.close();
  }
}

const listed = (relations: readonly Relation[]): string => relations.map(({ name }) => name).join(', ');

function formatOf({ format, output }: QueryArguments, { file, name }: Destination): Format {
  const ending = extname(output ?? '')
    .slice(1)
    .toLowerCase();
  const byEnding = Object.hasOwn(FORMAT_OF_ENDING, ending) ? FORMAT_OF_ENDING[ending] : undefined;
  if (format !== undefined && byEnding !== undefined && format !== byEnding)
    throw new UsageError(`${name}: its ending says ${byEnding}, but --format ${format}, expected the same`);
  const known = format ?? byEnding;
  if (known !== undefined) return known;
  // A pipe or a device is read as stdout is.
  if (file === null) return 'table';
  const what = ending === '' ? 'the name has no ending' : `.${ending} is the ending of no format`;
  const endings = Object.keys(FORMAT_OF_ENDING).map(one => `.${one}`);
  throw new UsageError(`${name}: ${what}, expected ${endings.join(', ')}, or --format`);
}

function checkNull(text: string | undefined, format: Format): void {
  if (text === undefined) return;
  if (format !== 'csv' && format !== 'table')
    throw new UsageError(`--null ${text}: ${format} has a NULL of its own, expected --format csv or table`);
  if (/[",\r\n]/.test(text))
    throw new InputError({
      path: '--null',
      value: text,
      expected: 'a text without quotes, commas and line breaks',
    });
}

async function* limited(batches: AsyncIterable<QueryBatch>, limit: number): AsyncGenerator<QueryBatch> {
  let left = limit;
  for await (const batch of batches) {
    const { rows } = batch;
    yield rows.length > left ? { ...batch, rows: rows.slice(0, left) } : batch;
    left -= rows.length;
    if (left <= 0) return;
  }
}
