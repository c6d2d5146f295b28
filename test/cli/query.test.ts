import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { EspalierError } from '../../src/base/errors.js';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { createCli } from '../../src/cli/cli.js';
import { formatRows, renderTable, writeToStream } from '../../src/cli/output.js';
import { greedy, random, writeFinished } from '../store/fixtures.js';

const MANY = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT i FROM n';
let home: string;
let db: string;
let stdout: string;
let stderr: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'espalier-cli-'));
  db = join(home, 'a.sqlite');
  writeFinished(db, [greedy(3), random(3)]);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

beforeEach(() => {
  stdout = '';
  stderr = '';
  const collect = (add: (text: string) => void) =>
    ((text: string, done?: (error?: Error) => void) => {
      add(text);
      done?.();
      return true;
    }) as never;
  vi.spyOn(process.stdout, 'write').mockImplementation(collect(text => (stdout += text)));
  vi.spyOn(process.stderr, 'write').mockImplementation(collect(text => (stderr += text)));
});
afterEach(() => vi.restoreAllMocks());

async function espalier(...args: string[]): Promise<string> {
  await (await createCli(['query', ...args])).parseAsync();
  return stdout;
}

async function refusal(...args: string[]): Promise<string> {
  try {
    await espalier(...args);
  } catch (error) {
    if (!(error instanceof EspalierError)) throw error;
    expect(error.exitCode).toBe(2);
    expect(error.message).not.toContain('\n');
    return error.message;
  }
  return 'not refused';
}

describe('formats', () => {
  const sql = `SELECT 1 AS n, NULL AS none, 'a "b", c' AS text, 9007199254740993 AS big, 0.1 AS x, x'ff' AS blob,
    9e999 AS endless, 2 AS n, '' AS "2", 1 AS "1"
    UNION ALL SELECT 2, 'NULL', 'line' || char(10) || 'break', -1, 1e-7, x'', NULL, 3, NULL, -9e999`;

  it('csv: NULL is empty, empty text is quoted, other quotes only where needed', async () => {
    expect(await espalier(db, sql, '--format', 'csv')).toBe(
      'n,none,text,big,x,blob,endless,n_2,2,1\n' +
        '1,,"a ""b"", c",9007199254740993,0.1,ff,Infinity,2,"",1\n' +
        '2,NULL,"line\nbreak",-1,1e-7,"",,3,,-Infinity\n',
    );
  });

  it('--null: another text for NULL in csv and tables, told apart from the same text', async () => {
    const some = "SELECT NULL AS a, 'NA' AS b, '' AS c, 'NAN' AS d";
    expect(await espalier(db, some, '--format', 'csv', '--null', 'NA')).toBe('a,b,c,d\nNA,"NA","",NAN\n');
    stdout = '';
    expect(await espalier(db, some, '--format', 'csv', '--null', '')).toBe('a,b,c,d\n,NA,"",NAN\n');
    stdout = '';
    expect(await espalier(db, some, '--null', '(none)')).toContain('│ (none) │ NA │   │ NAN │');
    expect(await refusal(db, some, '--format', 'json', '--null', 'x')).toBe(
      '--null x: json has a NULL of its own, expected --format csv or table',
    );
    expect(await refusal(db, some, '--format', 'csv', '--null', 'a,b')).toContain('--null: found "a,b"');
  });

  it('json and ndjson: objects in the order of columns; what numbers cannot hold is text', async () => {
    const lines = [
      '{"n":1,"none":null,"text":"a \\"b\\", c","big":"9007199254740993","x":0.1,"blob":"ff","endless":"Infinity",' +
        '"n_2":2,"2":"","1":1}',
      '{"n":2,"none":"NULL","text":"line\\nbreak","big":-1,"x":1e-7,"blob":"","endless":null,' +
        '"n_2":3,"2":null,"1":"-Infinity"}',
    ];
    expect(await espalier(db, sql, '--format', 'json')).toBe(`[\n${lines.join(',\n')}\n]\n`);
    stdout = '';
    expect(await espalier(db, sql, '--format', 'ndjson')).toBe(`${lines.join('\n')}\n`);
  });

  it('without rows: csv is a line of names, json an empty array, ndjson empty', async () => {
    const none = 'SELECT 1 AS a, 2 AS b WHERE 0';
    const outputs = new Map<string, string>();
    for (const format of ['csv', 'json', 'ndjson', 'table']) {
      stdout = '';
      outputs.set(format, await espalier(db, none, '--format', format));
    }
    expect(outputs.get('csv')).toBe('a,b\n');
    expect(outputs.get('json')).toBe('[]\n');
    expect(outputs.get('ndjson')).toBe('');
    expect(outputs.get('table')).toMatch(/^.*\n│ a │ b │\n.*\n$/);
  });

  it('are complete over many batches', async () => {
    const csv = (await espalier(db, MANY, '--format', 'csv')).split('\n');
    expect(csv).toHaveLength(3002);
    expect(csv[3000]).toBe('3000');
    stdout = '';
    const json = JSON.parse(await espalier(db, MANY, '--format', 'json'));
    expect(json).toHaveLength(3000);
    expect(json[2999]).toEqual({ i: 3000 });
  });

  it('table: aligned, cut, without control characters, at most a thousand rows', async () => {
    const table = renderTable(
      ['name', 'n'],
      [
        ['x'.repeat(70), 5n],
        ['\x1b[31mred\n', null],
      ],
    );
    expect(table.split('\n')).toEqual([
      `┌${'─'.repeat(62)}┬───┐`,
      `│ name${' '.repeat(57)}│ n │`,
      `├${'─'.repeat(62)}┼───┤`,
      `│ ${'x'.repeat(59)}… │ 5 │`,
      `│  [31mred${' '.repeat(53)}│   │`,
      `└${'─'.repeat(62)}┴───┘`,
      '',
    ]);
    const lines = (await espalier(db, MANY)).split('\n');
    expect(lines.filter(line => /│ +\d+ │/.test(line))).toHaveLength(1000);
    expect(renderTable(['a'], [['é'.repeat(60)]])).toContain(`│ ${'é'.repeat(60)} │`);
    expect(renderTable(['a'], [['🍎'.repeat(61)]])).toContain(`│ ${'🍎'.repeat(59)}… │`);
    expect(stderr).toBe('2000 more rows are left out; --format csv or --limit shows more\n');
  });

  it('stop at a limit', async () => {
    expect(await espalier(db, MANY, '--format', 'csv', '--limit', '2')).toBe('i\n1\n2\n');
    stdout = '';
    await espalier(db, MANY, '--limit', '1500');
    expect(stdout.split('\n').filter(line => /│ +\d+ │/.test(line))).toHaveLength(1500);
    expect(stderr).toBe('');
    stdout = '';
    expect(await espalier(db, MANY, '--format', 'csv', '--limit', '0')).toBe('i\n');
  });
});

