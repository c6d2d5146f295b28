import type { CommandModule } from 'yargs';
import { chooseSweep } from '../analysis/choose-sweep.js';
import { counted, formatBytes } from '../base/units.js';
import { keepSweep } from '../keep/keep.js';
import { openReader } from '../store/read/reader.js';
import { checkFolder } from './output-folder.js';

interface KeepArguments {
  readonly db: string;
  readonly folder: string;
  readonly sweep?: string | undefined;
  readonly json: boolean;
}

/** `espalier keep DB FOLDER`: what is finished of a sweep as files for a repository. */
export const keepCommand: CommandModule<object, KeepArguments> = {
  builder: yargs =>
    yargs
      .positional('db', { type: 'string', demandOption: true, describe: 'The database' })
      .positional('folder', {
        type: 'string',
        demandOption: true,
        describe: 'Where the files go; what it holds of this sweep already stays in it',
      })
      .option('sweep', { type: 'string', nargs: 1, describe: 'Which sweep, where there are several' })
      .option('json', { type: 'boolean', default: false, describe: 'Print as JSON' })
      .example('$0 keep results/my.sqlite results-published/my', 'after each part of a long sweep') as never,
  handler: ({ db, folder, sweep: wanted, json }) => {
    const sweep = nameOf(db, wanted);
    checkFolder('folder', folder);
    const kept = keepSweep(db, sweep, folder);
    const { trajectories, cells, bytes } = kept;
    process.stdout.write(
      json
        ? `${JSON.stringify({ db, sweep, folder, ...kept }, null, 2)}\n`
        : `${folder}: ${sweep}, ${counted(trajectories, 'trajectory', 'trajectories')}, ${counted(cells, 'cell')}, ` +
            `${formatBytes(bytes)}\n`,
    );
  },
};

function nameOf(db: string, sweep: string | undefined): string {
  const reader = openReader(db);
  try {
    return chooseSweep(reader, db, sweep, '--sweep').name;
  } finally {
    reader.close();
  }
}
