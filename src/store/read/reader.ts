/** Reads from a database, both for the run that holds it and for concurrent readers. */
import type { Database } from 'better-sqlite3';
import { countCells } from '../../domain/grid.js';
import type { CheckpointTask } from '../../domain/messages.js';
import type { CurveRow, Evaluate, PlannedTrajectory } from '../../domain/types.js';
import { isAlive, type LockRow, readLockRow } from '../file/lock-row.js';
import { connectReader, withStoreErrors } from '../file/open.js';
import {
  type FailureRow,
  isCertified,
  STATUSES,
  type SweepProgress,
  type SweepRow,
  setsOf,
  type TrajectoryStatus,
} from '../schema/rows.js';
import { IS_FINISHED } from '../schema/views.js';
import { curveRows } from './curve-rows.js';
import { withKnownCheckpoints } from './measured-cells.js';
import { dataSource, type StoredThresholds, validThresholds } from './stored-thresholds.js';
import { UnfinishedCells } from './unfinished.js';
import { VariantKeys } from './variants.js';

/** A trajectory and the seconds of its latest attempt, up to now if it is running. */
export interface Duration {
  readonly trajectoryId: string;
  readonly datasetSize: number;
  readonly width: number;
  readonly seed: number;
  readonly status: TrajectoryStatus;
  readonly seconds: number;
}

/** A table or view of the database. */
export interface Relation {
  readonly name: string;
  readonly type: 'view' | 'table';
}

const PROGRESS_COLUMNS = `sweep, trajectories, trajectories_done AS trajectoriesDone,
  trajectories_failed AS trajectoriesFailed, cells, cells_done AS cellsDone`;

/**
 * Opens a database read-only. Readers and the writer never block each other (SQLite's WAL mode).
 *
 * @example
 * const reader = openReader('results/my.sqlite');
 * for (const { sweep, cells, cellsDone } of reader.progress()) console.log(sweep, cellsDone, cells);
 * reader.close();
 *
 * @throws StoreError (DATABASE_MISSING, NOT_A_DATABASE, NOT_OURS, NEWER_SCHEMA, DATABASE_IO)
 */
export function openReader(file: string): Reader {
  return new Reader(file, connectReader(file));
}

/** An open database, read-only; `openReader` opens it. Every method throws StoreError (DATABASE_IO, NOT_A_DATABASE). */
export class Reader {
  /** @internal */
  constructor(
    private readonly file: string,
    private readonly db: Database,
  ) {}

  /** Runs `work` in one transaction, so all its reads see one state of the database. */
  inTransaction<T>(work: () => T): T {
    return withStoreErrors(this.file, this.db.transaction(work));
  }

  /** Views first. */
  relations(): Relation[] {
    return this.all<Relation>(
      `SELECT name, min(type) AS type
       FROM (SELECT name, type FROM main.sqlite_schema UNION ALL SELECT name, type FROM temp.sqlite_schema)
       WHERE type IN ('view', 'table') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
       GROUP BY name ORDER BY 2 DESC, name`,
    );
  }

  /** Names of a relation's columns, in order. */
  columns(relation: string): string[] {
    return this.all<{ name: string }>('SELECT name FROM pragma_table_info(?)', relation).map(
      ({ name }) => name,
    );
  }

  /** Ordered by name. */
  sweeps(): SweepRow[] {
    const rows = this.all<
      Record<string, string> & { dense_mask: number; subnet_mask: number; description: string | null }
    >('SELECT * FROM sweeps ORDER BY name');
    return rows.map(row => ({
      name: row.name!,
      description: row.description,
      definition: JSON.parse(row.definition!),
      thresholds: JSON.parse(row.thresholds!),
      evaluate: {
        dense: setsOf(row.dense_mask),
        subnet: setsOf(row.subnet_mask),
        ...(isCertified(row.subnet_mask) ? { certified: true } : {}),
      },
      createdAt: row.created_at!,
      updatedAt: row.updated_at!,
    }));
  }

