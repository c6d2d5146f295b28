/** Attacks by a hostile page, a hostile client and a hostile database. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { type RunningServer, serve } from '../../src/serve/server.js';
import { writeFinished } from '../store/fixtures.js';
import { Listener, postSql, request } from './client.js';

const TOKEN = 'a-token-of-some-length';
let home: string;
let db: string;
let page: RunningServer;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'espalier-serve-'));
  db = join(home, 'a.sqlite');
  writeFinished(db);
  page = await serve({ db, port: 0 });
});
afterAll(async () => {
  await page.close('the tests are over');
  rmSync(home, { recursive: true, force: true });
});

describe('SQL', () => {
  it('can read', async () => {
    expect(await postSql(page.url, 'SELECT sweep, cells FROM progress')).toMatchObject({
      status: 200,
      columns: ['sweep', 'cells'],
      rows: [['one', 2]],
      cut: null,
    });
  });

  it('cannot write, attach, or reach beyond the file', async () => {
    const before = readFileSync(db);
    const stolen = join(home, 'stolen.sqlite');
    for (const sql of [
      'DELETE FROM cells',
      'DROP TABLE cells',
      `UPDATE sweeps SET name = 'x'`,
      `INSERT INTO about VALUES ('a', 'b')`,
      'CREATE TEMP TABLE a (b)',
      `ATTACH '${stolen}' AS other`,
      `VACUUM INTO '${stolen}'`,
      'PRAGMA journal_mode = DELETE',
      'PRAGMA query_only = OFF',
      'BEGIN EXCLUSIVE',
      `SELECT load_extension('x')`,
      `SELECT readfile('/etc/passwd')`,
      'SELECT 1; DELETE FROM cells',
      '',
    ]) {
      const { status, error } = await postSql(page.url, sql);
      expect([sql, status, error]).toEqual([sql, 400, expect.stringMatching(/^SQL: /)]);
    }
    expect(existsSync(stolen)).toBe(false);
    expect(readFileSync(db).equals(before)).toBe(true);
  }, 60_000);

  it('has limits of rows, text and memory', async () => {
    const many = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)';
    const rows = await postSql(page.url, `${many} SELECT i FROM n`);
    expect(rows.rows).toHaveLength(500);
    expect(rows.cut).toBe('only the first 500 rows are shown');
    const long = await postSql(page.url, `SELECT hex(zeroblob(5000000)), zeroblob(5000000)`);
    for (const value of long.rows[0]) expect(value).toMatch(/^0{2000}…$/);
    const wide = Array.from({ length: 100 }, () => 'hex(zeroblob(5000))').join();
    const large = await postSql(page.url, `${many} SELECT ${wide} FROM n`);
    expect(large.rows.length).toBeLessThan(30);
    expect(large.cut).toMatch(/they are large$/);
    const blob = 'hex(zeroblob(240000000))';
    expect(await postSql(page.url, `SELECT ${blob}, ${blob}, ${blob}`)).toEqual({
      status: 400,
      error: 'SQL: it took more than 512 MB of memory',
    });
  });

  it('returns values that JSON cannot hold as text', async () => {
    const { rows } = await postSql(page.url, `SELECT 9007199254740993, 9e999, NULL, '<b>', x'0f'`);
    expect(rows).toEqual([['9007199254740993', 'Infinity', null, '<b>', '0f']]);
  });

  it('must be a short JSON object from our own page', async () => {
    const post = (body: string, headers: Record<string, string>) =>
      request(page.url, '/sql', { method: 'POST', body, headers });
    const json = { 'content-type': 'application/json' };
    const select = JSON.stringify({ sql: 'SELECT 1' });
    expect((await post(select, json)).status).toBe(200);
    expect((await post(select, { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(415);
    expect((await post(select, { 'content-type': 'text/plain' })).status).toBe(400);
    expect((await post('{"sql":', json)).status).toBe(400);
    expect((await post('{"sql":{"a":1}}', json)).status).toBe(400);
    expect((await post('{}', json)).status).toBe(400);
    expect((await post(JSON.stringify({ sql: ' '.repeat(100_000) }), json)).status).toBe(413);
    expect((await post(select, { ...json, origin: 'http://evil.example' })).status).toBe(403);
    expect((await post(select, { ...json, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });
});

describe('a request', () => {
  it('is refused for another host or none', async () => {
    for (const path of ['/', '/events', '/page.js', '/nothing'])
      expect((await request(page.url, path, { headers: { host: 'evil.example' } })).status).toBe(421);
    expect(await raw('GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('never reaches a file outside the page', async () => {
    for (const path of [
      '/../package.json',
      '/../../../../etc/passwd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/..%2f..%2fetc/passwd',
      '/page.js/../../package.json',
      '//etc/passwd',
      '/page.js%00.html',
      '/\\..\\package.json',
      '/a.sqlite',
      '/index.html',
      '/.git/config',
    ]) {
      const { status, body } = await request(page.url, path);
      expect([path, status]).toEqual([path, expect.toBeOneOf([400, 404])]);
      expect(body).not.toMatch(/root:|espalier-/);
    }
    expect((await request(page.url, '/', { method: 'PUT' })).status).toBe(404);
  });

  it('gets a strict policy with every answer', async () => {
    for (const [path, status] of [
      ['/', 200],
      ['/page.js', 200],
      ['/nothing', 404],
    ] as const) {
      const { headers, ...answer } = await request(page.url, path);
      expect(answer.status).toBe(status);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain(`default-src 'none'`);
      expect(policy).toContain(`script-src 'self';`);
      expect(policy).toContain(`frame-ancestors 'none'`);
      expect(policy).not.toMatch(/unsafe|\*|http/);
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
    const { body } = await request(page.url, '/');
    expect(body).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=|style=|https?:/i);
  });

  it('does not exhaust the server: many at a time, and incomplete ones', async () => {
    const half: Socket[] = [];
    const { port } = new URL(page.url);
    for (let i = 0; i < 100; i++) half.push(connect(Number(port), '127.0.0.1').on('error', () => {}));
    for (const socket of half) socket.write('GET / HTTP/1.1\r\nHost: loc');
    const listeners = Array.from({ length: 40 }, () => new Listener(page.url));
    await Promise.all(listeners.slice(0, 8).map(listener => listener.until('state')));
    const codes = await Promise.all(Array.from({ length: 40 }, () => request(page.url, '/')));
    expect(new Set(codes.map(({ status }) => status))).toEqual(new Set([200]));
    // The number of streams is limited.
    expect((await request(page.url, '/events')).status).toBe(503);
    const answers = await Promise.all(Array.from({ length: 30 }, () => postSql(page.url, 'SELECT 1')));
    const errors = answers.filter(({ status }) => status !== 200);
    expect(errors.length).toBeLessThan(10);
    for (const { error } of errors) expect(error).toContain('too many queries');
    for (const socket of half) socket.destroy();
    for (const listener of listeners) listener.close();
    await expect
      .poll(async () => {
        const next = new Listener(page.url);
        const state = await next.until('state', undefined, 500).catch(() => null);
        next.close();
        return state?.kind;
      })
      .toBe('open');
  });
});

/** The answer to bytes that no HTTP client sends. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(new URL(page.url).port), '127.0.0.1', () => socket.end(text));
    socket.setEncoding('utf8').on('data', part => {
      answer += part;
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

describe('from another machine', () => {
  it('every answer requires the token; the link stores it in a cookie', async () => {
    const open = await serve({ db, host: '0.0.0.0', port: 0 });
    try {
      const { origin, searchParams } = new URL(open.url);
      const token = searchParams.get('token')!;
      expect(token.length).toBeGreaterThanOrEqual(32);
      for (const path of ['/', '/events', '/page.js', '/style.css', '/nothing', '/?token=wrong'])
        expect([path, (await request(origin, path)).status]).toEqual([path, 401]);
      expect((await postSql(origin, 'SELECT 1')).status).toBe(401);
      const { status, headers } = await request(origin, `/?token=${token}`);
      expect({ status, location: headers.location }).toEqual({ status: 303, location: '/' });
      const [cookie] = headers['set-cookie'] as string[];
      expect(cookie).toMatch(/; HttpOnly/);
      expect(cookie).toMatch(/; SameSite=/);
      const kept = { cookie: cookie!.split(';')[0]! };
      expect((await request(origin, '/', { headers: kept })).status).toBe(200);
      expect((await postSql(origin, 'SELECT 1', kept)).status).toBe(200);
    } finally {
      await open.close('over');
    }
  });

  it('a token of the user is required on this machine, too', async () => {
    const own = await serve({ db, port: 0, token: TOKEN });
    try {
      const { origin } = new URL(own.url);
      expect((await request(origin, '/')).status).toBe(401);
      const headers = { authorization: `Bearer ${TOKEN}` };
      expect((await request(origin, '/', { headers })).status).toBe(200);
    } finally {
      await own.close('over');
    }
  });
});

describe('an address', () => {
  it('that is in use or of another machine is refused in one line', async () => {
    const port = Number(new URL(page.url).port);
    await expect(serve({ db, port })).rejects.toThrow(InputError);
    await expect(serve({ db, port })).rejects.toThrow(
      /^--port: cannot listen .*, expected a port that is free$/,
    );
    await expect(serve({ db, host: '203.0.113.7', port: 0 })).rejects.toThrow(
      /^--host: cannot listen .*, expected an address of this machine$/,
    );
  });
});
