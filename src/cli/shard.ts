/** The option `--shard`. */
import type { Argv } from 'yargs';
import { InputError } from '../base/errors.js';
import type { Shard } from '../run/shard.js';

export interface ShardArguments {
  readonly shard?: Shard | undefined;
}

export function shardOption<T>(yargs: Argv<T>): Argv<T & ShardArguments> {
  return yargs.option('shard', {
    nargs: 1,
    // A word that is given twice is a list, which the command line refuses as a whole.
    coerce: (value: unknown) => (typeof value === 'string' ? parseShard(value) : value),
    describe: 'Part I of N of the sweep, as I/N, in a database of its own; `merge` joins them',
  }) as never;
}

const SHARD = /^([1-9]\d*)\/([1-9]\d*)$/;
const MOST = 1_000_000;

/** @throws InputError with the word as it was typed. */
export function parseShard(text: string): Shard {
  const [, index, count] = (SHARD.exec(text) ?? []).map(Number);
  if (index !== undefined && count !== undefined && index <= count && count <= MOST) return { index, count };
  throw new InputError({
    path: '--shard',
    value: text,
    expected: `I/N, e.g. 3/8, with whole numbers I from 1 to N and N up to ${MOST}`,
  });
}
