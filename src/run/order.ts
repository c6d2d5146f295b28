/** In which order the trajectories of a sweep run. The order changes no result. */
import type { SweepSpec } from '../domain/sweep-spec.js';
import type { TrajectoryConfig } from '../domain/types.js';

/**
 * `longest`: the longest first, which ends soonest. `seeds`: all trajectories of the first seed, then of the next, so
 * that what is finished at any time is a whole design.
 */
export type Order = 'longest' | 'seeds';
export const ORDERS: readonly Order[] = ['longest', 'seeds'];

/** The share of the time that is left which the expected time may take for `longest` to be the default. */
const FITS_WITHIN = 0.8;

/** The order where none is asked for. Infinite `secondsAvailable`: the run may take as long as it needs. */
export const defaultOrder = (secondsExpected: number, secondsAvailable: number): Order =>
  secondsExpected <= FITS_WITHIN * secondsAvailable ? 'longest' : 'seeds';

/** The rank of a trajectory in the queue (job-queue.ts). */
export function rankBy(
  order: Order,
  { axes }: Pick<SweepSpec, 'axes'>,
): (config: TrajectoryConfig) => number {
  if (order === 'longest') return () => 0;
  // A zipped axis may name a seed several times.
  const seeds = [...new Set(axes.find(({ path }) => path === 'seed')!.values)];
  const ranks = new Map(seeds.map((seed, rank) => [seed, rank]));
  return ({ seed }) => ranks.get(seed)!;
}
