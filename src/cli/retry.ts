import type { CommandModule } from 'yargs';
import { counted } from '../base/units.js';
import { checkHeader } from '../store/file/open.js';
import { Store } from '../store/write/store.js';
import { renderTable } from './output.js';
import { type FilesystemArguments, filesystemOption } from './sweep-options.js';

/** `espalier retry DB`: puts failed trajectories back to pending. */
export const retryCommand: CommandModule<
  object,
  FilesystemArguments & { db: string; code?: string; json: boolean }
> = {
  builder: yargs =>
    filesystemOption(yargs)
      .positional('db', { type: 'string', demandOption: true, describe: 'The database' })
      .option('code', { type: 'string', nargs: 1, describe: 'Only those that failed with this code' })
      .option('json', { type: 'boolean', default: false, describe: 'Print as JSON' })
      .example('$0 retry results/my.sqlite', 'all of them')
      .example(
        '$0 retry my.sqlite --code TIMEOUT',
        'those that took too long, before a run with more time',
      ) as never,
  handler: ({ db, code, json, unsafeFilesystem }) => {
    checkHeader(db);
    const store = Store.open(db, { unsafeFilesystem });
    try {
      const codes = new Set(
        store
          .toReader()
          .failures()
          .map(({ errorCode }) => errorCode),
      );
      if (code !== undefined && codes.size > 0 && !codes.has(code))
        process.stderr.write(`note: none failed with ${code}, only with ${[...codes].sort().join(', ')}\n`);
      const retried = store.retryFailed(code);
      const diverged = retried.filter(({ errorCode }) => errorCode === 'DIVERGED').length;
      if (diverged > 0)
        process.stderr.write(
          `note: ${diverged} diverged, and will again: with the same settings come the same bits\n`,
        );
      print(db, retried, json);
    } finally {
      store.close();
    }
  },
};

/** The shape of `retry --json`: db, retried (trajectoryId, errorCode, error of each). */
function print(db: string, retried: ReturnType<Store['retryFailed']>, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ db, retried }, null, 2)}\n`);
    return;
  }
  const codes = new Map<string, number>();
  for (const { errorCode } of retried) codes.set(errorCode, (codes.get(errorCode) ?? 0) + 1);
  if (retried.length > 0) process.stdout.write(renderTable(['failed with', 'trajectories'], [...codes]));
  const again = counted(retried.length, 'trajectory is', 'trajectories are');
  process.stdout.write(`${again} pending again${retried.length > 0 ? '; run the sweep to try again' : ''}\n`);
}
