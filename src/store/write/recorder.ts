/** The statements that record what executors say. Each runs inside a transaction of the caller. */
import type { Database, Statement } from 'better-sqlite3';
import type { CellRow, CheckpointRow } from '../../domain/messages.js';
import type { VariantKeys } from '../read/variants.js';
import {
  type AttemptInfo,
  DENSE_COLUMNS,
  finite,
  measuredMask,
  measureValues,
  type Outcome,
  RETRAINED_COLUMNS,
  SUBNET_COLUMNS,
  type TrajectoryStatus,
} from '../schema/rows.js';
import { StatusReconciler } from './sweep-cells.js';

type Value = string | number | null;

/** Seconds of training, null where nothing was trained; CPU seconds are null where the platform cannot tell. */
export interface TrainTime {
  readonly wallS: number | null;
  readonly cpuS: number | null;
}

export class Recorder {
  private readonly findKey: Statement<[string], number>;
  private readonly checkpoint: Statement<Value[]>;
  private readonly cell: Statement<Value[]>;
  private readonly start: Statement<Value[]>;
  private readonly addAttempt: Statement<Value[]>;
  private readonly end: Statement<[Record<string, Value>]>;
  private readonly findStatus: Statement<[string], TrajectoryStatus>;
  private readonly endAttempt: Statement<Value[]>;
  private readonly settle: StatusReconciler;
  private readonly listFailed: Statement<
    [Record<string, Value>],
    { trajectoryId: string; errorCode: string; error: string }
  >;
  private readonly putBack: Statement<[string]>;

  constructor(
    private readonly db: Database,
    private readonly variants: VariantKeys,
  ) {
    this.settle = new StatusReconciler(db);
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
    this.start = db.prepare(
      `UPDATE trajectories SET status = 'running', attempts = attempts + 1, error_code = NULL, error = NULL,
         worker = ?, started_at = ?, finished_at = NULL WHERE id = ?`,
    );
    this.addAttempt = db.prepare(
      `INSERT INTO attempts (trajectory_id, started_at, host, process, worker, tool_version, node_version,
         git_revision, git_dirty, cpu, threads, engine, numerics)
       SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, engine, numerics FROM trajectories WHERE id = ?`,
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
    this.putBack = db.prepare(
      `UPDATE trajectories SET status = 'pending', error_code = NULL, error = NULL, finished_at = NULL WHERE id = ?`,
    );
    this.endAttempt = db.prepare(
      `UPDATE attempts SET ended_at = ?, outcome = ?, error_code = ?, error = ?, stack = ?
       WHERE trajectory_id = ? AND ended_at IS NULL`,
    );
  }

  /** Ids; found by an index that leaves out what is done. */
  pending(): Set<string> {
    const ids = this.db
      .prepare(`SELECT id FROM trajectories WHERE status <> 'done' AND status = 'pending'`)
      .pluck();
    return new Set(ids.all() as string[]);
  }

  status(id: string): TrajectoryStatus | undefined {
    return this.findStatus.get(id);
  }

  started(id: string, at: string, info: AttemptInfo): void {
    const { host, process, worker, toolVersion, nodeVersion, gitRevision, gitDirty, cpu, threads } = info;
    const dirty = gitDirty === null ? null : Number(gitDirty);
    this.start.run(worker, at, id);
    const by = [host, process, worker, toolVersion, nodeVersion, gitRevision, dirty, cpu, threads];
    this.addAttempt.run(at, ...by, id);
  }

  /** Adds to what is there and takes nothing away: a value that is already recorded stays. */
  rows(trajectory: number, atMs: number, row: CheckpointRow, cells: readonly CellRow[]): void {
    this.checkpoint.run(
      trajectory,
      row.t,
      measuredMask(row.dense),
      ...measureValues(row.dense),
      row.deadNeurons,
      finite(row.etaLambdaMax),
      finite(row.trainWallS),
      finite(row.trainCpuS),
    );
    for (const cell of cells) {
      const subnet = measuredMask(cell.subnet);
      this.cell.run(
        trajectory,
        cell.t,
        this.variants.findOrAdd(cell),
        cell.retrainIterations > 0 ? subnet & measuredMask(cell.retrained ?? {}) : subnet,
        ...measureValues(cell.subnet),
        ...measureValues(cell.retrained),
        cell.distinctNeurons,
        cell.activationPasses,
        finite(cell.pruneWallS),
        finite(cell.pruneCpuS),
        atMs,
      );
    }
  }

  /** `done` stands only if no sweep asks for a cell that is still missing; else the trajectory is pending again. */
  finished(id: string, at: string, outcome: Outcome, spent: TrainTime, isTriedAgain = false): void {
    const failed = outcome.kind === 'failed';
    const code = failed ? outcome.code : null;
    const error = failed ? outcome.message : null;
    const time = { wallS: finite(spent.wallS), cpuS: finite(spent.cpuS) };
    if (failed && !isTriedAgain) this.end.run({ id, status: 'failed', code, error, finishedAt: at, ...time });
    else this.end.run({ id, status: 'pending', code: null, error: null, finishedAt: null, ...time });
    this.endAttempt.run(at, outcome.kind, code, error, failed ? outcome.stack : null, id);
    if (!failed) this.settle.reconcile(this.key(id));
  }

  /** See `Store.retryFailed`. */
  retryFailed(code?: string): { trajectoryId: string; errorCode: string; error: string }[] {
    const failed = this.listFailed.all({ code: code ?? null });
    for (const { trajectoryId } of failed) {
      this.putBack.run(trajectoryId);
      this.settle.reconcile(this.key(trajectoryId));
    }
    return failed;
  }

  /** The trajectory must have been saved with a sweep. */
  key(id: string): number {
    const known = this.findKey.get(id);
    if (known === undefined) throw new Error(`trajectory ${id} was never saved with a sweep`);
    return known;
  }
}

const CHECKPOINT_COLUMNS = [
  ...DENSE_COLUMNS,
  'dead_neurons',
  'eta_lambda_max',
  'train_wall_s',
  'train_cpu_s',
];
const CELL_COLUMNS = [
  ...SUBNET_COLUMNS,
  ...RETRAINED_COLUMNS,
  'distinct_neurons',
  'activation_passes',
  'prune_wall_s',
  'prune_cpu_s',
];

/** Inserts keys, `recorded`, `columns` and whatever else `merged` assigns, in that order. */
function upsert(
  table: string,
  keys: readonly string[],
  columns: readonly string[],
  merged: readonly string[],
): string {
  const further = merged.map(text => text.slice(0, text.indexOf(' '))).filter(name => name !== 'recorded');
  const all = [...keys, 'recorded', ...columns, ...further];
  const kept = columns.map(column => `${column} = coalesce(${column}, excluded.${column})`);
  return `INSERT INTO ${table} (${all.join(', ')}) VALUES (${all.map(() => '?').join(', ')})
    ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${[...kept, ...merged].join(', ')}`;
}

/** Ends what a process left behind that is gone. Inside a transaction of the caller, which holds the database. */
export function recoverLost(db: Database, at: string): void {
  db.prepare(`UPDATE attempts SET ended_at = ?, outcome = 'lost' WHERE ended_at IS NULL`).run(at);
  const lost = db
    .prepare(
      `SELECT x.key FROM trajectories y JOIN trajectory_keys x ON x.id = y.id WHERE y.status = 'running'`,
    )
    .pluck()
    .all() as number[];
  db.prepare(`UPDATE trajectories SET status = 'pending' WHERE status = 'running'`).run();
  const settle = new StatusReconciler(db);
  for (const key of lost) settle.reconcile(key);
}
