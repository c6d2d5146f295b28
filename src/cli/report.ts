import { existsSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { CommandModule } from 'yargs';
import { chooseSweep } from '../analysis/choose-sweep.js';
import { UsageError } from '../base/errors.js';
import type { FitReport } from '../fit/index.js';
import { criterion, intervalText, significant } from '../report/style/text.js';
import { openReader } from '../store/read/reader.js';
import { Destination, once } from './destination.js';
import { numberOption, wholeFrom } from './numbers.js';
import { checkFolder, makeOutputFolder } from './output-folder.js';
import { refuseForeign } from './overwrite.js';

export interface ReportArguments {
  readonly db: string;
  readonly output?: string | undefined;
  readonly figures?: string | undefined;
  readonly sweep?: string | undefined;
  readonly width?: number | undefined;
  readonly subnetSize?: number | undefined;
}

/** `espalier report DB`: writes one self-contained HTML file, and figures for a paper. */
export const reportCommand: CommandModule<object, ReportArguments> = {
  builder: yargs =>
    yargs
      .positional('db', { type: 'string', demandOption: true, describe: 'The database' })
      .option('output', {
        type: 'string',
        nargs: 1,
        describe: 'The HTML file, or - for stdout [default: the name of the database, with .html]',
      })
      .option('figures', {
        type: 'string',
        nargs: 1,
        describe:
          'Also write each figure into this folder: SVG and PNG (300 dpi), for one column and for two',
      })
      .option('sweep', { type: 'string', nargs: 1, describe: 'Which sweep, where there are several' })
      .option('width', {
        ...numberOption('width', wholeFrom(1)),
        describe: 'The N that figures show [default: the largest]',
      })
      .option('subnet-size', {
        ...numberOption('subnet-size', wholeFrom(1)),
        describe: 'The k that figures show [default: the largest]',
      })
      .example('$0 report results/quickstart.sqlite', 'writes results/quickstart.html')
      .example(
        '$0 report my.sqlite --output paper.html --figures paper/',
        'figures for a paper, too',
      ) as never,
  handler: async args => {
    const { figures } = args;
    const figureAt = (name: string) => Destination.at(join(figures!, name), '--figures');
    const reader = openReader(args.db);
    try {
      const destination = destinationOf(args);
      if (figures !== undefined) checkFolder('--figures', figures);
      // The drawing modules are loaded here, so that no other command waits for them.
      const [{ readReport }, { exportFigures, figureNames }, { renderReport }] = await Promise.all([
        import('../report/read-report.js'),
        import('../report/export-figures.js'),
        import('../report/page/report.js'),
      ]);
      if (figures !== undefined && existsSync(figures))
        for (const { name, type } of figureNames()) refuseForeign(figureAt(name), type);
      const sweep = chooseSweep(reader, args.db, args.sweep, '--sweep');
      const content = await readReport(reader, sweep, choiceOf(args));
      const page = await renderReport(content);
      if (figures !== undefined) makeOutputFolder('--figures', figures);
      await destination.write(once(page));
      if (figures !== undefined) {
        for await (const { name, bytes } of exportFigures(content.figures))
          await figureAt(name).write(once(bytes));
      }
      // A report on stdout stays alone there.
      const isFile = destination.file !== null;
      const say = (line: string) => (isFile ? process.stdout : process.stderr).write(`${line}\n`);
      if (isFile) {
        if (content.figures.fit) say(verdictLine(content.figures.fit));
        say(`report: ${args.output ?? defaultOutput(args.db)}`);
      }
      if (figures !== undefined) say(`figures: ${figures}`);
    } finally {
      reader.close();
    }
  },
};

/** What was found on the primary target. */
function verdictLine({ primary, groups, missing }: FitReport): string {
  const group = primary === null ? null : groups[primary]!;
  if (!group) return `verdict: none on a primary target: ${missing}`;
  const { verdict, metric, target, lambda } = group;
  const of = `verdict on ${criterion(metric, target)}`;
  if (verdict.code === 'insufficient-data') return `${of}: ${verdict.sentence}`;
  const exponent = lambda?.interval95
    ? `, lambda = ${significant(lambda.value)}, 95% interval ${intervalText(lambda.interval95)}`
    : '';
  return `${of}: ${verdict.label}${exponent}`;
}

const defaultOutput = (db: string): string => join(dirname(db), `${basename(db, extname(db))}.html`);

function destinationOf({ db, output }: ReportArguments): Destination {
  const path = output ?? defaultOutput(db);
  const destination = Destination.at(path, output === undefined ? null : '--output');
  if (destination.is(db)) throw new UsageError(`${destination.name}: this is the database itself`);
  if (destination.file !== null && !/\.html?$/i.test(path))
    throw new UsageError(`${destination.name}: a report is HTML, expected a name that ends in .html or .htm`);
  refuseForeign(destination, 'html');
  return destination;
}

const choiceOf = ({ width, subnetSize }: ReportArguments) => ({
  ...(width === undefined ? {} : { width }),
  ...(subnetSize === undefined ? {} : { subnetSize }),
});
