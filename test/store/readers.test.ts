/** One writer with many readers: what SQLite's locks allow, and how large the write-ahead log grows. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { type SlowReader, walBytes } from '../../src/store/file/write-ahead-log.js';
import { openReader } from '../../src/store/read/reader.js';
import { readStatus } from '../../src/store/read/status.js';
import { Store } from '../../src/store/write/store.js';
import {
  ATTEMPT,
  cell,
  checkpoint,
  completeTrajectory,
  greedy,
  planned,
  sweep,
  temporaryFolders,
} from './fixtures.js';

const folder = temporaryFolders();
const children: ChildProcess[] = [];
let file: string;
beforeEach(() => {
  file = join(folder(), 'a.sqlite');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Starts a program with better-sqlite3 as `Sqlite` and the database's name as `file`. */
function program(script: string): ChildProcess {
  const sqlite = pathToFileURL(join(PACKAGE_ROOT, 'node_modules', 'better-sqlite3', 'lib', 'index.js')).href;
  const whole = `import Sqlite from '${sqlite}'; const file = process.argv[1]; ${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', whole, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}
const nextOutput = async (child: ChildProcess) => String((await once(child.stdout!, 'data'))[0]);

const SIZES = Array.from({ length: 100 }, (_, i) => greedy(i + 1));
/** Writes about `bytes` of rows in commits of about 14 kB, and lets timers run in between. */
async function write(
  store: Store,
  bytes: number,
  name = 'one',
): Promise<{ largest: number; written: number }> {
  const checkpoints = Array.from({ length: Math.ceil(bytes / 14_000) }, (_, i) => i);
  store.saveSweep(sweep(name), [planned(name, checkpoints, SIZES)]);
  store.started(name, ATTEMPT);
  let largest = 0;
  let written = 0;
  let before = walBytes(file);
  for (const t of checkpoints) {
    const committed = store.rows(
      name,
      checkpoint(t),
      SIZES.map(variant => cell(t, variant)),
    );
    await wait(5);
    if (t % 4 === 3) await committed;
    const now = walBytes(file);
    written += Math.max(0, now - before);
    before = now;
    largest = Math.max(largest, now);
  }
  return { largest, written };
}

/** A close of the file drops a process's POSIX locks. Older SQLite deletes the log of a process without this lock. */
it.runIf(process.platform === 'linux')('the lock on the file survives readers of the same process', () => {
  const store = Store.open(file);
  const inode = String(statSync(file).ino);
  const isLocked = () =>
    readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .map(line => line.trim().split(/\s+/))
      .some(([, , , , pid, place]) => pid === String(process.pid) && place?.split(':')[2] === inode);
  expect(isLocked()).toBe(true);
  openReader(file).close();
  expect(isLocked()).toBe(true);
  store.close();
  expect(isLocked()).toBe(false);
  openReader(file).close();
});

describe('the write-ahead log', () => {
  const KB = 1000;
  const limits = { checkpointBytes: 100 * KB, restBytes: 400 * KB, restAgainMs: 0 };

  it('stays bounded under overlapping readers, none of which waits', async () => {
    const store = Store.open(file, { walLimits: limits });
    // Three readers whose transactions overlap, so that one is always open.
    const readers = [0, 50, 100].map(delay =>
      program(`
        const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
        const db = new Sqlite(file, { readonly: true, timeout: 0 });
        await sleep(${delay});
        let reads = 0; let ended = false;
        process.once('SIGTERM', () => { ended = true; });
        process.stdout.write('reading\\n');
        while (!ended) {
          // Throws SQLITE_BUSY if it would have to wait.
          db.exec('BEGIN');
          const seen = db.prepare('SELECT count(*) FROM cells').pluck().get();
          await sleep(150);
          if (db.prepare('SELECT count(*) FROM cells').pluck().get() !== seen) process.exit(9);
          db.exec('COMMIT');
          reads++;
        }
        process.stdout.write(JSON.stringify({ reads }));`),
    );
    await Promise.all(readers.map(nextOutput));
    const { largest, written } = await write(store, 3_000 * KB);
    expect(written).toBeGreaterThan(1_500 * KB);
    expect(largest).toBeGreaterThan(limits.restBytes);
    expect(largest).toBeLessThan(900 * KB);
    for (const reader of readers) {
      const result = nextOutput(reader);
      reader.kill('SIGTERM');
      const { reads } = JSON.parse(await result);
      expect(reads).toBeGreaterThan(3);
    }
    store.close();
  });

  it('reports a reader that stays in its transaction, with the log size, until it is gone', async () => {
    const reports: (SlowReader | null)[] = [];
    const store = Store.open(file, {
      walLimits: { ...limits, restMs: 50, restAgainMs: 1e6, slowMs: 300, lookMs: 50 },
      slowReader: reader => reports.push(reader),
    });
    const reader = program(`
      const db = new Sqlite(file, { readonly: true });
      db.exec('BEGIN'); db.prepare('SELECT count(*) FROM cells').get();
      process.stdout.write('reading'); setInterval(() => {}, 1000);`);
    await nextOutput(reader);
    const { largest } = await write(store, 1_500 * KB);
    expect(largest).toBeGreaterThan(1_000 * KB);
    const first = reports[0]!;
    expect(Date.parse(first.since)).toBeLessThanOrEqual(Date.now());
    if (process.platform === 'linux') {
      expect(first.processes).toMatchObject([{ pid: reader.pid, command: expect.stringContaining('node') }]);
    }
    // A growing log is reported again, but not every time.
    expect(reports.length).toBeLessThan(8);
    expect(reports.at(-1)!.walBytes).toBeGreaterThan(2 * first.walBytes);
    store.flush();
    const observer = openReader(file);
    expect(readStatus(observer, file).slowReader).toMatchObject({
      processes: first.processes,
      walBytes: walBytes(file),
    });
    reader.kill('SIGKILL');
    await expect.poll(() => reports.at(-1), { timeout: 30_000 }).toBeNull();
    await write(store, 200 * KB, 'two');
    expect(walBytes(file)).toBeLessThan(400 * KB);
    store.flush();
    expect(readStatus(observer, file).slowReader).toBeNull();
    observer.close();
    store.close();
  });
});

it('checks every page when the last run was killed, and leaves a damaged file unchanged', () => {
  const store = Store.open(file);
  const plan = planned(
    'aa',
    Array.from({ length: 300 }, (_, t) => t),
    [greedy(3), greedy(4)],
  );
  store.saveSweep(sweep('one'), [plan]);
  completeTrajectory(store, plan);
  store.close();
  const db = new Sqlite(file);
  const page = db.prepare(`SELECT max(pageno) FROM dbstat WHERE name = 'cells'`).pluck().get() as number;
  const holder = `INSERT INTO holder (only, token, host, pid, tool_version, since, heartbeat)
    VALUES (1, 'x', 'elsewhere', 5, '0.1.0', '2020-01-01T00:00:00.000Z', '2020-01-01T00:00:00.000Z')`;
  db.exec(holder);
  db.close();
  copyFileSync(file, `${file}.whole`);
  const bytes = readFileSync(file).fill(0xff, (page - 1) * 4096, page * 4096);
  writeFileSync(file, bytes);
  expect(() => Store.open(file)).toThrow(/damaged \(.+\); it is left as it is/);
  // Opening in WAL mode changes the file header. Every row and every damage is unchanged.
  expect(readFileSync(file).subarray(4096).equals(bytes.subarray(4096))).toBe(true);
  Store.open(`${file}.whole`).close();
});