  /** The sweep of this name. @throws Error where none was saved. */
  sweep(name: string): SweepRow {
    const sweep = this.sweeps().find(each => each.name === name);
    if (!sweep) throw new Error(`sweep ${name} was never saved`);
    return sweep;
  }

  /** One row for each sweep, ordered by name. With `sweep`, its row alone, or none if there is no such sweep. */
  progress(sweep?: string): SweepProgress[] {
    const only = sweep === undefined ? '' : 'WHERE sweep = ?';
    const names = sweep === undefined ? [] : [sweep];
    return this.all<SweepProgress>(
      `SELECT ${PROGRESS_COLUMNS} FROM progress ${only} ORDER BY sweep`,
      ...names,
    );
  }

  /** Sweep -> its description, for the sweeps that have one. */
  descriptions(): Map<string, string> {
    const rows = this.all<{ name: string; description: string }>(
      'SELECT name, description FROM sweeps WHERE description IS NOT NULL',
    );
    return new Map(rows.map(({ name, description }) => [name, description]));
  }

  /** Failed trajectories that lack cells of the sweep, or of any sweep if none is named. */
  failures(sweep?: string): FailureRow[] {
    const only = sweep === undefined ? '' : 'AND s.name = ?';
    return this.all<FailureRow>(
      `SELECT DISTINCT y.id AS trajectoryId, y.dataset_size AS datasetSize, y.width, y.seed,
         y.error_code AS errorCode, y.error
       FROM trajectories y JOIN trajectory_keys x ON x.id = y.id
       JOIN sweeps s CROSS JOIN member_variants a ON a.sweep = s.key AND a.trajectory = x.key
       WHERE y.status = 'failed' ${only} AND ${LACKS_CELLS}
       ORDER BY y.dataset_size, y.width, y.seed, y.id`,
      ...(sweep === undefined ? [] : [sweep]),
    );
  }

  /**
   * Number of trajectories that are in some sweep, by status.
   *
   * @internal
   */
  statusCounts(): Record<TrajectoryStatus, number> {
    const rows = this.all<{ status: TrajectoryStatus; count: number }>(
      `SELECT y.status, count(*) AS count FROM trajectories y JOIN trajectory_keys x ON x.id = y.id
       WHERE x.key IN (SELECT trajectory FROM member_variants) GROUP BY y.status`,
    );
    const counts = new Map(rows.map(row => [row.status, row.count]));
    return Object.fromEntries(STATUSES.map(status => [status, counts.get(status) ?? 0])) as Record<
      TrajectoryStatus,
      number
    >;
  }

  /** @internal */
  holder(): (LockRow & { readonly alive: boolean }) | null {
    const holder = withStoreErrors(this.file, () => readLockRow(this.db));
    return holder && { ...holder, alive: isAlive(holder) };
  }

  /**
   * What ran the hot loops in the last attempt; null before it, and where there is no choice.
   *
   * @internal
   */
  latestKernels(): string | null {
    const [latest] = this.all<{ kernels: string | null }>(
      'SELECT kernels FROM attempts ORDER BY id DESC LIMIT 1',
    );
    return latest?.kernels ?? null;
  }

  /**
   * Number of cells whose last metric was recorded at or after `moment` (milliseconds since 1970, UTC).
   *
   * @internal
   */
  cellsFinishedSince(moment: number): number {
    return this.all<{ count: number }>(
      'SELECT count(*) AS count FROM cells WHERE finished_ms >= ?',
      moment,
    )[0]!.count;
  }

