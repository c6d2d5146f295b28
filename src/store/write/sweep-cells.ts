/** Stores which cells belong to which sweep, and keeps the statuses of trajectories consistent with that. */
import type { Database, Statement } from 'better-sqlite3';
import type { PlannedTrajectory, Variant } from '../../domain/types.js';
import { MeasuredCells, withKnownCheckpoints } from '../read/measured-cells.js';
import { planHash } from '../read/plan-hash.js';
import { type FormerSweep, type SweepChanges, sweepChanges } from '../read/sweep-changes.js';
import { sweepKey } from '../read/sweep-key.js';
import type { VariantKeys } from '../read/variants.js';
import { dropFits } from '../schema/fits.js';
import { type StoredSweep, setMask, subnetMask } from '../schema/rows.js';
import { IS_FINISHED } from '../schema/views.js';

/**
 * Replaces a sweep's definition and its cells, and adds trajectories that are new. Thresholds and fits of a different
 * earlier definition are deleted. The caller must be in a transaction. Returns what changed for the sweep's cells; null
 * if nothing did, or if there was no sweep of this name.
 */
export function replaceSweep(
  db: Database,
  variants: VariantKeys,
  sweep: StoredSweep,
  trajectories: readonly PlannedTrajectory[],
): SweepChanges | null {
  const plan = planHash(sweep, trajectories);
  const former = db.prepare<[string], FormerSweep>('SELECT * FROM sweeps WHERE name = ?').get(sweep.name);
  const isSame = former?.plan === plan;
  const known = isSame ? [] : withKnownCheckpoints(db, variants, trajectories, sweep.evaluate);
  const changes = former && !isSame ? sweepChanges(db, variants, former, sweep, known) : null;
  const key = replaceDefinition(db, sweep, plan);
  // An equal plan leaves members and statuses as they are, so rerunning a finished sweep takes no time.
  if (isSame) return null;
  withCache(db, BYTES_PER_TRAJECTORY * trajectories.length, () =>
    replaceSweepCells(db, variants, sweep, key, known),
  );
  return changes;
}

/** Size in the indices. Ids are hashes, so inserts hit random index pages; the cache holds all pages meanwhile. */
const BYTES_PER_TRAJECTORY = 100;

/** Runs `work` with a page cache of `bytes`, at least 16 MB. */
function withCache(db: Database, bytes: number, work: () => void): void {
  const previous = db.pragma('cache_size', { simple: true });
  db.pragma(`cache_size = ${-Math.ceil(Math.max(16e6, bytes) / 1024)}`);
  try {
    work();
  } finally {
    db.pragma(`cache_size = ${previous}`);
    db.pragma('shrink_memory');
  }
}

function replaceSweepCells(
  db: Database,
  variants: VariantKeys,
  sweep: StoredSweep,
  key: number,
  trajectories: readonly PlannedTrajectory[],
): void {
  const former = db.prepare('SELECT DISTINCT trajectory FROM member_variants WHERE sweep = ?').pluck();
  const dropped = new Set(former.all(key) as number[]);
  db.prepare('DELETE FROM members WHERE sweep = ?').run(key);
  db.prepare('DELETE FROM member_variants WHERE sweep = ?').run(key);

  const trajectoryKeys = new TrajectoryKeys(db);
  const addMember = db.prepare('INSERT OR IGNORE INTO members VALUES (?, ?, ?, ?)');
  const addVariant = db.prepare('INSERT INTO member_variants VALUES (?, ?, ?, ?)');
  const statuses = new StatusReconciler(db);
  for (const planned of trajectories) {
    const trajectory = trajectoryKeys.findOrAdd(planned);
    const seen = new Map<number, Variant>();
    for (const { t, variants: pruned } of planned.checkpoints) {
      for (const variant of pruned) {
        const variantKey = variants.findOrAdd(variant);
        addMember.run(key, trajectory, t, variantKey);
        seen.set(variantKey, variant);
      }
    }
    for (const [variantKey, variant] of seen) {
      const axes = JSON.stringify(sweep.axes(planned.config, variant));
      addVariant.run(key, trajectory, variantKey, axes);
    }
    dropped.delete(trajectory);
    statuses.reconcile(trajectory);
  }
  for (const trajectory of dropped) {
    if (!trajectoryKeys.removeIfUntouched(trajectory)) statuses.reconcile(trajectory);
  }
}

