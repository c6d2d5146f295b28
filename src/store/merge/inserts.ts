import type { Database, Statement } from 'better-sqlite3';
import type { NamedRow } from './source.js';
import type { Row, TableColumns } from './tables.js';

/** Inserts rows into tables. */
export class Inserts {
  private readonly statements = new Map<string, Statement<unknown[]>>();

  constructor(private readonly db: Database) {}

  one(table: string, row: NamedRow): void {
    this.statement(table, Object.keys(row)).run(...Object.values(row));
  }

  /** @param fixed columns that all rows have, and rows lack, with their keys. */
  all({ table, names }: TableColumns, fixed: Readonly<Record<string, number>>, rows: readonly Row[]): void {
    if (rows.length === 0) return;
    const statement = this.statement(table, [...Object.keys(fixed), ...names]);
    const keys = Object.values(fixed);
    for (const row of rows) statement.run(...keys, ...row);
  }

  private statement(table: string, columns: readonly string[]): Statement<unknown[]> {
    const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
    const statement = this.statements.get(sql) ?? this.db.prepare(sql);
    this.statements.set(sql, statement);
    return statement;
  }
}
