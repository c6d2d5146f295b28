import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { predictSweeps } from '../../src/run/predict.js';
import { Store } from '../../src/store/write/store.js';
import { runInside } from '../support/inside.js';
import { Workplace } from '../support/program.js';
import { allResults, numbers, query } from '../support/results.js';
import { plainSweep } from '../support/small-sweeps.js';

const work = new Workplace();
afterAll(() => work.remove());

const SWEEP = plainSweep({
  name: 'small',
  axes: { datasetSize: [40, 70, 300], width: 24, seed: { count: 2 }, pretrainIterations: [2, 9, 30] },
  thresholds: [
    { metric: 'subnet_train_loss', atMost: 0.4 },
    { metric: 'dense_train_loss', atMost: 0.4 },
    { metric: 'dense_train_loss_sum', atMost: 14 },
    { metric: 'subnet_train_accuracy', atLeast: 0.9 },
  ],
});
const predict = (...args: string[]) => runInside(work, 'predict', ...args);
const rows = (db: string) =>
  query(work.path(db), 'SELECT * FROM predictions ORDER BY trajectory_id, kernel, target');

beforeAll(async () => {
  work.sweep(SWEEP);
  expect(await predict('small.yaml', '--threads', '1', '--db', 'one.sqlite')).toMatchObject({ code: 0 });
});

describe('predict', () => {
  it('has a row for each trajectory and distinct mean loss', () => {
    const found = rows('one.sqlite');
    expect(found).toHaveLength(6 * 2);
    const sums = found.filter(({ target }) => target !== 0.4).map(row => [row.dataset_size, row.target]);
    expect(new Set(sums.map(String))).toEqual(new Set(['40,0.35', '70,0.2', `300,${14 / 300}`]));
    for (const row of found) {
      expect(row).toMatchObject({ sweep: 'small', kernel: 'initial', axes: '{}', engine: 'wasm' });
      // A digit may occur twice among so few: then the last target is out of reach.
      if (row.reason !== null) continue;
      expect(row.predicted).toBeGreaterThanOrEqual(row.predicted_lower as number);
      expect(row.predicted).toBeLessThanOrEqual(row.predicted_upper as number);
      expect(row.lambda_0_exact).toBe(row.lambda_0_upper);
      expect(row.t_lambda0_sharp).toBeGreaterThanOrEqual((row.predicted as number) - 1);
      expect(row.t_lambda0_half).toBeGreaterThan(row.t_lambda0_sharp as number);
    }
    expect(found.filter(({ target, reason }) => target === 0.4 && reason !== null)).toEqual([]);
  });

  it('has the same bits at any number of threads, and goes on where it was interrupted', async () => {
    await predict('small.yaml', '--threads', '2', '--db', 'two.sqlite');
    expect(rows('two.sqlite')).toEqual(rows('one.sqlite'));
    const db = new Sqlite(work.path('two.sqlite'));
    const { changes } = db
      .prepare('DELETE FROM prediction_rows WHERE trajectory IN (1, 3) OR target < 0.1')
      .run();
    db.close();
    expect(changes).toBeGreaterThan(4);
    const again = await predict('two.sqlite', '--json');
    const { predictions } = JSON.parse(again.stdout).sweeps[0];
    expect(JSON.parse(again.stdout)).toMatchObject({
      shape: 1,
      kernel: 'initial',
      trajectories: 6,
      computed: 4,
    });
    expect(predictions).toHaveLength(12);
    expect(rows('two.sqlite')).toEqual(rows('one.sqlite'));
  });

  it('smallest data sets first leaves whole sizes when it is stopped, and goes on to the same rows', async () => {
    copyFileSync(work.path('one.sqlite'), work.path('part.sqlite'));
    const db = new Sqlite(work.path('part.sqlite'));
    db.exec('DELETE FROM prediction_rows');
    db.close();
    const store = Store.open(work.path('part.sqlite'));
    const stop = new AbortController();
    try {
      const outcome = await predictSweeps(store, store.toReader().sweeps(), {
        kernel: 'initial',
        threads: 1,
        memoryBytes: 2 ** 32,
        order: 'smallest',
        signal: stop.signal,
        progress: done => void (done === 4 && stop.abort()),
      });
      expect(outcome).toMatchObject({ trajectories: 6, computed: 4, stopped: true });
    } finally {
      store.close();
    }
    const sizes = rows('part.sqlite').map(row => row.dataset_size);
    expect(sizes.toSorted()).toEqual([40, 40, 40, 40, 70, 70, 70, 70]);
    expect((await predict('part.sqlite', '--for', '1h')).stderr).toContain(
      '6 trajectories predicted, 2 of them now',
    );
    expect(rows('part.sqlite')).toEqual(rows('one.sqlite'));
  });

  it('leaves a database that `run` goes on with, to the same results', async () => {
    copyFileSync(work.path('one.sqlite'), work.path('run.sqlite'));
    const before = rows('run.sqlite');
    expect(await runInside(work, 'run', 'small.yaml', '--db', 'run.sqlite')).toMatchObject({ code: 0 });
    await runInside(work, 'run', 'small.yaml', '--db', 'alone.sqlite');
    expect(numbers(work.path('run.sqlite'))).toEqual(numbers(work.path('alone.sqlite')));
    expect(rows('run.sqlite')).toEqual(before);
    const { stdout, stderr } = await predict('run.sqlite');
    expect(stdout).toContain('/ dense');
    expect(stdout).toContain('not a bound');
    expect(stderr).toContain('6 trajectories predicted, 0 of them now');
    for (const row of allResults(work.path('run.sqlite')))
      expect(row.subnet_train_loss).toBeLessThanOrEqual((row.certified_loss as number) * (1 + 1e-5));
  });

  it('keeps the kernels apart', async () => {
    copyFileSync(work.path('one.sqlite'), work.path('both.sqlite'));
    await predict('both.sqlite', '--kernel', 'infinite');
    expect(rows('both.sqlite')).toHaveLength(24);
    expect(rows('both.sqlite').filter(({ kernel }) => kernel === 'initial')).toEqual(rows('one.sqlite'));
  });

  it('follows an edit of the sweep: only what it asks for is there', async () => {
    copyFileSync(work.path('one.sqlite'), work.path('edited.sqlite'));
    const set = ['--set', 'axes.datasetSize=[40, 70]', '--set', 'axes.pretrainIterations=[5]'];
    const { stdout } = await predict('small.yaml', '--db', 'edited.sqlite', ...set, '--json');
    // Another last checkpoint: all of it is computed again.
    expect(JSON.parse(stdout)).toMatchObject({ trajectories: 4, computed: 4 });
    expect(rows('edited.sqlite')).toHaveLength(8);
  });

  it.each([
    [{ weightDecay: 0.1 }, {}, /weight decay/],
    [{ layers: 'both' }, { scaling: 'ntk', initScale: 0.1 }, /both layers/],
    [{ momentum: 0.5 }, {}, null],
    [{ loss: 'logistic' }, {}, null],
    [{ layers: 'both', learningRate: 0.02 }, { activation: 'tanh' }, null],
  ])('with %j and %j says why, or predicts', async (train, network, reason) => {
    const name = 'varied';
    work.sweep(
      plainSweep({ ...SWEEP, name, train, network, axes: { ...(SWEEP.axes as object), datasetSize: 40 } }),
    );
    const { code, stdout } = await predict(
      'varied.yaml',
      '--db',
      `${JSON.stringify(train).length}.sqlite`,
      '--json',
    );
    expect(code).toBe(0);
    for (const row of JSON.parse(stdout).sweeps[0].predictions.filter(
      (p: { target: number }) => p.target === 0.4,
    )) {
      if (reason) expect(row).toMatchObject({ predicted: null, reason: expect.stringMatching(reason) });
      else if (row.reason === null) expect(row.predicted).toBeGreaterThan(0);
      else expect(row.reason).toMatch(/not met by iteration 60/);
    }
  });

  it('is deleted with the sweep', async () => {
    copyFileSync(work.path('one.sqlite'), work.path('gone.sqlite'));
    expect(await runInside(work, 'forget', 'gone.sqlite', '--sweep', 'small', '--yes')).toMatchObject({
      code: 0,
    });
    expect(query(work.path('gone.sqlite'), 'SELECT count(*) AS n FROM prediction_rows')).toEqual([{ n: 0 }]);
  });
});

