/** Splits a sweep into parts for machines that know nothing of each other. */
import { type BalancedItem, balancedParts } from '../base/balanced-parts.js';
import type { PlannedTrajectory } from '../domain/types.js';
import { arithmeticOf, WORK_KINDS } from '../trajectory/cost.js';
import { expectedArithmetic } from './expected-checkpoints.js';
import type { PreparedSweep } from './prepare.js';

/** Part `index` of `count`, counted from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** E.g. `3/8`. */
export const shardText = ({ index, count }: Shard): string => `${index}/${count}`;

/**
 * Operations of a whole trajectory, with those of the checkpoints that refinement is expected to add. Neither the speed of
 * this machine nor what a database holds counts: machines that counted differently would split a sweep differently, and
 * run some trajectories twice and others nowhere.
 */
export function countedOperations({ spec, sizesOf }: PreparedSweep, trajectory: PlannedTrajectory): number {
  const sizes = sizesOf(trajectory);
  const { refinement, checkpoints } = trajectory;
  // Levels of published targets come out of a database.
  const plain = { ...trajectory, refinement: refinement && { ...refinement, levels: [] } };
  const known = arithmeticOf(plain, spec.evaluate, sizes);
  const expected = expectedArithmetic(plain, checkpoints, spec.evaluate, sizes);
  return Math.round(WORK_KINDS.reduce((sum, kind) => sum + known[kind] + expected[kind], 0));
}

/** The part of a sweep that a shard runs; all else of the sweep stays. With more parts than trajectories, some are empty. */
export function shardOf(prepared: PreparedSweep, { index, count }: Shard): PreparedSweep {
  const { trajectories } = prepared;
  if (index > trajectories.length) return { ...prepared, trajectories: [] };
  const items = trajectories.map(
    (trajectory): BalancedItem => ({ id: trajectory.id, cost: countedOperations(prepared, trajectory) }),
  );
  const part = balancedParts(items, Math.min(count, items.length))[index - 1]!;
  const ids = new Set(part.map(({ id }) => id));
  return { ...prepared, trajectories: trajectories.filter(({ id }) => ids.has(id)) };
}
