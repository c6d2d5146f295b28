import type { Database } from 'better-sqlite3';
import type { ThresholdRow } from '../domain/config.js';
import type { VariantKeys } from './variants.js';

/** Stores a sweep's thresholds in place of those it has. Inside a transaction of the caller. */
export function replaceThresholds(
  db: Database,
  variants: VariantKeys,
  sweep: string,
  rows: readonly ThresholdRow[],
): void {
  const key = db.prepare('SELECT key FROM sweeps WHERE name = ?').pluck().get(sweep) as number | undefined;
  if (key === undefined) throw new Error(`sweep ${sweep} was never saved`);
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
}
