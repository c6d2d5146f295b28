/** Stores a sweep's thresholds. Whether they are still valid is for read/stored-thresholds.ts to decide. */
import type { Database } from 'better-sqlite3';
import type { ThresholdRow } from '../../domain/types.js';
import {
  type StoredThresholds,
  type ThresholdSource,
  type ThresholdStamp,
  thresholdDigest,
} from '../read/stored-thresholds.js';
import { sweepKey } from '../read/sweep-key.js';
import type { VariantKeys } from '../read/variants.js';
import { dropFits } from '../schema/fits.js';

/**
 * Replaces a sweep's thresholds. Fits of different thresholds are dropped. Runs inside a transaction of the caller.
 *
 * @param source as it was when they were computed.
 */
export function replaceThresholds(
  db: Database,
  variants: VariantKeys,
  sweep: string,
  { rows, notes }: StoredThresholds,
  source: ThresholdSource,
): void {
  const key = sweepKey(db, sweep);
  const before = thresholdDigest(db, key);
  db.prepare('DELETE FROM threshold_rows WHERE sweep = ?').run(key);
  const add = db.prepare(
    `INSERT OR REPLACE INTO threshold_rows (sweep, trajectory, variant, metric, target, lower, upper, censoring,
       raw_upper, sustained_upper, flagged)
     VALUES (?, (SELECT key FROM trajectory_keys WHERE id = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  for (const row of rows) add.run(key, ...valuesOf(row, variants.findOrAdd(row)));
  const digest = thresholdDigest(db, key);
  if (digest !== before) dropFits(db, key);
  const stamp: ThresholdStamp = { ...source, digest, notes };
  db.prepare('UPDATE sweeps SET thresholds_from = ? WHERE key = ?').run(JSON.stringify(stamp), key);
}

function valuesOf(row: ThresholdRow, variant: number): unknown[] {
  const { trajectoryId, metric, target, lower, upper, censoring, rawUpper, sustainedUpper, flagged } = row;
  const crossing = [lower, upper, censoring, rawUpper, sustainedUpper, Number(flagged)];
  return [trajectoryId, variant, metric, target, ...crossing];
}
