/** Thresholds on the certified loss, also where earlier cells lack it. */
import Sqlite from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { runInside } from '../support/inside.js';
import { Workplace } from '../support/program.js';
import { numbers, query } from '../support/results.js';
import { plainSweep } from '../support/small-sweeps.js';

const work = new Workplace();
afterAll(() => work.remove());

const CERTIFIED = [
  { metric: 'subnet_train_loss', atMost: 0.45 },
  { metric: 'certified_loss', atMost: 0.45 },
];
const sweep = (thresholds: object[]) =>
  work.sweep(plainSweep({ name: 'c', prune: { method: ['greedy', 'random'] }, thresholds }));
const run = async () => {
  const done = await runInside(work, 'run', 'c.yaml', '--json');
  expect(done.code).toBe(0);
  return done;
};
const db = () => work.path('results/c.sqlite');
const attempts = () => Number(query(db(), 'SELECT count(*) AS n FROM attempts')[0]!.n);

describe('a threshold on certified_loss', () => {
  it('is met no earlier than that on the loss itself, and only of greedy selection', async () => {
    sweep(CERTIFIED);
    await run();
    const rows = query(
      db(),
      `SELECT c.prune_method AS method, s.raw_upper AS loss, c.raw_upper AS certified FROM thresholds c
       JOIN thresholds s USING (trajectory_id, prune_method, subnet_size)
       WHERE c.metric = 'certified_loss' AND s.metric = 'subnet_train_loss'`,
    );
    expect(rows.length).toBe(8);
    for (const { method, loss, certified } of rows) {
      expect(method).toBe('greedy');
      if (certified !== null) expect(loss).toBeLessThanOrEqual(certified as number);
    }
    const random = query(
      db(),
      `SELECT DISTINCT certified_loss AS c FROM results WHERE prune_method = 'random'`,
    );
    expect(random).toEqual([{ c: null }]);
  });

  it('makes cells of earlier versions unfinished, and nothing else does', async () => {
    const complete = numbers(db());
    sweep(CERTIFIED.slice(0, 1));
    await run();
    // As an earlier version has left them.
    const file = new Sqlite(db());
    file.exec('UPDATE cells SET certified_loss = NULL, recorded = recorded & 7');
    file.exec('UPDATE checkpoints SET gates_changed = NULL, neuron_variance = NULL');
    file.close();
    const before = attempts();
    await run();
    expect(attempts()).toBe(before);
    expect(query(db(), 'SELECT DISTINCT certified_loss AS c FROM results')).toEqual([{ c: null }]);
    sweep(CERTIFIED);
    const { stderr } = await run();
    expect(stderr).toContain('to be measured again (certified_loss)');
    expect(attempts()).toBe(before + 4);
    expect(numbers(db())).toEqual(complete);
  });
});
