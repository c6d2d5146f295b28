/** Reading a database of an earlier version: shown as if it had been migrated, without being touched. */
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
 * Lays temporary tables and views of this connection over what an older database lacks: empty tables, columns with
 * their defaults, and the present views. Temporary objects hide those of the file that have the same name.
 */
export function showAsCurrent(db: Database, migrations: readonly string[] = MIGRATIONS): void {
  if ((db.pragma('user_version', { simple: true }) as number) >= migrations.length) return;
  const present = new Sqlite(':memory:');
  try {
    migrate(present, TOOL_VERSION, migrations);
    db.pragma('temp_store = MEMORY');
    for (const { type, name, sql } of objectsOf(present)) {
      const known = type === 'table' ? columnsOf(db, name) : [];
      if (known.length === 0) db.exec(sql.replace(/^CREATE/, 'CREATE TEMP'));
      else addColumns(db, name, known, columnsOf(present, name));
    }
  } finally {
    present.close();
  }
}

function addColumns(db: Database, table: string, known: readonly Column[], wanted: readonly Column[]): void {
  const names = new Set(known.map(({ name }) => name));
  const added = wanted.filter(({ name }) => !names.has(name));
  if (added.length === 0) return;
  const values = added.map(({ name, dflt_value }) => `${dflt_value ?? 'NULL'} AS "${name}"`);
  db.exec(`CREATE TEMP VIEW "${table}" AS SELECT *, ${values.join(', ')} FROM main."${table}"`);
}

/** Tables first, since views are made of them. */
const objectsOf = (db: Database): SchemaObject[] =>
  db
    .prepare(
      `SELECT type, name, sql FROM sqlite_schema WHERE type IN ('table', 'view')
         AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, rowid`,
    )
    .all() as SchemaObject[];

const columnsOf = (db: Database, table: string): Column[] =>
  db.pragma(`main.table_info("${table}")`) as Column[];
