import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EspalierError } from '../../src/base/errors.js';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { isAlive, type LockRow } from '../../src/store/file/lock-row.js';
import { type QueryBatch, type QueryOptions, querySql } from '../../src/store/user-sql/query.js';
import { uniqueNames } from '../../src/store/user-sql/query-server.js';
import { Store } from '../../src/store/write/store.js';
import { cell, checkpoint, greedy, planned, sweep, temporaryFolders, writeFinished } from './fixtures.js';

const folder = temporaryFolders();
let home: string;
let file: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'espalier-query-'));
  file = join(home, 'a.sqlite');
  writeFinished(file);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function ask(sql: string, options: QueryOptions = {}): Promise<Pick<QueryBatch, 'columns' | 'rows'>> {
  let columns: readonly string[] = [];
  const rows: QueryBatch['rows'][number][] = [];
  for await (const batch of querySql(file, sql, options)) {
    columns = batch.columns;
    rows.push(...batch.rows);
  }
  return { columns, rows };
}

async function refusal(sql: string, options: QueryOptions = {}): Promise<string> {
  try {
    await ask(sql, options);
  } catch (error) {
    if (!(error instanceof EspalierError)) throw error;
    expect(error.message).not.toContain('\n');
    return `${error.code}: ${error.message}`;
  }
  return 'not refused';
}

/** The child processes of this process. */
const children = () => process.getActiveResourcesInfo().filter(name => name === 'ProcessWrap');
const ended = () => expect.poll(children, { timeout: 30_000 }).toEqual([]);

/** A query that runs for hours inside one step of SQLite. */
const ENDLESS =
  'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0';
const MANY = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e6) SELECT i FROM n';

describe('reading', () => {
  it('yields columns and rows', async () => {
    expect(await ask('SELECT sweep, pretrain_iterations AS t FROM results ORDER BY t')).toEqual({
      columns: ['sweep', 't'],
      rows: [
        ['one', 0],
        ['one', 5],
      ],
    });
  });

  it('yields the columns where there are no rows', async () => {
    const batches: QueryBatch[] = [];
    for await (const batch of querySql(file, 'SELECT a, b AS a FROM (SELECT 1 AS a, 2 AS b) WHERE a > 1')) {
      batches.push(batch);
    }
    expect(batches).toEqual([{ columns: ['a', 'a_2'], types: null, rows: [] }]);
  });

  it('numbers equal names', () => {
    expect(uniqueNames(['a', 'a', 'a_2', 'a', 'b'])).toEqual(['a', 'a_3', 'a_2', 'a_4', 'b']);
  });

  it('keeps every integer, and writes blobs in hexadecimal', async () => {
    const { rows } = await ask(
      `SELECT 9007199254740991, 9007199254740993, -9223372036854775808, 0.5, NULL, x'00ff10', 'é', 9e999`,
    );
    expect(rows).toEqual([
      [
        9007199254740991,
        9007199254740993n,
        -9223372036854775808n,
        0.5,
        null,
        '00ff10',
        'é',
        Number.POSITIVE_INFINITY,
      ],
    ]);
  });

  it('binds values', async () => {
    expect((await ask('SELECT ? + ?', { params: [1, 2n] })).rows).toEqual([[3]]);
    expect((await ask('SELECT :a || @b', { params: { a: 'x', b: null } })).rows).toEqual([[null]]);
    expect(await refusal('SELECT ?')).toBe('QUERY_INVALID: SQL: Too few parameter values were provided');
  });

  it('sees a running sweep', async () => {
    const live = join(folder(), 'live.sqlite');
    const store = Store.open(live);
    store.saveSweep(sweep('one'), [planned('aa', [0], [greedy(3)])]);
    store.rows('aa', checkpoint(0), [cell(0, greedy(3))]);
    store.flush();
    for await (const { rows } of querySql(live, 'SELECT count(*) FROM results')) expect(rows).toEqual([[1]]);
    store.close();
  });
});

