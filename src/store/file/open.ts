import { closeSync, existsSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { publishNew, withPart } from '../../base/atomic-file.js';
import { StoreError } from '../../base/errors.js';
import { makeFolder } from '../../base/folders.js';
import { TOOL_VERSION } from '../../base/paths.js';
import { systemReason } from '../../base/system-error.js';
import { APPLICATION_ID, migrate, SCHEMA_VERSION } from '../schema/migrations.js';
import { showAsCurrent } from '../schema/read-older.js';
import { refuseNetworkFilesystem } from './filesystem.js';
import { isConnected, trackConnection } from './own-connections.js';

/** SQLite's busy timeout: the wait for another program's write transaction. */
const BUSY_MS = 10_000;
const MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 100;
/** Byte offset in the header (https://www.sqlite.org/fileformat.html). */
const APPLICATION_ID_AT = 68;

/**
 * Checks the file's header. Changes nothing.
 * @throws StoreError DATABASE_MISSING, NOT_A_DATABASE, NOT_OURS, DATABASE_IO
 */
export function checkHeader(file: string): void {
  const refuse = (what: string): never => {
    throw new StoreError('NOT_A_DATABASE', file, `${file}: ${what}, expected an espalier database`);
  };
  const stat = ioGuard(file, () => statSync(file, { throwIfNoEntry: false }));
  if (!stat) {
    throw new StoreError(
      'DATABASE_MISSING',
      file,
      `${file || '""'}: no such database; \`espalier run\` creates it`,
    );
  }
  if (!stat.isFile()) refuse(stat.isDirectory() ? 'this is a folder' : 'this is not a regular file');
  // It was checked when it was connected, and must not be opened here again: see own-connections.ts.
  if (isConnected(stat)) return;
  if (stat.size === 0) refuse('this file is empty');
  const header = readHeader(file);
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC)
    refuse(/\.ya?ml$/i.test(file) ? 'this is a sweep file, not its database' : 'this is not an SQLite file');
  if (header.length < HEADER_BYTES) refuse('this SQLite file is cut off');
  if (header.readUInt32BE(APPLICATION_ID_AT) !== APPLICATION_ID) {
    throw new StoreError(
      'NOT_OURS',
      file,
      `${file}: this SQLite database belongs to another program, expected one that espalier made`,
    );
  }
}

function readHeader(file: string): Buffer {
  return ioGuard(file, () => {
    const handle = openSync(file, 'r');
    try {
      const header = Buffer.alloc(HEADER_BYTES);
      return header.subarray(0, readSync(handle, header, 0, HEADER_BYTES, 0));
    } finally {
      closeSync(handle);
    }
  });
}

/**
 * A read-only connection, which shows an older database as one of the current version.
 * @throws StoreError as `recognise`; NEWER_SCHEMA; NOT_A_DATABASE if damaged.
 */
export function connectReader(file: string): Database {
  checkHeader(file);
  return withStoreErrors(file, () => {
    const db = new Sqlite(resolve(file), { readonly: true, fileMustExist: true, timeout: BUSY_MS });
    return verify(file, trackConnection(db));
  });
}

/**
 * A read-write connection to a database that exists. It changes nothing by itself, the journal mode included.
 * @throws StoreError as `connectReader`; NETWORK_FILESYSTEM unless `unsafeFilesystem`; DATABASE_IO.
 */
export function connectWritable(file: string, unsafeFilesystem = false): Database {
  if (!unsafeFilesystem) refuseNetworkFilesystem(file);
  checkHeader(file);
  return withStoreErrors(file, () =>
    verify(file, trackConnection(new Sqlite(resolve(file), { fileMustExist: true, timeout: BUSY_MS }))),
  );
}

/**
 * A read-write connection in WAL mode. Creates missing folders and a missing file. The caller must still acquire the
 * lock row and migrate. @throws StoreError as `connectWritable`.
 */
export function connectWriter(file: string, unsafeFilesystem = false): Database {
  if (!unsafeFilesystem) refuseNetworkFilesystem(file);
  if (!existsSync(file)) create(file);
  const db = connectWritable(file, true);
  return withStoreErrors(file, () => {
    db.pragma('journal_mode = WAL');
    // FULL makes a commit durable before it returns. Group commit keeps the cost low.
    db.pragma('synchronous = FULL');
    db.pragma('journal_size_limit = 67108864');
    return db;
  });
}

