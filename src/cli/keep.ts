import type { CommandModule } from 'yargs';
import { chooseSweep } from '../analysis/choose-sweep.js';
import { counted, formatBytes } from '../base/units.js';
import { keepSweep } from '../keep/keep.js';
import { openReader } from '../store/read/reader.js';
import { makeOutputFolder } from './output-folder.js';

interface KeepArguments {
  readonly db: string;
  readonly folder: string;
  readonly sweep?: string | undefined;
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
      .example('$0 keep results/my.sqlite results-published/my', 'after each part of a long sweep') as never,
  handler: ({ db, folder, sweep }) => {
    const reader = openReader(db);
    let name: string;
    try {
      ({ name } = chooseSweep(reader, db, sweep, '--sweep'));
    } finally {
      reader.close();
    }
    makeOutputFolder('folder', folder);
    const { trajectories, cells, bytes } = keepSweep(db, name, folder);
    process.stdout.write(
      `${folder}: ${counted(trajectories, 'trajectory', 'trajectories')}, ${counted(cells, 'cell')}, ${formatBytes(bytes)}\n`,
    );
  },
};
