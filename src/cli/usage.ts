/** Explains in one line what is wrong with a command line. */
import { didYouMean } from '../base/nearest.js';
import { shellWord } from '../base/shell-word.js';

/** The command line, and what is declared at the level where parsing failed. */
export interface UsageContext {
  readonly args: readonly string[];
  /** As declared, e.g. `run <sweep>`: the commands of the program, or of the given command. */
  readonly commands: readonly string[];
  /** Without dashes. */
  readonly options: readonly string[];
}

type Explain = (groups: readonly string[], context: UsageContext) => string;

/** The name of a long option, without dashes and value. */
const nameOf = (arg: string): string | null => /^--([^=]+)/.exec(arg)?.[1] ?? null;

const KINDS: readonly (readonly [RegExp, Explain])[] = [
  [/^Unknown (?:argument|command)s?: (.+)/, ([words], context) => unknown(words!.split(', '), context)],
  [/^Not enough arguments following: (.+)/, ([option]) => `--${option}: found nothing, expected a value`],
  [/^Missing required arguments?: (\S+)/, ([option]) => `--${option!.replace(/,$/, '')} is missing`],
  [
    /^Not enough non-option arguments/,
    (_, context) => {
      const { args, options } = context;
      // A misspelled option may have taken the argument as its value.
      const misspelled = args
        .map(nameOf)
        .find(name => name !== null && !options.includes(name.replace(/^no-/, '')));
      if (misspelled) return unknown([misspelled], { ...context, commands: [] });
      const end = args.findIndex(arg => arg.startsWith('-'));
      const command = [
        'espalier',
        ...args.slice(0, end < 0 ? args.length : end).map(shellWord),
        '--help',
      ].join(' ');
      return `an argument is missing; \`${command}\` says what is expected`;
    },
  ],
  [
    /^Invalid values:\s+Argument: (\S+), Given: (.+), Choices: (.+)/,
    ([name, given, choices], { options }) => {
      const where = options.includes(name!) ? `--${name}` : name;
      return `${where}: found ${given}, expected one of ${choices!.replaceAll('"', '')}`;
    },
  ],
];

/** Whether it is one of yargs' (English) messages about a command line. */
export const isUsageMessage = (message: string | null): boolean =>
  message !== null && KINDS.some(([pattern]) => pattern.test(message));

/** Rephrases such a message, and suggests the nearest known word for an unknown one. */
export function explainUsage(message: string, context: UsageContext): string {
  for (const [pattern, explain] of KINDS) {
    const match = pattern.exec(message);
    if (match) return explain(match.slice(1), context);
  }
  return message.replaceAll(/\s*\n\s*/g, ' ');
}

function unknown(words: readonly string[], { args, commands, options }: UsageContext): string {
  const given = args.map(arg => arg.split('=')[0]!);
  const optionOf = (word: string) => given.find(arg => arg === `--${word}` || arg === `-${word}`);
  // Options of a command that is itself unknown are unknown, too.
  const word = commands.length > 0 ? words.find(one => !optionOf(one)) : undefined;
  if (word !== undefined) {
    const names = commands.map(command => command.split(' ')[0]!);
    return `unknown command "${word}"${didYouMean(word, names)}, expected one of ${names.join(', ')}`;
  }
  const [first] = words as [string];
  const option = optionOf(first);
  if (!option) return `unexpected argument "${first}"`;
  const dashed = options.filter(name => name.length > 1).map(name => `--${name}`);
  return `unknown option "${option}"${didYouMean(option, dashed)}`;
}
