import { copyFileSync, cpSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepSweep } from '../../src/keep/keep.js';
import { Store } from '../../src/store/write/store.js';
import { runInside } from '../support/inside.js';
import { Workplace } from '../support/program.js';
import { attempts, query } from '../support/results.js';
import type { SweepObject } from '../support/small-sweeps.js';
import {
  CERTIFIED,
  compute,
  filesOf,
  keptResults,
  progressOf,
  REFINED,
  resultsOf,
  thresholdsOf,
  VARIED,
} from './fixtures.js';

const work = new Workplace();
afterAll(() => work.remove());
const db = (name: string) => work.path(`${name}.sqlite`);

const SWEEPS = [VARIED, CERTIFIED, REFINED];
beforeAll(async () => {
  for (const sweep of SWEEPS) {
    await compute(db(sweep.name), sweep);
    keepSweep(db(sweep.name), sweep.name, work.path(sweep.name));
  }
});

/** Restores a folder by the command. */
async function restore(folder: string, to: string): Promise<void> {
  expect(await runInside(work, 'restore', folder, `${to}.sqlite`)).toMatchObject({ code: 0, stderr: '' });
}

describe.each(SWEEPS.map(sweep => sweep.name))('%s', name => {
  beforeAll(() => restore(name, `${name}-back`));

  it('comes back with the same bits, thresholds and fits, and is kept again as the same bytes', async () => {
    expect(keptResults(db(`${name}-back`))).toEqual(keptResults(db(name)));
    expect(thresholdsOf(db(`${name}-back`))).toEqual(thresholdsOf(db(name)));
    expect(thresholdsOf(db(name)).length).toBeGreaterThan(0);
    keepSweep(db(`${name}-back`), name, work.path(`${name}-again`));
    expect(filesOf(work.path(`${name}-again`))).toEqual(filesOf(work.path(name)));
    const fit = await runInside(work, 'fit', `${name}.sqlite`, '--json');
    const again = await runInside(work, 'fit', `${name}-back.sqlite`, '--json');
    expect(fit.code).toBe(0);
    expect({ ...JSON.parse(again.stdout), db: '' }).toEqual({ ...JSON.parse(fit.stdout), db: '' });
  });

  it('has nothing left to do', async () => {
    const before = attempts(db(`${name}-back`));
    expect(progressOf(db(`${name}-back`))).toEqual(progressOf(db(name)));
    await compute(db(`${name}-back`), SWEEPS.find(sweep => sweep.name === name)!);
    expect(attempts(db(`${name}-back`))).toEqual(before);
    expect(progressOf(db(`${name}-back`))).toEqual(progressOf(db(name)));
  });
});

it.each([VARIED, REFINED])(
  '$name is the same from two parts, in either order, one of them twice',
  async sweep => {
    const { name } = sweep;
    const parts = [1, 2].map(index => `${name}-${index}`);
    for (const [i, part] of parts.entries())
      await compute(db(part), sweep, { shard: { index: i + 1, count: 2 } });
    for (const order of ['01', '101']) {
      const folder = work.path(`${name}-parts-${order}`);
      for (const [place, i] of [...order].entries()) {
        keepSweep(db(parts[Number(i)]!), name, folder);
        if (place === 0) expect(resultsOf(folder)).not.toEqual(resultsOf(work.path(name)));
      }
      expect(resultsOf(folder)).toEqual(resultsOf(work.path(name)));
    }
  },
);

it('a refined sweep is kept with the checkpoints that its trajectories have chosen', () => {
  const counts = query(
    db('refined-back'),
    'SELECT DISTINCT count(DISTINCT pretrain_iterations) AS n FROM results GROUP BY trajectory_id',
  );
  expect(counts.length).toBeGreaterThan(1);
});

describe('a run that was stopped', () => {
  const { name } = VARIED;
  beforeAll(async () => {
    // Four checkpoints each: in the middle of the second trajectory.
    await compute(db('stopped'), VARIED, { stopAfter: 5 });
    keepSweep(db('stopped'), name, work.path('stopped'));
  });
  const keptIds = (folder: string) =>
    filesOf(work.path(folder))
      ['trajectories.csv']!.trim()
      .split('\n')
      .slice(1)
      .map(line => line.slice(0, 16));

  it('is kept as far as its trajectories are finished', () => {
    const finished = Number(progressOf(db('stopped')).trajectories_done);
    const begun = query(db('stopped'), 'SELECT DISTINCT trajectory_id AS id FROM results').length;
    expect(finished).toBeGreaterThan(0);
    expect(begun).toBeGreaterThan(finished);
    expect(keptIds('stopped')).toHaveLength(finished);
    const ids = filesOf(work.path('stopped'))['results.csv']!.split('\n').slice(1, -1);
    expect(new Set(ids.map(line => line.slice(0, 16)))).toEqual(new Set(keptIds('stopped')));
  });

  it('goes on from its kept files, computes what is missing alone, and is then the whole', async () => {
    await restore('stopped', 'resumed');
    expect(progressOf(db('resumed'))).toMatchObject({
      trajectories: 4,
      trajectories_done: keptIds('stopped').length,
      cells: progressOf(db(name)).cells,
    });
    expect(thresholdsOf(db('resumed'))).toEqual(thresholdsOf(db('stopped')));
    await compute(db('resumed'), VARIED);
    expect([...attempts(db('resumed')).values()]).toEqual([1, 1, 1, 1]);
    keepSweep(db('resumed'), name, work.path('stopped'));
    expect(resultsOf(work.path('stopped'))).toEqual(resultsOf(work.path(name)));
  });

  it('before its first trajectory is finished is kept as a sweep without any', async () => {
    await compute(db('early'), VARIED, { stopAfter: 1 });
    expect(await runInside(work, 'keep', 'early.sqlite', 'early')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^early: varied, 0 trajectories, 0 cells, /),
    });
    await restore('early', 'early-back');
    expect(progressOf(db('early-back'))).toMatchObject({ trajectories: 0 });
    keepSweep(db(name), name, work.path('early'));
    expect(filesOf(work.path('early'))).toEqual(filesOf(work.path(name)));
  });
});

