/** Explains in one line what is wrong with a command line. */
import { didYouMean } from '../base/nearest.js';

/** The command line, and what is declared at the level where parsing failed. */
export interface UsageContext {
  readonly args: readonly string[];
  /** As declared, e.g. `run <sweep>`: the commands of the program, or of the given command. */
  readonly commands: readonly string[];
  /** Without dashes. */
  readonly options: readonly string[];
}

/** The name of an option with its dashes, or of an argument without, in front of a message about its value. */
export const pathOf = (name: string, args: readonly string[]): string =>
  args.some(word => nameOf(word) === name) ? `--${name}` : name;

type Explain = (groups: readonly string[], context: UsageContext) => string;

/** The name of a long option, without dashes and value. */
const nameOf = (arg: string): string | null => /^--([^=]+)/.exec(arg)?.[1] ?? null;

const KINDS: readonly (readonly [RegExp, Explain])[] = [
  [
    /^Unknown (?:argument|command)s?: (.*)/s,
    // yargs renames `--__proto__`.
    ([words], context) => unknown(wordsOf(words!.replace('___proto___', '__proto__'), context), context),
  ],
  [/^Not enough arguments following: (.+)/, ([option], context) => withoutValue(option!, context)],
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
      return `an argument is missing; \`${helpOf(args)}\` says what is expected`;
    },
  ],
  [
    /^Invalid values:\s+Argument: (\S+), Given: (.+), Choices: (.+)/,
    ([name, given, choices], { args }) =>
      `${pathOf(name!, args)}: found ${given}, expected one of ${choices!.replaceAll('"', '')}`,
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

/** The command line that prints the help of the given command; `data` has commands of its own. */
function helpOf(args: readonly string[]): string {
  const words = args.filter(arg => !arg.startsWith('-'));
  return ['espalier', ...words.slice(0, words[0] === 'data' ? 2 : 1), '--help'].join(' ');
}

/** yargs joins the words that it does not know by commas, which may also be in them. */
function wordsOf(joined: string, { args }: UsageContext): string[] {
  const [whole] = args
    .filter(arg => !arg.startsWith('-') && (joined === arg || joined.startsWith(`${arg}, `)))
    .toSorted((a, b) => b.length - a.length);
  if (whole === undefined) return joined.split(', ');
  const rest = joined.slice(whole.length + 2);
  return [whole, ...(rest === '' ? [] : rest.split(', '))];
}

/** An option at the end, or one that is followed by another; or by a value that looks like one. */
function withoutValue(option: string, { args, options }: UsageContext): string {
  const next = args[args.findIndex(arg => nameOf(arg) === option && !arg.includes('=')) + 1];
  const looksLikeOne = next !== undefined && /^-./.test(next) && !options.includes(nameOf(next) ?? '');
  return looksLikeOne && next !== '--'
    ? `--${option}: found ${JSON.stringify(next)}, expected a value (--${option}=${next} if that is it)`
    : `--${option}: found nothing, expected a value`;
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
  // yargs takes `-threads` for seven options of one letter.
  const option = optionOf(first) ?? given.find(arg => first.length === 1 && /^-[^-]./.test(arg));
  // yargs writes an empty word as two quotes.
  if (!option) return `unexpected argument ${first === '""' ? first : `"${first}"`}`;
  const dashed = options.filter(name => name.length > 1).map(name => `--${name}`);
  const near = didYouMean(option, dashed);
  return `unknown option "${option}"${near || `, expected one that \`${helpOf(args)}\` lists`}`;
}
