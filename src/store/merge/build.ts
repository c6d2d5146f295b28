/** Writes a new database that holds what several have. Its rows, keys included, depend on their content alone. */
import Sqlite, { type Database, type Statement } from 'better-sqlite3';
import { StoreError } from '../../base/errors.js';
import { TOOL_VERSION } from '../../base/paths.js';
import { canonicalJson } from '../../domain/identity.js';
import { completeConfig } from '../../domain/later-settings.js';
import { withStoreErrors } from '../file/open.js';
import { APPLICATION_ID, migrate } from '../schema/migrations.js';
import { IS_FINISHED } from '../schema/views.js';
import { StatusReconciler } from '../write/sweep-cells.js';
import { describeDifference } from './difference.js';
import { type Difference, joinRows, sortedByKey } from './join-rows.js';
import { type JoinedSweep, joinSweeps } from './join-sweeps.js';
import { type Bundle, joinAttempts, type Places, ranked } from './join-trajectory.js';
import { compareRows, compareValues } from './order.js';
import { compareTrajectories, type NamedRow, type Source } from './source.js';
import {
  columnNames,
  PREDICTIONS,
  RESULT_TABLES,
  type Row,
  SWEEP_TABLES,
  type TableColumns,
  tableColumns,
  type Value,
} from './tables.js';

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
  /** By source: its key of a variant -> the key here. */
  private readonly variantKeys: readonly ReadonlyMap<number, number>[];
  private readonly sweeps: readonly JoinedSweep[];
  private readonly inserts = new Map<string, Statement<unknown[]>>();
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
    this.variantKeys = this.joinVariants();
    const sweepColumns = columnNames(db, 'sweeps');
    this.sweeps = joinSweeps(
      sources.map(source => source.table('sweeps', sweepColumns)),
      sweepColumns,
    );
    this.statuses = new StatusReconciler(db);
    this.nextUnfinished = db.prepare<[number], number | null>(NEXT_UNFINISHED).pluck();
  }

  build(): Built {
    const triggers = this.takeTriggers();
    for (const [i, { row }] of this.sweeps.entries()) this.insert('sweeps', { ...row, key: i + 1 });
    this.db.exec('CREATE TEMP TABLE merged_attempts AS SELECT * FROM attempts WHERE false');
    for (const bundles of this.trajectories()) this.add(bundles);
    const listed = this.places.attempt.join(', ');
    this.db.exec(
      `INSERT INTO attempts (${listed}) SELECT ${listed} FROM temp.merged_attempts
         ORDER BY started_at, trajectory_id, ${listed}, rowid;
       DROP TABLE temp.merged_attempts`,
    );
    for (const sql of triggers) this.db.exec(sql);
    this.db.prepare(`UPDATE revisions SET revision = ? WHERE name = 'results'`).run(this.revision());
    return { ...this.counts, sweeps: this.sweeps, unfinished: this.unfinished };
  }

  /** Drops the triggers, which would count each row. Returns what creates them again. */
  private takeTriggers(): string[] {
    const triggers = this.db.prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`).all() as {
      name: string;
      sql: string;
    }[];
    for (const { name } of triggers) this.db.exec(`DROP TRIGGER ${name}`);
    return triggers.map(({ sql }) => sql);
  }

  /** Never the number that the replaced database had with other rows: what was computed from those is then invalid. */
  private revision(): number {
    const { replaces } = this.options;
    const rows = this.counts.checkpoints + this.counts.cells;
    const before = replaces === null ? 0 : this.sources[replaces]!.revision();
    return before <= rows ? rows : before + rows;
  }

  /** Fills the table `variants`, ordered by content. */
  private joinVariants(): Map<number, number>[] {
    const columns = columnNames(this.db, 'variants').filter(name => name !== 'key');
    const rows = this.sources.map(source =>
      source.table('variants', ['key', ...columns]).map(row => ({
        key: row.key as number,
        content: columns.map(column => row[column]!),
      })),
    );
    const keys = new Map<string, number>();
    const contents = rows.flat().map(({ content }) => content);
    for (const content of contents.sort(compareRows)) {
      const text = JSON.stringify(content);
      if (keys.has(text)) continue;
      keys.set(text, keys.size + 1);
      this.insert('variants', {
        key: keys.size,
        ...Object.fromEntries(columns.map((column, i) => [column, content[i]!])),
      });
    }
    return rows.map(of => new Map(of.map(({ key, content }) => [key, keys.get(JSON.stringify(content))!])));
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
      checkpoints: source.rows(this.checkpoints, key),
      cells: this.translated(this.cells, place, source.rows(this.cells, key)),
      attempts: source.attempts(this.places.attempt, state.id as string),
    };
  }

  /** Rows with the keys of variants that they have here. */
  private translated({ variant }: TableColumns, place: number, rows: Row[]): Row[] {
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
    this.insert('trajectories', {
      ...Object.fromEntries(this.stateColumns.map(column => [column, state[column]!])),
      config: this.configOf(bundles),
      status,
      attempts: Math.max(attempts.length, ...known),
    });
    this.insert('trajectory_keys', { key, id: state.id! });
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
      this.insertAll(columns, [['trajectory', key]], rows);
    }
    for (const attempt of attempts)
      this.insert('temp.merged_attempts', { id: null, ...this.named(this.places.attempt, attempt) });
    this.counts.attempts += attempts.length;
    this.addToSweeps(key, bundles);
    this.statuses.reconcile(key);
    const next = this.nextUnfinished.get(key);
    if (next !== null && next !== undefined)
      this.unfinished.set(state.id as string, { sources: kept.map(({ source }) => source), next });
  }

  /** The most complete text: databases of earlier versions lack later settings. */
  private configOf(bundles: readonly Bundle[]): string {
    const texts = [...new Set(bundles.map(({ state }) => state.config as string))];
    if (texts.length > 1) {
      const contents = new Set(texts.map(text => canonicalJson(completeConfig(JSON.parse(text)))));
      if (contents.size > 1) {
        const at = (text: string) => bundles.find(({ state }) => state.config === text)!.source;
        const [first, second] = texts.map(text => this.sources[at(text)]!.file);
        throw new StoreError(
          'BITS_DIFFER',
          second!,
          `trajectory ${bundles[0]!.state.id}: ${first} and ${second} have different settings of it; nothing was merged`,
        );
      }
    }
    return texts.toSorted((a, b) => b.length - a.length || compareValues(a, b))[0]!;
  }

  private refuse(columns: TableColumns, difference: Difference, bundles: readonly Bundle[]): never {
    const files = this.sources.map(({ file }) => file);
    throw new StoreError(
      'BITS_DIFFER',
      files[bundles[difference.second]!.source]!,
      describeDifference(this.db, columns, difference, bundles, files, this.places),
    );
  }

  /** Rows of the sweep here that predict the trajectory. They do not depend on the engine. */
  private addPredictions(sweep: number, trajectory: number, bundles: readonly Bundle[]): void {
    const { predictions } = this;
    const { keys } = this.sweeps[sweep]!;
    const found = bundles.map(({ source, state }) => {
      const own = keys[source] ?? null;
      return own === null ? [] : this.sources[source]!.rowsOfSweep(predictions, own, state.key as number);
    });
    const rows = joinRows(predictions, found, difference => this.refuse(predictions, difference, bundles));
    const [kernel, target] = predictions.key as [number, number];
    const farthest = new Map(rows.map(row => [`${row[kernel]} ${row[target]}`, row]));
    this.insertAll(
      predictions,
      [
        ['sweep', sweep + 1],
        ['trajectory', trajectory],
      ],
      [...farthest.values()],
    );
  }

  private addToSweeps(trajectory: number, bundles: readonly Bundle[]): void {
    for (const [i, { keys }] of this.sweeps.entries()) {
      this.addPredictions(i, trajectory, bundles);
      for (const columns of this.sweepTables) {
        const rows = bundles.flatMap(({ source, state }) => {
          const sweep = keys[source];
          if (sweep === null || sweep === undefined) return [];
          const own = this.sources[source]!.rowsOfSweep(columns, sweep, state.key as number);
          return columns.variant < 0 ? own : this.translated(columns, source, own);
        });
        const joined =
          bundles.length < 2 ? sortedByKey(columns, rows) : firstOfEach(columns, rows.sort(compareRows));
        this.insertAll(
          columns,
          [
            ['sweep', i + 1],
            ['trajectory', trajectory],
          ],
          joined,
        );
      }
    }
  }

  private named(columns: readonly string[], row: Row): NamedRow {
    return Object.fromEntries(columns.map((column, i) => [column, row[i]!]));
  }

  private insert(table: string, row: NamedRow): void {
    this.inserting(table, Object.keys(row)).run(...Object.values(row));
  }

  private insertAll(
    { table, names }: TableColumns,
    fixed: readonly (readonly [column: string, key: number])[],
    rows: readonly Row[],
  ): void {
    if (rows.length === 0) return;
    const statement = this.inserting(table, [...fixed.map(([column]) => column), ...names]);
    const keys = fixed.map(([, key]) => key);
    for (const row of rows) statement.run(...keys, ...row);
  }

  private inserting(table: string, columns: readonly string[]): Statement<unknown[]> {
    const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
    const statement = this.inserts.get(sql) ?? this.db.prepare(sql);
    this.inserts.set(sql, statement);
    return statement;
  }
}

/** Of rows with one key, the first. */
function firstOfEach({ key }: TableColumns, rows: readonly Row[]): Row[] {
  const seen = new Map<string, Row>();
  for (const row of rows) {
    const name = JSON.stringify(key.map((i): Value => row[i]!));
    if (!seen.has(name)) seen.set(name, row);
  }
  return [...seen.values()];
}

const NEXT_UNFINISHED = `
  SELECT min(m.t) FROM sweeps s CROSS JOIN members m ON m.sweep = s.key AND m.trajectory = ?
  LEFT JOIN cells c ON c.trajectory = m.trajectory AND c.t = m.t AND c.variant = m.variant
  LEFT JOIN checkpoints k ON k.trajectory = m.trajectory AND k.t = m.t
  WHERE (${IS_FINISHED}) IS NOT TRUE`;
