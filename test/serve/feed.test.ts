/** The stream follows a database that appears, grows, is replaced, damaged and removed. */
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import type { LiveState } from '../../src/serve/messages.js';
import { type RunningServer, serve } from '../../src/serve/server.js';
import { Store } from '../../src/store/write/store.js';
import {
  ATTEMPT,
  cell,
  checkpoint,
  completeTrajectory,
  config,
  greedy,
  planned,
  sweep,
} from '../store/fixtures.js';
import { Listener } from './client.js';

class Watched {
  readonly folder = mkdtempSync(join(tmpdir(), 'espalier-feed-'));
  readonly db = join(this.folder, 'a.sqlite');
  page!: RunningServer;
  listener!: Listener;

  async serve(): Promise<void> {
    this.page = await serve({ db: this.db, port: 0 });
    this.listener = new Listener(this.page.url);
  }

  async end(): Promise<void> {
    this.listener.close();
    await this.page.close('over');
    rmSync(this.folder, { recursive: true, force: true });
  }

  open = (isWished: (state: LiveState) => boolean) =>
    this.listener.until('state', state => state.kind === 'open' && isWished(state)) as Promise<LiveState>;
  cellsDone = (count: number) => this.open(({ sweeps }) => sweeps.rows[0]?.cellsDone === count);
}

// Concurrent: they wait for what the server looks at once per second or less.
const it = test.extend<{ watched: Watched }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of other fixtures from it.
  watched: async ({}, use) => {
    const watched = new Watched();
    await watched.serve();
    await use(watched);
    await watched.end();
  },
}).concurrent;

it('follows a run from before its database exists to after its end', async ({ watched }) => {
  const { db, listener, open } = watched;
  expect(await listener.until('state')).toMatchObject({
    kind: 'waiting',
    message: expect.stringContaining(db),
  });
  expect(existsSync(db)).toBe(false);

  const store = Store.open(db);
  const plans = [0, 1, 2].map(seed => planned(`t${seed}`, [0, 5, 9], [greedy(3)], config(20, seed)));
  store.saveSweep(sweep('one'), plans);
  await open(({ holder, sweeps }) => holder?.alive === true && sweeps.rows[0]?.cells === 9);

  store.started('t0', ATTEMPT);
  store.rows('t0', checkpoint(0), [cell(0, greedy(3))]);
  store.rows('t0', checkpoint(5), [cell(5, greedy(3))]);
  store.flush();
  const halfway = await watched.cellsDone(2);
  expect(halfway.running.rows).toMatchObject([{ trajectoryId: 't0', reached: 5, last: 9, attempts: 1 }]);
  expect(halfway.cellsPerSecond).toBeGreaterThan(0);

  store.started('t1', ATTEMPT);
  store.finished('t1', { kind: 'failed', code: 'DIVERGED', message: '<b>not finite</b>', stack: null });
  const failed = await open(({ failures }) => failures.rows.length === 1);
  expect(failed.failures.rows).toMatchObject([
    { errorCode: 'DIVERGED', error: '<b>not finite</b>', count: 1, first: [{ trajectoryId: 't1', seed: 1 }] },
  ]);

  completeTrajectory(store, plans[0]!);
  completeTrajectory(store, plans[2]!);
  store.close();
  const ended = await open(({ holder }) => holder === null);
  expect(ended.sweeps.rows).toEqual([
    {
      sweep: 'one',
      trajectories: 3,
      trajectoriesDone: 2,
      trajectoriesFailed: 1,
      cells: 9,
      cellsDone: 6,
      description: null,
    },
  ]);
  expect(await listener.until('figures', ({ complete }) => complete === 2)).toMatchObject({
    members: 3,
    read: 3,
  });
  // The page keeps nothing open, so a finished database is one file.
  expect(existsSync(`${db}-wal`)).toBe(false);
});

it('follows a run that ends and another that continues it', async ({ watched }) => {
  const { db, listener, open } = watched;
  const plans = [0, 1].map(seed => planned(`t${seed}`, [0, 5], [greedy(3)], config(20, seed)));
  for (const [done, plan] of plans.entries()) {
    const store = Store.open(db);
    store.saveSweep(sweep('one'), plans);
    await open(({ holder }) => holder?.alive === true);
    completeTrajectory(store, plan);
    store.close();
    await open(({ holder, sweeps }) => holder === null && sweeps.rows[0]?.cellsDone === 2 * (done + 1));
    await listener.until('figures', ({ complete }) => complete === done + 1);
  }
});

it('follows a file that is replaced, damaged and removed', async ({ watched }) => {
  const { db, listener, open } = watched;
  const write = (file: string, name: string, seeds: number) => {
    const store = Store.open(file);
    const plans = Array.from({ length: seeds }, (_, s) =>
      planned(`t${s}`, [0, 5], [greedy(3)], config(20, s)),
    );
    store.saveSweep(sweep(name), plans);
    for (const plan of plans) completeTrajectory(store, plan);
    store.close();
  };
  const named = (name: string) => open(({ sweeps }) => sweeps.rows[0]?.sweep === name);
  write(db, 'one', 2);
  await named('one');
  await listener.until('figures', ({ complete }) => complete === 2);
  // Another file with this name, then other content in the same file.
  rmSync(db);
  write(db, 'two', 3);
  await named('two');
  await listener.until('figures', ({ complete }) => complete === 3);
  const other = join(watched.folder, 'b.sqlite');
  write(other, 'three', 1);
  copyFileSync(other, db);
  await named('three');
  await listener.until('figures', ({ complete }) => complete === 1);

  writeFileSync(db, 'not a database at all');
  await listener.until(
    'state',
    state => state.kind === 'waiting' && /not an SQLite file/.test(state.message),
  );
  rmSync(db);
  await listener.until('state', state => state.kind === 'waiting' && /no such database/.test(state.message));
  write(db, 'four', 1);
  await named('four');
});

it('survives content that it cannot show', async ({ watched }) => {
  const { db, listener, open } = watched;
  const store = Store.open(db);
  store.saveSweep(sweep('one'), [planned('t', [0, 5], [greedy(3)])]);
  store.close();
  const write = (sql: string) => {
    const file = new Sqlite(db);
    file.exec(sql);
    file.close();
  };
  await open(({ sweeps }) => sweeps.rows.length === 1);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  write(`UPDATE sweeps SET thresholds = 'not JSON'`);
  await listener.until('state', state => state.kind === 'waiting' && /cannot be shown/.test(state.message));
  write(`UPDATE sweeps SET thresholds = '[]'`);
  await open(({ sweeps }) => sweeps.rows.length === 1);
  vi.restoreAllMocks();
});

it('sends the reason of its end, after the last state', async ({ watched }) => {
  const { db, listener, open } = watched;
  const store = Store.open(db);
  store.saveSweep(sweep('one'), [planned('t', [0], [greedy(3)])]);
  await open(({ sweeps }) => sweeps.rows.length === 1);
  completeTrajectory(store, planned('t', [0], [greedy(3)]));
  store.close();
  await watched.page.close('the run has ended');
  await expect.poll(() => listener.ended).toBe(true);
  expect((listener.latest('state') as LiveState).sweeps.rows[0]).toMatchObject({ cellsDone: 1 });
  expect(listener.latest('end')).toEqual({ reason: 'the run has ended' });
});
