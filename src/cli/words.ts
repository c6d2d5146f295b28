/**
 * The words of a command line in the form in which yargs keeps them apart: it takes a lone `-`, SQL that begins with a
 * comment (`-- `), and what follows `--` for options or drops them.
 */

/** Marks a word that is a value although it begins with `-`. No word of a command line can hold this character. */
const MARK = '\0';

/** The words for yargs. `--` itself becomes a flag, so that an option before it has no value. */
export function markValues(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  const before = end < 0 ? args : args.slice(0, end);
  const isVerbose = before.includes('--verbose');
  return [
    ...before.map(word => (word === '-' || /^--\s/.test(word) ? MARK + word : word)),
    ...(end < 0 ? [] : [`--verbose=${isVerbose}`]),
    ...args.slice(end < 0 ? args.length : end + 1).map(word => (word.startsWith('-') ? MARK + word : word)),
  ];
}

/** A message or a value as the user typed it. */
export const unmark = (text: string): string => text.replaceAll(MARK, '');

/** Takes the marks from everything that yargs has parsed. */
export function unmarkValues(argv: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(argv)) {
    if (typeof value === 'string') argv[key] = unmark(value);
    else if (Array.isArray(value))
      argv[key] = value.map(one => (typeof one === 'string' ? unmark(one) : one));
  }
}
