/** One more way to stop a run; run.test.ts and signals.test.ts have the others. */
import { afterAll, expect, it } from 'vitest';
import { runInside } from '../support/inside.js';
import { committed, long, PROGRESS } from '../support/long-run.js';
import { Workplace } from '../support/program.js';
import { allResults, query } from '../support/results.js';

const work = new Workplace();
afterAll(() => work.remove());

it('a run that is stopped by SIGHUP exits 3 and keeps finished cells, with closed stdout and stderr', async () => {
  const sweep = work.sweep(long('hangup', 3000));
  const db = work.path('results/hangup.sqlite');
  const { child, ended, stderrMatches } = work.start('run', sweep, '--threads', '2');
  await stderrMatches(PROGRESS);
  await committed(db, 20);
  child.stdout!.destroy();
  child.stderr!.destroy();
  child.kill('SIGHUP');
  expect((await ended).code).toBe(3);
  const kept = allResults(db);
  expect(kept.length).toBeGreaterThanOrEqual(20);
  expect(query(db, 'SELECT * FROM holder')).toEqual([]);
  expect(query(db, `SELECT status FROM trajectories WHERE status = 'running'`)).toEqual([]);
  expect(query(db, `SELECT * FROM attempts WHERE outcome = 'stopped'`).length).toBeGreaterThan(0);
  expect((await runInside(work, 'run', sweep)).code).toBe(0);
  expect(kept.length).toBeLessThan(allResults(db).length);
  expect(allResults(db)).toEqual(expect.arrayContaining(kept));
});