describe('a database', () => {
  it('is kept while a run holds it, which is not disturbed', async () => {
    copyFileSync(db('certified'), db('held'));
    const store = Store.open(db('held'));
    expect(await runInside(work, 'keep', 'held.sqlite', 'held')).toMatchObject({ code: 0, stderr: '' });
    store.close();
    expect(filesOf(work.path('held'))).toEqual(filesOf(work.path('certified')));
  });

  it('takes a kept sweep beside others, and gives each by its name', async () => {
    await restore('certified', 'both');
    await restore('varied', 'both');
    expect(await runInside(work, 'keep', 'both.sqlite', 'x')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/holds several sweeps, expected --sweep with one of: certified, varied/),
    });
    const { code, stdout } = await runInside(work, 'keep', 'both.sqlite', 'x', '--sweep', 'varied', '--json');
    expect({ code, kept: JSON.parse(stdout) }).toMatchObject({
      code: 0,
      kept: { db: 'both.sqlite', sweep: 'varied', folder: 'x', trajectories: 4, cells: 192 },
    });
    expect(filesOf(work.path('x'))).toEqual(filesOf(work.path('varied')));
  });

  it('whose other sweep has measured more of the same cells keeps what each sweep asks for', async () => {
    const wider: SweepObject = {
      ...CERTIFIED,
      name: 'wider',
      evaluate: { dense: ['train', 'pool'], subnet: ['pool'] },
      thresholds: [],
    };
    copyFileSync(db('certified'), db('wider'));
    await compute(db('wider'), wider);
    keepSweep(db('wider'), 'certified', work.path('narrow'));
    expect(resultsOf(work.path('narrow'))).toEqual(resultsOf(work.path('certified')));
    keepSweep(db('wider'), 'wider', work.path('wider'));
    const [columns] = filesOf(work.path('wider'))['results.csv']!.split('\n');
    expect(columns).toContain('subnet_pool_loss');
    expect(columns).not.toContain('subnet_train_loss');
  });
});

it('predictions come back, and a part without them takes none away', async () => {
  copyFileSync(db('certified'), db('predicted'));
  expect((await runInside(work, 'predict', 'predicted.sqlite', '--threads', '1')).code).toBe(0);
  keepSweep(db('predicted'), 'certified', work.path('predicted'));
  await restore('predicted', 'predicted-back');
  const predictions = (file: string) =>
    query(file, 'SELECT * FROM predictions ORDER BY trajectory_id, kernel, target');
  expect(predictions(db('predicted'))).toHaveLength(4);
  expect(predictions(db('predicted-back'))).toEqual(predictions(db('predicted')));
  const before = filesOf(work.path('predicted'));
  keepSweep(db('certified'), 'certified', work.path('predicted'));
  expect(filesOf(work.path('predicted'))).toEqual(before);
});

it('what the definition says of all rows stands there alone, and may stand in the rows, too', async () => {
  const columnsOf = (folder: string, file: string) =>
    filesOf(work.path(folder))
      [file]!.split('\n')[0]!
      .split(',')
      .filter(name => /^(prune|subnet_size|retrain_)/.test(name));
  for (const file of ['results.csv', 'thresholds.csv']) {
    expect(columnsOf('refined', file), file).toEqual([]);
    expect(columnsOf('varied', file), file).toEqual([
      'prune_method',
      'prune_objective',
      'prune_sample_size',
      'subnet_size',
      'retrain_iterations',
    ]);
  }
  cpSync(work.path('refined'), work.path('spelt-out'), { recursive: true });
  const [head, ...rows] = filesOf(work.path('refined'))['results.csv']!.trimEnd().split('\n');
  const spelt = [`${head},prune_method,subnet_size`, ...rows.map(row => `${row},greedy,4`)];
  writeFileSync(work.path('spelt-out/results.csv'), `${spelt.join('\n')}\n`);
  keepSweep(db('refined'), 'refined', work.path('spelt-out'));
  expect(resultsOf(work.path('spelt-out'))).toEqual(resultsOf(work.path('refined')));
});
