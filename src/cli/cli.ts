/** All commands, and what they have in common. */
import yargs, { type Argv, type CommandModule } from 'yargs';
import { didYouMean } from '../domain/nearest.js';
import { UsageError } from '../errors.js';
import { packageVersion } from '../provenance.js';
import { completionCommand } from './completion.js';
import { dataCommand } from './data.js';
import { exportCommand } from './export.js';
import { initCommand } from './init.js';
import { planCommand } from './plan.js';
import { queryCommand } from './query.js';
import { runCommand } from './run.js';
import { statusCommand } from './status.js';

const COMMANDS = [
  runCommand,
  planCommand,
  statusCommand,
  queryCommand,
  exportCommand,
  dataCommand,
  initCommand,
  completionCommand,
];

/** yargs' own list of the options that are known where parsing stands; not part of its published types. */
type WithOptions = Argv & { getOptions(): { key: Record<string, unknown> } };

/** The command line for these arguments, ready to be parsed. */
export function createCli(args: readonly string[]): Argv {
  const cli = yargs([...args])
    .scriptName('espalier')
    .usage(
      '$0 <command>\n\nHow long must a dense two-layer network be pre-trained before greedy forward selection\n' +
        'finds a good subnetwork in it? Sweeps that settle it.',
    )
    .parserConfiguration({ 'dot-notation': false })
    .option('verbose', { type: 'boolean', describe: 'Show the stack of an error' })
    .version(packageVersion())
    .completion('completion-script', false)
    .demandCommand(1, 'which command? `espalier --help` lists them')
    .strict()
    .exitProcess(false)
    .wrap(Math.min(110, process.stdout.columns ?? 100));
  for (const command of COMMANDS) cli.command(command as CommandModule);
  return cli.fail((message, error, current) => {
    if (error) throw error;
    throw new UsageError(
      explain(message, args, Object.keys((current as unknown as WithOptions).getOptions().key)),
    );
  });
}

/** yargs' message in one line, with the nearest known word where one is not known. */
function explain(message: string, args: readonly string[], options: readonly string[]): string {
  const unknown = /^Unknown (?:argument|command)s?: (.+)$/m.exec(message)?.[1]?.split(', ')[0];
  if (!unknown) return message.replaceAll(/\s*\n\s*/g, ' ');
  const commands = COMMANDS.map(({ command }) => String(command).split(' ')[0]!);
  if (unknown === args.find(arg => !arg.startsWith('-'))) {
    return `unknown command "${unknown}"${didYouMean(unknown, commands)}; \`espalier --help\` lists the commands`;
  }
  const isOption = args.some(arg => arg.startsWith(`--${unknown}`) || arg === `-${unknown}`);
  return isOption
    ? `unknown option "--${unknown}"${didYouMean(unknown, options)}`
    : `unexpected argument "${unknown}"`;
}
