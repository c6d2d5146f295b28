/** What the live page reads beside the status: changes since it last looked, and single curves. */
import type { Database, Statement } from 'better-sqlite3';
import { completeConfig } from '../../domain/later-settings.js';
import type { SetName, ThresholdSpec, TrajectoryConfig, Variant } from '../../domain/types.js';
import { connectReader, guard } from '../file/open.js';
import { setsOf } from '../schema/rows.js';
import { IS_FINISHED } from '../schema/views.js';
import { Reader } from './reader.js';

/** A trajectory at work. Times are ISO 8601, UTC. */
export interface RunningRow {
  readonly trajectoryId: string;
  readonly datasetSize: number;
  readonly width: number;
  readonly seed: number;
  readonly worker: string | null;
  readonly startedAt: string | null;
  readonly attempts: number;
  /** The latest checkpoint that is recorded, from any attempt; null before the first. */
  readonly reached: number | null;
  /** The last one that any sweep asks for; null where none does. */
  readonly last: number | null;
}

/** A sweep as the page needs it. `stamp` changes whenever its definition or its members may have. */
export interface LiveSweep {
  readonly key: number;
  readonly name: string;
  readonly thresholds: readonly ThresholdSpec[];
  /** By path, as the sweep file has them. */
  readonly axes: Readonly<Record<string, unknown>>;
  /** The sets that its subnetworks are measured on. */
  readonly sets: readonly SetName[];
  readonly stamp: string;
}

/** One variant of one trajectory of a sweep. */
export interface SweepCurve {
  readonly trajectory: number;
  readonly variant: number;
  readonly datasetSize: number;
  readonly width: number;
  readonly seed: number;
  readonly method: Variant['method'];
  readonly objective: Variant['objective'];
  readonly subnetSize: number;
  readonly retrainIterations: number;
  /** The sweep's further axes, as JSON. */
  readonly axes: string;
}

/** The cells that a sweep asks of a trajectory. */
export interface TrajectoryCount {
  readonly trajectory: number;
  readonly cells: number;
  readonly done: number;
}

/** How far a look has seen. */
export interface Cursor {
  readonly attempt: number;
  readonly running: readonly number[];
}

export interface Relation {
  readonly name: string;
  readonly type: 'view' | 'table';
  readonly columns: readonly string[];
}

/** t, whether the cell is finished, then the columns that were asked for. */
export type CurvePoint = [t: number, finished: number | null, ...values: (number | null)[]];

/** One connection, for one look: a file that is replaced or ended meanwhile is not held on to. */
export class LiveReader {
  readonly reader: Reader;
  private readonly db: Database;
  private readonly points = new Map<string, Statement<[number, number, number], CurvePoint>>();

  /** @throws StoreError where the file is missing, not ours, newer or damaged. */
  constructor(private readonly file: string) {
    this.db = connectReader(file);
    this.reader = new Reader(file, this.db);
  }

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

  sweeps(): LiveSweep[] {
    const rows = this.all<{
      key: number;
      name: string;
      definition: string;
      thresholds: string;
      mask: number;
      stamp: string;
    }>(
      `SELECT key, name, definition, thresholds, subnet_mask AS mask, key || ' ' || created_at || ' ' || updated_at AS stamp
       FROM sweeps ORDER BY updated_at DESC, name`,
    );
    return rows.map(({ key, name, definition, thresholds, mask, stamp }) => ({
      key,
      name,
      thresholds: JSON.parse(thresholds),
      axes: JSON.parse(definition).axes ?? {},
      sets: setsOf(mask),
      stamp,
    }));
  }

  /** As they come, so that a large sweep can be read a little at a time. */
  members(sweep: number): IterableIterator<SweepCurve> {
    return guard(this.file, () =>
      this.db
        .prepare<[number], SweepCurve>(
          `SELECT a.trajectory, a.variant, y.dataset_size AS datasetSize, y.width, y.seed, v.method,
             v.objective, v.subnet_size AS subnetSize, v.retrain_iterations AS retrainIterations, a.axes
           FROM member_variants a
           JOIN trajectory_keys x ON x.key = a.trajectory
           JOIN trajectories y ON y.id = x.id
           JOIN variants v ON v.key = a.variant
           WHERE a.sweep = ?`,
        )
        .iterate(sweep),
    );
  }

