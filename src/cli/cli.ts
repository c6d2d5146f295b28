/** All commands, and what they have in common. */
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

/** yargs' own lists of what is known where parsing stands; not part of its published types. */
interface WithOptions {
  getOptions(): { readonly key: Record<string, unknown>; readonly array: readonly string[] };
}
interface WithCommands {
  getCommands(): readonly (readonly [command: string, ...rest: unknown[]])[];
}

/** The command line for these arguments, ready to be parsed. */
export function createCli(args: readonly string[]): Argv {
  const cli = yargs([...args])
    .scriptName('espalier')
    // Its messages are read below, and ours are in English.
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
  const known = () => (cli as unknown as WithOptions).getOptions();
  cli.check(argv => {
    for (const option of Object.keys(known().key)) {
      if (Array.isArray(argv[option]) && !known().array.includes(option))
        throw new UsageError(`--${option} is given more than once`);
    }
    return true;
  });
  return cli.fail((message, error, level) => {
    const isTheirs = !error || error.name === 'YError' || isUsageMessage(message);
    if (!isTheirs) throw error;
    const commands = (level as unknown as WithCommands).getCommands().map(([command]) => command);
    throw new UsageError(explainUsage(message, { args, commands, options: Object.keys(known().key) }));
  });
}