/**
 * Makes the members of a sweep that refines its checkpoints what follows from the stored rows, for these trajectories of
 * it. Returns the number of cells added and removed. The caller must be in a transaction.
 */
export function deriveMembers(
  db: Database,
  variants: VariantKeys,
  { name, evaluate }: Pick<StoredSweep, 'name' | 'evaluate'>,
  trajectories: readonly PlannedTrajectory[],
): number {
  const key = sweepKey(db, name);
  const measured = new MeasuredCells(db, variants);
  const statuses = new StatusReconciler(db);
  const keyOf = db.prepare<[string], number>('SELECT key FROM trajectory_keys WHERE id = ?').pluck();
  const members = db
    .prepare<[number, number], [number, number]>(
      'SELECT t, variant FROM members WHERE sweep = ? AND trajectory = ?',
    )
    .raw();
  const add = db.prepare('INSERT INTO members VALUES (?, ?, ?, ?)');
  const remove = db.prepare(
    'DELETE FROM members WHERE sweep = ? AND trajectory = ? AND t = ? AND variant = ?',
  );
  let changed = 0;
  for (const planned of trajectories) {
    const trajectory = keyOf.get(planned.id)!;
    const left = new Map(
      members.all(key, trajectory).map(([t, variant]) => [`${t} ${variant}`, [t, variant] as const]),
    );
    const before = changed;
    for (const checkpoint of measured.checkpointsOf(planned, evaluate)) {
      for (const variant of checkpoint.variants) {
        const cell = [checkpoint.t, variants.findOrAdd(variant)] as const;
        if (left.delete(cell.join(' '))) continue;
        add.run(key, trajectory, ...cell);
        changed++;
      }
    }
    for (const cell of left.values()) changed += remove.run(key, trajectory, ...cell).changes;
    if (changed > before) statuses.reconcile(trajectory);
  }
  return changed;
}

