/** Statements that record what executors report. Callers of methods that write must be in a transaction. */
import type { Database, Statement } from 'better-sqlite3';
import type { CellRow, CheckpointRow, CheckpointTask } from '../../domain/messages.js';
import { sweepKey } from '../read/sweep-key.js';
import type { VariantKeys } from '../read/variants.js';
import {
  type AttemptInfo,
  CELL_NUMBERS,
  CHECKPOINT_NUMBERS,
  cellNumbers,
  checkpointNumbers,
  finiteOrNull,
  measuredMask,
  type Outcome,
  recordedMask,
  type TrajectoryStatus,
} from '../schema/rows.js';
import { StatusReconciler } from './sweep-cells.js';

type Value = string | number | null;

/** Seconds of training, null if nothing was trained. CPU seconds are also null if the platform does not report them. */
export interface TrainTime {
  readonly wallS: number | null;
  readonly cpuS: number | null;
}

export class Recorder {
  private readonly findKey: Statement<[string], number>;
  private readonly checkpoint: Statement<Value[]>;
  private readonly cell: Statement<Value[]>;
  private readonly member: Statement<Value[]>;
  private readonly start: Statement<Value[]>;
  private readonly addAttempt: Statement<Value[]>;
  private readonly end: Statement<[Record<string, Value>]>;
  private readonly findStatus: Statement<[string], TrajectoryStatus>;
  private readonly endAttempt: Statement<Value[]>;
  private readonly statuses: StatusReconciler;
  private readonly listFailed: Statement<
    [Record<string, Value>],
    { trajectoryId: string; errorCode: string; error: string }
  >;
  private readonly makePending: Statement<[string]>;

  constructor(
    private readonly db: Database,
    private readonly variants: VariantKeys,
  ) {
    this.statuses = new StatusReconciler(db);
    this.findKey = db.prepare<[string], number>('SELECT key FROM trajectory_keys WHERE id = ?').pluck();
    this.findStatus = db
      .prepare<[string], TrajectoryStatus>('SELECT status FROM trajectories WHERE id = ?')
      .pluck();
    this.checkpoint = db.prepare(
      upsert('checkpoints', ['trajectory', 't'], CHECKPOINT_COLUMNS, [
        'recorded = recorded | excluded.recorded',
      ]),
    );
    this.cell = db.prepare(
      upsert('cells', ['trajectory', 't', 'variant'], CELL_COLUMNS, [
        'recorded = recorded | excluded.recorded',
        `finished_ms = CASE WHEN recorded | excluded.recorded = recorded THEN finished_ms ELSE excluded.finished_ms END`,
      ]),
    );
    this.member = db.prepare('INSERT OR IGNORE INTO members VALUES (?, ?, ?, ?)');
    this.start = db.prepare(
      `UPDATE trajectories SET status = 'running', attempts = attempts + 1, error_code = NULL, error = NULL,
         worker = ?, started_at = ?, finished_at = NULL WHERE id = ?`,
    );
    this.addAttempt = db.prepare(
      `INSERT INTO attempts (trajectory_id, started_at, host, process, worker, tool_version, node_version,
         git_revision, git_dirty, cpu, threads, kernels, engine, numerics)
       SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, engine, numerics FROM trajectories WHERE id = ?`,
    );
    this.end = db.prepare(
      `UPDATE trajectories SET status = @status, error_code = @code, error = @error, finished_at = @finishedAt,
         train_wall_s = CASE WHEN @wallS IS NULL THEN train_wall_s ELSE coalesce(train_wall_s, 0) + @wallS END,
         train_cpu_s = CASE WHEN @wallS IS NULL THEN train_cpu_s ELSE coalesce(train_cpu_s, 0) + @cpuS END
       WHERE id = @id`,
    );
    this.listFailed = db.prepare(
      `SELECT id AS trajectoryId, error_code AS errorCode, error FROM trajectories
       WHERE status = 'failed' AND error_code IS coalesce(@code, error_code) ORDER BY id`,
    );
    this.makePending = db.prepare(
      `UPDATE trajectories SET status = 'pending', error_code = NULL, error = NULL, finished_at = NULL WHERE id = ?`,
    );
    this.endAttempt = db.prepare(
      `UPDATE attempts SET ended_at = ?, outcome = ?, error_code = ?, error = ?, stack = ?
       WHERE trajectory_id = ? AND ended_at IS NULL`,
    );
  }

  /** Ids of pending trajectories. The condition on `done` makes SQLite use the partial index on other statuses. */
  pending(): Set<string> {
    const ids = this.db
      .prepare(`SELECT id FROM trajectories WHERE status <> 'done' AND status = 'pending'`)
      .pluck();
    return new Set(ids.all() as string[]);
  }

  status(id: string): TrajectoryStatus | undefined {
    return this.findStatus.get(id);
  }

