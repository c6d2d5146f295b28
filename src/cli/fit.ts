import type { CommandModule } from 'yargs';
import { fitDatabase } from '../analysis/fit-database.js';
import { FIT_DEFAULTS } from '../fit/index.js';
import { renderFit } from './fit-screen.js';
import { numberOption, WHOLE } from './numbers.js';
import { type FilesystemArguments, filesystemOption } from './sweep-options.js';

interface FitArguments extends FilesystemArguments {
  readonly db: string;
  readonly sweep?: string | undefined;
  readonly json: boolean;
  readonly simulationSeed: number;
}

/** `espalier fit DB`: computes, stores and prints thresholds and laws. */
export const fitCommand: CommandModule<object, FitArguments> = {
  builder: yargs =>
    filesystemOption(yargs)
      .positional('db', { type: 'string', demandOption: true, describe: 'The database' })
      .option('sweep', { type: 'string', nargs: 1, describe: 'Only this sweep of it [default: all]' })
      .option('json', { type: 'boolean', default: false, describe: 'Print everything as JSON' })
      .option('simulation-seed', {
        ...numberOption('simulation-seed', WHOLE),
        default: FIT_DEFAULTS.seed,
        describe: 'Seed of the bootstraps; stored with their results',
      })
      .example('$0 fit results/mnist-small.sqlite', 'the verdict, and what it rests on')
      .example(
        '$0 fit results/mnist-small.sqlite --json | jq ".sweeps[].groups[] | {name, verdict: .verdict.code}"',
        'the verdicts, for a script',
      ) as never,
  handler: async ({ db, sweep, json, simulationSeed, unsafeFilesystem }) => {
    const { reports, notStored } = await fitDatabase(db, sweep, {
      seed: simulationSeed,
      unsafeFilesystem,
    });
    if (notStored !== null) process.stderr.write(`note: nothing is stored: ${notStored}\n`);
    process.stdout.write(
      json
        ? `${JSON.stringify({ shape: 1, db, stored: notStored === null, sweeps: reports }, null, 2)}\n`
        : reports.map(renderFit).join('\n'),
    );
  },
};
