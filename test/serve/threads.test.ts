/** The number of threads of a run, asked for by the live page and by `espalier threads`. */
import { existsSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningServer, serve } from '../../src/serve/server.js';
import { requestThreads, takeThreadRequest } from '../../src/store/file/thread-request.js';
import { Store } from '../../src/store/write/store.js';
import { greedy, planned, sweep } from '../store/fixtures.js';
import { runInside } from '../support/inside.js';
import { Workplace } from '../support/program.js';
import { request } from './client.js';

let work: Workplace;
let db: string;
let store: Store | null = null;
beforeEach(() => {
  work = new Workplace();
  db = work.path('a.sqlite');
});
afterEach(() => {
  store?.close();
  store = null;
  work.remove();
});

/** A run at work on the database: this process holds it. */
function hold(): Store {
  store = Store.open(db);
  store.saveSweep(sweep('night'), [planned('t0', [0], [greedy(3)])]);
  store.setThreads(2);
  return store;
}

describe('a request', () => {
  it('is taken once, by the run that it names; the last one counts', () => {
    requestThreads(db, 'token', 3);
    requestThreads(db, 'token', 0);
    expect(takeThreadRequest(db, 'token')).toBe(0);
    expect(takeThreadRequest(db, 'token')).toBeNull();
    requestThreads(db, 'of an earlier run', 3);
    expect(takeThreadRequest(db, 'token')).toBeNull();
    expect(work.files()).toEqual([]);
  });

  it('reaches a run through a link to its database, and the other way round', () => {
    writeFileSync(db, '');
    const link = work.path('link.sqlite');
    symlinkSync(db, link);
    try {
      requestThreads(link, 'token', 3);
      expect(takeThreadRequest(db, 'token')).toBe(3);
      requestThreads(db, 'token', 1);
      expect(takeThreadRequest(link, 'token')).toBe(1);
    } finally {
      for (const file of [link, db]) rmSync(file);
    }
  });

  it("that cannot be written is an error that names the user's path", () => {
    const inNoFolder = work.path('none/night.sqlite');
    expect(() => requestThreads(inNoFolder, 'token', 3)).toThrow(
      `${inNoFolder}-threads cannot be written (no such file or folder)`,
    );
  });

  it.each([
    '',
    '{',
    '[]',
    'null',
    '{"token":"token"}',
    '{"token":"token","threads":-1}',
    '{"token":"token","threads":1.5}',
  ])('that is damaged (%s) changes nothing', text => {
    writeFileSync(`${db}-threads`, text);
    expect(takeThreadRequest(db, 'token')).toBeNull();
    expect(existsSync(`${db}-threads`)).toBe(false);
  });
});

describe('espalier threads', () => {
  const threads = (...args: string[]) => runInside(work, 'threads', ...args);

  it.each(['-1', '1.5', 'all', '1025', '0x2'])('refuses %j, before it opens the database', async count => {
    expect(await threads('a.sqlite', '--', count)).toMatchObject({
      code: 2,
      stderr: `espalier: count: found "${count}", expected a whole number from 0 to 1024\n`,
    });
  });

  it('says that there is no database, or no run', async () => {
    expect(await threads('a.sqlite', '2')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no such database'),
    });
    hold().close();
    expect(await threads('a.sqlite', '2')).toMatchObject({
      code: 2,
      stderr: 'espalier: a.sqlite: no run is at work on it\n',
    });
    expect(existsSync(`${db}-threads`)).toBe(false);
  });

  it('waits for the answer of the run, which status shows', async () => {
    const run = hold();
    const answering = setInterval(() => {
      const asked = takeThreadRequest(db, run.token);
      if (asked !== null) run.setThreads(asked);
    }, 20);
    try {
      expect(await threads('a.sqlite', '1')).toMatchObject({
        code: 0,
        stdout: 'night runs on 1 thread now\n',
      });
      const running = await runInside(work, 'status', 'a.sqlite');
      expect(running.stdout).toContain('running night on 1 thread (process ');
      expect(await threads('a.sqlite', '0')).toMatchObject({ code: 0, stdout: 'night is paused\n' });
      const paused = await runInside(work, 'status', 'a.sqlite');
      expect(paused.stdout).toMatch(
        /^paused: night \(.+\); `espalier threads a\.sqlite N` goes on with N threads$/m,
      );
      const json = await runInside(work, 'status', 'a.sqlite', '--json');
      expect(JSON.parse(json.stdout)).toMatchObject({ holder: { threads: 0 }, secondsLeft: null });
    } finally {
      clearInterval(answering);
    }
  });
});

describe('the live page', () => {
  let page: RunningServer;
  beforeEach(async () => {
    page = await serve({ db, port: 0 });
  });
  afterEach(() => page.close('over'));

  const post = (body: unknown, headers: Record<string, string> = {}) =>
    request(page.url, '/threads', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  it('asks the run, and says why it cannot', async () => {
    expect((await post({ threads: 2 })).status).toBe(409);
    const run = hold();
    expect((await post({ threads: 2 })).status).toBe(202);
    expect(takeThreadRequest(db, run.token)).toBe(2);
    run.close();
    const late = await post({ threads: 2 });
    expect([late.status, JSON.parse(late.body)]).toEqual([409, { error: `${db}: no run is at work on it` }]);
  });

  it.each([null, -1, 1.5, 2000, '2', undefined])('refuses %j threads', async threads => {
    const run = hold();
    expect((await post({ threads })).status).toBe(400);
    expect(takeThreadRequest(db, run.token)).toBeNull();
  });

  it('refuses other sites, and reading requests', async () => {
    const run = hold();
    expect((await post({ threads: 0 }, { origin: 'http://elsewhere.example' })).status).toBe(403);
    expect((await request(page.url, '/threads?threads=0')).status).toBe(404);
    expect(takeThreadRequest(db, run.token)).toBeNull();
  });
});
