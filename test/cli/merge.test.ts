import { readdirSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runInside } from '../support/inside.js';
import { Workplace } from '../support/program.js';
import { numbers, query } from '../support/results.js';
import { plainSweep, VARIED } from '../support/small-sweeps.js';

let work: Workplace;
let file: string;
const part = (index: number, count: number) => `results/methods.shard-${index}-of-${count}.sqlite`;
beforeAll(async () => {
  work = new Workplace();
  file = work.sweep(VARIED[0]!);
  expect((await runInside(work, 'run', file)).code).toBe(0);
  for (const shard of ['1/3', '2/3', '3/3'])
    expect((await runInside(work, 'run', file, '--shard', shard)).code).toBe(0);
});
afterAll(() => work.remove());

const local = () => work.path('results/methods.sqlite');
const thresholds = (db: string) =>
  query(db, 'SELECT * FROM thresholds ORDER BY trajectory_id, prune_method, subnet_size, metric, target');

describe('the parts of a sweep', () => {
  it('are in databases of their own, and together they are the sweep', async () => {
    const rows = [1, 2, 3].flatMap(index => numbers(work.path(part(index, 3))));
    expect(rows).toHaveLength(numbers(local()).length);
    const parts = [1, 2, 3].map(index => part(index, 3));
    const { code, stdout } = await runInside(work, 'merge', 'merged.sqlite', ...parts, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      out: 'merged.sqlite',
      inputs: parts,
      trajectories: 4,
      sweeps: [{ sweep: 'methods', trajectories: 4, trajectoriesDone: 4 }],
    });
    expect(numbers(work.path('merged.sqlite'))).toEqual(numbers(local()));
    expect(thresholds(work.path('merged.sqlite'))).toEqual(thresholds(local()));
    expect(thresholds(local()).length).toBeGreaterThan(0);
  });

  it('may overlap with others, and one may come twice', async () => {
    const inputs = [part(2, 3), 'results/methods.sqlite', part(1, 3), part(2, 3)];
    const { code, stdout } = await runInside(work, 'merge', 'overlap.sqlite', ...inputs);
    expect(code).toBe(0);
    expect(stdout).toMatch(/3 databases joined, 4 trajectories/);
    expect(numbers(work.path('overlap.sqlite'))).toEqual(numbers(local()));
  });

  it('that are merged too early can be completed by a run, which computes the rest', async () => {
    const again = await runInside(work, 'merge', 'early.sqlite', part(1, 3));
    expect(again.stdout).toMatch(/│ methods │/);
    const { code, stdout } = await runInside(work, 'run', file, '--db', 'early.sqlite', '--json');
    expect({ code, progress: JSON.parse(stdout).progress }).toMatchObject({
      code: 0,
      progress: { trajectories: 4, trajectoriesDone: 4 },
    });
    expect(numbers(work.path('early.sqlite'))).toEqual(numbers(local()));
    const attempts = query(work.path('early.sqlite'), 'SELECT count(*) AS n FROM attempts');
    expect(attempts).toEqual([{ n: 4 }]);
  });

  it('are nothing where there are more parts than trajectories', async () => {
    const { code, stdout } = await runInside(work, 'run', file, '--shard', '9/9', '--json');
    expect({ code, db: JSON.parse(stdout).db }).toEqual({ code: 0, db: part(9, 9) });
    expect((await runInside(work, 'merge', 'merged.sqlite', part(9, 9))).code).toBe(0);
    expect(numbers(work.path('merged.sqlite'))).toEqual(numbers(local()));
  });

  it('are planned as they are run', async () => {
    const { stdout } = await runInside(work, 'plan', file, '--shard', '1/3');
    expect(stdout).toMatch(/^methods, part 1\/3\n/);
    const plan = JSON.parse((await runInside(work, 'plan', file, '--shard', '1/3', '--json')).stdout);
    expect(plan).toMatchObject({ db: part(1, 3), secondsLeft: 0, cellsHeld: plan.cells });
  });

  it.each(['0/3', '4/3', '3', '1/3x', '1/0', '-1/3', '1.5/3', '1/1000001'])(
    '--shard %s is refused as it was typed',
    async shard => {
      const { code, stderr } = await runInside(work, 'run', file, '--shard', shard);
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /^espalier: --shard: found ".*", expected I\/N, e\.g\. 3\/8, with whole numbers/,
      );
      expect(stderr).toContain(JSON.stringify(shard));
    },
  );
});

