import type { CommandModule } from 'yargs';
import { type MergedDatabases, mergeDatabases } from '../analysis/merge-databases.js';
import { shellWord } from '../base/shell-word.js';
import { counted } from '../base/units.js';
import { renderTable } from './output.js';
import { type FilesystemArguments, filesystemOption } from './sweep-options.js';

interface MergeArguments extends FilesystemArguments {
  readonly out: string;
  readonly db: readonly string[];
  readonly json: boolean;
}

/** `espalier merge OUT DB...`: joins databases by content. */
export const mergeCommand: CommandModule<object, MergeArguments> = {
  builder: yargs =>
    filesystemOption(yargs)
      .positional('out', {
        type: 'string',
        demandOption: true,
        describe: 'The database to write; what it holds already stays in it',
      })
      .positional('db', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'The databases to join: parts of a sweep, copies, other sweeps',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print as JSON' })
      .example(
        '$0 merge results/my.sqlite results/my.shard-*.sqlite',
        'the parts of a sweep (see `espalier run --shard`)',
      )
      .example('$0 merge mine.sqlite hers.sqlite', 'add what somebody else has computed') as never,
  handler: ({ out, db, json, unsafeFilesystem }) => {
    const merged = mergeDatabases(out, db, { unsafeFilesystem });
    for (const note of notesOf(merged)) process.stderr.write(`note: ${note}\n`);
    process.stdout.write(json ? asJson(out, merged) : asText(out, merged));
  },
};

function notesOf({ sweeps, files, notes }: MergedDatabases): string[] {
  const edited = sweeps
    .filter(({ others }) => others.length > 0)
    .map(
      ({ name, latest, others }) =>
        `${name} asks for other cells in ${others.map(place => files[place]).join(', ')}: the definition that was stored ` +
        `last stays, that of ${files[latest]}; cells that it does not ask for are kept outside of the results`,
    );
  return [...edited, ...notes];
}

/**
 * The shape of `merge --json`: out, inputs (each file once, out first if it was there), trajectories, checkpoints, cells
 * and attempts (of the whole of out), sweeps (as in `status --json`).
 */
const asJson = (
  out: string,
  { files, trajectories, checkpoints, cells, attempts, progress }: MergedDatabases,
): string =>
  `${JSON.stringify({ out, inputs: files, trajectories, checkpoints, cells, attempts, sweeps: progress }, null, 2)}\n`;

function asText(out: string, { files, trajectories, cells, progress }: MergedDatabases): string {
  const rows = progress.map(sweep => [
    sweep.sweep,
    `${sweep.trajectoriesDone} of ${sweep.trajectories}`,
    sweep.trajectoriesFailed,
    `${sweep.cellsDone} of ${sweep.cells}`,
  ]);
  const fit = progress.length > 0 ? `\nThe laws t*(n): npx espalier fit ${shellWord(out)}\n` : '';
  return (
    `${out}: ${counted(files.length, 'database')} joined, ` +
    `${counted(trajectories, 'trajectory', 'trajectories')}, ${counted(cells, 'cell')}\n` +
    `${rows.length > 0 ? renderTable(['sweep', 'trajectories', 'failed', 'cells'], rows) : ''}${fit}`
  );
}
