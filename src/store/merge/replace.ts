/** Puts the content of one database in the place of another's, in one transaction. */
import type { Database } from 'better-sqlite3';
import { StoreError } from '../../base/errors.js';
import { TOOL_VERSION } from '../../base/paths.js';
import { acquireLock, heldError, isAlive, readLockRow } from '../file/lock-row.js';
import { connectWritable, withStoreErrors } from '../file/open.js';
import { migrate } from '../schema/migrations.js';
import { withoutTriggers } from './triggers.js';

/** A database that is to be replaced. It is not changed before `replaceWith`. */
export class Replaceable {
  private readonly version: number;

  private constructor(
    private readonly file: string,
    private readonly db: Database,
  ) {
    this.version = this.dataVersion();
  }

  /** @throws StoreError as `connectWritable`; DATABASE_HELD by a run. */
  static open(file: string, unsafeFilesystem = false): Replaceable {
    const db = connectWritable(file, unsafeFilesystem);
    try {
      return withStoreErrors(file, () => {
        refuseHeld(file, db);
        return new Replaceable(file, db);
      });
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /**
   * Readers see the old content or the new one; a process that is killed leaves one of them.
   * @param other a complete database of the current schema. @throws StoreError DATABASE_HELD if anybody has written
   *   since `open`.
   */
  replaceWith(other: string): void {
    withStoreErrors(this.file, () => {
      const { db } = this;
      db.pragma('synchronous = FULL');
      db.pragma('foreign_keys = OFF');
      const token = this.acquire();
      try {
        // Readers do not wait, and one that comes after a crash needs no right to write.
        db.pragma('journal_mode = WAL');
        db.prepare('ATTACH ? AS other').run(other);
        db.transaction(() => {
          migrate(db, TOOL_VERSION);
          copyTables(db);
        }).immediate();
        db.exec('DETACH other');
      } finally {
        db.prepare('DELETE FROM holder WHERE token = ?').run(token);
      }
      try {
        db.pragma('wal_checkpoint(TRUNCATE)');
        db.pragma('journal_mode = DELETE');
      } catch {
        // A reader that stays. Readers read the log, too.
      }
    });
  }

  close(): void {
    this.db.close();
  }

  /** Holds the database as a run does, unless anybody has written to it since it was opened. */
  private acquire(): string {
    return this.db
      .transaction(() => {
        const token = acquireLock(this.db, this.file, TOOL_VERSION);
        if (this.dataVersion() !== this.version) throw changedError(this.file);
        return token;
      })
      .immediate();
  }

  /** Changes with every commit of other connections. */
  private dataVersion(): number {
    return this.db.pragma('data_version', { simple: true }) as number;
  }
}

function refuseHeld(file: string, db: Database): void {
  const holder = tableNames(db).includes('holder') ? readLockRow(db) : null;
  if (holder && isAlive(holder)) throw heldError(file, holder);
}

/** The lock is that of the process that holds the file. */
const NOT_COPIED = ['holder'];

function copyTables(db: Database): void {
  withoutTriggers(db, () => {
    for (const table of tableNames(db)) {
      db.exec(`DELETE FROM main.${table}`);
      if (NOT_COPIED.includes(table)) continue;
      const columns = db
        .prepare('SELECT name FROM pragma_table_info(?, ?)')
        .pluck()
        .all(table, 'other')
        .join(', ');
      db.exec(`INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM other.${table}`);
    }
  });
}

const tableNames = (db: Database): string[] =>
  db
    .prepare(
      `SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
    )
    .pluck()
    .all() as string[];

const changedError = (file: string): StoreError =>
  new StoreError(
    'DATABASE_HELD',
    file,
    `${file}: was written to by another program while it was merged; nothing was changed, merge again`,
  );