describe('a query', () => {
  it('may be a view, in upper or lower case', async () => {
    expect(await espalier(db, '--view', 'Progress', '--format', 'csv')).toBe(
      'sweep,trajectories,trajectories_done,trajectories_failed,cells,cells_done,description\none,1,1,0,4,4,\n',
    );
    stdout = '';
    expect((await espalier(db, '--view', 'results', '--format', 'csv')).split('\n')).toHaveLength(6);
  });

  it('may come from stdin, in UTF-8', async () => {
    const stdin = Object.getOwnPropertyDescriptor(process, 'stdin')!;
    const give = (...chunks: (string | Buffer)[]) =>
      Object.defineProperty(process, 'stdin', { value: Readable.from(chunks), configurable: true });
    try {
      give('SELECT ', '7 AS a');
      expect(await espalier(db, '-', '--format', 'csv')).toBe('a\n7\n');
      for (const [bytes, kind] of [
        [Buffer.from('SELECT 7', 'utf16le'), 'text in UTF-16'],
        [Buffer.from("SELECT 'é'", 'latin1'), 'text in another encoding'],
      ] as const) {
        give(bytes);
        expect(await refusal(db, '-')).toContain(
          `standard input: this is ${kind}, expected one SELECT in UTF-8`,
        );
      }
      expect(await refusal(db, '-', '--view', 'results')).toContain('both SQL and --view');
    } finally {
      Object.defineProperty(process, 'stdin', stdin);
    }
  });

  it('may begin with a comment, also after `--`', async () => {
    const commented = '-- seven\nSELECT 7 AS a';
    expect(await espalier(db, commented, '--format', 'csv')).toBe('a\n7\n');
    stdout = '';
    expect(await espalier('--format', 'csv', '--', db, commented)).toBe('a\n7\n');
    stdout = '';
    const param = ['--param', 'a=-- x'];
    expect(await espalier(db, 'SELECT :a AS a', '--format', 'csv', ...param)).toBe('a\n-- x\n');
    expect(await refusal(db, 'SELECT 1', '--param', '-- x')).toContain('found "-- x", expected name=value');
  });

  it('may have parameters: numbers, NULL and quoted text as in SQL, other values as text', async () => {
    const sql =
      'SELECT typeof(:a) AS a, typeof($b) AS b, typeof(@c) AS c, :d AS d, :e AS e, :f AS f, 7 / :a AS q';
    const values = { a: '2', b: '-.5e3', c: 'null', d: "'12'", e: '<= 0.15', f: '' };
    const params = Object.entries(values).flatMap(([name, value]) => ['--param', `${name}=${value}`]);
    expect(await espalier(db, sql, ...params, '--format', 'csv')).toBe(
      'a,b,c,d,e,f,q\ninteger,real,null,12,<= 0.15,"",3\n',
    );
    stdout = '';
    expect(await espalier(db, 'SELECT :a AS a', '--param', "a=it's", '--format', 'csv')).toBe("a\nit's\n");
    stdout = '';
    const big = ['SELECT :a AS a', '--param', 'a=9223372036854775807', '--format', 'csv'];
    expect(await espalier(db, ...big)).toBe('a\n9223372036854775807\n');
    stdout = '';
    const words = ['constructor', 'toString', '__proto__', 'hasOwnProperty'];
    const asked = words.map((word, i) => `:${word} AS a${i}`).join(', ');
    const given = words.flatMap((word, i) => ['--param', `${word}=${i}`]);
    expect(await espalier(db, `SELECT ${asked}`, ...given, '--format', 'csv')).toBe('a0,a1,a2,a3\n0,1,2,3\n');
    for (const word of words) {
      expect(await refusal(db, `SELECT :${word}`)).toBe(`SQL: no value is given for :${word}`);
      expect(await refusal(db, '--view', word)).toContain(`--view: found "${word}", expected one of: `);
    }
    expect(await refusal(db, 'SELECT :a')).toBe('SQL: no value is given for :a');
    expect(await refusal(db, 'SELECT :a', '--param', 'a=1', '--param', 'b=2')).toBe(
      'SQL: a value is given for :b, which the statement does not have',
    );
    expect(await refusal(db, 'SELECT :a', '--param', 'a=1', '--param', 'a=2')).toContain('more than once');
    expect(await refusal(db, 'SELECT :a', '--param', 'a')).toContain(
      '--param: found "a", expected name=value',
    );
    expect(await refusal(db, '--view', 'results', '--param', 'a=1')).toContain('given for :a');
  });

  it('can list all views and columns with their meaning (--views)', async () => {
    const text = await espalier(db, '--views');
    expect(text).toMatch(/^results \(view\): one row for each/);
    expect(text).toMatch(/^ {2}upper +the first checkpoint that meets it/m);
    stdout = '';
    const rows = JSON.parse(await espalier(db, '--views', '--format', 'json'));
    expect(rows).toContainEqual({ view: 'progress', column: 'cells_done', meaning: 'of those, finished' });
    expect(await refusal(db, 'SELECT 1', '--views')).toContain('expected no SQL');
    expect(await refusal(join(home, 'none.sqlite'), '--views')).toContain('no such database');
  });

  it('is refused in one line where options or SQL are wrong', async () => {
    expect(await refusal(db)).toMatch(
      /^query: expected SQL, --views, or --view with one of: .*progress, results, thresholds.*/,
    );
    expect(await refusal(db, '--view', 'reslts')).toMatch(
      /^--view: found "reslts" \(did you mean results\?\), expected one of: /,
    );
    expect(await refusal(db, 'SELECT 1', '--view', 'results')).toBe(
      'query: both SQL and --view, expected one',
    );
    expect(await refusal(db, 'DROP TABLE cells')).toContain('DROP writes');
    expect(await refusal(db, '')).toBe('sql: found "", expected a value');
    expect(await refusal(db, ' ')).toContain('it is empty');
    expect(await refusal(db, '1')).toContain('near "1": syntax error');
    expect(await refusal(db, MANY, '--limit', '-1')).toContain('--limit: found -1');
    expect(await refusal(db, MANY, '--limit', 'all')).toContain('--limit: found "all"');
    expect(await refusal(db, MANY, '--timeout', '0')).toContain('--timeout: found 0');
    expect(await refusal(join(home, 'none.sqlite'), 'SELECT 1')).toContain('no such database');
    expect(await refusal(join(home, 'none.sqlite'))).toContain('no such database');
    expect(await refusal(join(db, 'below'), 'SELECT 1')).toContain('a part of this path is not a folder');
    expect(stdout).toBe('');
  });

  it('ends after --timeout', async () => {
    const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n';
    expect(await refusal(db, endless, '--timeout', '0.5')).toContain('stopped after 0.5 s');
  });
});

