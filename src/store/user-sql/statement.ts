/** What user SQL may be: one statement that reads and returns rows. */
import type { Database, Statement } from 'better-sqlite3';
import { QueryError } from '../../base/errors.js';

/** Pragmas that only tell, without a value; those in the second list also about one object, `table_info(cells)`. */
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

/** What SQLite skips between words: white space, comments, a byte-order mark; before a statement also semicolons. */
const SKIPPED = /^(?:[\s;\uFEFF]|--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))+/;
const PRAGMA =
  /^pragma\s+(?:[a-z_]\w*\.)?(?<name>[a-z_]+)\s*(?:\(\s*(?<object>\w+|"[^"]*"|'[^']*')\s*\))?[\s;]*$/i;

/**
 * Compiles a user's statement on a read-only connection.
 * @throws QueryError QUERY_INVALID for what is not one statement of SQL, QUERY_WRITES for one that may not be run.
 */
export function prepareReading(db: Database, sql: string): Statement<unknown[], unknown[]> {
  // Some pragmas act while they are compiled, so the text is looked at first.
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
    if (/contains no statements/.test(message)) throw invalid('it is empty, expected a SELECT');
    if (/more than one statement/.test(message)) throw invalid('several statements, expected one');
    // Syntax, names: SQLite says which. Other codes are about the file, not about the statement.
    throw (error as { code?: string }).code === 'SQLITE_ERROR' ? invalid(message, error) : error;
  }
}

function checkPragma(body: string): void {
  const { name = '', object } = PRAGMA.exec(body)?.groups ?? {};
  const known = object === undefined ? PLAIN_PRAGMAS : OBJECT_PRAGMAS;
  if (known.includes(name.toLowerCase())) return;
  const text = body.replace(/\s+/g, ' ').slice(0, 60);
  throw new QueryError(
    'QUERY_WRITES',
    `SQL: ${text} is refused, expected one of the pragmas that only read, e.g. table_info(results)`,
  );
}

const withoutComments = (text: string): string => text.replace(/--[^\n]*(\n|$)|\/\*[\s\S]*?(\*\/|$)/g, ' ');

export function invalid(what: string, cause?: unknown): QueryError {
  const line = what.replace(/\s+/g, ' ');
  return new QueryError('QUERY_INVALID', `SQL: ${line}`, cause === undefined ? undefined : { cause });
}
