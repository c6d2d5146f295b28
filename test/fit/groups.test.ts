import { describe, expect, test } from 'vitest';
import type { ThresholdSpec } from '../../src/domain/types.js';
import { type FitRow, fitSweep, groupRows } from '../../src/fit/index.js';
import { checkpoints, DESIGN } from './scenarios.js';

const LOSS: ThresholdSpec = { metric: 'subnet_train_loss', kind: 'atMost', value: 0.15, primary: true };
const EASY: ThresholdSpec = { ...LOSS, value: 0.2, primary: false };
const DENSE: ThresholdSpec = { ...LOSS, metric: 'dense_train_loss', primary: false };
const GRID = checkpoints(DESIGN);

function row(changes: Partial<FitRow> = {}): FitRow {
  const { datasetSize = 100, width = 50, seed = 0, axes = {} } = changes;
  return {
    trajectoryId: `${datasetSize}-${width}-${seed}-${JSON.stringify(axes)}`,
    method: 'greedy',
    objective: 'squared',
    sampleSize: null,
    subnetSize: 20,
    retrainIterations: 0,
    metric: LOSS.metric,
    target: '<= 0.15',
    lower: 10,
    upper: 12,
    censoring: 'interval',
    rawUpper: 12,
    sustainedUpper: 12,
    flagged: false,
    datasetSize,
    width,
    seed,
    engine: 'wasm',
    numerics: 1,
    axes,
    checkpoints: GRID,
    pool: null,
    ...changes,
  };
}

describe('groups', () => {
  test('start with the primary one (largest width and k, greedy), then follow the order of targets', () => {
    const rows = [50, 90].flatMap(width =>
      [10, 20].flatMap(subnetSize =>
        (['random', 'greedy'] as const).flatMap(method => [
          row({ width, subnetSize, method, target: '<= 0.2' }),
          row({ width, subnetSize, method }),
        ]),
      ),
    );
    const groups = groupRows(rows, [EASY, LOSS]);
    expect(groups.map(({ isPrimary }) => isPrimary)).toEqual([true, ...Array(15).fill(false)]);
    expect(groups[0]!.key).toMatchObject({ width: 90, subnetSize: 20, method: 'greedy', target: '<= 0.15' });
    expect(groups.slice(0, 8).every(({ key }) => key.target === '<= 0.15')).toBe(true);
    expect(new Set(groups.map(({ name }) => name)).size).toBe(16);
  });

  test('divide by objective and sample size, and say both', () => {
    const brier = (sampleSize: number) =>
      row({
        objective: 'brier',
        sampleSize,
        axes: { 'prune.objective': 'brier', 'prune.sampleSize': sampleSize },
      });
    const exact = row({ axes: { 'prune.objective': 'squared', 'prune.sampleSize': null } });
    const rows = [brier(64), brier(128), exact].flatMap(each => [
      each,
      { ...each, metric: DENSE.metric, target: '<= 0.15' },
    ]);
    const groups = groupRows(rows, [LOSS, DENSE]);
    expect(groups.map(({ name }) => name)).toEqual([
      ...['Brier score of 64 samples', 'Brier score of 128 samples', 'squared loss'].map(
        what => `subnet_train_loss <= 0.15, N = 50, greedy on ${what}, k = 20, wasm 1`,
      ),
      'dense_train_loss <= 0.15, N = 50, wasm 1',
    ]);
    expect(groups.map(({ key }) => key.sampleSize)).toEqual([64, 128, null, null]);
  });

  test('are not divided by a sample size that moves with n', () => {
    const rows = [100, 200].map(n =>
      row({ datasetSize: n, sampleSize: n / 10, axes: { 'prune.sampleSize': n / 10 } }),
    );
    const [group, ...others] = groupRows(rows, [LOSS], ['prune.sampleSize']);
    expect(others).toEqual([]);
    expect(group!.key).toMatchObject({ sampleSize: null, axes: {} });
    expect(group!.name).toContain('greedy on squared loss of a sample whose size moves with n, k = 20');
  });

  test("count the dense network's thresholds once, however many prunings there are", () => {
    const dense = { metric: DENSE.metric, target: '<= 0.15' };
    const rows = [0, 1].flatMap(seed => [
      row({ seed, ...dense, subnetSize: 10 }),
      row({ seed, ...dense, subnetSize: 20 }),
      row({ seed, ...dense, method: 'random', objective: null }),
    ]);
    const [group, ...others] = groupRows(rows, [LOSS, DENSE]);
    expect(others).toEqual([]);
    expect(group!.rows).toHaveLength(2);
    expect(group!.key).toMatchObject({ method: null, subnetSize: null, retrainIterations: null });
    expect(group!.isPrimary).toBe(false);
  });

  test('are divided by axes crossed with n, not by axes zipped with it', () => {
    const rows = [100, 400].flatMap(datasetSize =>
      [0.1, 0.2].map(rate =>
        row({
          datasetSize,
          width: datasetSize / 2,
          axes: { 'train.learningRate': rate, 'train.batchSize': datasetSize },
        }),
      ),
    );
    const groups = groupRows(rows, [LOSS], ['width', 'train.batchSize', 'train.learningRate']);
    expect(groups.map(({ key }) => key)).toMatchObject([
      { width: null, axes: { 'train.learningRate': 0.1 } },
      { width: null, axes: { 'train.learningRate': 0.2 } },
    ]);
    expect(groups[0]!.key.axes).not.toHaveProperty('train.batchSize');
    expect(groups.map(group => group.rows.length)).toEqual([2, 2]);
    expect(groupRows(rows, [LOSS])).toHaveLength(4);
  });

  test('are none without rows', () => {
    expect(fitSweep({ sweep: 'empty', thresholds: [LOSS], rows: [] })).toMatchObject({
      primary: null,
      groups: [],
    });
  });
});