  /** A member's cells by t, finished or not. `columns` are metric columns, of checkpoints and of cells. */
  curve(sweep: number, { trajectory, variant }: SweepCurve, columns: readonly string[]): CurvePoint[] {
    const key = columns.join();
    return guard(this.file, () => {
      let statement = this.points.get(key);
      if (!statement) {
        statement = this.db.prepare<[number, number, number], CurvePoint>(curveSql(columns)).raw();
        this.points.set(key, statement);
      }
      return statement.all(sweep, trajectory, variant);
    });
  }

  /** A sweep's cells, and those of them that are finished, by trajectory; as they come. */
  counts(sweep: number): IterableIterator<TrajectoryCount> {
    return guard(this.file, () =>
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

  /** The report of what was last fitted to a sweep's thresholds, as JSON; null where nothing was. */
  fit(sweep: number): string | null {
    const [row] = this.all<{ report: string }>('SELECT report FROM fit_reports WHERE sweep = ?', sweep);
    return row?.report ?? null;
  }

  /** Trajectories whose last attempt failed. */
  failed(): number[] {
    return this.keys(
      `SELECT x.key FROM trajectories y JOIN trajectory_keys x ON x.id = y.id
       WHERE y.status = 'failed' AND y.status <> 'done'`,
    );
  }

  /**
   * As `Reader.cellsFinishedSince`, without a look at every cell: cells are recorded by attempts, and these say when
   * they ended.
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

  /** From here to `release`, everything is seen as it is at one moment. Short: a run's log cannot shrink meanwhile. */
  hold(): void {
    guard(this.file, () => this.db.exec('BEGIN'));
  }

  release(): void {
    if (this.db.inTransaction) guard(this.file, () => this.db.exec('COMMIT'));
  }

  config(trajectory: number): TrajectoryConfig {
    const [row] = this.all<{ config: string }>(
      'SELECT config FROM trajectories WHERE id = (SELECT id FROM trajectory_keys WHERE key = ?)',
      trajectory,
    );
    return completeConfig(JSON.parse(row!.config));
  }

  /**
   * Trajectories whose cells may have changed since a mark: those that ran then or run now, and those that were begun
   * in between. Null where the marked attempt is not there: this is another database.
   */
  changedSince(mark: Cursor | null): { readonly mark: Cursor; readonly trajectories: number[] } | null {
    return this.reader.inTransaction(() => {
      const running = this.keys(
        `SELECT x.key FROM trajectories y JOIN trajectory_keys x ON x.id = y.id
         WHERE y.status = 'running' AND y.status <> 'done'`,
      );
      const [latest] = this.all<{ id: number | null }>('SELECT max(id) AS id FROM attempts');
      const attempt = latest!.id ?? 0;
      if (mark && attempt < mark.attempt) return null;
      const begun = this.keys(
        `SELECT x.key FROM attempts a JOIN trajectory_keys x ON x.id = a.trajectory_id WHERE a.id > ?`,
        mark?.attempt ?? attempt,
      );
      const trajectories = [...new Set([...(mark?.running ?? []), ...running, ...begun])];
      return { mark: { attempt, running }, trajectories };
    });
  }

  /** Views first. */
  relations(): Relation[] {
    return this.reader.relations().map(({ name, type }) => ({
      name,
      type,
      columns: this.all<{ name: string }>('SELECT name FROM pragma_table_info(?)', name).map(row => row.name),
    }));
  }

  close(): void {
    this.db.close();
  }

  private keys(sql: string, ...params: number[]): number[] {
    return this.all<{ key: number }>(sql, ...params).map(row => row.key);
  }

  private all<T>(sql: string, ...params: (string | number)[]): T[] {
    return guard(this.file, () => this.db.prepare(sql).all(...params) as T[]);
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
