import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import type { ThresholdRow } from '../domain/config.js';
import { dropFits } from './fits.js';
import type { VariantKeys } from './variants.js';

/**
 * Stores a sweep's thresholds in place of those it has. Where they differ, the fits of the former ones go. Inside a
 * transaction of the caller.
 */
export function replaceThresholds(
  db: Database,
  variants: VariantKeys,
  sweep: string,
  rows: readonly ThresholdRow[],
): void {
  const key = sweepKey(db, sweep);
  const stored = db
    .prepare('SELECT * FROM threshold_rows WHERE sweep = ? ORDER BY trajectory, variant, metric, target')
    .raw();
  const before = digestOf(stored.iterate(key));
  db.prepare('DELETE FROM threshold_rows WHERE sweep = ?').run(key);
  const add = db.prepare(
    `INSERT OR REPLACE INTO threshold_rows (sweep, trajectory, variant, metric, target, lower, upper, censoring,
       raw_upper, sustained_upper, flagged)
     VALUES (?, (SELECT key FROM trajectory_keys WHERE id = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  for (const row of rows) {
    const { trajectoryId, metric, target, lower, upper, censoring, rawUpper, sustainedUpper, flagged } = row;
    const variant = variants.findOrAdd(row);
    const crossing = [lower, upper, censoring, rawUpper, sustainedUpper, Number(flagged)];
    add.run(key, trajectoryId, variant, metric, target, ...crossing);
  }
  if (digestOf(stored.iterate(key)) !== before) dropFits(db, key);
}

/** Rows come in the order of the table's key. */
function digestOf(rows: Iterable<unknown>): string {
  const hash = createHash('sha256');
  for (const row of rows) hash.update(JSON.stringify(row));
  return hash.digest('hex');
}

/** @throws Error where no sweep of that name was saved. */
export function sweepKey(db: Database, sweep: string): number {
  const key = db.prepare('SELECT key FROM sweeps WHERE name = ?').pluck().get(sweep) as number | undefined;
  if (key === undefined) throw new Error(`sweep ${sweep} was never saved`);
  return key;
}
