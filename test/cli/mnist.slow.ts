import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realMnist } from '../data/fixtures.js';
import { readExport } from '../support/exported.js';
import { checkMetrics, checkPicks, checkTraining } from '../support/independent.js';
import { Workplace } from '../support/program.js';
import { allResults, type Row } from '../support/results.js';

const folder = realMnist();

describe.skipIf(folder === null)('on real MNIST', () => {
  let work: Workplace;
  let rows: Row[];
  beforeAll(async () => {
    work = new Workplace();
    const sweep = work.sweep({
      name: 'mnist',
      dataset: { name: 'mnist' },
      axes: {
        datasetSize: 500,
        width: 100,
        seed: [0],
        pretrainIterations: { from: 5, to: 100, ratio: 1.5 },
        subnetSize: [10, 40],
      },
      thresholds: [
        { metric: 'subnet_train_accuracy', atLeast: 0.85 },
        { metric: 'dense_train_loss', atMost: 0.2 },
      ],
    });
    const { code, stdout } = await work.run('run', sweep, '--data-dir', folder!);
    expect(code).toBe(0);
    expect(stdout).toMatch(/subnet_train_accuracy >= 0\.85/);
    rows = allResults(work.path('results/mnist.sqlite'));
  });
  afterAll(() => work.remove());

  it('more pre-training gives better networks and better subnetworks', () => {
    const of = (t: number, k: number) => rows.find(r => r.pretrain_iterations === t && r.subnet_size === k)!;
    const [first, last] = [of(0, 40), of(100, 40)];
    expect(rows).toHaveLength(2 * 10);
    expect(last.dense_train_loss).toBeLessThan(0.2);
    expect(first.dense_train_loss).toBeGreaterThan(0.4);
    expect(last.subnet_train_loss).toBeLessThan(Number(first.subnet_train_loss));
    expect(last.subnet_train_accuracy).toBeGreaterThan(0.9);
    expect(last.subnet_test_accuracy).toBeGreaterThan(0.8);
    expect(last.subnet_pool_accuracy).toBeGreaterThan(0.8);
    expect(last.subnet_train_loss).toBeLessThan(Number(of(100, 10).subnet_train_loss));
    // Below 2 at eta = 0.1, near the 0.16 of raw inputs.
    expect(last.eta_lambda_max).toBeGreaterThan(0.8);
    expect(last.eta_lambda_max).toBeLessThan(2);
  });

  it('an export can be checked independently', async () => {
    const id = String(rows[0]!.trajectory_id);
    const args = ['export', 'results/mnist.sqlite', '--trajectory', id, '--output', 'out', '--at', '5'];
    expect((await work.run(...args, '--data-dir', folder!)).code).toBe(0);
    const exported = readExport(work.path('out'));
    expect(checkTraining(exported)).toEqual({ compared: 2, problems: [] });
    expect(checkPicks(exported)).toEqual({ compared: 2 * 40, problems: [] });
    expect(checkMetrics(exported, rows)).toEqual({ compared: 2 * 2 * 5, problems: [] });
  });

  it('without its folder, the export names the missing data set', async () => {
    const args = ['export', 'results/mnist.sqlite', '--trajectory', String(rows[0]!.trajectory_id)];
    const { code, stderr } = await work.run(...args, '--output', 'none');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^espalier: mnist: not found in .+\n$/);
  });
});
