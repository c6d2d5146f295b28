import { readFileSync, writeFileSync } from 'node:fs';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Store } from '../../src/store/write/store.js';
import { ATTEMPT, cell, checkpoint, config, greedy, planned, sampled, sweep } from '../store/fixtures.js';
import { runInside } from '../support/inside.js';
import { Workplace } from '../support/program.js';

const TIMES = [0, 10, 20];
const SIZES = [20, 40];
const HEAD = 'width,dataset_size,pretrain_iterations,accuracy\n';
/** In sixteenths: exact. Seeds are 1/16 above and below; the Brier score is 1/8 better. */
const published = (n: number, t: number) => 0.5 + t / 80 - (n === 40 ? 1 / 16 : 0);
const measured = (n: number, t: number, seed: number, isBrier: boolean) =>
  published(n, t) + (seed === 0 ? 1 : -1) / 16 + (isBrier ? 1 / 8 : 0);

function fill(file: string, names = ['made']): void {
  const variants = [greedy(5), sampled(5, 8)];
  const plans = SIZES.flatMap(n =>
    [0, 1].map(seed => planned(`n${n}s${seed}`, TIMES, variants, config(n, seed))),
  );
  const store = Store.open(file);
  try {
    for (const name of names)
      store.saveSweep(
        sweep(name, {
          axes: (_, { objective, sampleSize }) => ({
            'prune.objective': objective,
            'prune.sampleSize': sampleSize,
          }),
        }),
        plans,
      );
    for (const { id, config: settings } of plans) {
      store.started(id, ATTEMPT);
      for (const t of TIMES) {
        const sets = (accuracy: number) =>
          Object.fromEntries(['train', 'test'].map(set => [set, { loss: 1 - accuracy, accuracy }]));
        const cells = variants.map(variant => ({
          ...cell(t, variant),
          subnet: sets(measured(settings.datasetSize, t, settings.seed, variant.objective === 'brier')),
        }));
        void store.rows(id, { ...checkpoint(t), dense: sets(0.75) }, cells);
      }
      void store.finished(id, { kind: 'done', trainWallS: 3, trainCpuS: 3 });
    }
  } finally {
    store.close();
  }
}