/** Inserts or updates the row of a sweep and returns its key. */
function replaceDefinition(
  db: Database,
  { name, description, definition, thresholds, evaluate }: StoredSweep,
  plan: string,
): number {
  const now = new Date().toISOString();
  const texts = [JSON.stringify(definition), JSON.stringify(thresholds)] as const;
  const masks = [setMask(evaluate.dense), subnetMask(evaluate)] as const;
  const existing = db
    .prepare<[string], { key: number; definition: string; thresholds: string; plan: string | null }>(
      'SELECT key, definition, thresholds, plan FROM sweeps WHERE name = ?',
    )
    .get(name);
  if (!existing) {
    const added = db
      .prepare(
        `INSERT INTO sweeps (name, definition, thresholds, dense_mask, subnet_mask, created_at, updated_at, plan,
           description)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(name, ...texts, ...masks, now, now, plan, description);
    return Number(added.lastInsertRowid);
  }
  if (existing.definition !== texts[0] || existing.thresholds !== texts[1]) {
    db.prepare('DELETE FROM threshold_rows WHERE sweep = ?').run(existing.key);
    dropFits(db, existing.key);
  }
  if (existing.plan !== plan || existing.thresholds !== texts[1])
    db.prepare('UPDATE sweeps SET thresholds_from = NULL WHERE key = ?').run(existing.key);
  db.prepare(
    `UPDATE sweeps SET definition = ?, thresholds = ?, dense_mask = ?, subnet_mask = ?, updated_at = ?, plan = ?,
       description = ? WHERE key = ?`,
  ).run(...texts, ...masks, now, plan, description, existing.key);
  return existing.key;
}

class TrajectoryKeys {
  private readonly find: Statement<[string], number>;
  private readonly add: Statement;
  private readonly addKey: Statement<[string]>;
  private readonly isTouched: Statement<[{ key: number }], number>;

  constructor(private readonly db: Database) {
    this.find = db.prepare<[string], number>('SELECT key FROM trajectory_keys WHERE id = ?').pluck();
    this.add = db.prepare(
      `INSERT INTO trajectories (id, dataset, task, dataset_size, width, seed, config, engine, numerics)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.addKey = db.prepare<[string]>('INSERT INTO trajectory_keys (id) VALUES (?)');
    this.isTouched = db
      .prepare<[{ key: number }], number>(
        `SELECT EXISTS (SELECT 1 FROM sweeps s CROSS JOIN member_variants a ON a.sweep = s.key AND a.trajectory = @key)
           OR EXISTS (SELECT 1 FROM checkpoints WHERE trajectory = @key)
           OR (SELECT attempts > 0 FROM trajectories WHERE id = (SELECT id FROM trajectory_keys WHERE key = @key))`,
      )
      .pluck();
  }

  findOrAdd({ id, config }: PlannedTrajectory): number {
    const existing = this.find.get(id);
    if (existing !== undefined) return existing;
    const { dataset, datasetSize, width, seed, engine, numerics } = config;
    const task = dataset.positive.join(',');
    this.add.run(id, dataset.name, task, datasetSize, width, seed, JSON.stringify(config), engine, numerics);
    return Number(this.addKey.run(id).lastInsertRowid);
  }

  /** Removes a trajectory that is in no sweep, has no checkpoint and was never started. Returns whether it did. */
  removeIfUntouched(key: number): boolean {
    if (this.isTouched.get({ key })) return false;
    // A sweep may have predicted it before any training. Keys are used again.
    this.db.prepare('DELETE FROM prediction_rows WHERE trajectory = ?').run(key);
    this.db
      .prepare('DELETE FROM trajectories WHERE id = (SELECT id FROM trajectory_keys WHERE key = ?)')
      .run(key);
    this.db.prepare('DELETE FROM trajectory_keys WHERE key = ?').run(key);
    return true;
  }
}

/**
 * Makes a trajectory's status agree with its cells over all sweeps.
 *
 * - pending or failed -> done when all its cells are finished
 * - done -> pending when a sweep adds a cell that is not finished
 * - failed stays failed while it lacks cells; running never changes; nothing changes if no sweep has the trajectory
 */
export class StatusReconciler {
  private readonly isInSweep: Statement<[number], number>;
  private readonly lacksCells: Statement<[number], number>;
  private readonly reopen: Statement<[number]>;
  private readonly complete: Statement<[number, number]>;

  constructor(db: Database) {
    const own = 'id = (SELECT id FROM trajectory_keys WHERE key = ?)';
    this.isInSweep = db
      .prepare<[number], number>(
        'SELECT 1 FROM sweeps s CROSS JOIN member_variants a ON a.sweep = s.key AND a.trajectory = ? LIMIT 1',
      )
      .pluck();
    this.lacksCells = db
      .prepare<[number], number>(
        `SELECT 1 FROM sweeps s
         CROSS JOIN members m ON m.sweep = s.key AND m.trajectory = ?
         LEFT JOIN cells c ON c.trajectory = m.trajectory AND c.t = m.t AND c.variant = m.variant
         LEFT JOIN checkpoints k ON k.trajectory = m.trajectory AND k.t = m.t
         WHERE (${IS_FINISHED}) IS NOT TRUE LIMIT 1`,
      )
      .pluck();
    this.reopen = db.prepare<[number]>(
      `UPDATE trajectories SET status = 'pending', finished_at = NULL WHERE ${own} AND status = 'done'`,
    );
    this.complete = db.prepare<[number, number]>(
      `UPDATE trajectories SET status = 'done', error_code = NULL, error = NULL, finished_at =
         (SELECT strftime('%Y-%m-%dT%H:%M:%fZ', max(finished_ms) / 1000.0, 'unixepoch') FROM cells WHERE trajectory = ?)
       WHERE ${own} AND status IN ('pending', 'failed')`,
    );
  }

  reconcile(trajectory: number): void {
    if (this.lacksCells.get(trajectory)) this.reopen.run(trajectory);
    else if (this.isInSweep.get(trajectory)) this.complete.run(trajectory, trajectory);
  }
}