  /**
   * The running and done trajectories with the longest latest attempts, slowest first.
   *
   * @internal
   */
  slowest(limit: number): Duration[] {
    return this.all<Duration>(
      `SELECT y.id AS trajectoryId, y.dataset_size AS datasetSize, y.width, y.seed, y.status,
         (julianday(coalesce(a.ended_at, 'now')) - julianday(a.started_at)) * 86400 AS seconds
       FROM (SELECT trajectory_id, max(id) AS id FROM attempts GROUP BY trajectory_id) latest
       JOIN attempts a ON a.id = latest.id
       JOIN trajectories y ON y.id = a.trajectory_id
       WHERE y.status IN ('running', 'done')
       ORDER BY seconds DESC, y.id LIMIT ?`,
      limit,
    );
  }

  /**
   * Trajectory id -> number of cells that are known to be needed.
   *
   * @internal
   */
  cellsKnown(planned: readonly PlannedTrajectory[], evaluate: Evaluate): Map<string, number> {
    const known = this.inTransaction(() =>
      withKnownCheckpoints(this.db, new VariantKeys(this.db), planned, evaluate),
    );
    return new Map(known.map(trajectory => [trajectory.id, countCells([trajectory])]));
  }

  /**
   * Trajectory id -> planned cells that lack metrics.
   *
   * @internal
   */
  unfinished(
    planned: Iterable<PlannedTrajectory>,
    evaluate: Evaluate,
  ): Map<string, readonly CheckpointTask[]> {
    return this.inTransaction(() => {
      const unfinished = new UnfinishedCells(this.db, new VariantKeys(this.db));
      return new Map(
        [...planned].map(trajectory => [trajectory.id, unfinished.checkpointsOf(trajectory, evaluate)]),
      );
    });
  }

  /**
   * The cells of the trajectories whose cells in this sweep are all finished, ordered by trajectory (n, N, seed, id),
   * variant and t. Keeps one trajectory in memory at a time.
   */
  curveRows(sweep: string): Generator<CurveRow> {
    return curveRows(this.file, this.db, sweep);
  }

  /** The largest n of a sweep, finished or not; 0 if it has no trajectories. */
  largestSize(sweep: string): number {
    const [row] = this.all<{ n: number | null }>(
      `SELECT max(y.dataset_size) AS n FROM sweeps s JOIN member_variants a ON a.sweep = s.key
       JOIN trajectory_keys x ON x.key = a.trajectory JOIN trajectories y ON y.id = x.id WHERE s.name = ?`,
      sweep,
    );
    return row?.n ?? 0;
  }

  /**
   * What the thresholds of a saved sweep follow from; see stored-thresholds.ts.
   *
   * @internal
   */
  thresholdData(sweep: string): string | null {
    return withStoreErrors(this.file, () => dataSource(this.db, sweep));
  }

  /**
   * A sweep's stored thresholds where they are valid, else null: see stored-thresholds.ts.
   *
   * @internal
   */
  validThresholds(sweep: string, version: number): StoredThresholds | null {
    return withStoreErrors(this.file, () => validThresholds(this.db, sweep, version));
  }

  /** Rows of a statement that reads, with named parameters. The caller states the columns as T, unchecked. */
  rows<T>(sql: string, params: Readonly<Record<string, string | number | null>>): T[] {
    return withStoreErrors(this.file, () => this.db.prepare(sql).all(params) as T[]);
  }

  /** The reader is unusable afterwards. */
  close(): void {
    this.db.close();
  }

  private all<T>(sql: string, ...params: (string | number)[]): T[] {
    return withStoreErrors(this.file, () => this.db.prepare(sql).all(...params) as T[]);
  }
}

/** Whether trajectory x has an unfinished cell in sweep s. */
export const LACKS_CELLS = `EXISTS (
  SELECT 1 FROM members m
  LEFT JOIN cells c ON c.trajectory = m.trajectory AND c.t = m.t AND c.variant = m.variant
  LEFT JOIN checkpoints k ON k.trajectory = m.trajectory AND k.t = m.t
  WHERE m.sweep = s.key AND m.trajectory = x.key AND (${IS_FINISHED}) IS NOT TRUE)`;