describe('a reader of the output', () => {
  it('ends the query without an error when it closes its end', async () => {
    const script = `
      import { queryCommand } from '${pathToFileURL(join(PACKAGE_ROOT, 'dist', 'src', 'cli', 'query.js')).href}';
      await queryCommand.handler({ db: process.argv[1], sql: process.argv[2], format: 'csv' });`;
    const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n';
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, db, endless]);
    let output = '';
    child.stderr.on('data', data => {
      output += data;
    });
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = await once(child, 'exit');
    expect([code, output]).toEqual([0, '']);
  });

  it('is awaited as long as it reads', async () => {
    const slow = new Writable({ highWaterMark: 1, write: (_, __, done) => void setTimeout(done, 20) });
    let made = 0;
    async function* pieces() {
      for (; made < 5; made++) yield 'piece';
    }
    const writing = writeToStream(pieces(), slow);
    await new Promise(resolve => setTimeout(resolve, 10));
    expect(made).toBe(0);
    await writing;
    expect(made).toBe(5);
  });

  it('that closes its end is distinguished from other errors', async () => {
    const full = new Writable({
      write: (_, __, done) => done(Object.assign(new Error('no space'), { code: 'ENOSPC' })),
    });
    async function* batches() {
      yield { columns: ['a'], types: null, rows: [[1]] };
    }
    const limit = { rows: 10, leftOut: () => {} };
    await expect(writeToStream(formatRows(batches(), 'csv', limit), full)).rejects.toThrow('no space');
  });
});