describe('a refusal', () => {
  it('comes from the process that would run the query', async () => {
    const stolen = join(home, 'stolen.sqlite');
    for (const sql of ['DELETE FROM cells', `ATTACH '${stolen}' AS other`, `VACUUM INTO '${stolen}'`]) {
      expect(await refusal(sql)).toContain('QUERY_WRITES: SQL: ');
    }
    expect(existsSync(stolen)).toBe(false);
    expect(await refusal('SELECT abs(-9223372036854775808)')).toBe('QUERY_INVALID: SQL: integer overflow');
    expect(await refusal(`SELECT load_extension('x')`)).toBe('QUERY_INVALID: SQL: not authorized');
  });

  it('covers files that are not databases', async () => {
    const missing = join(home, 'missing.sqlite');
    await expect(querySql(missing, 'SELECT 1').next()).rejects.toMatchObject({ code: 'DATABASE_MISSING' });
    expect(existsSync(missing)).toBe(false);
    await expect(querySql(home, 'SELECT 1').next()).rejects.toMatchObject({ code: 'NOT_A_DATABASE' });
    const newer = join(folder(), 'newer.sqlite');
    Store.open(newer).close();
    const db = new Sqlite(newer);
    db.pragma('user_version = 99');
    db.close();
    await expect(querySql(newer, 'SELECT 1').next()).rejects.toMatchObject({
      code: 'NEWER_SCHEMA',
      file: newer,
    });
  });
});

describe('the end of a query', () => {
  it('comes with QUERY_TIMEOUT after its time limit', async () => {
    expect(await refusal(ENDLESS, { timeoutMs: 400 })).toBe(
      'QUERY_TIMEOUT: SQL: stopped after 0.4 s without an end',
    );
    await ended();
  });

  it('does not come because the consumer is slow', async () => {
    let count = 0;
    for await (const { rows } of querySql(file, `${MANY} LIMIT 20000`, { timeoutMs: 3000 })) {
      count += rows.length;
      if (count <= 4000) await new Promise(resolve => setTimeout(resolve, 800));
    }
    expect(count).toBe(20_000);
  });

  it('comes on an abort signal', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 300);
    expect(await refusal(ENDLESS, { signal: stop.signal })).toContain('STOPPED');
    await ended();
    expect(await refusal('SELECT 1', { signal: stop.signal })).toContain('STOPPED');
  });

  it('comes when the consumer stops reading', async () => {
    for await (const { rows } of querySql(file, MANY)) {
      expect(rows.length).toBeGreaterThan(0);
      expect(children()).toHaveLength(1);
      break;
    }
    await ended();
  });

  it('is not needed for the first rows: rows are produced as they are read', async () => {
    // 4 GB if all rows were produced together.
    const wide = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
      SELECT hex(zeroblob(2000000)) FROM n`;
    const query = querySql(file, wide);
    const first = await query.next();
    expect(first.value?.rows).toHaveLength(1);
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(process.memoryUsage().rss).toBeLessThan(1.5e9);
    await query.return();
    await ended();
  });

  // The parent may die before the child has started to look at it.
  it.each([0, 100, 500])('comes to the child process when its parent dies after %s ms', async delay => {
    const module = pathToFileURL(join(PACKAGE_ROOT, 'dist', 'src', 'store', 'user-sql', 'query.js')).href;
    const script = `
      import processes from 'node:child_process';
      import { syncBuiltinESMExports } from 'node:module';
      const { fork } = processes;
      processes.fork = (...args) => {
        const child = fork(...args);
        setTimeout(() => process.stdout.write(String(child.pid)), ${delay});
        return child;
      };
      syncBuiltinESMExports();
      const { querySql } = await import('${module}');
      for await (const batch of querySql(process.argv[1], process.argv[2]));`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script, file, ENDLESS], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [output] = await once(parent.stdout, 'data');
    const child: LockRow = {
      token: '',
      host: hostname(),
      pid: Number(output),
      boot: null,
      process_start: null,
      tool_version: '',
      sweep: null,
      since: '',
      heartbeat: '',
      slow_reader: null,
      seconds_left: null,
      threads: null,
      queue: null,
    };
    parent.kill('SIGKILL');
    await expect.poll(() => isAlive(child), { timeout: 60_000 }).toBe(false);
  });
});
