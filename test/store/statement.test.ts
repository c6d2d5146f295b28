import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QueryError } from '../../src/base/errors.js';
import { connectReader } from '../../src/store/file/open.js';
import { prepareReadOnly } from '../../src/store/user-sql/statement.js';
import { writeFinished } from './fixtures.js';

let home: string;
let file: string;
let db: Database;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'espalier-statement-'));
  file = join(home, 'a.sqlite');
  writeFinished(file);
  db = connectReader(file);
});
afterAll(() => {
  db.close();
  rmSync(home, { recursive: true, force: true });
});

function refusal(sql: string): string {
  try {
    prepareReadOnly(db, sql).all();
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    expect(error.message).not.toContain('\n');
    return `${error.code}: ${error.message}`;
  }
  return 'not refused';
}

describe('prepareReading', () => {
  it.each([
    'WITH a AS (SELECT 1) SELECT * FROM a',
    'VALUES (1), (2)',
    '  -- a comment\n/* another */ ; SELECT 1 ; -- the end',
    '\uFEFFSELECT 1',
    'EXPLAIN QUERY PLAN SELECT * FROM results',
    'EXPLAIN SELECT 1',
    'PRAGMA table_info(results)',
    'pragma main.table_info("cells");',
    'PRAGMA user_version',
    'PRAGMA journal_mode',
    'PRAGMA integrity_check(1)',
    `SELECT * FROM pragma_table_info('cells')`,
    'SELECT * FROM sqlite_schema',
  ])('allows %j', sql => {
    expect(prepareReadOnly(db, sql).all().length).toBeGreaterThan(0);
  });

  const stolen = () => join(home, 'stolen.sqlite');

  it.each([
    ['INSERT INTO cells SELECT * FROM cells', 'INSERT writes'],
    ['INSERT INTO variants VALUES (9, 1, 1, 1, 1, 1) RETURNING *', 'INSERT writes'],
    ['WITH a AS (SELECT 1) DELETE FROM cells', 'WITH writes'],
    ['UPDATE trajectories SET seed = 1', 'UPDATE writes'],
    ['DROP TABLE cells', 'DROP writes'],
    ['CREATE TABLE x (a)', 'CREATE writes'],
    ['CREATE TEMP TABLE x AS SELECT 1', 'CREATE writes'],
    [`ATTACH 'FILE' AS other`, 'ATTACH returns no rows'],
    ['DETACH main', 'DETACH returns no rows'],
    [`VACUUM INTO 'FILE'`, 'VACUUM writes'],
    ['VACUUM', 'VACUUM writes'],
    ['ANALYZE', 'ANALYZE writes'],
    ['REINDEX', 'REINDEX writes'],
    ['BEGIN', 'BEGIN returns no rows'],
    ['SAVEPOINT x', 'SAVEPOINT returns no rows'],
    ['PRAGMA journal_mode = DELETE', 'PRAGMA journal_mode = DELETE is refused'],
    ['PRAGMA journal_mode(DELETE)', 'is refused'],
    ['PRAGMA user_version = 7', 'is refused'],
    ['; /* x */ pragma -- y\n user_version(7)', 'is refused'],
    ['PRAGMA query_only = OFF', 'is refused'],
    ['PRAGMA writable_schema = ON', 'is refused'],
    ['PRAGMA wal_checkpoint', 'is refused'],
    ['PRAGMA optimize', 'is refused'],
    ['PRAGMA "user_version" = 7', 'is refused'],
    ['PRAGMA table_info(cells); PRAGMA user_version = 7', 'is refused'],
    ['PRAGMA', 'is refused'],
    ['EXPLAIN /* */ PRAGMA user_version = 7', 'EXPLAIN of a PRAGMA is refused'],
  ])('refuses to write: %j', (sql, what) => {
    const before = readFileSync(file);
    const message = refusal(sql.replace('FILE', stolen()));
    expect(message).toContain('QUERY_WRITES: SQL: ');
    expect(message).toContain(what);
    expect(existsSync(stolen())).toBe(false);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it.each([
    ['', 'SQL: it is empty, expected a SELECT'],
    [' ; -- nothing', 'SQL: it is empty, expected a SELECT'],
    ['SELECT 1; SELECT 2', 'SQL: several statements, expected one'],
    ['SELECT 1; DROP TABLE cells', 'SQL: several statements, expected one'],
    ['SELEC 1', 'SQL: near "SELEC": syntax error'],
    ['SELECT no_such FROM results', 'SQL: no such column: no_such'],
    ['SELECT * FROM nowhere', 'SQL: no such table: nowhere'],
    [`SELECT writefile('x', 'y')`, 'SQL: no such function: writefile'],
  ])('explains what is wrong with %j', (sql, message) => {
    expect(refusal(sql)).toBe(`QUERY_INVALID: ${message}`);
  });
});