describe('espalier compare', () => {
  const work = new Workplace();
  const run = (...args: string[]) => runInside(work, 'compare', ...args);
  const BRIER = ['--where', 'prune.objective=brier'];
  const SQUARED = ['--where', 'prune.sampleSize=null'];
  beforeAll(() => {
    fill(work.path('a.sqlite'));
    fill(work.path('two.sqlite'), ['made', 'other']);
    const rows = SIZES.flatMap(n => TIMES.map(t => `10,${n},${t},${published(n, t)}`));
    writeFileSync(work.path('t.csv'), `${HEAD}${rows.join('\n')}\n10,80,0,0.5\n`);
    writeFileSync(work.path('full.csv'), `${HEAD}${rows.join('\n')}\n`);
    writeFileSync(work.path('elsewhere.csv'), `${HEAD}11,20,0,0.5\n`);
    writeFileSync(work.path('between.csv'), `${HEAD}10,20,5,0.5\n`);
    writeFileSync(work.path('loss.csv'), `${HEAD.replace('accuracy', 'loss')}10,20,0,0.5\n`);
    writeFileSync(work.path('wrong.csv'), `${HEAD}10,20,0,98\n`);
    writeFileSync(work.path('once.csv'), `${HEAD}10,20,0,0.5\n`);
  });
  afterAll(() => work.remove());

  it('says how far cells and thresholds are off, and what is missing', async () => {
    const { code, stdout, stderr } = await run('a.sqlite', 't.csv', ...BRIER, '--from', '10');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [first] = stdout.split('\n');
    expect(first).toBe(
      'made against t.csv: subnetwork training accuracy, prune.method greedy, subnetSize 5, prune.objective brier, ' +
        'prune.sampleSize 8',
    );
    expect(stdout).toContain('N = 10, means of 2 seeds\n');
    expect(stdout).toContain(
      '6 cells compared: median |difference| 0.1250, worst 0.1250 (n = 20, t = 0), mean difference +0.1250',
    );
    expect(stdout).toContain('t >= 10: 4 cells compared');
    expect(stdout).toContain('1 cell in the table, not in the sweep:\n  N = 10, n = 80: t = 0\n');
    expect(stdout).toContain('ours unknown: checkpoints of the table are missing there');
  });

  it('prints the same as JSON of a stable shape', async () => {
    const { code, stdout } = await run('a.sqlite', 'full.csv', ...SQUARED, '--json');
    expect(code).toBe(0);
    const { widths, cells, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({
      shape: 1,
      db: 'a.sqlite',
      table: 'full.csv',
      sweep: 'made',
      metric: 'subnet_train_accuracy',
      fromT: null,
      missing: { ours: [], published: [] },
    });
    expect(cells[0]).toEqual({
      width: 10,
      n: 20,
      t: 0,
      published: 0.5,
      ours: 0.5,
      seeds: 2,
      low: 0.4375,
      high: 0.5625,
      difference: 0,
    });
    expect(Object.keys(widths[0])).toEqual(['width', 'settings', 'all', 'from', 'byT', 'thresholds']);
    expect(widths[0].settings).toEqual({
      'prune.method': 'greedy',
      subnetSize: 5,
      'prune.objective': 'squared',
      'prune.sampleSize': null,
    });
    expect(widths[0].all).toEqual({
      cells: 6,
      medianAbsolute: 0,
      worstAbsolute: 0,
      worstAt: { n: 20, t: 0 },
      meanDifference: 0,
    });
    // The level is 0.6875, that of n = 40 at t = 20: reached at n = 20 at t = 20 alone.
    expect(widths[0].thresholds).toEqual({
      largestSize: 40,
      publishedLevel: 0.6875,
      level: 0.6875,
      sizes: SIZES.map(n => ({
        n,
        published: { at: 20 },
        ours: { at: 20 },
        seeds: [0, 1].map(seed => ({ seed, crossing: { at: 20 } })),
      })),
      compared: 2,
      withinOneCheckpoint: 2,
    });
  });

  it('compares losses, and the dense network without a choice', async () => {
    const loss = await run('a.sqlite', 'loss.csv', '--metric', 'subnet_test_loss', ...SQUARED, '--json');
    expect(JSON.parse(loss.stdout).cells).toMatchObject([{ published: 0.5, ours: 0.5 }]);
    const dense = await run('a.sqlite', 't.csv', '--metric', 'dense_train_accuracy', '--json');
    expect(JSON.parse(dense.stdout).widths[0]).toMatchObject({ settings: {}, all: { cells: 6 } });
  });

  it('draws both sides, as SVG and as PNG', async () => {
    for (const file of ['both.svg', 'both.PNG']) {
      const { code, stderr } = await run('a.sqlite', 't.csv', ...BRIER, '--figure', file);
      expect({ code, stderr }).toEqual({ code: 0, stderr: `figure: ${file}\n` });
    }
    const svg = readFileSync(work.path('both.svg'), 'utf8');
    expect(svg).toMatch(/^<\?xml .*\n<svg [^>]*><title>Published and measured curves<\/title>/);
    for (const side of ['published', 'measured']) expect(svg).toContain(`= 10, ${side}`);
    expect(PNG.sync.read(readFileSync(work.path('both.PNG'))).width).toBeGreaterThan(2100);
  });

  it.each([
    [
      ['a.sqlite', 't.csv'],
      'sweep made: has several curves at one width, n and seed, expected --where prune.objective with one of brier, squared; --where prune.sampleSize with one of 8, null',
    ],
    [
      ['a.sqlite', 't.csv', '--where', 'prune.objective=logistic'],
      '--where prune.objective: found logistic, expected one of brier, squared',
    ],
    [
      ['a.sqlite', 't.csv', '--metric', 'accuracy'],
      '--metric: found "accuracy", expected one of dense_train_loss,',
    ],
    [
      ['a.sqlite', 't.csv', ...BRIER, '--metric', 'subnet_pool_accuracy'],
      '--metric: found subnet_pool_accuracy, which sweep made does not measure, expected one that it does',
    ],
    [
      ['a.sqlite', 't.csv', '--metric', 'subnet_train_loss'],
      't.csv:1: found the column "accuracy", expected the columns width, dataset_size, pretrain_iterations, loss',
    ],
    [
      ['a.sqlite', 'wrong.csv', ...BRIER],
      'wrong.csv:2: accuracy: found "98", expected an accuracy from 0 to 1',
    ],
    [['a.sqlite', 'none.csv', ...BRIER], 'none.csv: no such file, expected a published table, CSV in UTF-8'],
    [['a.sqlite', 'a.sqlite'], 'a.sqlite: this is an SQLite database, expected a published table'],
    [['a.sqlite', ''], 'csv: found "", expected a value'],
    [['none.sqlite', 't.csv'], 'none.sqlite: no such database'],
    [
      ['a.sqlite', 'elsewhere.csv'],
      'sweep made: has no finished trajectory at a width and dataset_size of the table',
    ],
    [
      ['a.sqlite', 'between.csv', ...BRIER],
      'sweep made: shares no cell (width, dataset_size, pretrain_iterations) with the table',
    ],
    [['two.sqlite', 't.csv'], 'two.sqlite: holds several sweeps, expected --sweep with one of: made, other'],
    [['a.sqlite', 't.csv', '--from', '-1'], '--from: found -1, expected a whole number, 0 or more'],
    [
      ['a.sqlite', 't.csv', ...BRIER, '--figure', 'a.pdf'],
      '--figure a.pdf: expected a name that ends in .svg or .png',
    ],
    [['a.sqlite', 't.csv', ...BRIER, '--figure', '-'], 'expected a name that ends in .svg or .png'],
    [
      ['a.sqlite', 't.csv', ...BRIER, '--figure', 'none/a.svg'],
      '--figure none/a.svg: there is no folder none',
    ],
    [
      ['a.sqlite', 'once.csv', ...BRIER, '--figure', 'a.svg'],
      '--figure a.svg: the table has one checkpoint, expected two to draw curves',
    ],
  ])('refuses %j in one line, and writes nothing', async (args, message) => {
    const files = work.files();
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(work.files()).toEqual(files);
  });
});
