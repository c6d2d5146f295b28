import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { TOOL_VERSION } from '../../base/paths.js';
import type { ThresholdRow } from '../../domain/types.js';
import type { VariantKeys } from '../read/variants.js';
import { dropFits } from '../schema/fits.js';

/**
 * What stored thresholds were computed from: a program, and all that was recorded by the attempts up to one. Another
 * definition of the sweep forgets it (sweep-cells.ts).
 */
interface Source {
  readonly toolVersion: string;
  readonly attempt: number;
}

/** Kept in `sweeps.thresholds_from`. */
interface Stamp extends Source {
  /** Of the rows: whoever changes them by hand gets them computed anew. */
  readonly digest: string;
  readonly notes: readonly string[];
}

/** A sweep's thresholds, and why there are no more: see `computeThresholds`. */
export interface KeptThresholds {
  readonly rows: readonly ThresholdRow[];
  readonly notes: readonly string[];
}

/**
 * Stores a sweep's thresholds in place of those it has. Where they differ, the fits of the former ones go. Inside a
 * transaction of the caller.
 *
 * @param notes null: the rows are not known to be those of all that is recorded, and are computed anew the next time.
 */
export function replaceThresholds(
  db: Database,
  variants: VariantKeys,
  sweep: string,
  rows: readonly ThresholdRow[],
  notes: readonly string[] | null,
): void {
  const key = sweepKey(db, sweep);
  const before = storedDigest(db, key);
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
  const digest = storedDigest(db, key);
  if (digest !== before) dropFits(db, key);
  const stamp: Stamp | null = notes && { ...presentSource(db), digest, notes };
  db.prepare('UPDATE sweeps SET thresholds_from = ? WHERE key = ?').run(stamp && JSON.stringify(stamp), key);
}

/**
 * The thresholds as they were stored, where computing them anew would give the same: by this version of the program,
 * since when the sweep has not changed and nothing was recorded. Null otherwise. In the order in which they are
 * computed, but for the targets of one curve.
 */
export function keptThresholds(db: Database, sweep: string): KeptThresholds | null {
  const key = sweepKey(db, sweep);
  const text = db.prepare('SELECT thresholds_from FROM sweeps WHERE key = ?').pluck().get(key);
  if (typeof text !== 'string') return null;
  const { digest, notes, ...source }: Stamp = JSON.parse(text);
  const { toolVersion, attempt } = presentSource(db);
  if (source.toolVersion !== toolVersion || source.attempt !== attempt) return null;
  if (digest !== storedDigest(db, key)) return null;
  const rows = db.prepare(KEPT_ROWS).all(key) as (Omit<ThresholdRow, 'flagged'> & { flagged: number })[];
  return { rows: rows.map(row => ({ ...row, flagged: row.flagged !== 0 })), notes };
}

/** Curves wait with a published target until all others are done. */
const KEPT_ROWS = `
  SELECT y.id AS trajectoryId, v.method, v.objective, v.subnet_size AS subnetSize,
    v.retrain_iterations AS retrainIterations, r.metric, r.target, r.lower, r.upper, r.censoring,
    r.raw_upper AS rawUpper, r.sustained_upper AS sustainedUpper, r.flagged
  FROM threshold_rows r
  JOIN variants v ON v.key = r.variant
  JOIN trajectory_keys x ON x.key = r.trajectory
  JOIN trajectories y ON y.id = x.id
  WHERE r.sweep = ?
  ORDER BY r.target = 'published', y.dataset_size, y.width, y.seed, y.id,
    v.method, coalesce(v.objective, ''), v.subnet_size, v.retrain_iterations`;

/** Whatever is recorded belongs to an attempt, which has a row before; attempts are numbered and never removed. */
function presentSource(db: Database): Source {
  const attempt = db.prepare('SELECT coalesce(max(id), 0) FROM attempts').pluck().get() as number;
  return { toolVersion: TOOL_VERSION, attempt };
}

function storedDigest(db: Database, key: number): string {
  const rows = db
    .prepare('SELECT * FROM threshold_rows WHERE sweep = ? ORDER BY trajectory, variant, metric, target')
    .raw();
  const hash = createHash('sha256');
  for (const row of rows.iterate(key)) hash.update(JSON.stringify(row));
  return hash.digest('hex');
}

/** @throws Error where no sweep of that name was saved. */
export function sweepKey(db: Database, sweep: string): number {
  const key = db.prepare('SELECT key FROM sweeps WHERE name = ?').pluck().get(sweep) as number | undefined;
  if (key === undefined) throw new Error(`sweep ${sweep} was never saved`);
  return key;
}
