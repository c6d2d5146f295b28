/**
 * Opening files. A file that is not one of our databases is refused on its first bytes, before SQLite sees it, so
 * that it is neither changed nor given companion files.
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { StoreError } from '../../base/errors.js';
import { TOOL_VERSION } from '../../base/paths.js';
import { APPLICATION_ID, migrate, SCHEMA_VERSION } from '../schema/migrations.js';
import { showAsCurrent } from '../schema/read-older.js';
import { refuseNetwork } from './filesystem.js';
import { counted, isConnected } from './own-connections.js';

/** Milliseconds to wait for another program that is writing. */
const BUSY_MS = 10_000;
const MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 100;
const APPLICATION_ID_AT = 68;

/** Throws StoreError unless the file's first bytes are those of an espalier database. Changes nothing. */
export function recognise(file: string): void {
  const refuse = (what: string): never => {
    throw new StoreError('NOT_A_DATABASE', file, `${file}: ${what}, expected an espalier database`);
  };
  const stat = existsSync(file) ? ioGuard(file, () => statSync(file)) : null;
  if (!stat) {
    throw new StoreError(
      'DATABASE_MISSING',
      file,
      `${file || '""'}: no such database; \`espalier run\` creates it`,
    );
  }
  if (!stat.isFile()) refuse(stat.isDirectory() ? 'this is a folder' : 'this is not a regular file');
  // Recognised when it was opened; and see own-connections.ts.
  if (isConnected(stat)) return;
  if (stat.size === 0) refuse('this file is empty');
  const header = readHeader(file);
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) refuse('this is not an SQLite file');
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

/** A connection that cannot write. @throws StoreError where the file is missing, not ours, newer or damaged. */
export function connectReader(file: string): Database {
  recognise(file);
  return guard(file, () => {
    const db = new Sqlite(resolve(file), { readonly: true, fileMustExist: true, timeout: BUSY_MS });
    return verified(file, counted(db));
  });
}

/**
 * A connection that writes, in WAL mode. Creates folders and file where there is none. The caller still has to take
 * the holder's row and to migrate.
 * @throws StoreError NETWORK_FILESYSTEM unless `unsafeFilesystem`; as `recognise`; DATABASE_IO.
 */
export function connectWriter(file: string, unsafeFilesystem = false): Database {
  if (!unsafeFilesystem) refuseNetwork(file);
  if (!existsSync(file)) create(file);
  recognise(file);
  return guard(file, () => {
    const db = verified(file, counted(new Sqlite(resolve(file), { fileMustExist: true, timeout: BUSY_MS })));
    db.pragma('journal_mode = WAL');
    // A commit is on the disk when it returns; commits are grouped, so that this is affordable.
    db.pragma('synchronous = FULL');
    db.pragma('journal_size_limit = 67108864');
    return db;
  });
}

/** The file appears under its name only once it is whole: of two that create it, one wins, the other opens that. */
function create(file: string): void {
  const part = join(dirname(file), `.${basename(file)}-${randomUUID()}.part`);
  ioGuard(file, () => makeFolder(dirname(resolve(file))));
  try {
    guard(file, () => {
      const db = new Sqlite(resolve(part));
      try {
        db.pragma('journal_mode = WAL');
        db.pragma(`application_id = ${APPLICATION_ID}`);
        db.transaction(() => migrate(db, TOOL_VERSION))();
      } finally {
        db.close();
      }
    });
    publish(part, file);
  } finally {
    rmSync(part, { force: true });
  }
}

/** Not by mkdir's own recursion, which never ends where the system refuses a folder as it does under /proc. */
function makeFolder(folder: string): void {
  const isThere = () => statSync(folder, { throwIfNoEntry: false })?.isDirectory();
  if (isThere()) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if (!isThere()) throw error;
  }
}

/** Never overwrites: a file that has appeared meanwhile stays, and is recognised or refused as any other. */
function publish(part: string, file: string): void {
  try {
    linkSync(part, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    // A file system without hard links.
    ioGuard(file, () => {
      if (!existsSync(file)) renameSync(part, file);
    });
  }
}

function verified(file: string, db: Database): Database {
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
    // A schema that no longer has the table: the version alone has to do.
  }
  return new StoreError(
    'NEWER_SCHEMA',
    file,
    `${file}: schema version ${version}, written by ${writer}, expected at most ${SCHEMA_VERSION}; this is espalier ${TOOL_VERSION}: use the newer one`,
  );
}

/**
 * Looks at every page, after a run that did not end by itself: the disk or the machine may have lost more than it.
 * @throws StoreError NOT_A_DATABASE
 */
export function refuseDamaged(file: string, db: Database): void {
  const [first] = db.pragma('quick_check(1)') as { quick_check: string }[];
  const because = first?.quick_check ?? 'ok';
  if (because === 'ok') return;
  throw new StoreError('NOT_A_DATABASE', file, damaged(file, because));
}

const damaged = (file: string, because: string): string =>
  `${file}: this database is damaged (${because.replace(/\s+/g, ' ').trim()}); it is left as it is: copy what can be read ` +
  'with `sqlite3 FILE .recover`, or use another --db';

const sqliteCode = (error: unknown): string | null =>
  error instanceof Sqlite.SqliteError ? error.code : null;

/** Turns what SQLite says about the file into a StoreError; other errors pass. */
export function storeFault(file: string, error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === null) return error;
  const because = (error as Error).message;
  if (code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB')) {
    return new StoreError('NOT_A_DATABASE', file, damaged(file, because), { cause: error });
  }
  if (code.startsWith('SQLITE_BUSY')) {
    const message = `${file}: another program has been writing to it for ${BUSY_MS / 1000} s; end that and run again`;
    return new StoreError('DATABASE_HELD', file, message, { cause: error });
  }
  // Where the file that readers share cannot grow, SQLite says that of the file.
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE') {
    const message = `${file}: there is no room on the disk (${because})`;
    return new StoreError('DISK_FULL', file, message, { cause: error });
  }
  if (/^SQLITE_(CANTOPEN|IOERR|READONLY|PERM)/.test(code)) {
    // In WAL mode readers too need companion files.
    const hint = /^SQLITE_(CANTOPEN|READONLY)/.test(code)
      ? '; file and folder must be writable, or copy it'
      : '';
    const message = `${file}: cannot be read or written (${because})${hint}`;
    return new StoreError('DATABASE_IO', file, message, { cause: error });
  }
  return error;
}

/** Runs `work`, with the errors of SQLite as StoreErrors. */
export function guard<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storeFault(file, error);
  }
}

function ioGuard<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const because = (error as Error).message;
    throw new StoreError('DATABASE_IO', file, `${file}: cannot be read or written (${because})`, {
      cause: error,
    });
  }
}