/**
 * Creates a database under a temporary name and publishes it when it is complete. Of two processes that create the
 * same file, one publishes it and the other opens that one.
 */
function create(file: string): void {
  ioGuard(file, () => makeFolder(dirname(resolve(file))));
  withPart(file, part => {
    withStoreErrors(file, () => {
      const db = new Sqlite(resolve(part));
      try {
        db.pragma('journal_mode = WAL');
        db.pragma(`application_id = ${APPLICATION_ID}`);
        db.transaction(() => migrate(db, TOOL_VERSION))();
      } finally {
        db.close();
        // SQLite leaves them where it fails, e.g. on a full disk.
        for (const companion of ['-wal', '-shm', '-journal']) rmSync(part + companion, { force: true });
      }
    });
    // If another process has created the file meanwhile, that one stays, and the caller checks it.
    ioGuard(file, () => publishNew(part, file));
  });
}

function verify(file: string, db: Database): Database {
  try {
    const version = db.pragma('user_version', { simple: true }) as number;
    if (version > SCHEMA_VERSION) throw newerSchema(file, db, version);
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    if (db.readonly) {
      showAsCurrent(db);
      db.pragma('query_only = ON');
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function newerSchema(file: string, db: Database, version: number): StoreError {
  let writer = 'a newer espalier';
  try {
    const about = db.prepare(`SELECT value FROM about WHERE key = 'written_by'`).pluck().get();
    if (typeof about === 'string') writer = about;
  } catch {
    // A newer schema may lack the table `about`; then only the version is reported.
  }
  return new StoreError(
    'NEWER_SCHEMA',
    file,
    `${file}: schema version ${version}, written by ${writer}, expected at most ${SCHEMA_VERSION}; this is espalier ${TOOL_VERSION}: use the newer one`,
  );
}

/**
 * Checks every page. Used after a run that was killed, since a fault of disk or machine may have damaged the file too.
 * @throws StoreError NOT_A_DATABASE if damaged.
 */
export function refuseDamaged(file: string, db: Database): void {
  const [first] = db.pragma('quick_check(1)') as { quick_check: string }[];
  const reason = first?.quick_check ?? 'ok';
  if (reason === 'ok') return;
  throw new StoreError('NOT_A_DATABASE', file, damaged(file, reason));
}

const damaged = (file: string, reason: string): string =>
  `${file}: this database is damaged (${reason.replace(/\s+/g, ' ').trim()}); it is left as it is: copy what can be read ` +
  'with `sqlite3 FILE .recover`, or use another database';

const sqliteCode = (error: unknown): string | null =>
  error instanceof Sqlite.SqliteError ? error.code : null;

/** Converts SQLite's errors about the file into StoreErrors; returns other errors unchanged. */
export function toStoreError(file: string, error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === null) return error;
  const reason = (error as Error).message;
  if (code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB')) {
    return new StoreError('NOT_A_DATABASE', file, damaged(file, reason), { cause: error });
  }
  if (code.startsWith('SQLITE_BUSY')) {
    const message = `${file}: another program has been writing to it for ${BUSY_MS / 1000} s; end that and run again`;
    return new StoreError('DATABASE_HELD', file, message, { cause: error });
  }
  // On a full disk SQLite reports IOERR_SHMSIZE if it cannot grow the file `-shm`.
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE') {
    const message = `${file}: there is no room on the disk (${reason})`;
    return new StoreError('DISK_FULL', file, message, { cause: error });
  }
  if (/^SQLITE_(CANTOPEN|IOERR|READONLY|PERM)/.test(code)) {
    // In WAL mode readers need the companion files too.
    const hint = /^SQLITE_(CANTOPEN|READONLY)/.test(code)
      ? '; file and folder must be writable, or copy it'
      : '';
    const message = `${file}: cannot be read or written (${reason})${hint}`;
    return new StoreError('DATABASE_IO', file, message, { cause: error });
  }
  return error;
}

/** Runs `work` and throws SQLite's errors as StoreErrors. */
export function withStoreErrors<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toStoreError(file, error);
  }
}

/** Runs `work` and throws errors of the file system as StoreError DATABASE_IO. */
export function ioGuard<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const message = `${file}: cannot be read or written (${systemReason(error)})`;
    throw new StoreError('DATABASE_IO', file, message, { cause: error });
  }
}
