import { createHash } from 'node:crypto';
import type { PlannedTrajectory } from '../../domain/types.js';
import type { StoredSweep } from '../schema/rows.js';

/** Versions that knew no sample size stored hashes without one. */
const withoutNullSample = (key: string, value: unknown): unknown =>
  key === 'sampleSize' && value === null ? undefined : value;

/** Characters. */
const HASH_CHUNK = 100_000;

/**
 * Equal hashes mean equal members, masks and axes. Checkpoint lists are compared by identity: equal lists are mostly
 * the same object, and a copy only costs an unneeded replacement.
 */
export function planHash(
  { definition, evaluate }: StoredSweep,
  trajectories: readonly PlannedTrajectory[],
): string {
  const hash = createHash('sha256').update(JSON.stringify([definition, evaluate]));
  const listNumbers = new Map<PlannedTrajectory['checkpoints'], number>();
  let ids = '';
  for (const { id, checkpoints } of trajectories) {
    let listNumber = listNumbers.get(checkpoints);
    if (listNumber === undefined) {
      listNumber = listNumbers.size;
      listNumbers.set(checkpoints, listNumber);
      hash.update(JSON.stringify(checkpoints, withoutNullSample));
    }
    ids += `${id} ${listNumber}\n`;
    if (ids.length < HASH_CHUNK) continue;
    hash.update(ids);
    ids = '';
  }
  return hash.update(ids).digest('hex');
}
