import type { CommandModule } from 'yargs';
import { chooseSweep } from '../analysis/choose-sweep.js';
import { UsageError } from '../base/errors.js';
import { compareDatabase, comparedMetric } from '../compare/compare-database.js';
import { readTable } from '../compare/published-table.js';
import { openReader } from '../store/read/reader.js';
import { comparisonJson, renderComparison } from './compare-screen.js';
import { Destination, once } from './destination.js';
import { numberOption, wholeFrom } from './numbers.js';
import { refuseForeign } from './overwrite.js';

interface CompareArguments {
  readonly db: string;
  readonly csv: string;
  readonly sweep?: string | undefined;
  readonly metric: string;
  readonly method?: string | undefined;
  readonly subnetSize?: number | undefined;
  readonly where?: string[] | undefined;
  readonly from?: number | undefined;
  readonly json: boolean;
  readonly figure?: string | undefined;
}

/** `espalier compare DB CSV`: how far a sweep's curves and thresholds are from a published table. */
export const compareCommand: CommandModule<object, CompareArguments> = {
  builder: yargs =>
    yargs
      .positional('db', { type: 'string', demandOption: true, describe: 'The database' })
      .positional('csv', {
        type: 'string',
        demandOption: true,
        describe:
          'The published table: width, dataset_size, pretrain_iterations, and accuracy (or loss, for a metric that is one)',
      })
      .option('sweep', { type: 'string', nargs: 1, describe: 'Which sweep, where there are several' })
      .option('metric', {
        type: 'string',
        nargs: 1,
        default: 'subnet_train_accuracy',
        describe: 'What the table holds: a metric column of the view `results`',
      })
      .option('method', {
        type: 'string',
        nargs: 1,
        describe: 'The selection that is compared, where there are several',
      })
      .option('subnet-size', {
        ...numberOption('subnet-size', wholeFrom(1)),
        describe: 'The k that is compared, where there are several',
      })
      .option('where', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'The value of another setting that varies, e.g. prune.objective=brier (repeatable)',
      })
      .option('from', {
        ...numberOption('from', wholeFrom(0)),
        describe: 'Also sum up the cells with t of at least this many iterations',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print everything as JSON' })
      .option('figure', {
        type: 'string',
        nargs: 1,
        describe: 'Also draw both sides: an .svg or .png (300 dpi)',
      })
      .example('$0 compare results/mnist-paper.sqlite figure2.csv --from 2000', 'how far from the paper?')
      .example(
        '$0 compare my.sqlite figure2.csv --where prune.objective=brier --figure both.svg',
        'one of several selections, and a figure',
      ) as never,
  handler: async args => {
    const metric = comparedMetric(args.metric);
    const figure = args.figure === undefined ? null : figureAt(args.figure, [args.db, args.csv]);
    const reader = openReader(args.db);
    try {
      const table = readTable(args.csv, metric.quantity);
      const { name } = chooseSweep(reader, args.db, args.sweep, '--sweep');
      const comparison = compareDatabase(reader, name, table, metric, args, args.from ?? null);
      if (figure !== null) {
        // Loaded late: only figures need the drawing modules.
        const [{ exportFigure }, { publishedFigure }] = await Promise.all([
          import('../report/export-figures.js'),
          import('../report/figures/published.js'),
        ]);
        const bytes = await exportFigure(publishedFigure, { comparison, table }, figure.type);
        if (bytes === null)
          throw new UsageError(
            `${figure.at.name}: the table has one checkpoint, expected two to draw curves`,
          );
        await figure.at.write(once(bytes));
      }
      process.stdout.write(
        args.json
          ? comparisonJson(comparison, { db: args.db, table: args.csv, from: args.from ?? null })
          : renderComparison(comparison, args.csv, args.from ?? null),
      );
      if (figure !== null) process.stderr.write(`figure: ${args.figure}\n`);
    } finally {
      reader.close();
    }
  },
};

interface FigureFile {
  readonly at: Destination;
  readonly type: 'svg' | 'png';
}

/** @throws UsageError, InputError where no figure can be written there. */
function figureAt(path: string, inputs: readonly string[]): FigureFile {
  const at = Destination.at(path, '--figure');
  const type = /\.(svg|png)$/i.exec(path)?.[1]?.toLowerCase() as FigureFile['type'] | undefined;
  if (type === undefined) throw new UsageError(`${at.name}: expected a name that ends in .svg or .png`);
  if (inputs.some(input => at.is(input)))
    throw new UsageError(`${at.name}: this is what is compared, expected another file`);
  refuseForeign(at, type);
  return { at, type };
}
