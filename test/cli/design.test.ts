import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderDesign } from '../../src/cli/design-screen.js';
import { renderFit } from '../../src/cli/fit-screen.js';
import { BENDS } from '../../src/design/bends.js';
import { TRUE_LAWS } from '../../src/design/truths.js';
import { runInside } from '../support/inside.js';
import { Workplace } from '../support/program.js';
import { plainSweep } from '../support/small-sweeps.js';
import { DECISIVE, expectRightVerdict, rowsIn, stdoutIn } from './design-laws.js';

/** Three seeds, four sizes, and a training that ends before most curves cross. */
const POOR = plainSweep({
  ...DECISIVE,
  name: 'poor',
  axes: {
    datasetSize: [1000, 2000, 4000, 8000],
    seed: { count: 3 },
    pretrainIterations: { from: 5, to: 300, ratio: 1.12 },
    subnetSize: 20,
  },
});

const work = new Workplace();
beforeAll(() => {
  work.sweep(DECISIVE);
  work.sweep(POOR);
});
afterAll(() => work.remove());

const stdoutOf = (...args: string[]) => stdoutIn(work, ...args);

async function refusal(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runInside(work, ...args);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr.trimEnd()).not.toContain('\n');
  return stderr;
}

const rowsOf = (db: string, sql: string) => rowsIn(work, db, sql);

describe('a database of curves that follow a known law', () => {
  // design.slow.ts has the other laws.
  it('power-0.25: the verdict is the right one', async () => {
    await expectRightVerdict(work, 'power-0.25');
  });

  it('of few, mostly censored curves has insufficient data, and names what would be enough', async () => {
    await stdoutOf('design', 'poor.yaml', '--write', 'poor.sqlite', '--law', 'logarithmic', '--start', '260');
    const fitted = JSON.parse(await stdoutOf('fit', 'poor.sqlite', '--json'));
    const { verdict } = fitted.sweeps[0].groups[0];
    expect(verdict.code).toBe('insufficient-data');
    expect(verdict.shortfalls.map(({ code }: { code: string }) => code).sort()).toEqual([
      'right-censored',
      'seeds',
      'sizes',
    ]);
    const screen = renderFit(fitted.sweeps[0]).replaceAll(/\s+/g, ' ');
    expect(screen).toContain('Insufficient data');
    expect(screen).toContain('more seeds');
    expect(screen).toContain('longer training');
  });

  it('has the thresholds of the law, with dense curves ahead of subnetworks', async () => {
    const sql = `SELECT dataset_size AS n, avg(ln(upper)) AS mean FROM thresholds
      WHERE metric = 'subnet_train_loss' GROUP BY 1 ORDER BY 1`;
    const rows: { n: number; mean: number }[] = await rowsOf('power-0.25.sqlite', sql);
    expect(rows.map(({ n }) => n)).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000]);
    const exponent = (rows.at(-1)!.mean - rows[0]!.mean) / Math.log(128);
    expect(Math.abs(exponent - 0.25)).toBeLessThan(0.03);
    const [dense] = await rowsOf(
      'power-0.25.sqlite',
      `SELECT min(dense_train_loss < subnet_train_loss) AS ahead FROM results WHERE pretrain_iterations > 0`,
    );
    expect(dense).toEqual({ ahead: 1 });
  });

  it('is the same for the same seed, and differs by seed', async () => {
    const sql = 'SELECT trajectory_id, pretrain_iterations, subnet_train_loss FROM results ORDER BY 1, 2';
    const sweep = work.sweep(
      plainSweep({ name: 'seeded', thresholds: [{ metric: 'subnet_train_loss', atMost: 0.3 }] }),
    );
    const write = (db: string, seed: string) =>
      stdoutOf('design', sweep, '--write', db, '--law', 'linear', '--simulation-seed', seed);
    for (const [db, seed] of [
      ['a.sqlite', '1'],
      ['b.sqlite', '1'],
      ['c.sqlite', '2'],
    ] as const)
      await write(db, seed);
    const [a, b, c] = [
      await rowsOf('a.sqlite', sql),
      await rowsOf('b.sqlite', sql),
      await rowsOf('c.sqlite', sql),
    ];
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });

  it('is never taken for trained results', async () => {
    const sweep = work.sweep(plainSweep({ thresholds: [{ metric: 'subnet_train_loss', atMost: 0.3 }] }));
    await stdoutOf('design', sweep, '--write', 'plain.sqlite', '--law', 'linear');
    expect(await rowsOf('plain.sqlite', 'SELECT DISTINCT engine FROM results')).toEqual([
      { engine: 'simulated' },
    ]);
    const [{ id }] = await rowsOf('plain.sqlite', 'SELECT min(id) AS id FROM trajectories');
    expect(await refusal('export', 'plain.sqlite', '--trajectory', id, '--output', 'out')).toContain(
      'drawn from a law',
    );
    expect((await runInside(work, 'run', sweep, '--db', 'plain.sqlite')).code).toBe(0);
    expect(await rowsOf('plain.sqlite', 'SELECT DISTINCT engine FROM results')).toEqual([{ engine: 'wasm' }]);
  });
});

