/** Stored thresholds by the integer keys that the live page knows curves by. */
import type { Database } from 'better-sqlite3';
import { groupBy } from '../../base/group-by.js';
import type { ThresholdRow } from '../../domain/types.js';
import { validThresholds } from './stored-thresholds.js';
import { VariantKeys } from './variants.js';

/** Names a curve by its keys in the database. */
export const liveCurveKey = ({ trajectory, variant }: { trajectory: number; variant: number }): string =>
  `${trajectory} ${variant}`;

/**
 * A sweep's stored thresholds by `liveCurveKey` where they are valid, else null; see stored-thresholds.ts.
 *
 * @param version of the code that would compute them now.
 */
export function thresholdsByCurve(
  db: Database,
  sweep: string,
  version: number,
): ReadonlyMap<string, readonly ThresholdRow[]> | null {
  const valid = validThresholds(db, sweep, version);
  if (!valid) return null;
  const keyOf = db.prepare<[string], number>('SELECT key FROM trajectory_keys WHERE id = ?').pluck();
  const variants = new VariantKeys(db);
  return groupBy(valid.rows, row =>
    liveCurveKey({ trajectory: keyOf.get(row.trajectoryId)!, variant: variants.find(row)! }),
  );
}
