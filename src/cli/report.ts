import { existsSync, mkdirSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { CommandModule } from 'yargs';
import { chooseSweep } from '../analysis/choose-sweep.js';
import { UsageError } from '../base/errors.js';
import { openReader } from '../store/read/reader.js';
import { isSameFile, writeToFile } from './output.js';

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
        describe: 'The HTML file [default: the name of the database, with .html]',
      })
      .option('figures', {
        type: 'string',
        nargs: 1,
        describe:
          'Also write each figure into this folder: SVG and PNG (300 dpi), for one column and for two',
      })
      .option('sweep', { type: 'string', nargs: 1, describe: 'Which sweep, where there are several' })
      .option('width', {
        type: 'number',
        nargs: 1,
        describe: 'The N that figures show [default: the largest]',
      })
      .option('subnet-size', {
        type: 'number',
        nargs: 1,
        describe: 'The k that figures show [default: the largest]',
      })
      .example('$0 report results/quickstart.sqlite', 'writes results/quickstart.html')
      .example(
        '$0 report my.sqlite --output paper.html --figures paper/',
        'figures for a paper, too',
      ) as never,
  handler: async args => {
    const output = args.output ?? join(dirname(args.db), `${basename(args.db, extname(args.db))}.html`);
    if (isSameFile(output, args.db)) throw new UsageError(`--output ${output}: this is the database itself`);
    if (args.output !== undefined && !existsSync(dirname(output)))
      throw new UsageError(`--output ${output}: there is no folder ${dirname(output)}`);
    // The drawing modules are loaded here, so that no other command waits for them.
    const [{ readReport }, { exportFigures }, { renderReport }] = await Promise.all([
      import('../report/read-report.js'),
      import('../report/export-figures.js'),
      import('../report/page/report.js'),
    ]);
    const reader = openReader(args.db);
    try {
      const content = readReport(reader, chooseSweep(reader, args.db, args.sweep), choiceOf(args));
      const page = await renderReport(content);
      if (args.figures !== undefined) makeFolder(args.figures);
      await writeToFile(once(page), output);
      if (args.figures !== undefined) {
        for await (const { name, bytes } of exportFigures(content.figures))
          await writeToFile(once(bytes), join(args.figures, name));
      }
    } finally {
      reader.close();
    }
    process.stdout.write(`report: ${output}\n`);
    if (args.figures !== undefined) process.stdout.write(`figures: ${args.figures}\n`);
  },
};

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}

const choiceOf = ({ width, subnetSize }: ReportArguments) => ({
  ...(width === undefined ? {} : { width }),
  ...(subnetSize === undefined ? {} : { subnetSize }),
});

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UsageError(`--figures ${folder}: cannot be made (${(error as Error).message})`);
  }
}
