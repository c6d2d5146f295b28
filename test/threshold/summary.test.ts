import { describe, expect, test } from 'vitest';
import type { ThresholdRow, TrajectoryConfig } from '../../src/domain/types.js';
import { primaryTable, summariseThresholds, targetsTable } from '../../src/threshold/summary.js';
import { config, GREEDY, idOf, spec } from './fixtures.js';

type End = number | { left: number } | { right: number } | 'unreachable';

const LOSS = spec('subnet_train_loss', 'atMost', 0.15, true);
const ACCURACY = spec('subnet_train_accuracy', 'atLeast', 0.9);

class Results {
  readonly rows: ThresholdRow[] = [];
  readonly trajectories = new Map<string, TrajectoryConfig>();

  add(c: TrajectoryConfig, end: End, changes: Partial<ThresholdRow> = {}): this {
    this.trajectories.set(idOf(c), c);
    const row = { trajectoryId: idOf(c), ...GREEDY, metric: LOSS.metric, target: '<= 0.15' };
    const beside = { rawUpper: null, sustainedUpper: null, flagged: false };
    const found =
      typeof end === 'number'
        ? ({ lower: end - 1, upper: end, censoring: 'interval' } as const)
        : end === 'unreachable'
          ? ({ lower: 4000, upper: null, censoring: 'unreachable' } as const)
          : 'left' in end
            ? ({ lower: 0, upper: end.left, censoring: 'left' } as const)
            : ({ lower: end.right, upper: null, censoring: 'right' } as const);
    this.rows.push({ ...row, ...found, ...beside, ...changes });
    return this;
  }

  over(datasetSize: number, ends: readonly End[], changes: Partial<ThresholdRow> = {}): this {
    ends.forEach((end, seed) => {
      this.add(config({ datasetSize, seed }), end, changes);
    });
    return this;
  }

  summaries(specs = [LOSS]) {
    return summariseThresholds(specs, this.rows, this.trajectories);
  }
}

describe('medians account for censoring', () => {
  const cell = (...ends: End[]) => new Results().over(100, ends).summaries()[0]!.targets[0]!.cells[0]!;

  test('of crossed curves are one of their values', () => {
    expect(cell(300, 100, 200)).toMatchObject({ median: '200', range: '100 .. 300', curves: 3, crossed: 3 });
    expect(cell(300)).toMatchObject({ median: '300', range: '300' });
    // Of an even number, the later of the two middle ones.
    expect(cell(100, 200, 300, 400)).toMatchObject({ median: '300' });
  });

  test('count a right-censored curve as later than any crossed one, whatever its last checkpoint', () => {
    expect(cell({ right: 50 }, 100, 200)).toMatchObject({ median: '200', range: '100 .. > 50', right: 1 });
    expect(cell({ right: 4000 }, { right: 4000 }, 200)).toMatchObject({
      median: '> 4000',
      range: '200 .. > 4000',
    });
  });

  test('count left-censored and unreachable curves', () => {
    expect(cell({ left: 5 }, { left: 5 }, 9)).toMatchObject({ median: '<= 5', range: '<= 5 .. 9', left: 2 });
    expect(cell('unreachable', 'unreachable', { right: 70 })).toMatchObject({
      median: 'unreachable',
      range: '> 70 .. unreachable',
      crossed: 0,
      unreachable: 2,
    });
  });
});

describe('the table', () => {
  test('has a line for each data set size, ascending, primary target first', () => {
    const results = new Results()
      .over(1000, [800, 900, { right: 4000 }])
      .over(250, [{ left: 5 }, 10, 12])
      .over(250, [20, 30, 40], { metric: ACCURACY.metric, target: '>= 0.9' });
    const [summary, ...others] = results.summaries([ACCURACY, LOSS]);
    expect(others).toEqual([]);
    expect(primaryTable(summary!)).toEqual({
      title: 't* in iterations, subnet_train_loss <= 0.15 (greedy on squared loss, N = 50, k = 20)',
      head: ['n', 'seeds', 'median t*', 'range', 'crossed', 'left', 'right', 'unreachable'],
      body: [
        [250, 3, '10', '<= 5 .. 12', 2, 1, 0, 0],
        [1000, 3, '900', '800 .. > 4000', 2, 0, 1, 0],
      ],
    });
    expect(targetsTable(summary!)).toEqual({
      title: 'median t* in iterations (greedy on squared loss, N = 50, k = 20)',
      head: ['target', 'n = 250', 'n = 1000'],
      body: [
        ['subnet_train_loss <= 0.15', '10', '900'],
        ['subnet_train_accuracy >= 0.9', '30', '-'],
      ],
    });
  });

  test('shows only the largest width and subnetwork size', () => {
    const results = new Results()
      .add(config({ width: 50 }), 100)
      .add(config({ width: 70 }), 200)
      .add(config({ width: 70 }), 300, { subnetSize: 40 });
    const [summary, ...others] = results.summaries();
    expect(others).toEqual([]);
    expect(summary).toMatchObject({
      width: 70,
      subnetSize: 40,
      targets: [{ cells: [{ curves: 1, median: '300' }] }],
    });
  });

  test('is one for each method, re-training and further axis; greedy ones first', () => {
    const fast = { ...config().train, learningRate: 0.5 };
    const results = new Results()
      .add(config(), 400, { method: 'random', objective: null })
      .add(config(), 100)
      .add(config({ train: fast }), 200)
      .add(config(), 300, { retrainIterations: 10 })
      .add(config(), 350, { objective: 'brier', sampleSize: 128 });
    const titles = results.summaries().map(summary => primaryTable(summary)!.title.replace(/^[^(]*/, ''));
    expect(titles).toEqual([
      '(greedy on squared loss, N = 50, k = 20, train.learningRate = 0.1)',
      '(greedy on squared loss, N = 50, k = 20, train.learningRate = 0.5)',
      '(greedy on squared loss, N = 50, k = 20, re-trained for 10, train.learningRate = 0.1)',
      '(greedy on Brier score of 128 samples, N = 50, k = 20, train.learningRate = 0.1)',
      '(random, N = 50, k = 20, train.learningRate = 0.1)',
    ]);
  });

  test('is not divided by settings that move with n', () => {
    const results = new Results()
      .add(config({ datasetSize: 100, width: 50 }), 100)
      .add(config({ datasetSize: 200, width: 70, train: { ...config().train, learningRate: 0.2 } }), 200);
    const [summary, ...others] = results.summaries();
    expect(others).toEqual([]);
    expect(summary).toMatchObject({ width: null, sizes: [100, 200], axes: {} });
    expect(targetsTable(summary!).title).toContain('N moves with n');
  });

  test('is absent where nothing is finished', () => {
    expect(new Results().summaries()).toEqual([]);
  });
});
