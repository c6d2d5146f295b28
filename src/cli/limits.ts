/** Options that limit a trajectory: seconds of an attempt, retries, seconds between snapshots. */
import type { Argv } from 'yargs';
import { InputError } from '../base/errors.js';

export interface LimitArguments {
  readonly timeout?: number | undefined;
  readonly retries: number;
  readonly snapshotEvery?: number | undefined;
}

export function limitOptions<T>(yargs: Argv<T>): Argv<T & LimitArguments> {
  return yargs
    .option('timeout', {
      type: 'number',
      nargs: 1,
      describe: 'Seconds that an attempt at one trajectory may take [default: no limit]',
    })
    .option('retries', {
      type: 'number',
      nargs: 1,
      default: 2,
      describe: 'Attempts after one that failed, where they can help (never after a divergence)',
    })
    .option('snapshot-every', {
      type: 'number',
      nargs: 1,
      describe: 'Seconds of training between snapshots [default: 5, more where they are large]',
    }) as never;
}

export interface Limits {
  readonly timeoutS: number | undefined;
  readonly retries: number;
  readonly snapshotEveryMs: number | undefined;
}

/** @throws InputError */
export function parseLimits({ timeout, retries, snapshotEvery }: LimitArguments): Limits {
  const seconds = (path: string, value: number | undefined) => {
    if (value !== undefined && !(value > 0 && value < 1e9))
      throw new InputError({ path, value, expected: 'a number of seconds above 0' });
    return value;
  };
  if (!Number.isInteger(retries) || retries < 0)
    throw new InputError({ path: '--retries', value: retries, expected: 'a whole number, 0 or more' });
  const everyS = seconds('--snapshot-every', snapshotEvery);
  return {
    timeoutS: seconds('--timeout', timeout),
    retries,
    snapshotEveryMs: everyS === undefined ? undefined : 1000 * everyS,
  };
}