describe('a refused command line', () => {
  it.each([
    [
      ['one.sqlite', '--set', 'name=x'],
      '--set: one.sqlite is a database, expected a sweep file with this option',
    ],
    [
      ['one.sqlite', '--db', 'x.sqlite'],
      '--db: one.sqlite is a database, expected a sweep file with this option',
    ],
    [
      ['small.yaml', '--sweep', 'small'],
      '--sweep: small.yaml is a sweep file, expected a database with this option',
    ],
    [
      ['one.sqlite', '--sweep', 'smal'],
      '--sweep: found "smal" (did you mean small?), expected one of: small',
    ],
    [
      ['other.sqlite'],
      'other.sqlite: this SQLite database belongs to another program, expected one that espalier made',
    ],
    [
      ['one.sqlite', '--for', 'ever'],
      '--for: found "ever", expected a duration such as 8h, 90min, 1h30m or 45s',
    ],
    [
      ['one.sqlite', '--for', '1h', '--until', '07:00'],
      '--until and --for: both say when to stop, expected one',
    ],
    [
      ['small.yaml', '--db', 'z.sqlite', '--memory', '1kB'],
      /^espalier: the kernel of datasetSize 40 with width 24 needs .*, expected at most 1\.0 kB\n$/,
    ],
  ])('%j', async (args, message) => {
    new Sqlite(work.path('other.sqlite')).exec('CREATE TABLE IF NOT EXISTS t (x)').close();
    const { code, stderr, stdout } = await predict(...args);
    expect([code, stdout]).toEqual([2, '']);
    if (typeof message === 'string') expect(stderr).toBe(`espalier: ${message}\n`);
    else expect(stderr).toMatch(message);
    expect(['x.sqlite', 'z.sqlite'].filter(file => existsSync(work.path(file)))).toEqual([]);
  });

  it('names a file that is not there, and a database that is held', async () => {
    expect((await predict('none.yaml')).stderr).toMatch(/none\.yaml.*no such file/);
    const store = Store.open(work.path('held.sqlite'));
    try {
      const { code, stderr } = await predict('held.sqlite');
      expect(code).toBe(2);
      expect(stderr).toMatch(/^espalier: held\.sqlite: .+\n$/);
    } finally {
      store.close();
    }
  });

  it('without any target says so', async () => {
    writeFileSync(
      work.path('none.yaml'),
      JSON.stringify({
        ...SWEEP,
        name: 'none',
        thresholds: [{ metric: 'subnet_train_accuracy', atLeast: 0.9 }],
      }),
    );
    const { code, stderr } = await predict('none.yaml');
    expect(code).toBe(0);
    expect(stderr).toMatch(/note: nothing to predict/);
  });
});
