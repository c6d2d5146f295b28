import { availableParallelism } from 'node:os';
import type { CommandModule } from 'yargs';
import { UsageError } from '../base/errors.js';
import { removeEmptyFolders } from '../base/folders.js';
import { onFirstStopSignal } from '../base/stop-signals.js';
import { asUsageError } from '../base/system-error.js';
import { counted } from '../base/units.js';
import { createEngine } from '../engine/index.js';
import { NUMERICS } from '../engine/numerics.js';
import { loadIdentified } from '../run/load-identified.js';
import { storedTrajectory } from '../store/read/stored-trajectory.js';
import { InputLibrary, imagesKey } from '../trajectory/environment.js';
import { exportTrajectory } from '../trajectory/export.js';
import { exportedFiles, exportedTrajectory } from '../trajectory/export-folder.js';
import { type NumberRule, numberOption, parseNumber, wholeFrom } from './numbers.js';
import { checkFolder, makeOutputFolder } from './output-folder.js';

interface ExportArguments {
  readonly db: string;
  readonly trajectory: string;
  readonly output: string;
  readonly at?: readonly string[] | undefined;
  readonly batches?: number | undefined;
  readonly dataDir?: string | undefined;
}

/** `espalier export DB`: recomputes one trajectory and writes what another program needs to check it. */
export const exportCommand: CommandModule<object, ExportArguments> = {
  builder: yargs =>
    yargs
      .positional('db', { type: 'string', demandOption: true, describe: 'The database' })
      .option('trajectory', {
        type: 'string',
        nargs: 1,
        demandOption: true,
        describe: 'The id of a trajectory, or its beginning (see the table `trajectories`)',
      })
      .option('output', {
        type: 'string',
        nargs: 1,
        demandOption: true,
        describe:
          'The folder to write to: new, or with an earlier export of the trajectory, which is replaced',
      })
      .option('at', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'Checkpoints whose weights and picks are written, beside 0: 100 or 50,100 [default: all]',
      })
      .option('batches', {
        ...numberOption('batches', wholeFrom(0)),
        describe: 'Iterations whose batches are written [default: to the largest checkpoint written]',
      })
      .option('data-dir', { type: 'string', nargs: 1, describe: 'Where data files are looked for first' })
      .example(
        '$0 export results/quickstart.sqlite --trajectory 3f9a --output check --at 100',
        'everything that is needed to repeat 100 iterations elsewhere',
      ) as never,
  handler: async ({ db, trajectory, output, at, batches, dataDir }) => {
    const stored = storedTrajectory(db, trajectory);
    const { planned } = stored;
    const { config } = planned;
    const current = NUMERICS[config.engine];
    if (current !== undefined && config.numerics !== current) {
      throw new UsageError(
        `trajectory ${planned.id} was computed with numerics ${config.numerics} of the ${config.engine} engine, ` +
          `expected ${current}, the one of this version: run the sweep again first`,
      );
    }
    const checkpoints = planned.checkpoints.map(checkpoint => checkpoint.t);
    const oneOfThem: NumberRule = {
      expected: `one of the checkpoints ${checkpoints.join(', ')}`,
      fits: t => checkpoints.includes(t),
    };
    const chosen = at?.flatMap(values => values.split(',')).map(t => parseNumber('--at', t, oneOfThem));
    checkFolder('--output', output);
    refuseOtherExport(output, planned.id);
    const search = { dataDir, threads: availableParallelism() };
    const dataset = await loadIdentified(config.dataset, stored.folders, search);
    const stop = new AbortController();
    const ignoreSignals = onFirstStopSignal(() => stop.abort());
    const outermost = makeOutputFolder('--output', output);
    try {
      const environment = {
        engine: await createEngine(config.engine),
        inputs: new InputLibrary(new Map([[imagesKey(config.dataset), dataset]])),
        stopRequested: () => stop.signal.aborted,
      };
      const files = await exportTrajectory(planned, environment, { output, at: chosen, batches });
      process.stderr.write(`wrote ${counted(files.length, 'file')} to ${output}\n`);
    } catch (error) {
      removeEmptyFolders(output, outermost);
      throw asUsageError(error, `--output ${output}`, 'written to');
    } finally {
      ignoreSignals();
    }
  },
};

/** Two networks in one folder would pass for one. @throws UsageError */
function refuseOtherExport(output: string, id: string): void {
  const [file] = exportedFiles(output);
  if (file === undefined) return;
  const other = exportedTrajectory(output);
  if (other === id) return;
  const what = other === null ? `${file}, and nothing says of what` : `the export of trajectory ${other}`;
  throw new UsageError(`--output ${output}: this folder holds ${what}, expected another folder`);
}
