/** Options that limit a trajectory: seconds of an attempt, retries, seconds between snapshots. */
import type { Argv } from 'yargs';
import { numberOption, SECONDS, wholeFrom } from './numbers.js';

export interface LimitArguments {
  readonly timeout?: number | undefined;
  readonly retries: number;
  readonly snapshotEvery?: number | undefined;
}

export function limitOptions<T>(yargs: Argv<T>): Argv<T & LimitArguments> {
  return yargs
    .option('timeout', {
      ...numberOption('timeout', SECONDS),
      describe: 'Seconds that an attempt at one trajectory may take [default: no limit]',
    })
    .option('retries', {
      ...numberOption('retries', wholeFrom(0)),
      default: 2,
      describe: 'Attempts after one that failed, where they can help (never after a divergence)',
    })
    .option('snapshot-every', {
      ...numberOption('snapshot-every', SECONDS),
      describe: 'Seconds of training between snapshots [default: 5, more where they are large]',
    }) as never;
}

export interface Limits {
  readonly timeoutS: number | undefined;
  readonly retries: number;
  readonly snapshotEveryMs: number | undefined;
}

export const parseLimits = ({ timeout, retries, snapshotEvery }: LimitArguments): Limits => ({
  timeoutS: timeout,
  retries,
  snapshotEveryMs: snapshotEvery === undefined ? undefined : 1000 * snapshotEvery,
});
