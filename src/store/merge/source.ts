/** One of the databases that are merged, read-only and at one moment. */
import type { Database, Statement } from 'better-sqlite3';
import { connectReader, withStoreErrors } from '../file/open.js';
import { compareValues } from './order.js';
import type { Row, TableColumns, Value } from './tables.js';

export type NamedRow = Readonly<Record<string, Value>>;

export class Source {
  private readonly statements = new Map<string, Statement<unknown[]>>();

  private constructor(
    readonly file: string,
    private readonly db: Database,
  ) {}

  /** @throws StoreError as `connectReader` (file/open.ts). */
  static open(file: string): Source {
    const db = connectReader(file);
    const source = new Source(file, db);
    try {
      source.renew();
    } catch (error) {
      db.close();
      throw error;
    }
    return source;
  }

  /** From now on, all reads see the file as it is now. */
  renew(): void {
    this.guard(() => {
      if (this.db.inTransaction) this.db.exec('COMMIT');
      this.db.exec('BEGIN; SELECT 1 FROM sqlite_schema');
    });
  }

  /** A table in full, by key. */
  table(name: string, columns: readonly string[]): NamedRow[] {
    return this.guard(
      () => this.db.prepare(`SELECT ${columns.join(', ')} FROM ${name} ORDER BY key`).all() as NamedRow[],
    );
  }

  /** All trajectories with their keys, in the order of `compareTrajectories`. */
  *trajectories(columns: readonly string[]): Generator<NamedRow> {
    const statement = this.prepared(
      `SELECT x.key, ${columns.map(column => `y.${column}`).join(', ')} FROM trajectories y
       JOIN trajectory_keys x ON x.id = y.id ORDER BY y.dataset_size, y.width, y.seed, y.id`,
    );
    const rows = statement.iterate() as IterableIterator<NamedRow>;
    try {
      for (;;) {
        const { done, value } = this.guard(() => rows.next());
        if (done) return;
        yield value;
      }
    } finally {
      rows.return?.();
    }
  }

  /** Rows of a trajectory, with this file's keys of variants. */
  rows({ table, names }: TableColumns, trajectory: number): Row[] {
    return this.all(`SELECT ${names.join(', ')} FROM ${table} WHERE trajectory = ?`, trajectory);
  }

  rowsOfSweep({ table, names }: TableColumns, sweep: number, trajectory: number): Row[] {
    return this.all(
      `SELECT ${names.join(', ')} FROM ${table} WHERE sweep = ? AND trajectory = ?`,
      sweep,
      trajectory,
    );
  }

  attempts(columns: readonly string[], trajectoryId: string): Row[] {
    return this.all(
      `SELECT ${columns.join(', ')} FROM attempts WHERE trajectory_id = ? ORDER BY id`,
      trajectoryId,
    );
  }

  /** Counts changes to results; 0 in a database that does not count yet. */
  revision(): number {
    const [row] = this.all(`SELECT revision FROM revisions WHERE name = 'results'`);
    return (row?.[0] as number | undefined) ?? 0;
  }

  close(): void {
    this.db.close();
  }

  private all(sql: string, ...params: unknown[]): Row[] {
    return this.guard(() => this.prepared(sql, true).all(...params) as Row[]);
  }

  private prepared(sql: string, raw = false): Statement<unknown[]> {
    const statement = this.statements.get(sql) ?? this.guard(() => this.db.prepare(sql).raw(raw));
    this.statements.set(sql, statement);
    return statement;
  }

  private guard<T>(work: () => T): T {
    return withStoreErrors(this.file, work);
  }
}

/** By n, N, seed and id: as a sweep lists them. */
export function compareTrajectories(a: NamedRow, b: NamedRow): number {
  for (const column of ['dataset_size', 'width', 'seed', 'id']) {
    const order = compareValues(a[column]!, b[column]!);
    if (order !== 0) return order;
  }
  return 0;
}
