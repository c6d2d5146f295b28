/** The thresholds that a database holds, and whether they are still what computing them anew would give. */
import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import type { ThresholdRow } from '../../domain/types.js';

/** What stored thresholds were computed from; kept as JSON in `sweeps.thresholds_from`. */
export interface ThresholdStamp {
  /** Version of the code that computed them. */
  readonly version: number;
  /** `revisions.results` at that time. */
  readonly results: number;
  /** Hash of the stored rows. */
  readonly digest: string;
  readonly notes: readonly string[];
}

/** Rows in the order in which curves are computed, the targets of one curve in any; and why curves have no row. */
export interface StoredThresholds {
  readonly rows: readonly ThresholdRow[];
  readonly notes: readonly string[];
}

/**
 * A sweep's stored thresholds where they are valid, else null. They are valid if this version of the threshold code
 * computed them, nothing was recorded since, the sweep's definition is the same (write/sweep-cells.ts drops the stamp
 * otherwise), and nobody edited the rows.
 *
 * @param version of the code that would compute them now.
 */
export function validThresholds(db: Database, sweep: string, version: number): StoredThresholds | null {
  const stored = db
    .prepare<[string], { key: number; stamp: string | null }>(
      'SELECT key, thresholds_from AS stamp FROM sweeps WHERE name = ?',
    )
    .get(sweep);
  if (!stored?.stamp) return null;
  const stamp: Partial<ThresholdStamp> = JSON.parse(stored.stamp);
  if (stamp.version !== version || stamp.results !== resultsRevision(db)) return null;
  if (stamp.digest !== thresholdDigest(db, stored.key)) return null;
  const rows = db.prepare(ROWS).all(stored.key) as (Omit<ThresholdRow, 'flagged'> & { flagged: number })[];
  return { rows: rows.map(row => ({ ...row, flagged: row.flagged !== 0 })), notes: stamp.notes ?? [] };
}

/** Thresholds of `published` targets come last: they are known when all curves have been read. */
const ROWS = `
  SELECT x.id AS trajectoryId, v.method, v.objective, v.subnet_size AS subnetSize,
    v.retrain_iterations AS retrainIterations, r.metric, r.target, r.lower, r.upper, r.censoring,
    r.raw_upper AS rawUpper, r.sustained_upper AS sustainedUpper, r.flagged
  FROM threshold_rows r
  JOIN variants v ON v.key = r.variant
  JOIN trajectory_keys x ON x.key = r.trajectory
  JOIN trajectories y ON y.id = x.id
  WHERE r.sweep = ?
  ORDER BY r.target = 'published', y.dataset_size, y.width, y.seed, y.id,
    v.method, coalesce(v.objective, ''), v.subnet_size, v.retrain_iterations`;

/** The number of changes to cells and checkpoints so far; null in a database that does not count them yet. */
export function resultsRevision(db: Database): number | null {
  const revision = db.prepare("SELECT revision FROM revisions WHERE name = 'results'").pluck().get();
  return (revision as number | undefined) ?? null;
}

/** A hash of a sweep's rows in `threshold_rows`. */
export function thresholdDigest(db: Database, sweepKey: number): string {
  const rows = db
    .prepare('SELECT * FROM threshold_rows WHERE sweep = ? ORDER BY trajectory, variant, metric, target')
    .raw();
  const hash = createHash('sha256');
  for (const row of rows.iterate(sweepKey)) hash.update(JSON.stringify(row));
  return hash.digest('hex');
}