describe('the parts of a sweep with refined checkpoints', () => {
  const db = (shard: string) => `refined-${shard.replace('/', '-of-')}.sqlite`;
  const places = (name: string) =>
    query(work.path(name), 'SELECT DISTINCT trajectory_id, pretrain_iterations FROM results ORDER BY 1, 2');
  beforeAll(async () => {
    const refined = work.sweep(
      plainSweep({
        name: 'refined',
        train: { batchSize: 16, momentum: 0.5 },
        thresholds: [{ metric: 'subnet_train_loss', atMost: 0.2 }],
        axes: {
          seed: { count: 3 },
          pretrainIterations: { from: 4, to: 2_000, ratio: 3, refine: 1.2 },
          subnetSize: [4, 9],
        },
      }),
    );
    expect((await runInside(work, 'run', refined, '--db', 'refined.sqlite')).code).toBe(0);
    for (const shard of ['1/3', '2/3', '3/3', '1/2'])
      expect((await runInside(work, 'run', refined, '--shard', shard, '--db', db(shard))).code).toBe(0);
  });
  const equalsLocal = (name: string) => {
    expect(numbers(work.path(name))).toEqual(numbers(work.path('refined.sqlite')));
    expect(thresholds(work.path(name))).toEqual(thresholds(work.path('refined.sqlite')));
    expect(places(name)).toEqual(places('refined.sqlite'));
  };

  it('have the checkpoints, bits and thresholds of a local run together', async () => {
    const parts = ['1/3', '2/3', '3/3'].map(db);
    expect(parts.map(part => places(part).length).every(count => count > 0)).toBe(true);
    expect((await runInside(work, 'merge', 'refined-merged.sqlite', ...parts)).code).toBe(0);
    equalsLocal('refined-merged.sqlite');
    // What was refined differs between trajectories: more than the coarse checkpoints is there.
    const counts = query(
      work.path('refined.sqlite'),
      'SELECT DISTINCT count(DISTINCT pretrain_iterations) AS n FROM results GROUP BY trajectory_id',
    );
    expect(counts.length).toBeGreaterThan(1);
  });

  it('may overlap, come twice, and be merged again', async () => {
    const inputs = ['1/2', '3/3', '2/3', '1/3', '3/3'].map(db);
    for (let i = 0; i < 2; i++) {
      expect((await runInside(work, 'merge', 'refined-overlap.sqlite', ...inputs)).code).toBe(0);
      equalsLocal('refined-overlap.sqlite');
    }
  });
});

describe('merge', () => {
  it('refuses a byte that was changed, with both origins, in one line', async () => {
    const db = new Sqlite(work.path(part(2, 3)));
    db.exec('UPDATE cells SET subnet_train_loss = subnet_train_loss + 1e-12 WHERE t = 9');
    db.close();
    const names = readdirSync(work.folder).sort();
    const { code, stderr, stdout } = await runInside(work, 'merge', 'out.sqlite', local(), part(2, 3));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim()).not.toContain('\n');
    expect(stderr).toMatch(
      /t = 9, [\w ]+, k = \d: subnet_train_loss is .* in .*methods\.sqlite \(by .*methods\.shard-2-of-3/,
    );
    expect(readdirSync(work.folder).sort()).toEqual(names);
  });

  it('wants something to merge', async () => {
    const { code, stderr } = await runInside(work, 'merge', 'out.sqlite');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^espalier: an argument is missing; `espalier merge --help` says what/);
  });
});
