import { closeSync, openSync, readSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { chooseSweeps } from '../analysis/choose-sweep.js';
import { EXIT, UsageError } from '../base/errors.js';
import { fileKind } from '../base/file-kind.js';
import { memoryBudget } from '../base/memory.js';
import { shellWord } from '../base/shell-word.js';
import { counted, formatDuration, parseBytes } from '../base/units.js';
import { checkPredictionMemory, predictSweeps } from '../run/predict.js';
import { storedSweep } from '../run/stored-sweep.js';
import { checkHeader } from '../store/file/open.js';
import { MAX_THREADS } from '../store/file/thread-request.js';
import type { SweepRow } from '../store/schema/rows.js';
import { Store } from '../store/write/store.js';
import { KERNELS, type KernelKind } from '../theory/kernel.js';
import { type DeadlineArguments, deadlineOptions, parseDeadline, startDeadline } from './deadline.js';
import { numberOption, wholeFrom } from './numbers.js';
import { predictionsJson, renderPredictions } from './predict-screen.js';
import { createProgressDisplay } from './progress.js';
import { stopOnSignals } from './stopper.js';
import {
  databaseOf,
  type FilesystemArguments,
  filesystemOption,
  prepareFromArguments,
  threadsOf,
} from './sweep-options.js';

interface PredictArguments extends FilesystemArguments, DeadlineArguments {
  readonly file: string;
  readonly db?: string | undefined;
  readonly sweep?: string | undefined;
  readonly threads?: number | undefined;
  readonly kernel: KernelKind;
  readonly set?: string[] | undefined;
  readonly dataDir?: string | undefined;
  readonly memory?: string | undefined;
  readonly json: boolean;
}

/** `espalier predict DB|SWEEP`: computes and stores what the kernel at t = 0 predicts. */
export const predictCommand: CommandModule<object, PredictArguments> = {
  builder: yargs =>
    filesystemOption(deadlineOptions(yargs))
      .positional('file', {
        type: 'string',
        demandOption: true,
        describe: 'A database, or a sweep file before anything is trained; its content tells which',
      })
      .option('db', {
        type: 'string',
        nargs: 1,
        describe: 'The database of a sweep file, which `run` goes on with [default: results/<name>.sqlite]',
      })
      .option('sweep', { type: 'string', nargs: 1, describe: 'Only this sweep of a database [default: all]' })
      .option('threads', {
        ...numberOption('threads', wholeFrom(1, MAX_THREADS)),
        describe: 'Trajectories at once [default: all cores]',
      })
      .option('kernel', {
        choices: KERNELS,
        default: 'initial' as KernelKind,
        describe: 'That of the network at t = 0, or its limit of infinite width (relu)',
      })
      .option('set', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'Replace a setting of a sweep file: path=value (repeatable)',
      })
      .option('data-dir', { type: 'string', nargs: 1, describe: 'Where data files are looked for first' })
      .option('memory', {
        type: 'string',
        nargs: 1,
        describe: 'What it may take: 8GB, 7.5GiB [default: what the machine or container has]',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print the result as JSON' })
      .example('$0 predict sweeps/mnist-small.yaml', 'before anything is trained')
      .example('$0 predict results/mnist-small.sqlite', 'beside what was measured')
      .example('$0 predict my.sqlite --for 20min', 'the smallest data sets first, as far as time allows')
      .example(
        '$0 query results/mnist-small.sqlite "SELECT * FROM predictions"',
        'what it has stored (docs/theory.md)',
      ) as never,
  handler: async args => {
    const memoryBytes = args.memory === undefined ? memoryBudget() : parseBytes('--memory', args.memory);
    const stopAt = parseDeadline(args);
    const { store, choose } = isDatabase(args.file) ? openDatabase(args) : await openSweep(args, memoryBytes);
    const display = createProgressDisplay();
    const stopper = stopOnSignals(display);
    const deadline = stopAt && startDeadline(stopAt, () => display.printLine('the time is up'));
    const startedAt = performance.now();
    try {
      const sweeps = choose();
      let shown = -1;
      const outcome = await predictSweeps(store, sweeps, {
        kernel: args.kernel,
        threads: threadsOf(args),
        dataDir: args.dataDir,
        memoryBytes,
        signal: deadline ? AbortSignal.any([stopper.signal, deadline.signal]) : stopper.signal,
        order: stopAt ? 'smallest' : 'largest',
        progress: (done, all) => {
          if (done === shown) return;
          shown = done;
          display.printLine(`${done}/${counted(all, 'trajectory', 'trajectories')}`);
        },
      });
      display.end();
      const { trajectories, computed, stopped, bracketS, lambda0S } = outcome;
      if (stopped) process.exitCode = EXIT.stopped;
      const reader = store.toReader();
      const names = sweeps.map(({ name }) => name);
      if (args.json) {
        process.stdout.write(predictionsJson(reader, store.file, args.kernel, names, outcome));
        return;
      }
      process.stdout.write(renderPredictions(reader, args.kernel, names));
      const seconds = formatDuration((performance.now() - startedAt) / 1000);
      const cost = `${bracketS.toFixed(0)} thread seconds, and ${lambda0S.toFixed(0)} for lambda_0`;
      process.stderr.write(
        stopped
          ? `stopped: ${computed} of ${counted(trajectories, 'trajectory', 'trajectories')} predicted; predicting again goes on from here\n`
          : `${counted(trajectories, 'trajectory', 'trajectories')} predicted, ${computed} of them now, in ${seconds} (${cost})\n`,
      );
      if (trajectories === 0) process.stderr.write(`note: ${NO_TARGETS}\n`);
      else process.stderr.write(`see: npx espalier report ${shellWord(store.file)}\n`);
    } finally {
      display.end();
      deadline?.dispose();
      stopper.dispose();
      store.close();
    }
  },
};

const NO_TARGETS =
  'nothing to predict: no sweep has an absolute target on dense_train_loss or subnet_train_loss, or on their sums';

interface Opened {
  readonly store: Store;
  choose(): SweepRow[];
}

function openDatabase(args: PredictArguments): Opened {
  for (const [option, value] of Object.entries({ '--db': args.db, '--set': args.set }))
    if (value !== undefined)
      throw new UsageError(`${option}: ${args.file} is a database, expected a sweep file with this option`);
  checkHeader(args.file);
  const store = Store.open(args.file, { unsafeFilesystem: args.unsafeFilesystem });
  return { store, choose: () => chooseSweeps(store.toReader(), args.file, args.sweep, '--sweep') };
}

/** Saves the sweep as `run` does, so that it goes on with the database. */
async function openSweep(args: PredictArguments, memoryBytes: number): Promise<Opened> {
  if (args.sweep !== undefined)
    throw new UsageError(`--sweep: ${args.file} is a sweep file, expected a database with this option`);
  // What a run would need is not what is needed here.
  const sweep = { ...args, sweep: args.file, engine: 'wasm' as const, memory: undefined };
  const prepared = await prepareFromArguments(sweep);
  checkPredictionMemory(prepared, args.kernel, memoryBytes);
  const store = Store.open(databaseOf(prepared.spec, args), { unsafeFilesystem: args.unsafeFilesystem });
  return {
    store,
    choose: () => {
      store.saveSweep(storedSweep(prepared.spec), prepared.trajectories);
      return [store.toReader().sweep(prepared.spec.name)];
    },
  };
}

/** A file that cannot be read is taken for a sweep file, whose reader says so. */
function isDatabase(file: string): boolean {
  if (file === '-') return false;
  const head = new Uint8Array(16);
  try {
    const descriptor = openSync(file, 'r');
    try {
      readSync(descriptor, head);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
  return fileKind(head) === 'an SQLite database';
}
