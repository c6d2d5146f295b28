/** The thresholds that a database holds, and whether they are still what computing them anew would give. */
import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import type { ThresholdRow } from '../../domain/types.js';
import { VARIANT_COLUMNS, VARIANT_ORDER } from '../schema/variant-columns.js';

/** What stored thresholds were computed from. */
export interface ThresholdSource {
  /** Version of the code that computed them. */
  readonly version: number;
  /** See `dataSource`. */
  readonly data: string;
}

/** Kept as JSON in `sweeps.thresholds_from`. */
export interface ThresholdStamp extends ThresholdSource {
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
 * computed them, from the same results and definition of the sweep, and nobody edited the rows.
 *
 * @param version of the code that would compute them now.
 */
export function validThresholds(db: Database, sweep: string, version: number): StoredThresholds | null {
  const stored = db
    .prepare<[string], { key: number; stamp: string | null }>(
      'SELECT key, thresholds_from AS stamp FROM sweeps WHERE name = ?',
    )
    .get(sweep);
  const stamp = stored && parsedStamp(stored.stamp);
  if (!stamp || stamp.version !== version || stamp.data !== dataSource(db, sweep)) return null;
  if (stamp.digest !== thresholdDigest(db, stored.key)) return null;
  const rows = db.prepare(ROWS).all(stored.key) as (Omit<ThresholdRow, 'flagged'> & { flagged: number })[];
  return { rows: rows.map(row => ({ ...row, flagged: row.flagged !== 0 })), notes: stamp.notes ?? [] };
}

/** Null for a stamp that nobody can read, whoever wrote it. */
export function parsedStamp(stamp: string | null): Partial<ThresholdStamp> | null {
  try {
    return JSON.parse(stamp ?? 'null');
  } catch {
    return null;
  }
}

/** Thresholds of `published` targets come last: they are known when all curves have been read. */
const ROWS = `
  SELECT x.id AS trajectoryId, ${VARIANT_COLUMNS}, r.metric, r.target, r.lower, r.upper, r.censoring,
    r.raw_upper AS rawUpper, r.sustained_upper AS sustainedUpper, r.flagged
  FROM threshold_rows r
  JOIN variants v ON v.key = r.variant
  JOIN trajectory_keys x ON x.key = r.trajectory
  JOIN trajectories y ON y.id = x.id
  WHERE r.sweep = ?
  ORDER BY r.target = 'published', y.dataset_size, y.width, y.seed, y.id,
    ${VARIANT_ORDER}`;

/**
 * A hash of what a sweep's thresholds follow from, beside the code: the count of changes to cells and checkpoints, the
 * sweep's targets, measures and plan, and how many cells it requests. Null in a database that does not count changes yet.
 */
export function dataSource(db: Database, sweep: string): string | null {
  const values = db
    .prepare(
      `SELECT (SELECT revision FROM revisions WHERE name = 'results'), s.thresholds, s.dense_mask, s.subnet_mask, s.plan,
         (SELECT count(*) FROM members WHERE sweep = s.key)
       FROM sweeps s WHERE s.name = ?`,
    )
    .raw()
    .get(sweep) as unknown[] | undefined;
  if (values?.[0] == null) return null;
  return createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, 16);
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