describe('espalier design', () => {
  it('reports how often each verdict is reached, and the cost', async () => {
    const args = ['design', 'known.yaml', '--simulations', '3', '--threads', '2'];
    const report = JSON.parse(await stdoutOf(...args, '--json'));
    expect(report).toMatchObject({
      shape: 1,
      sweep: 'known',
      seeds: 10,
      assumed: { noise: { own: 0.1, seedLevel: 0.05, seedSlope: 0 }, growth: 3, learntFrom: null },
      simulations: 3,
      simulationSeed: 1,
      cost: { threads: 2 },
    });
    expect(report.sizes).toHaveLength(8);
    expect(report.cost.seconds).toBeGreaterThan(0);
    expect(report.laws.map(({ truth }: { truth: string }) => truth)).toEqual([...TRUE_LAWS]);
    let right = 0;
    for (const trial of report.laws) {
      const counts = Object.values<number>(trial.verdicts);
      expect(counts.reduce((a, b) => a + b, 0)).toBe(3);
      right += trial.verdicts[trial.right] ?? 0;
    }
    expect(right).toBeGreaterThan(0.85 * 3 * TRUE_LAWS.length);
    expect(report.bends.map(({ shape }: { shape: string }) => shape)).toEqual([...BENDS]);
    for (const { times, found, insufficient } of report.bends) {
      expect(times.at(-1) / times[0]).toBeCloseTo(3, 8);
      expect(insufficient).toBe(0);
      expect(found).toBeLessThanOrEqual(3);
    }
    // A plain bend; the growth of the others is too small for three samples.
    expect(report.bends[1]).toMatchObject({ shape: 'power-to-constant', found: 3 });
    const screen = renderDesign(report);
    expect(screen).toContain('8 sizes over 128x, 10 seeds');
    expect(screen).toMatch(
      /^A bend in the middle of the range would be found: power to logarithmic \d+% \(.*power to constant 100% \(/m,
    );
    expect(screen).toMatch(/│ linear +│ 333 \.\. 1000 +│.* \d+% \*/);
    expect(screen).toMatch(/^Cost: .* on 2 threads/m);
  });

  it('reports what an indecisive design lacks', async () => {
    const args = ['design', 'poor.yaml', '--simulations', '2'];
    const screen = await stdoutOf(...args);
    const [report, again] = [await stdoutOf(...args, '--json'), await stdoutOf(...args, '--json')];
    expect(JSON.parse(again).laws).toEqual(JSON.parse(report).laws);
    expect(JSON.parse(report).bends[0]).toMatchObject({ found: 0, insufficient: 2 });
    expect(screen.match(/│ 100% .*│/g)!.length).toBe(TRUE_LAWS.length);
    expect(screen).toMatch(/^Where data are insufficient: more seeds/m);
    expect(screen).toMatch(
      /^A design that decides has about: 8 sizes \(here 4\); over 128x \(here 8x\); 10 seeds/m,
    );
  });

  it('learns noise, level and growth from a database', async () => {
    const args = ['--write', 'learn.sqlite', '--law', 'logarithmic', '--sigma', '0.2', '--seed-sigma', '0.1'];
    await stdoutOf('design', 'known.yaml', ...args, '--start', '40', '--growth', '5');
    const report = JSON.parse(
      await stdoutOf('design', 'known.yaml', '--from', 'learn.sqlite', '--simulations', '1', '--json'),
    );
    const { noise, start, growth, learntFrom } = report.assumed;
    expect(learntFrom).toContain('simulated');
    expect(noise.own).toBeGreaterThan(0.15);
    expect(noise.own).toBeLessThan(0.25);
    expect(noise.seedLevel).toBeLessThan(0.2);
    expect(Math.abs(start / 40 - 1)).toBeLessThan(0.2);
    expect(Math.abs(growth / 5 - 1)).toBeLessThan(0.3);
  });

  it('refuses senseless options in one line, and writes nothing', async () => {
    const before = readFileSync(work.path('power-0.25.sqlite'));
    const taken = ['--write', 'power-0.25.sqlite', '--law', 'linear'];
    expect(await refusal('design', 'known.yaml', ...taken)).toContain('this file exists');
    expect(readFileSync(work.path('power-0.25.sqlite')).equals(before)).toBe(true);
    const write = ['--write', 'new.sqlite'];
    expect(await refusal('design', 'known.yaml', ...write)).toContain(
      '--write needs --law with one of: constant',
    );
    expect(await refusal('design', 'known.yaml', ...write, '--law', 'cubic')).toContain('found "cubic"');
    expect(await refusal('design', 'known.yaml', '--law', 'linear')).toContain('expected both');
    expect(await refusal('design', 'known.yaml', '--sigma', '-1')).toContain('--sigma: found -1');
    expect(await refusal('design', 'known.yaml', '--simulations', '1.5')).toContain(
      '--simulations: found 1.5',
    );
    expect(await refusal('design', 'known.yaml', '--from', 'none.sqlite')).toContain('no such database');
    const bare = work.sweep(plainSweep({ name: 'bare', thresholds: [] }));
    expect(await refusal('design', bare)).toContain('bare sets no thresholds');
    const within = work.sweep(
      plainSweep({ name: 'within', thresholds: [{ metric: 'subnet_train_loss', withinDense: 0.01 }] }),
    );
    expect(await refusal('design', within, ...write, '--law', 'linear')).toContain(
      'expected one with atMost',
    );
    const single = work.sweep(
      plainSweep({
        name: 'single',
        axes: { datasetSize: [40] },
        thresholds: [{ metric: 'subnet_train_loss', atMost: 0.2 }],
      }),
    );
    expect(await refusal('design', single)).toContain('single has one data set size');
    expect(existsSync(work.path('new.sqlite'))).toBe(false);
  });
});
