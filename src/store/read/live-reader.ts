/** Queries of the live page in addition to the status: changes since its last poll, and single curves. */
import type { Database, Statement } from 'better-sqlite3';
import { completeConfig } from '../../domain/later-settings.js';
import type { ThresholdRow, TrajectoryConfig } from '../../domain/types.js';
import { connectReader, withStoreErrors } from '../file/open.js';
import { setsOf } from '../schema/rows.js';
import { VARIANT_COLUMNS } from '../schema/variant-columns.js';
import { IS_FINISHED } from '../schema/views.js';
import type {
  Cursor,
  DescribedRelation,
  LiveCurve,
  LivePoint,
  LiveSweep,
  RunningRow,
  TrajectoryCount,
} from './live-rows.js';
import { thresholdsByCurve } from './live-thresholds.js';
import { type PredictedPoint, predictedPoints } from './predictions.js';
import { Reader } from './reader.js';

/** One connection for one poll. A poll thus never keeps a replaced or finished file open. */
export class LiveReader {
  readonly reader: Reader;
  private readonly db: Database;
  private readonly points = new Map<string, Statement<[number, number, number], LivePoint>>();

  /** @throws StoreError where the file is missing, not ours, newer or damaged. */
  constructor(private readonly file: string) {
    this.db = connectReader(file);
    this.reader = new Reader(file, this.db);
  }

  /** Running trajectories, the longest running first. */
  running(limit: number): RunningRow[] {
    return this.all<RunningRow>(
      `SELECT y.id AS trajectoryId, y.dataset_size AS datasetSize, y.width, y.seed, y.worker,
         y.started_at AS startedAt, y.attempts,
         (SELECT max(t) FROM checkpoints WHERE trajectory = x.key) AS reached,
         (SELECT max(m.t) FROM sweeps s CROSS JOIN members m ON m.sweep = s.key AND m.trajectory = x.key) AS last
       FROM trajectories y JOIN trajectory_keys x ON x.id = y.id
       WHERE y.status = 'running' AND y.status <> 'done' ORDER BY y.started_at, y.id LIMIT ?`,
      limit,
    );
  }

  /** The most recently updated first. */
  sweeps(): LiveSweep[] {
    const rows = this.all<{
      key: number;
      name: string;
      definition: string;
      thresholds: string;
      thresholdStamp: string | null;
      mask: number;
      stamp: string;
    }>(
      `SELECT key, name, definition, thresholds, thresholds_from AS thresholdStamp, subnet_mask AS mask,
         key || ' ' || created_at || ' ' || updated_at AS stamp
       FROM sweeps ORDER BY updated_at DESC, name`,
    );
    return rows.map(({ key, name, definition, thresholds, thresholdStamp, mask, stamp }) => ({
      key,
      name,
      thresholds: JSON.parse(thresholds),
      axes: JSON.parse(definition).axes ?? {},
      sets: setsOf(mask),
      stamp,
      thresholdStamp,
    }));
  }

  /** The curves of a sweep, read lazily: a large sweep can be processed in small steps. */
  curves(sweep: number): IterableIterator<LiveCurve> {
    return withStoreErrors(this.file, () =>
      this.db
        .prepare<[number], LiveCurve>(
          `SELECT a.trajectory, a.variant, y.dataset_size AS datasetSize, y.width, y.seed,
             ${VARIANT_COLUMNS}, a.axes
           FROM member_variants a
           JOIN trajectory_keys x ON x.key = a.trajectory
           JOIN trajectories y ON y.id = x.id
           JOIN variants v ON v.key = a.variant
           WHERE a.sweep = ?`,
        )
        .iterate(sweep),
    );
  }

  /** The cells of one curve by t, finished or not. `columns`: metric columns of checkpoints and cells. */
  curve(sweep: number, { trajectory, variant }: LiveCurve, columns: readonly string[]): LivePoint[] {
    const key = columns.join();
    return withStoreErrors(this.file, () => {
      let statement = this.points.get(key);
      if (!statement) {
        statement = this.db.prepare<[number, number, number], LivePoint>(curveSql(columns)).raw();
        this.points.set(key, statement);
      }
      return statement.all(sweep, trajectory, variant);
    });
  }

  /** A sweep's cell counts by trajectory, read lazily. */
  counts(sweep: number): IterableIterator<TrajectoryCount> {
    return withStoreErrors(this.file, () =>
      this.db
        .prepare<[number], TrajectoryCount>(
          'SELECT trajectory, cells, cells_done AS done FROM member_progress WHERE sweep = ?',
        )
        .iterate(sweep),
    );
  }

  count(sweep: number, trajectory: number): TrajectoryCount | undefined {
    return this.all<TrajectoryCount>(
      'SELECT trajectory, cells, cells_done AS done FROM member_progress WHERE sweep = ? AND trajectory = ?',
      sweep,
      trajectory,
    )[0];
  }

  /** See `thresholdsByCurve`. */
  validThresholds(sweep: string, version: number): ReadonlyMap<string, readonly ThresholdRow[]> | null {
    return withStoreErrors(this.file, () => thresholdsByCurve(this.db, sweep, version));
  }

