/** Compiles user SQL and refuses all but one statement that reads and returns rows. */
import type { Database, Statement } from 'better-sqlite3';
import { QueryError } from '../../base/errors.js';

/** Pragmas that only read when they have no argument. */
const PLAIN_PRAGMAS = [
  'application_id',
  'collation_list',
  'compile_options',
  'data_version',
  'database_list',
  'encoding',
  'foreign_key_check',
  'freelist_count',
  'function_list',
  'integrity_check',
  'journal_mode',
  'module_list',
  'page_count',
  'page_size',
  'pragma_list',
  'quick_check',
  'schema_version',
  'table_list',
  'user_version',
];
/** Pragmas that only read when their argument names an object: `table_info(cells)`. */
const OBJECT_PRAGMAS = [
  'foreign_key_check',
  'foreign_key_list',
  'index_info',
  'index_list',
  'index_xinfo',
  'integrity_check',
  'quick_check',
  'table_info',
  'table_list',
  'table_xinfo',
];

/** Text that SQLite skips before a statement: white space, semicolons, comments, a byte-order mark. */
const SKIPPED = /^(?:[\s;\uFEFF]|--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))+/;
const PRAGMA =
  /^pragma\s+(?:[a-z_]\w*\.)?(?<name>[a-z_]+)\s*(?:\(\s*(?<object>\w+|"[^"]*"|'[^']*')\s*\))?[\s;]*$/i;

/**
 * Compiles a user's statement on a read-only connection.
 * @throws QueryError QUERY_INVALID unless `sql` is one valid statement; QUERY_WRITES if it writes, returns no rows or
 *   is a refused pragma.
 */
export function prepareReadOnly(db: Database, sql: string): Statement<unknown[], unknown[]> {
  // Some pragmas act while SQLite compiles them, so the text is checked first.
  const body = sql.replace(SKIPPED, '');
  const word = /^\w+/.exec(body)?.[0].toUpperCase() ?? '';
  if (word === 'PRAGMA') checkPragma(body);
  if (word === 'EXPLAIN' && /^explain\s+(?:query\s+plan\s+)?pragma\b/i.test(withoutComments(body))) {
    throw new QueryError('QUERY_WRITES', 'SQL: EXPLAIN of a PRAGMA is refused, expected a SELECT');
  }
  const statement = compile(db, sql);
  const readsOnly = statement.readonly || word === 'PRAGMA';
  if (!readsOnly || !statement.reader) {
    const what = readsOnly ? 'returns no rows' : 'writes';
    throw new QueryError(
      'QUERY_WRITES',
      `SQL: ${word} ${what}, expected a statement that reads and returns rows`,
    );
  }
  return statement;
}

function compile(db: Database, sql: string): Statement<unknown[], unknown[]> {
  try {
    return db.prepare<unknown[], unknown[]>(sql);
  } catch (error) {
    const { message } = error as Error;
    if (/contains no statements/.test(message)) throw invalidQuery('it is empty, expected a SELECT');
    if (/more than one statement/.test(message)) throw invalidQuery('several statements, expected one');
    // SQLITE_ERROR is about the statement (syntax, unknown names), other codes are about the file.
    throw (error as { code?: string }).code === 'SQLITE_ERROR' ? invalidQuery(message, error) : error;
  }
}

function checkPragma(body: string): void {
  const { name = '', object } = PRAGMA.exec(body)?.groups ?? {};
  const allowed = object === undefined ? PLAIN_PRAGMAS : OBJECT_PRAGMAS;
  if (allowed.includes(name.toLowerCase())) return;
  const text = body.replace(/\s+/g, ' ').slice(0, 60);
  throw new QueryError(
    'QUERY_WRITES',
    `SQL: ${text} is refused, expected one of the pragmas that only read, e.g. table_info(results)`,
  );
}

const withoutComments = (text: string): string => text.replace(/--[^\n]*(\n|$)|\/\*[\s\S]*?(\*\/|$)/g, ' ');

export function invalidQuery(what: string, cause?: unknown): QueryError {
  const line = what.replace(/\s+/g, ' ');
  return new QueryError('QUERY_INVALID', `SQL: ${line}`, cause === undefined ? undefined : { cause });
}
