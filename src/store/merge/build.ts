/** Writes a new database that holds what several have. Its rows, keys included, depend on their content alone. */
import Sqlite, { type Database, type Statement } from 'better-sqlite3';
import { StoreError } from '../../base/errors.js';
import { TOOL_VERSION } from '../../base/paths.js';
import { withStoreErrors } from '../file/open.js';
import { APPLICATION_ID, migrate } from '../schema/migrations.js';
import { IS_FINISHED } from '../schema/views.js';
import { StatusReconciler } from '../write/sweep-cells.js';
import { describeDifference } from './difference.js';
import { Inserts } from './inserts.js';
import { joinAttempts, WaitingAttempts } from './join-attempts.js';
import { type Difference, firstOfEach, joinRows, sortedByKey } from './join-rows.js';
import { type JoinedSweep, joinSweeps } from './join-sweeps.js';
import { type Bundle, joinConfig, type Places, ranked } from './join-trajectory.js';
import { joinVariants } from './join-variants.js';
import { compareRows } from './order.js';
import { compareTrajectories, type NamedRow, type Source } from './source.js';
import {
  columnNames,
  PREDICTIONS,
  RESULT_TABLES,
  type Row,
  SWEEP_TABLES,
  type TableColumns,
  tableColumns,
} from './tables.js';
import { withoutTriggers } from './triggers.js';

export interface BuildOptions {
  /** Engines whose results have the same bits everywhere. Of the others one whole trajectory is kept. */
  readonly equalBits: ReadonlySet<string>;
  /** The database that the new one is to replace, by place; null for none. */
  readonly replaces: number | null;
}

export interface Built {
  readonly trajectories: number;
  readonly checkpoints: number;
  readonly cells: number;
  readonly attempts: number;
  readonly sweeps: readonly JoinedSweep[];
  /** Unfinished trajectories: where a snapshot may come from, by place, and the first checkpoint that is not finished. */
  readonly unfinished: ReadonlyMap<string, { readonly sources: readonly number[]; readonly next: number }>;
}

/**
 * Fills `file`, which does not exist yet. Holds one trajectory of each database in memory at a time.
 * @throws StoreError BITS_DIFFER; DISK_FULL, DATABASE_IO; as `connectReader` for damaged sources.
 */
export function buildMerged(file: string, sources: readonly Source[], options: BuildOptions): Built {
  return withStoreErrors(file, () => {
    const db = new Sqlite(file);
    try {
      // Nobody sees the file before it is complete.
      db.pragma('journal_mode = OFF');
      db.pragma('synchronous = OFF');
      db.pragma('foreign_keys = OFF');
      db.pragma('cache_size = -65536');
      db.pragma(`application_id = ${APPLICATION_ID}`);
      return db.transaction(() => new Builder(db, sources, options).build())();
    } finally {
      db.close();
    }
  });
}

class Builder {
  private readonly checkpoints: TableColumns;
  private readonly cells: TableColumns;
  private readonly sweepTables: readonly TableColumns[];
  private readonly predictions: TableColumns;
  private readonly stateColumns: readonly string[];
  private readonly places: Places;
  private readonly attempts: WaitingAttempts;
  /** By source: its key of a variant -> the key here. */
  private readonly variantKeys: readonly ReadonlyMap<number, number>[];
  private readonly sweeps: readonly JoinedSweep[];
  private readonly files: readonly string[];
  private readonly inserts: Inserts;
  private readonly statuses: StatusReconciler;
  private readonly nextUnfinished: Statement<[number], number | null>;
  private readonly counts = { trajectories: 0, checkpoints: 0, cells: 0, attempts: 0 };
  private readonly unfinished = new Map<string, { sources: readonly number[]; next: number }>();

  constructor(
    private readonly db: Database,
    private readonly sources: readonly Source[],
    private readonly options: BuildOptions,
  ) {
    migrate(db, TOOL_VERSION);
    this.files = sources.map(({ file }) => file);
    this.inserts = new Inserts(db);
    this.checkpoints = tableColumns(db, RESULT_TABLES.checkpoints);
    this.cells = tableColumns(db, RESULT_TABLES.cells);
    this.sweepTables = SWEEP_TABLES.map(table => tableColumns(db, table));
    this.predictions = tableColumns(db, PREDICTIONS);
    this.stateColumns = columnNames(db, 'trajectories');
    this.places = {
      recorded: this.cells.mask,
      finished: this.cells.names.indexOf('finished_ms'),
      attempt: columnNames(db, 'attempts').filter(name => name !== 'id'),
    };
    this.attempts = new WaitingAttempts(db, this.places);
    this.variantKeys = joinVariants(db, sources, this.inserts);
    const sweepColumns = columnNames(db, 'sweeps');
    this.sweeps = joinSweeps(
      sources.map(source => source.table('sweeps', sweepColumns)),
      sweepColumns,
    );
    this.statuses = new StatusReconciler(db);
    this.nextUnfinished = db.prepare<[number], number | null>(NEXT_UNFINISHED).pluck();
  }

  build(): Built {
    withoutTriggers(this.db, () => {
      for (const [i, { row }] of this.sweeps.entries()) this.inserts.one('sweeps', { ...row, key: i + 1 });
      for (const bundles of this.trajectories()) this.add(bundles);
      this.attempts.store();
    });
    this.db.prepare(`UPDATE revisions SET revision = ? WHERE name = 'results'`).run(this.revision());
    return { ...this.counts, sweeps: this.sweeps, unfinished: this.unfinished };
  }

