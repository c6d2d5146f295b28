import { existsSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { UsageError } from '../base/errors.js';
import { shellWord } from '../base/shell-word.js';
import { counted } from '../base/units.js';
import { readKept } from '../keep/read.js';
import { restoreKept } from '../keep/restore.js';
import { openReader } from '../store/read/reader.js';
import { type FilesystemArguments, filesystemOption } from './sweep-options.js';

interface RestoreArguments extends FilesystemArguments {
  readonly folder: string;
  readonly db: string;
  readonly json: boolean;
}

/** `espalier restore FOLDER DB`: a database of what `keep` has written. */
export const restoreCommand: CommandModule<object, RestoreArguments> = {
  builder: yargs =>
    filesystemOption(yargs)
      .positional('folder', {
        type: 'string',
        demandOption: true,
        describe: 'A folder that `espalier keep` has written',
      })
      .positional('db', {
        type: 'string',
        demandOption: true,
        describe: 'The database to write; other sweeps that it holds stay in it',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print as JSON' })
      .example('$0 restore results-published/my my.sqlite', 'then fit, report, compare, or run on') as never,
  handler: ({ folder, db, json, unsafeFilesystem }) => {
    const kept = readKept(folder);
    const { name } = kept.spec;
    if (existsSync(db)) refuseSweep(db, name);
    restoreKept(kept, folder, db, { unsafeFilesystem });
    const trajectories = kept.trajectories.length;
    process.stdout.write(
      json
        ? `${JSON.stringify({ folder, db, sweep: name, trajectories }, null, 2)}\n`
        : `${db}: ${name}, ${counted(trajectories, 'trajectory', 'trajectories')}\n` +
            `The laws t*(n): npx espalier fit ${shellWord(db)}\n`,
    );
  },
};

/** @throws UsageError; StoreError for what is no database. */
function refuseSweep(db: string, sweep: string): void {
  const reader = openReader(db);
  try {
    if (reader.sweeps().some(({ name }) => name === sweep))
      throw new UsageError(`${db}: holds the sweep ${sweep} already, expected another database`);
  } finally {
    reader.close();
  }
}
