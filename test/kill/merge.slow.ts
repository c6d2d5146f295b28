/** Kills `espalier merge` at random moments. The database must be whole, as it was before or as it is afterwards. */
import { copyFileSync, readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { afterAll, expect, it } from 'vitest';
import { stream } from '../../src/math/random.js';
import { Store } from '../../src/store/write/store.js';
import { completeTrajectory, config, greedy, planned, sweep } from '../store/fixtures.js';
import { Workplace } from '../support/program.js';
import { numbers } from '../support/results.js';
import { SEED } from './harness.js';

const KILLS = 8;
const work = new Workplace();
afterAll(() => work.remove());

const TIMES = Array.from({ length: 150 }, (_, t) => t);

function fill(name: string, seeds: readonly number[]): void {
  const store = Store.open(work.path(name));
  const plans = seeds.map(seed => planned(`abc${seed}`, TIMES, [greedy(3), greedy(4)], config(20, seed)));
  store.saveSweep(sweep('one'), plans);
  for (const plan of plans) completeTrajectory(store, plan);
  store.close();
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

function read(name: string): string {
  const db = new Sqlite(work.path(name), { timeout: 5_000 });
  try {
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  } finally {
    db.close();
  }
  return JSON.stringify(numbers(work.path(name)));
}

it('a merge that is killed leaves its database as before or as afterwards', async () => {
  fill('a.sqlite', range(0, 40));
  fill('b.sqlite', range(30, 70));
  const merge = (out: string) => work.start('merge', out, 'b.sqlite');
  copyFileSync(work.path('a.sqlite'), work.path('calm.sqlite'));
  const startedAt = performance.now();
  expect((await merge('calm.sqlite').ended).code).toBe(0);
  let window = performance.now() - startedAt;
  const [before, after] = [read('a.sqlite'), read('calm.sqlite')];
  expect(after).not.toBe(before);

  const next = stream(SEED, 'kill-merge');
  const seen = { kills: 0, before: 0, after: 0 };
  console.log(`seed ${SEED}; ESPALIER_KILL_SEED repeats it`);
  for (let i = 0; seen.kills < KILLS; i++) {
    const out = `${i}.sqlite`;
    copyFileSync(work.path('a.sqlite'), work.path(out));
    const { child, ended } = merge(out);
    // Most of the time goes before the database is written to.
    await Promise.race([wait(window * (1 - next() ** 2 / 2)), ended]);
    child.kill('SIGKILL');
    const isKilled = (await ended).signal === 'SIGKILL';
    if (isKilled) seen.kills++;
    const now = read(out);
    expect([before, after]).toContain(now);
    seen[now === after ? 'after' : 'before']++;
    window *= isKilled ? (now === after ? 0.95 : 1.1) : 0.9;
    expect((await merge(out).ended).code).toBe(0);
    expect(read(out)).toBe(after);
  }
  // A new database appears whole or not at all.
  for (let i = 0; i < 3; i++) {
    const { child, ended } = work.start('merge', 'new.sqlite', 'a.sqlite', 'b.sqlite');
    await Promise.race([wait(window * next()), ended]);
    child.kill('SIGKILL');
    await ended;
    if (readdirSync(work.folder).includes('new.sqlite')) expect(read('new.sqlite')).toBe(after);
  }
  console.log(JSON.stringify(seen));
});
