/** Refuses values that yargs would turn into something else than was meant. */
import { InputError, UsageError } from '../base/errors.js';
import { pathOf } from './usage.js';

/** What is declared for the command, arguments included, as yargs lists it. Names are without dashes. */
export interface DeclaredOptions {
  readonly key: Readonly<Record<string, unknown>>;
  readonly boolean: readonly string[];
  readonly string: readonly string[];
  readonly array: readonly string[];
}

/** Options for which nothing is a value. */
const MAY_BE_EMPTY = ['null'];

/** Databases and new files. Only what is read from beginning to end can come from standard input. */
const FILES = ['db', 'from', 'write', 'file'];

/**
 * @param args the command line.
 * @param argv what yargs has read from it.
 * @throws UsageError, or InputError with the value as it was typed.
 */
export function checkValues(
  args: readonly string[],
  argv: Readonly<Record<string, unknown>>,
  declared: DeclaredOptions,
): void {
  const names = Object.keys(declared.key);
  const end = args.indexOf('--');
  for (const word of end < 0 ? args : args.slice(0, end)) checkFlag(word, names, declared);
  for (const name of names) {
    const value = argv[name];
    if (Array.isArray(value) && !declared.array.includes(name))
      throw new UsageError(`--${name} is given more than once`);
    const path = pathOf(name, args);
    if (value === '' && declared.string.includes(name) && !MAY_BE_EMPTY.includes(name))
      throw new InputError({ path, value, expected: 'a value' });
    if (value === '-' && FILES.includes(name))
      throw new InputError({ path, value, expected: 'the name of a file (./- for one that is called -)' });
  }
}

/** yargs reads `--json=no` as false, and `--no-db` as false, too, although `--db` is no flag. */
function checkFlag(word: string, names: readonly string[], { boolean }: DeclaredOptions): void {
  const [, name, value] = /^--([^=\s]+)(?:=(.*))?$/s.exec(word) ?? [];
  if (name === undefined) return;
  const positive = name.replace(/^no-/, '');
  if (!names.includes(name) && names.includes(positive) && !boolean.includes(positive))
    throw new UsageError(`unknown option "--${name}" (did you mean --${positive}?)`);
  if (value !== undefined && boolean.includes(positive) && value !== 'true' && value !== 'false')
    throw new InputError({ path: `--${name}`, value, expected: 'true or false, or no value' });
}