  /** Records the start of an attempt. */
  started(id: string, at: string, info: AttemptInfo): void {
    const { host, process, worker, toolVersion, nodeVersion, gitRevision, gitDirty, cpu, threads, kernels } =
      info;
    const dirty = gitDirty === null ? null : Number(gitDirty);
    this.start.run(worker, at, id);
    const by = [host, process, worker, toolVersion, nodeVersion, gitRevision, dirty, cpu, threads, kernels];
    this.addAttempt.run(at, ...by, id);
  }

  /** Merges a checkpoint and its cells into the stored rows. Values that are already recorded stay. */
  rows(trajectory: number, atMs: number, row: CheckpointRow, cells: readonly CellRow[]): void {
    this.checkpoint.run(
      trajectory,
      row.t,
      measuredMask(row.dense),
      ...checkpointNumbers(row),
      finiteOrNull(row.trainWallS),
      finiteOrNull(row.trainCpuS),
    );
    for (const cell of cells) {
      const subnet = measuredMask(cell.subnet);
      this.cell.run(
        trajectory,
        cell.t,
        this.variants.findOrAdd(cell),
        recordedMask(cell.retrainIterations > 0 ? subnet & measuredMask(cell.retrained ?? {}) : subnet),
        ...cellNumbers(cell),
        cell.activationPasses,
        finiteOrNull(cell.pruneWallS),
        finiteOrNull(cell.pruneCpuS),
        atMs,
      );
    }
  }

  /** Adds cells to a sweep's members. Those that it has stay. */
  addMembers(sweep: string, trajectory: number, checkpoints: readonly CheckpointTask[]): void {
    const key = sweepKey(this.db, sweep);
    for (const { t, variants } of checkpoints)
      for (const variant of variants) this.member.run(key, trajectory, t, this.variants.findOrAdd(variant));
  }

  /**
   * Records the end of an attempt. A failed one leaves its trajectory failed, or pending with `willRetry`. Any other end
   * leaves it done if no sweep lacks a cell of it, else pending, even if the outcome is `done`.
   */
  finished(id: string, at: string, outcome: Outcome, spent: TrainTime, willRetry = false): void {
    const failed = outcome.kind === 'failed';
    const code = failed ? outcome.code : null;
    const error = failed ? outcome.message : null;
    const time = { wallS: finiteOrNull(spent.wallS), cpuS: finiteOrNull(spent.cpuS) };
    if (failed && !willRetry) this.end.run({ id, status: 'failed', code, error, finishedAt: at, ...time });
    else this.end.run({ id, status: 'pending', code: null, error: null, finishedAt: null, ...time });
    this.endAttempt.run(at, outcome.kind, code, error, failed ? outcome.stack : null, id);
    if (!failed) this.statuses.reconcile(this.key(id));
  }

  /** See `Store.retryFailed`. */
  retryFailed(code?: string): { trajectoryId: string; errorCode: string; error: string }[] {
    const failed = this.listFailed.all({ code: code ?? null });
    for (const { trajectoryId } of failed) {
      this.makePending.run(trajectoryId);
      this.statuses.reconcile(this.key(trajectoryId));
    }
    return failed;
  }

  /** Integer key of a trajectory. @throws Error if it was never saved with a sweep. */
  key(id: string): number {
    const key = this.findKey.get(id);
    if (key === undefined) throw new Error(`trajectory ${id} was never saved with a sweep`);
    return key;
  }
}

const CHECKPOINT_COLUMNS = [...CHECKPOINT_NUMBERS, 'train_wall_s', 'train_cpu_s'];
const CELL_COLUMNS = [...CELL_NUMBERS, 'activation_passes', 'prune_wall_s', 'prune_cpu_s'];

/**
 * SQL that inserts a row or merges it into the existing one, where values that are not NULL stay. Parameters in order:
 * keys, `recorded`, `columns`, then the other columns that `merged` assigns.
 */
function upsert(
  table: string,
  keys: readonly string[],
  columns: readonly string[],
  merged: readonly string[],
): string {
  const extra = merged.map(text => text.slice(0, text.indexOf(' '))).filter(name => name !== 'recorded');
  const inserted = [...keys, 'recorded', ...columns, ...extra];
  const kept = columns.map(column => `${column} = coalesce(${column}, excluded.${column})`);
  return `INSERT INTO ${table} (${inserted.join(', ')}) VALUES (${inserted.map(() => '?').join(', ')})
    ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${[...kept, ...merged].join(', ')}`;
}

/**
 * Marks the open attempts of a dead process as lost and its running trajectories as pending or done. The caller must
 * hold the database and be in a transaction.
 */
export function closeLostAttempts(db: Database, at: string): void {
  db.prepare(`UPDATE attempts SET ended_at = ?, outcome = 'lost' WHERE ended_at IS NULL`).run(at);
  const lost = db
    .prepare(
      `SELECT x.key FROM trajectories y JOIN trajectory_keys x ON x.id = y.id WHERE y.status = 'running'`,
    )
    .pluck()
    .all() as number[];
  db.prepare(`UPDATE trajectories SET status = 'pending' WHERE status = 'running'`).run();
  const statuses = new StatusReconciler(db);
  for (const key of lost) statuses.reconcile(key);
}
