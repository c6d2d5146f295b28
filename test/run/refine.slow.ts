import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { query } from '../support/results.js';
import { plainSweep } from '../support/small-sweeps.js';
import { run, thresholds } from './computed-alike.js';

/** The full grid first, then the refined sweep in the same database: it computes nothing, and differs by its choice alone. */
describe('on eight sizes and five seeds of generated digits', () => {
  let home: string;
  let file: string;
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'espalier-refined-'));
    file = join(home, 'a.sqlite');
    await run(file, sweepWith('full', { from: 5, to: 1000, ratio: 1.12 }), 2);
    expect(
      (await run(file, sweepWith('refined', { from: 5, to: 1000, ratio: 2, refine: 1.12 }))).executors,
    ).toBe(0);
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  const rowsOf = (sweep: string) =>
    thresholds(file)
      .filter(row => row.sweep === sweep)
      .map(({ sweep: _, ...row }) => row);

  it('has the thresholds of the full grid for 99.5% of the curves, for fewer cells', () => {
    const [full, refined] = [rowsOf('full'), rowsOf('refined')];
    const crossing = ({ raw_upper, sustained_upper, flagged, ...row }: (typeof full)[number]) => row;
    const different = full
      .map((row, i) => [crossing(row), crossing(refined[i]!)])
      .filter(([one, other]) => JSON.stringify(one) !== JSON.stringify(other));
    expect(refined.length).toBe(full.length);
    expect(full.length).toBeGreaterThan(200);
    expect(different.length / full.length, JSON.stringify(different)).toBeLessThanOrEqual(0.005);
    const [{ cells: few }, { cells: all }] = ['refined', 'full'].map(
      sweep => query(file, 'SELECT cells FROM progress WHERE sweep = ?', sweep)[0]!,
    ) as [{ cells: number }, { cells: number }];
    expect(few).toBeLessThan(0.8 * all);
  });
});

const sweepWith = (name: string, pretrainIterations: object) =>
  plainSweep({
    name,
    dataset: { name: 'digits', pool: 2000, test: 200 },
    axes: {
      datasetSize: [10, 20, 40, 80, 160, 320, 640, 1280],
      width: 40,
      subnetSize: [10, 20],
      seed: { count: 5 },
      pretrainIterations,
    },
    thresholds: [
      { metric: 'subnet_train_loss', atMost: 0.2, primary: true },
      { metric: 'subnet_train_loss', atMost: 0.15 },
      { metric: 'subnet_train_accuracy', atLeast: 0.9 },
      { metric: 'subnet_test_accuracy', atLeast: 0.85 },
      { metric: 'dense_train_loss', atMost: 0.15 },
      { metric: 'subnet_train_loss', withinDense: 0.02 },
    ],
  });