  /** JSON report of the last fit to a sweep's thresholds; null without one. */
  fit(sweep: number): string | null {
    const [row] = this.all<{ report: string }>('SELECT report FROM fit_reports WHERE sweep = ?', sweep);
    return row?.report ?? null;
  }

  /** The number of stored predictions of a sweep. */
  predictionCount(sweep: number): number {
    const [row] = this.all<{ count: number }>(
      'SELECT count(*) AS count FROM prediction_rows WHERE sweep = ?',
      sweep,
    );
    return row!.count;
  }

  /** See `predictedPoints`; of curves with one k. */
  predictions({ name, thresholds }: LiveSweep, curves: readonly LiveCurve[]): PredictedPoint[] {
    const keys = JSON.stringify([...new Set(curves.map(({ trajectory }) => trajectory))]);
    const ids = this.all<{ id: string }>(
      'SELECT id FROM trajectory_keys WHERE key IN (SELECT value FROM json_each(?))',
      keys,
    ).map(({ id }) => id);
    return predictedPoints(this.reader, { name, thresholds }, ids, curves[0]?.subnetSize ?? 0);
  }

  /** Keys of the trajectories whose last attempt failed. */
  failed(): number[] {
    return this.keys(
      `SELECT x.key FROM trajectories y JOIN trajectory_keys x ON x.id = y.id
       WHERE y.status = 'failed' AND y.status <> 'done'`,
    );
  }

  /**
   * As `Reader.cellsFinishedSince`, but reads only cells of trajectories with an attempt that ended at or after
   * `moment` or is still open. A cell recorded since then belongs to such an attempt.
   */
  cellsFinishedSince(moment: number): number {
    const [row] = this.all<{ count: number }>(
      `SELECT count(*) AS count FROM
         (SELECT DISTINCT trajectory_id AS id FROM attempts WHERE ended_at IS NULL OR ended_at >= ?) a
       CROSS JOIN trajectory_keys x ON x.id = a.id
       CROSS JOIN cells c ON c.trajectory = x.key WHERE c.finished_ms >= ?`,
      new Date(moment).toISOString(),
      moment,
    );
    return row!.count;
  }

  /**
   * Starts a read transaction: until `release`, all reads see one state of the database. Keep it short, since the
   * write-ahead log cannot be truncated meanwhile.
   */
  beginRead(): void {
    withStoreErrors(this.file, () => this.db.exec('BEGIN'));
  }

  endRead(): void {
    if (this.db.inTransaction) withStoreErrors(this.file, () => this.db.exec('COMMIT'));
  }

  config(trajectory: number): TrajectoryConfig {
    const [row] = this.all<{ config: string }>(
      'SELECT config FROM trajectories WHERE id = (SELECT id FROM trajectory_keys WHERE key = ?)',
      trajectory,
    );
    return completeConfig(JSON.parse(row!.config));
  }

  /**
   * Keys of the trajectories whose cells may have changed since `cursor`: those running then, running now, or started in
   * between. Null if the cursor's attempt does not exist, because the file is now another database.
   */
  changedSince(cursor: Cursor | null): { readonly cursor: Cursor; readonly trajectories: number[] } | null {
    return this.reader.inTransaction(() => {
      const running = this.keys(
        `SELECT x.key FROM trajectories y JOIN trajectory_keys x ON x.id = y.id
         WHERE y.status = 'running' AND y.status <> 'done'`,
      );
      const [latest] = this.all<{ id: number | null }>('SELECT max(id) AS id FROM attempts');
      const attempt = latest!.id ?? 0;
      if (cursor && attempt < cursor.attempt) return null;
      const started = this.keys(
        `SELECT x.key FROM attempts a JOIN trajectory_keys x ON x.id = a.trajectory_id WHERE a.id > ?`,
        cursor?.attempt ?? attempt,
      );
      const trajectories = [...new Set([...(cursor?.running ?? []), ...running, ...started])];
      return { cursor: { attempt, running }, trajectories };
    });
  }

  /** Views first. */
  relations(): DescribedRelation[] {
    return this.reader.relations().map(({ name, type }) => ({
      name,
      type,
      columns: this.reader.columns(name),
    }));
  }

  close(): void {
    this.db.close();
  }

  private keys(sql: string, ...params: number[]): number[] {
    return this.all<{ key: number }>(sql, ...params).map(row => row.key);
  }

  private all<T>(sql: string, ...params: (string | number)[]): T[] {
    return withStoreErrors(this.file, () => this.db.prepare(sql).all(...params) as T[]);
  }
}

const curveSql = (columns: readonly string[]): string => {
  const values = columns.map(column => `, ${column.startsWith('dense_') ? 'k' : 'c'}.${column}`);
  return `
    SELECT m.t, ${IS_FINISHED}${values.join('')}
    FROM sweeps s
    JOIN members m ON m.sweep = s.key
    LEFT JOIN cells c ON c.trajectory = m.trajectory AND c.t = m.t AND c.variant = m.variant
    LEFT JOIN checkpoints k ON k.trajectory = m.trajectory AND k.t = m.t
    WHERE s.key = ? AND m.trajectory = ? AND m.variant = ?
    ORDER BY m.t`;
};
