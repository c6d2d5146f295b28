/** Builds the command line: all commands, and the options that they share. */
import yargs, { type Argv, type CommandModule } from 'yargs';
import { UsageError } from '../base/errors.js';
import { TOOL_VERSION } from '../base/paths.js';
import { benchCommand } from './bench.js';
import { completionCommand } from './completion.js';
import { dataCommand } from './data.js';
import { designCommand } from './design.js';
import { exportCommand } from './export.js';
import { fitCommand } from './fit.js';
import { initCommand } from './init.js';
import { planCommand } from './plan.js';
import { queryCommand } from './query.js';
import { reportCommand } from './report.js';
import { retryCommand } from './retry.js';
import { runCommand } from './run.js';
import { serveCommand } from './serve.js';
import { statusCommand } from './status.js';
import { explainUsage, isUsageMessage } from './usage.js';

const COMMANDS = [
  runCommand,
  planCommand,
  designCommand,
  statusCommand,
  serveCommand,
  retryCommand,
  queryCommand,
  fitCommand,
  reportCommand,
  exportCommand,
  dataCommand,
  benchCommand,
  initCommand,
  completionCommand(() => createCli([])),
];

/** yargs' lists of the options and commands declared at the current level. Its published types omit them. */
interface WithOptions {
  getOptions(): { readonly key: Record<string, unknown>; readonly array: readonly string[] };
}
interface WithCommands {
  getCommands(): readonly (readonly [command: string, ...rest: unknown[]])[];
}

/** Builds the parser of these arguments. Parsing throws UsageError where they cannot be understood. */
export function createCli(args: readonly string[]): Argv {
  const cli = yargs([...args])
    .scriptName('espalier')
    // `explainUsage` matches yargs' English messages, and espalier's own messages are English.
    .detectLocale(false)
    .usage(
      '$0 <command>\n\nHow long must a dense two-layer network be pre-trained before greedy forward selection\n' +
        'finds a good subnetwork in it? Sweeps that settle it.',
    )
    .parserConfiguration({ 'dot-notation': false })
    .option('verbose', { type: 'boolean', describe: 'Show the stack of an error' })
    .version(TOOL_VERSION)
    .completion('completion-script', false)
    .demandCommand(1, 'which command? `espalier --help` lists them')
    .strict()
    .exitProcess(false)
    .wrap(Math.min(110, process.stdout.columns ?? 100));
  for (const command of COMMANDS) cli.command(command as CommandModule);
  const declared = () => (cli as unknown as WithOptions).getOptions();
  cli.check(argv => {
    for (const option of Object.keys(declared().key)) {
      if (Array.isArray(argv[option]) && !declared().array.includes(option))
        throw new UsageError(`--${option} is given more than once`);
    }
    return true;
  });
  return cli.fail((message, error, level) => {
    const isTheirs = !error || error.name === 'YError' || isUsageMessage(message);
    if (!isTheirs) throw error;
    const commands = (level as unknown as WithCommands).getCommands().map(([command]) => command);
    throw new UsageError(explainUsage(message, { args, commands, options: Object.keys(declared().key) }));
  });
}