describe('insufficient data', () => {
  const curves = (changes: (n: number, seed: number) => Partial<FitRow>, seeds = 5) =>
    [250, 500, 1000, 2000, 4000, 8000].flatMap(datasetSize =>
      Array.from({ length: seeds }, (_, seed) => row({ datasetSize, seed, ...changes(datasetSize, seed) })),
    );
  const verdictOf = (rows: FitRow[]) => fitSweep({ sweep: 's', thresholds: [LOSS], rows }).groups[0]!;
  const RIGHT = { lower: 50, upper: null, censoring: 'right' } as const;
  const GONE = { lower: 50, upper: null, censoring: 'unreachable' } as const;
  const LEFT = { lower: 0, upper: 5, censoring: 'left' } as const;
  /** Growing thresholds, with noise that the checkpoints resolve. */
  const growing = (n: number, seed: number) => {
    const i = GRID.findIndex(t => t >= n ** 0.4 * (1 + 0.1 * ((seed * 7) % 5)));
    return { lower: GRID[i - 1]!, upper: GRID[i]! };
  };

  test('complete data are sufficient', () => {
    expect(verdictOf(curves(growing)).verdict.code).not.toBe('insufficient-data');
  });

  test.each<[string, FitRow[], string, string]>([
    ['four seeds', curves(growing, 4), 'seeds', 'more seeds'],
    [
      'two sizes of six crossed',
      curves((n, s) => (n > 500 ? RIGHT : growing(n, s))),
      'right-censored',
      'longer training',
    ],
    [
      'half of all left-censored',
      curves((n, s) => (n < 2000 ? LEFT : growing(n, s))),
      'left-censored',
      'earlier and finer',
    ],
    [
      'a range of 8x',
      curves(growing).filter(one => one.datasetSize < 4000),
      'sizes',
      'more sizes over a wider range',
    ],
    [
      'half unreachable',
      curves((n, s) => (n > 1000 ? GONE : growing(n, s))),
      'sizes',
      'easier target, or larger N or k',
    ],
    ['all in one interval', curves(() => ({ lower: 10, upper: 100 })), 'noise', 'finer checkpoints'],
    ['nothing crossed', curves(() => GONE), 'seeds', 'an easier target, or larger N or k'],
  ])('%s', (_, rows, code, remedy) => {
    const { verdict } = verdictOf(rows);
    expect(verdict.code).toBe('insufficient-data');
    const found = verdict.shortfalls.find(one => one.code === code);
    expect(found?.remedy).toContain(remedy);
    expect(verdict.sentence).toContain(found!.found);
    expect(verdict.reasons.join('\n')).toContain(remedy);
  });

  test('unreachable curves are reported, not fitted', () => {
    const group = verdictOf(curves((n, s) => (n === 250 && s === 0 ? GONE : growing(n, s))));
    expect(group.sizes[0]).toMatchObject({ curves: 5, unreachable: 1 });
    expect(group.residuals).toHaveLength(29);
    expect(group.warnings.join()).toContain('1 of 30 curves has flattened out');
  });

  test('a pool that n nearly exhausts gives a warning', () => {
    const warned = (pool: number) => verdictOf(curves(() => ({ pool }))).warnings.join();
    expect(warned(10_000)).toContain('n reaches 8000 of a pool of 10000');
    expect(warned(32_000)).toBe('');
  });
});
