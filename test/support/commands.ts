/** What every command declares, as yargs knows it. */
import yargs, { type Argv, type CommandModule } from 'yargs';
import { COMMANDS } from '../../src/cli/cli.js';

export interface DeclaredCommand {
  /** E.g. `run`, `data fetch`. */
  readonly name: string;
  /** Arguments and options, without dashes, hidden ones included. */
  readonly names: readonly string[];
  readonly positionals: readonly string[];
  readonly string: readonly string[];
  readonly number: readonly string[];
  readonly boolean: readonly string[];
  readonly array: readonly string[];
  readonly choices: readonly string[];
  readonly demanded: readonly string[];
}

/** The options of every command. */
export const GLOBAL_OPTIONS = ['help', 'version', 'verbose'];

interface Options {
  readonly key: Record<string, unknown>;
  readonly string: string[];
  readonly number: string[];
  readonly boolean: string[];
  readonly array: string[];
  readonly choices: Record<string, unknown>;
  readonly demandedOptions: Record<string, unknown>;
}

/** yargs' published types omit all of these. */
interface Internals {
  getOptions(): Options;
  getGroups(): Record<string, readonly string[]>;
  getInternalMethods(): {
    getCommandInstance(): { getCommandHandlers(): Record<string, { builder: CommandModule['builder'] }> };
  };
}

/** Every command; for `data`, which does nothing itself, those below it. */
export async function declaredCommands(): Promise<DeclaredCommand[]> {
  const all = await Promise.all(
    COMMANDS.map(async ({ command, load }) => {
      const { builder } = (await load()) as CommandModule;
      return declared(command.split(' ')[0]!, builder);
    }),
  );
  return all.flat();
}

function declared(name: string, builder: CommandModule['builder']): DeclaredCommand[] {
  const level = yargs([]);
  (builder as (yargs: Argv) => unknown)(level);
  const internals = level as unknown as Internals;
  const below = Object.entries(internals.getInternalMethods().getCommandInstance().getCommandHandlers());
  if (below.length > 0) return below.flatMap(([word, inner]) => declared(`${name} ${word}`, inner.builder));
  const { key, choices, demandedOptions, ...lists } = internals.getOptions();
  return [
    {
      ...lists,
      name,
      names: Object.keys(key).filter(option => !GLOBAL_OPTIONS.includes(option)),
      positionals: internals.getGroups()['Positionals:'] ?? [],
      choices: Object.keys(choices),
      demanded: Object.keys(demandedOptions),
    },
  ];
}