  /** Never the number that the replaced database had with other rows: what was computed from those is then invalid. */
  private revision(): number {
    const { replaces } = this.options;
    const rows = this.counts.checkpoints + this.counts.cells;
    const before = replaces === null ? 0 : this.sources[replaces]!.revision();
    return before <= rows ? rows : before + rows;
  }

  /** The trajectories of all databases in one order, each with what every database has of it. */
  private *trajectories(): Generator<Bundle[]> {
    const rows = this.sources.map(source => source.trajectories(this.stateColumns));
    const heads = rows.map(each => each.next());
    try {
      for (;;) {
        let first: NamedRow | null = null;
        for (const head of heads)
          if (!head.done && (!first || compareTrajectories(head.value, first) < 0)) first = head.value;
        if (!first) return;
        const bundles: Bundle[] = [];
        for (const [place, head] of heads.entries()) {
          if (head.done || compareTrajectories(head.value, first) !== 0) continue;
          bundles.push(this.read(place, head.value));
          heads[place] = rows[place]!.next();
        }
        yield bundles;
      }
    } finally {
      for (const each of rows) each.return(undefined);
    }
  }

  private read(place: number, state: NamedRow): Bundle {
    const source = this.sources[place]!;
    const key = state.key as number;
    return {
      source: place,
      state,
      checkpoints: this.translated(this.checkpoints, place, source.rows(this.checkpoints, key)),
      cells: this.translated(this.cells, place, source.rows(this.cells, key)),
      attempts: source.attempts(this.places.attempt, state.id as string),
    };
  }

  /** Rows with the keys of variants, if they have any, that these have here. */
  private translated({ variant }: TableColumns, place: number, rows: Row[]): Row[] {
    if (variant < 0) return rows;
    const keys = this.variantKeys[place]!;
    for (const row of rows) row[variant] = keys.get(row[variant] as number) ?? null;
    return rows;
  }

  private add(found: readonly Bundle[]): void {
    const bundles = ranked(found, this.places);
    const { state } = bundles[0]!;
    const key = ++this.counts.trajectories;
    const attempts = joinAttempts(bundles, this.places);
    const status = state.status === 'running' ? 'pending' : state.status!;
    const known = bundles.map(bundle => bundle.state.attempts as number);
    this.inserts.one('trajectories', {
      ...Object.fromEntries(this.stateColumns.map(column => [column, state[column]!])),
      config: joinConfig(bundles, this.files),
      status,
      attempts: Math.max(attempts.length, ...known),
    });
    this.inserts.one('trajectory_keys', { key, id: state.id! });
    const hasEqualBits = this.options.equalBits.has(state.engine as string);
    const kept = hasEqualBits ? bundles : bundles.slice(0, 1);
    for (const which of ['checkpoints', 'cells'] as const) {
      const columns = this[which];
      const rows = joinRows(
        columns,
        kept.map(bundle => bundle[which]),
        difference => this.refuse(columns, difference, kept),
      );
      this.counts[which] += rows.length;
      this.inserts.all(columns, { trajectory: key }, rows);
    }
    this.attempts.add(attempts);
    this.counts.attempts += attempts.length;
    this.addToSweeps(key, bundles);
    this.statuses.reconcile(key);
    const next = this.nextUnfinished.get(key);
    if (next !== null && next !== undefined)
      this.unfinished.set(state.id as string, { sources: kept.map(({ source }) => source), next });
  }

  private refuse(columns: TableColumns, difference: Difference, bundles: readonly Bundle[]): never {
    throw new StoreError(
      'BITS_DIFFER',
      this.files[bundles[difference.second]!.source]!,
      describeDifference(this.db, columns, difference, bundles, this.files, this.places),
    );
  }

  private addToSweeps(trajectory: number, bundles: readonly Bundle[]): void {
    for (const [i, joined] of this.sweeps.entries()) {
      const keys = { sweep: i + 1, trajectory };
      const predicted = bundles.map(bundle => this.rowsIn(joined, this.predictions, bundle));
      this.inserts.all(this.predictions, keys, this.farthest(predicted, bundles));
      for (const columns of this.sweepTables) {
        const rows = bundles.flatMap(bundle => this.rowsIn(joined, columns, bundle));
        const kept =
          bundles.length < 2 ? sortedByKey(columns, rows) : firstOfEach(columns, rows.sort(compareRows));
        this.inserts.all(columns, keys, kept);
      }
    }
  }

  /** What a database has of a trajectory in its sweep that goes into this one. */
  private rowsIn({ keys }: JoinedSweep, columns: TableColumns, { source, state }: Bundle): Row[] {
    const sweep = keys[source] ?? null;
    if (sweep === null) return [];
    const rows = this.sources[source]!.rowsOfSweep(columns, sweep, state.key as number);
    return this.translated(columns, source, rows);
  }

  /** Of the predictions of one kernel and target, that with the farthest horizon. They do not depend on the engine. */
  private farthest(predicted: readonly Row[][], bundles: readonly Bundle[]): Row[] {
    const { predictions } = this;
    const rows = joinRows(predictions, predicted, difference =>
      this.refuse(predictions, difference, bundles),
    );
    const [kernel, target] = predictions.key as [number, number];
    return [...new Map(rows.map(row => [`${row[kernel]} ${row[target]}`, row])).values()];
  }
}

const NEXT_UNFINISHED = `
  SELECT min(m.t) FROM sweeps s CROSS JOIN members m ON m.sweep = s.key AND m.trajectory = ?
  LEFT JOIN cells c ON c.trajectory = m.trajectory AND c.t = m.t AND c.variant = m.variant
  LEFT JOIN checkpoints k ON k.trajectory = m.trajectory AND k.t = m.t
  WHERE (${IS_FINISHED}) IS NOT TRUE`;
