import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../src/base/errors.js';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { isAlive, readLockRow, STALE_MS } from '../../src/store/file/lock-row.js';
import { openReader } from '../../src/store/read/reader.js';
import { MIGRATIONS, migrate, SCHEMA_VERSION } from '../../src/store/schema/migrations.js';
import { Store } from '../../src/store/write/store.js';
import { ATTEMPT, cell, checkpoint, EVALUATE, greedy, planned, sweep, temporaryFolders } from './fixtures.js';

const folder = temporaryFolders();
let home: string;
let file: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  home = folder();
  file = join(home, 'a.sqlite');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function fault(work: () => unknown): StoreError {
  try {
    work();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
const faultOf = (open: (name: string) => unknown, name: string) => {
  const { code, message } = fault(() => open(name));
  expect(message.startsWith(`${name}: `)).toBe(true);
  expect(message).not.toContain('\n');
  return code;
};
/** Makes a database of ours, changes it with plain SQL, and closes it. */
function changed(sql: string): void {
  Store.open(file).close();
  const db = new Sqlite(file);
  db.exec(sql);
  db.close();
}

describe('files at the path of a database', () => {
  const both = [Store.open, openReader];

  it('are refused and left unchanged if they are not espalier databases', () => {
    const foreign = join(home, 'foreign.sqlite');
    const db = new Sqlite(foreign);
    db.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)');
    db.close();
    writeFileSync(join(home, 'text.sqlite'), 'not a database, but long enough to hold a header '.repeat(9));
    writeFileSync(join(home, 'empty.sqlite'), '');
    writeFileSync(join(home, 'short.sqlite'), 'SQLite format 3\0');
    mkdirSync(join(home, 'folder.sqlite'));
    const expected = {
      'empty.sqlite': 'NOT_A_DATABASE',
      'folder.sqlite': 'NOT_A_DATABASE',
      'foreign.sqlite': 'NOT_OURS',
      'short.sqlite': 'NOT_A_DATABASE',
      'text.sqlite': 'NOT_A_DATABASE',
    };
    const files = Object.keys(expected).filter(name => name !== 'folder.sqlite');
    const before = files.map(name => readFileSync(join(home, name)));
    for (const [name, code] of Object.entries(expected)) {
      for (const open of both) expect([name, faultOf(open, join(home, name))]).toEqual([name, code]);
    }
    expect(readdirSync(home).sort()).toEqual(Object.keys(expected));
    expect(files.map(name => readFileSync(join(home, name)))).toEqual(before);
  });

  it('are created by a run; a reader fails with DATABASE_MISSING', () => {
    expect(faultOf(openReader, file)).toBe('DATABASE_MISSING');
    expect(existsSync(file)).toBe(false);
    Store.open(file).close();
    expect(readdirSync(home)).toEqual(['a.sqlite']);
    openReader(file).close();
  });

  it('are refused where their folder cannot be created', () => {
    writeFileSync(file, 'x');
    expect(faultOf(Store.open, join(file, 'below', 'b.sqlite'))).toBe('DATABASE_IO');
  });

  it('are refused when damaged', () => {
    Store.open(file).close();
    copyFileSync(file, join(home, 'b.sqlite'));
    truncateSync(file, 5000);
    for (const open of both) expect(faultOf(open, file)).toBe('NOT_A_DATABASE');
    expect(readFileSync(file)).toHaveLength(5000);
    const garbled = readFileSync(join(home, 'b.sqlite')).fill(0x5a, 100, 4096);
    writeFileSync(file, garbled);
    for (const open of both) expect(faultOf(open, file)).toBe('NOT_A_DATABASE');
    expect(readFileSync(file).equals(garbled)).toBe(true);
  });

  it('are refused when a newer version wrote them; the message names the version', () => {
    changed(`PRAGMA user_version = ${SCHEMA_VERSION + 3}; UPDATE about SET value = 'espalier 9.9.9'`);
    const before = readFileSync(file);
    for (const open of both) {
      expect(faultOf(open, file)).toBe('NEWER_SCHEMA');
      expect(fault(() => open(file)).message).toContain(
        `schema version ${SCHEMA_VERSION + 3}, written by espalier 9.9.9, expected at most ${SCHEMA_VERSION}`,
      );
    }
    expect(readFileSync(file).equals(before)).toBe(true);
    const db = new Sqlite(file);
    db.exec('DROP TABLE about');
    db.close();
    for (const open of both) expect(fault(() => open(file)).message).toContain('by a newer espalier');
  });

  it('can be opened through a symbolic link', () => {
    Store.open(file).close();
    const link = join(home, 'link.sqlite');
    symlinkSync(file, link);
    Store.open(link).close();
    openReader(link).close();
  });
});

describe('schema', () => {
  it('marks the file as ours, and keeps a write-ahead log only while a run holds it', () => {
    const store = Store.open(file);
    const reader = new Sqlite(file, { readonly: true });
    expect(reader.pragma('journal_mode', { simple: true })).toBe('wal');
    reader.close();
    store.close();
    const db = new Sqlite(file, { readonly: true });
    expect(db.pragma('application_id', { simple: true })).toBe(0x6573706c);
    expect(db.pragma('user_version', { simple: true })).toBe(SCHEMA_VERSION);
    expect(db.pragma('journal_mode', { simple: true })).toBe('delete');
    db.close();
  });

  it('runs only the new migrations', () => {
    const db = new Sqlite(file);
    const later = [...MIGRATIONS, 'CREATE TABLE later (a)'];
    migrate(db, '1.0.0');
    migrate(db, '2.0.0', later);
    migrate(db, '3.0.0', later);
    expect(db.pragma('user_version', { simple: true })).toBe(later.length);
    expect(db.prepare('SELECT value FROM about').pluck().get()).toBe('espalier 2.0.0');
    expect(db.prepare('SELECT * FROM later').all()).toEqual([]);
    db.close();
  });
});

describe('the lock', () => {
  /** Starts another process that opens the database and prints `held` or the error code. */
  async function startRival(then: string): Promise<{ output: string; child: ChildProcess }> {
    const store = pathToFileURL(join(PACKAGE_ROOT, 'dist', 'src', 'store', 'write', 'store.js')).href;
    const script = `
      import { Store } from '${store}';
      try {
        const store = Store.open(process.argv[1]);
        ${then}
        process.stdout.write('held');
        setInterval(() => {}, 1000);
      } catch (error) { process.stdout.write(error.code ?? String(error)); }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [data] = await once(child.stdout!, 'data');
    return { output: String(data), child };
  }

  it('belongs to one process at a time, and passes on from a killed one', async () => {
    const plan = planned('aa', [0, 5], [greedy(3)]);
    const first = Store.open(file);
    first.saveSweep(sweep('one'), [plan]);
    first.close();
    const row = JSON.stringify({ checkpoint: checkpoint(0), cells: [cell(0, greedy(3))], attempt: ATTEMPT });
    const { output, child } = await startRival(`
      const { checkpoint, cells, attempt } = ${row};
      store.started('aa', attempt); store.rows('aa', checkpoint, cells); store.flush();`);
    expect(output).toBe('held');

    const error = fault(() => Store.open(file));
    expect(error.code).toBe('DATABASE_HELD');
    expect(error.message).toMatch(
      new RegExp(`held by another run \\(process ${child.pid} on ${hostname()}, since \\d{4}-.*Z\\)`),
    );
    const reader = openReader(file);
    expect(reader.holder()).toMatchObject({ pid: child.pid, alive: true });
    expect(reader.statusCounts()).toMatchObject({ running: 1 });

    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(reader.holder()).toMatchObject({ pid: child.pid, alive: false });
    const store = Store.open(file);
    expect(reader.holder()).toMatchObject({ pid: process.pid, alive: true });
    expect(reader.statusCounts()).toMatchObject({ running: 0, pending: 1 });
    expect(store.unfinished(plan, EVALUATE)).toEqual([{ t: 5, variants: [greedy(3)] }]);
    reader.close();
    store.close();
    const db = new Sqlite(file, { readonly: true });
    expect(db.prepare('SELECT outcome, ended_at IS NOT NULL AS ended FROM attempts').all()).toEqual([
      { outcome: 'lost', ended: 1 },
    ]);
    db.close();
  });

  it('goes to one of several processes that start concurrently', async () => {
    const outputs = (await Promise.all(Array.from({ length: 4 }, () => startRival('')))).map(
      ({ output }) => output,
    );
    expect(outputs.sort()).toEqual(['DATABASE_HELD', 'DATABASE_HELD', 'DATABASE_HELD', 'held']);
    expect(readdirSync(home).filter(name => name.endsWith('.part'))).toEqual([]);
  });

  it('is not granted twice within one process', () => {
    const store = Store.open(file);
    expect(faultOf(Store.open, file)).toBe('DATABASE_HELD');
    store.close();
    Store.open(file).close();
  });

  it('counts as alive by process, boot and heartbeat', () => {
    const store = Store.open(file);
    const db = new Sqlite(file, { readonly: true });
    const holder = readLockRow(db)!;
    db.close();
    store.close();
    expect(isAlive(holder)).toBe(true);
    expect(isAlive({ ...holder, pid: 2 ** 22 + 1 })).toBe(false);
    if (holder.process_start !== null) {
      expect(isAlive({ ...holder, process_start: '1' })).toBe(false);
      expect(isAlive({ ...holder, boot: 'another' })).toBe(false);
    }
    const elsewhere = { ...holder, host: 'elsewhere', pid: 2 ** 22 + 1 };
    const beat = Date.parse(holder.heartbeat);
    expect(isAlive(elsewhere, beat + STALE_MS - 1)).toBe(true);
    expect(isAlive(elsewhere, beat + STALE_MS)).toBe(false);
  });

  it('refuses all writes once it is lost', () => {
    const store = Store.open(file);
    const plan = planned('aa', [0], [greedy(3)]);
    store.saveSweep(sweep('one'), [plan]);
    const db = new Sqlite(file);
    db.exec(`UPDATE holder SET token = 'x', host = 'elsewhere'`);
    store.rows('aa', checkpoint(0), [cell(0, greedy(3))]);
    expect(fault(() => store.flush()).message).toContain('on elsewhere');
    expect(db.prepare('SELECT count(*) FROM cells').pluck().get()).toBe(0);
    expect(fault(() => store.finished('aa', { kind: 'stopped' })).code).toBe('DATABASE_HELD');
    expect(fault(() => store.close()).code).toBe('DATABASE_HELD');
    expect(db.prepare('SELECT host FROM holder').pluck().get()).toBe('elsewhere');
    db.close();
  });

  it('reports a failed background commit in the next call', async () => {
    const store = Store.open(file);
    store.saveSweep(sweep('one'), [planned('aa', [0], [greedy(3)])]);
    const db = new Sqlite(file);
    db.exec('DELETE FROM holder');
    store.rows('aa', checkpoint(0), []);
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(fault(() => store.rows('aa', checkpoint(0), [])).message).toContain(
      'no longer holds the database',
    );
    expect(fault(() => store.close()).code).toBe('DATABASE_HELD');
    store.close();
    db.close();
  });
});
