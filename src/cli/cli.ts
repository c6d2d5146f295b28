/** Builds the command line: all commands, and the options that they share. */
import yargs, { type Argv, type CommandModule } from 'yargs';
import { UsageError } from '../base/errors.js';
import { TOOL_VERSION } from '../base/paths.js';
import { checkValues, type DeclaredOptions } from './check-values.js';
import { explainUsage, isUsageMessage } from './usage.js';
import { markValues, unmark, unmarkValues } from './words.js';

interface Command {
  /** As yargs takes it: the name, and its arguments. */
  readonly command: string;
  readonly describe: string;
  /** Options and handler. Imports what the command needs, so other commands start without it. */
  readonly load: () => Promise<unknown>;
}

/** In the order of `espalier --help`. */
export const COMMANDS: readonly Command[] = [
  {
    command: 'run <sweep>',
    describe: 'Run what is not finished yet of a sweep',
    load: async () => (await import('./run.js')).runCommand,
  },
  {
    command: 'plan <sweep>',
    describe: 'Say what a sweep would cost on this machine: cells, arithmetic, memory, time',
    load: async () => (await import('./plan.js')).planCommand,
  },
  {
    command: 'design <sweep>',
    describe: 'Simulate whether a sweep could decide between the laws, before it is run',
    load: async () => (await import('./design.js')).designCommand,
  },
  {
    command: 'status <db>',
    describe: 'Show how far the sweeps of a database are, and what failed and why',
    load: async () => (await import('./status.js')).statusCommand,
  },
  {
    command: 'worker',
    describe: 'Compute trajectories of runs on other machines (see `run --queue`)',
    load: async () => (await import('./worker.js')).workerCommand,
  },
  {
    command: 'threads <db> <count>',
    describe: 'Change the threads of the run at work on a database; 0 pauses it',
    load: async () => (await import('./threads.js')).threadsCommand,
  },
  {
    command: 'serve <db>',
    describe: 'Show a database as a live page: progress, failures, figures, SQL',
    load: async () => (await import('./serve.js')).serveCommand,
  },
  {
    command: 'retry <db>',
    describe: 'Put failed trajectories back to pending, so that the next run tries them again',
    load: async () => (await import('./retry.js')).retryCommand,
  },
  {
    command: 'forget <db>',
    describe: 'Delete a sweep, or what edits or failures have left, and make the file smaller',
    load: async () => (await import('./forget.js')).forgetCommand,
  },
  {
    command: 'merge <out> <db..>',
    describe: 'Join databases by content: parts of a sweep, copies, results of others',
    load: async () => (await import('./merge.js')).mergeCommand,
  },
  {
    command: 'keep <db> <folder>',
    describe: 'Keep what is finished of a sweep as small text files, for a repository or a journal',
    load: async () => (await import('./keep.js')).keepCommand,
  },
  {
    command: 'restore <folder> <db>',
    describe: 'Make a database of kept files: to fit, to report, to compare, or to run on',
    load: async () => (await import('./restore.js')).restoreCommand,
  },
  {
    command: 'query <db> [sql]',
    describe: 'Read-only SQL over a database, also while a sweep runs',
    load: async () => (await import('./query.js')).queryCommand,
  },
  {
    command: 'fit <db>',
    describe: 'Fit the laws t*(n), store thresholds and fits, and say how t* grows',
    load: async () => (await import('./fit.js')).fitCommand,
  },
  {
    command: 'predict <file>',
    describe: 'Compute what the kernel at t = 0 predicts for a database or a sweep file, and the bounds',
    load: async () => (await import('./predict.js')).predictCommand,
  },
  {
    command: 'report <db>',
    describe: 'Write a report as one HTML file, and its figures as SVG and PNG',
    load: async () => (await import('./report.js')).reportCommand,
  },
  {
    command: 'compare <db> <csv>',
    describe: 'Compare a sweep with a published table: cell by cell, and by thresholds',
    load: async () => (await import('./compare.js')).compareCommand,
  },
  {
    command: 'export <db>',
    describe: 'Recompute one trajectory, and write its inputs, weights, batches and picks as .npy files',
    load: async () => (await import('./export.js')).exportCommand,
  },
  {
    command: 'data',
    describe: 'List, download and inspect data sets',
    load: async () => (await import('./data.js')).dataCommand,
  },
  {
    command: 'bench',
    describe: 'Measure the kernels and the whole path on this machine, on one thread',
    load: async () => (await import('./bench.js')).benchCommand,
  },
  {
    command: 'doctor',
    describe: 'Say what this machine has and lacks for espalier, and what to do about it',
    load: async () => (await import('./doctor.js')).doctorCommand,
  },
  {
    command: 'init [file]',
    describe: 'Write a commented sweep file to start from',
    load: async () => (await import('./init.js')).initCommand,
  },
  {
    command: 'completion [shell]',
    describe: 'Print a script that completes commands and options in bash, zsh or fish',
    load: async () => (await import('./completion.js')).completionCommand(createCli),
  },
];

/** yargs' lists of the options and commands declared at the current level. Its published types omit them. */
interface WithOptions {
  getOptions(): DeclaredOptions;
}
interface WithCommands {
  getCommands(): readonly (readonly [command: string, ...rest: unknown[]])[];
}

/** The command line for these arguments, ready to be parsed. Loads the commands that are named; to complete words, all. */
export async function createCli(args: readonly string[]): Promise<Argv> {
  const completes = args.includes('--get-yargs-completions');
  const cli = yargs(completes ? [...args] : markValues(args))
    .scriptName('espalier')
    // `explainUsage` matches yargs' English messages, and espalier's own messages are English.
    .detectLocale(false)
    .usage(
      '$0 <command>\n\nHow long must a dense two-layer network be pre-trained before greedy forward selection\n' +
        'finds a good subnetwork in it? Sweeps that settle it.',
    )
    .parserConfiguration({ 'dot-notation': false, 'parse-numbers': false })
    .option('verbose', { type: 'boolean', describe: 'Show the stack of an error' })
    .version(TOOL_VERSION)
    .completion('completion-script', false)
    .demandCommand(1, 'which command? `espalier --help` lists them')
    .strict()
    .exitProcess(false)
    .wrap(Math.min(110, process.stdout.columns ?? 100));
  const isNeeded = (command: string) => completes || args.includes(command.split(' ')[0]!);
  for (const { command, describe, load } of COMMANDS) {
    const loaded = isNeeded(command) ? ((await load()) as CommandModule) : { handler: () => {} };
    cli.command({ ...loaded, command, describe });
  }
  const declared = () => (cli as unknown as WithOptions).getOptions();
  cli.middleware(unmarkValues, true);
  cli.check(argv => {
    checkValues(args, argv, declared());
    return true;
  });
  return cli.fail((message, error, level) => {
    const isTheirs = !error || error.name === 'YError' || isUsageMessage(message);
    if (!isTheirs) throw error;
    const commands = (level as unknown as WithCommands).getCommands().map(([command]) => command);
    const context = { args, commands, options: Object.keys(declared().key) };
    throw new UsageError(explainUsage(unmark(message), context));
  });
}
