/** Shows a database of an earlier version as if it had been migrated, without changing the file. */
import Sqlite, { type Database } from 'better-sqlite3';
import { TOOL_VERSION } from '../../base/paths.js';
import { MIGRATIONS, migrate } from './migrations.js';

interface Column {
  readonly name: string;
  readonly dflt_value: string | null;
}
interface SchemaObject {
  readonly type: 'table' | 'view';
  readonly name: string;
  readonly sql: string;
}

/**
 * Creates temporary objects on this connection for what an older database lacks: empty tables, columns with their
 * defaults, and the current views. SQLite's temporary objects hide those of the file with the same name.
 */
export function showAsCurrent(db: Database, migrations: readonly string[] = MIGRATIONS): void {
  if ((db.pragma('user_version', { simple: true }) as number) >= migrations.length) return;
  const current = new Sqlite(':memory:');
  try {
    migrate(current, TOOL_VERSION, migrations);
    db.pragma('temp_store = MEMORY');
    for (const { type, name, sql } of objectsOf(current)) {
      const existing = type === 'table' ? columnsOf(db, name) : [];
      if (existing.length === 0) db.exec(sql.replace(/^CREATE/, 'CREATE TEMP'));
      else showWithColumns(db, name, existing, columnsOf(current, name));
    }
  } finally {
    current.close();
  }
}

function showWithColumns(
  db: Database,
  table: string,
  existing: readonly Column[],
  wanted: readonly Column[],
): void {
  const names = new Set(existing.map(({ name }) => name));
  const missing = wanted.filter(({ name }) => !names.has(name));
  if (missing.length === 0) return;
  const values = missing.map(({ name, dflt_value }) => `${dflt_value ?? 'NULL'} AS "${name}"`);
  db.exec(`CREATE TEMP VIEW "${table}" AS SELECT *, ${values.join(', ')} FROM main."${table}"`);
}

/** Tables first, since views refer to them. */
const objectsOf = (db: Database): SchemaObject[] =>
  db
    .prepare(
      `SELECT type, name, sql FROM sqlite_schema WHERE type IN ('table', 'view')
         AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, rowid`,
    )
    .all() as SchemaObject[];

const columnsOf = (db: Database, table: string): Column[] =>
  db.pragma(`main.table_info("${table}")`) as Column[];
