import { describe, expect, test } from 'vitest';
import type { CurveRow, Variant } from '../../src/domain/types.js';
import { variantOf } from '../../src/domain/variant.js';
import { computeThresholds, targetLabel } from '../../src/threshold/targets.js';
import { minimalWith } from '../domain/fixtures.js';
import { config, curve, GREEDY, idOf, spec } from './fixtures.js';

const T = [0, 10, 20, 40, 80, 160, 320, 640, 1280];
/** Falls from 0.5 at t = 0 to 0.1. */
const falling =
  (scale: number) =>
  (t: number): number =>
    0.1 + 0.4 * Math.exp(-t / scale);
const small = config();
const large = config({ datasetSize: 400 });

const only = (result: { rows: readonly unknown[]; notes: readonly string[] }) => {
  expect(result.notes).toEqual([]);
  expect(result.rows).toHaveLength(1);
  return result.rows[0] as Record<string, unknown>;
};

describe('absolute targets', () => {
  test('a row has the trajectory, the variant, the target and the crossing', () => {
    const rows = curve(small, T, { subnet_train_loss: falling(50) });
    expect(only(computeThresholds([spec('subnet_train_loss', 'atMost', 0.2)], rows))).toEqual({
      trajectoryId: idOf(small),
      ...GREEDY,
      metric: 'subnet_train_loss',
      target: '<= 0.2',
      lower: 40,
      upper: 80,
      censoring: 'interval',
      rawUpper: 80,
      sustainedUpper: 80,
      flagged: false,
    });
  });

  test('accuracies and all kinds of targets have their labels', () => {
    const rows = curve(small, T, { subnet_train_accuracy: t => 1 - falling(50)(t) });
    const goal = spec('subnet_train_accuracy', 'atLeast', 0.8);
    expect(only(computeThresholds([goal], rows))).toMatchObject({ target: '>= 0.8', lower: 40, upper: 80 });
    expect(targetLabel(spec('subnet_train_loss', 'withinDense', 0.01))).toBe('within 0.01 of dense');
    expect(targetLabel(spec('subnet_train_loss', 'published'))).toBe('published');
  });

  test('a summed loss is n times the mean', () => {
    const rows = [small, large].flatMap(c =>
      curve(c, T, { subnet_train_loss: falling(50), subnet_pool_loss: falling(50) }),
    );
    for (const metric of ['subnet_train_loss_sum', 'subnet_pool_loss_sum']) {
      const found = computeThresholds([spec(metric, 'atMost', 40)], rows).rows;
      // mean <= 0.4 for n = 100, mean <= 0.1 for n = 400
      expect(found.map(row => [row.metric, row.lower, row.upper])).toEqual([
        [metric, 10, 20],
        [metric, 1280, null],
      ]);
    }
  });

  test('the trend follows the set: on training data the fit goes to the end, on others to the optimum', () => {
    const bump = (t: number): number => (t === 20 ? 0.95 : 0.7);
    const rows = curve(small, T, { subnet_train_accuracy: bump, subnet_test_accuracy: bump });
    const specs = ['train', 'test'].map(set => spec(`subnet_${set}_accuracy`, 'atLeast', 0.9));
    const [train, onTest] = computeThresholds(specs, rows).rows;
    expect(train).toMatchObject({ upper: null, rawUpper: 20 });
    expect(onTest).toMatchObject({ upper: 20, rawUpper: 20 });
  });

  test('every variant of a trajectory has its own row; the dense network has the same one in each', () => {
    const variants: Variant[] = [
      GREEDY,
      { ...GREEDY, subnetSize: 40 },
      { ...GREEDY, method: 'random', objective: null },
      { ...GREEDY, objective: 'brier', sampleSize: 8 },
      { ...GREEDY, objective: 'brier', sampleSize: 16 },
    ];
    const rows = variants.flatMap((variant, i) =>
      curve(small, T, { subnet_train_loss: falling(20 * (i + 1)), dense_train_loss: falling(30) }, variant),
    );
    const specs = ['subnet', 'dense'].map(who => spec(`${who}_train_loss`, 'atMost', 0.2));
    const found = computeThresholds(specs, rows).rows;
    expect(found.map(variantOf)).toEqual(variants.flatMap(variant => [variant, variant]));
    expect(
      found.slice(0, 6).map(row => `${row.method} ${row.subnetSize} ${row.metric} ${row.upper}`),
    ).toEqual([
      'greedy 20 subnet_train_loss 40',
      'greedy 20 dense_train_loss 80',
      'greedy 40 subnet_train_loss 80',
      'greedy 40 dense_train_loss 80',
      'random 20 subnet_train_loss 160',
      'random 20 dense_train_loss 80',
    ]);
  });

  test('a curve that is not measured is counted in a note', () => {
    const rows = [small, large].flatMap(c =>
      curve(c, T, { subnet_train_loss: falling(50), subnet_pool_loss: () => null }),
    );
    const result = computeThresholds(
      [
        spec('subnet_pool_loss', 'atMost', 0.2),
        spec('subnet_train_loss', 'atMost', 0.2),
        spec('dense_test_loss', 'atMost', 1),
      ],
      rows,
    );
    expect(result.rows).toHaveLength(2);
    expect(result.notes).toEqual([
      'subnet_pool_loss <= 0.2: fewer than two measured checkpoints: no threshold for 2 curves',
      'dense_test_loss <= 1: fewer than two measured checkpoints: no threshold for 2 curves',
    ]);
  });

  test('an unknown metric throws', () => {
    expect(() => computeThresholds([spec('subnet_loss', 'atMost', 1)], [])).toThrow('subnet_loss');
  });

  test('re-trained metrics have rows only of variants that are re-trained', () => {
    const retrained = { ...GREEDY, retrainIterations: 10 };
    const rows = [
      ...curve(small, T, { retrained_train_loss: () => null }),
      ...curve(small, T, { retrained_train_loss: falling(50) }, retrained),
    ];
    const row = only(computeThresholds([spec('retrained_train_loss', 'atMost', 0.2)], rows));
    expect(row).toMatchObject({ retrainIterations: 10, lower: 40, upper: 80 });
  });

  test('rows out of order throw', () => {
    const one = curve(small, T, { subnet_train_loss: falling(50) });
    const other = curve(small, T, { subnet_train_loss: falling(50) }, { ...GREEDY, subnetSize: 40 });
    const run = (rows: CurveRow[]) => () =>
      computeThresholds([spec('subnet_train_loss', 'atMost', 0.2)], rows);
    expect(run(one.flatMap((row, i) => [row, other[i]!]))).toThrow('out of order');
    expect(run([...one.slice(0, 3), ...curve(large, T, {}), ...one.slice(3)])).toThrow('out of order');
    expect(run([...one].reverse())).toThrow('ascend');
  });
});

describe('withinDense', () => {
  const goal = spec('subnet_train_loss', 'withinDense', 0.02);
  const metrics = { subnet_train_loss: falling(100), dense_train_loss: falling(50) };

  test('the target is the last dense value plus the tolerance', () => {
    // 0.1 + 0.02: 0.4 exp(-t / 100) <= 0.02 from t = 300 on.
    const row = only(computeThresholds([goal], curve(small, T, metrics)));
    expect(row).toMatchObject({ target: 'within 0.02 of dense', lower: 160, upper: 320 });
  });

  test('for accuracies the tolerance is subtracted; a summed tolerance is n times the mean one', () => {
    const mirrored = {
      subnet_train_accuracy: (t: number) => 1 - falling(100)(t),
      dense_train_accuracy: (t: number) => 1 - falling(50)(t),
    };
    const accuracy = spec('subnet_train_accuracy', 'withinDense', 0.02);
    expect(only(computeThresholds([accuracy], curve(small, T, mirrored)))).toMatchObject({
      lower: 160,
      upper: 320,
    });
    const summed = spec('subnet_train_loss_sum', 'withinDense', 2);
    expect(only(computeThresholds([summed], curve(small, T, metrics)))).toMatchObject({
      lower: 160,
      upper: 320,
    });
  });

  test('there is no threshold where the dense curve has not converged', () => {
    const refusals = (dense: (t: number) => number | null, t = T) => {
      const result = computeThresholds([goal], curve(small, t, { ...metrics, dense_train_loss: dense }));
      expect(result.rows).toEqual([]);
      return result.notes;
    };
    const line =
      'subnet_train_loss within 0.02 of dense: the dense curve has not converged by the last checkpoint';
    const refused = [`${line} (train for longer): no threshold for 1 curve`];
    // Still falling by more than half the tolerance from 640 to 1280.
    expect(refusals(falling(300))).toEqual(refused);
    // Hardly started: it changes less than the tolerance, but only because the time is short.
    expect(refusals(falling(50_000))).toEqual(refused);
    // Too few checkpoints to know.
    expect(refusals(falling(5), T.slice(0, 5))).toEqual(refused);
    // The last value alone is off.
    expect(refusals(t => (t === 1280 ? 0.3 : falling(50)(t)))).toEqual([
      `${line} (it ends noisier than half the tolerance, or has turned back: a larger tolerance): no threshold for 1 curve`,
    ]);
    expect(refusals(t => (t === 1280 ? null : falling(50)(t)))).toEqual([
      'subnet_train_loss within 0.02 of dense: dense_train_loss was not measured at the last checkpoint: no threshold for 1 curve',
    ]);
  });

  test('noise far below the tolerance counts as converged, deterioration on test data does not', () => {
    const noisy = (t: number): number => falling(50)(t) + (Math.sqrt(t) % 1) * 0.002;
    expect(
      computeThresholds([goal], curve(small, T, { ...metrics, dense_train_loss: noisy })).rows,
    ).toHaveLength(1);
    const overfitting = (t: number): number => falling(50)(t) + t * 1e-4;
    const onTest = curve(small, T, { subnet_test_loss: falling(100), dense_test_loss: overfitting });
    expect(computeThresholds([spec('subnet_test_loss', 'withinDense', 0.02)], onTest).rows).toEqual([]);
  });
});

describe('published', () => {
  const goal = spec('subnet_test_accuracy', 'published');
  /** Rises towards `best`; a smaller scale is faster. */
  const rising = (best: number, scale: number) => ({
    subnet_test_accuracy: (t: number): number => best - 0.4 * Math.exp(-t / scale),
  });

  test('the target is the best value at the largest n, for each seed', () => {
    const rows = [0, 1].flatMap(seed => [
      // The largest n comes last, so the target is known only at the end.
      ...curve(config({ seed }), T, rising(0.97, 20)),
      ...curve(config({ seed, datasetSize: 400 }), T, rising(seed === 0 ? 0.9 : 0.96, 100)),
    ]);
    const result = computeThresholds([goal], rows);
    expect(result.notes).toEqual([]);
    expect(
      result.rows.map(row => [row.trajectoryId, row.target, row.censoring, row.lower, row.upper]),
    ).toEqual([
      ['n100-N50-r0-e0.1', 'published', 'interval', 20, 40],
      ['n400-N50-r0-e0.1', 'published', 'interval', 640, 1280],
      ['n100-N50-r1-e0.1', 'published', 'interval', 40, 80],
      ['n400-N50-r1-e0.1', 'published', 'interval', 640, 1280],
    ]);
  });

  test('the target of a loss is the lowest value', () => {
    const loss = (c: typeof small, floor: number) =>
      curve(c, T, { subnet_train_loss: (t: number) => floor + 0.4 * Math.exp(-t / 20) });
    const rows = [...loss(small, 0.1), ...loss(large, 0.2)];
    const [first] = computeThresholds([spec('subnet_train_loss', 'published')], rows).rows;
    expect(first).toMatchObject({ lower: 20, upper: 40 });
  });

  test('groups do not share a target: width, subnetwork size, settings', () => {
    const train = { ...small.train, learningRate: 0.5 };
    const variant = { ...GREEDY, subnetSize: 40 };
    const rows = [
      ...curve(small, T, rising(0.9, 20)),
      ...curve(small, T, rising(0.9, 20), variant),
      ...curve(large, T, rising(0.8, 20)),
      ...curve(large, T, rising(0.95, 20), variant),
      ...curve(config({ width: 70 }), T, rising(0.9, 20)),
      ...curve(config({ datasetSize: 400, train }), T, rising(0.99, 20)),
    ];
    const result = computeThresholds([goal], rows);
    const of = (id: string, k: number) =>
      result.rows.find(row => row.trajectoryId === id && row.subnetSize === k);
    expect(of('n100-N50-r0-e0.1', 20)).toMatchObject({ lower: 20, upper: 40 });
    expect(of('n100-N50-r0-e0.1', 40)).toMatchObject({ upper: null });
    // Width 70 has no curve at the largest n.
    expect(of('n100-N70-r0-e0.1', 20)).toBeUndefined();
    expect(result.notes).toEqual([
      'subnet_test_accuracy published: no finished curve at n = 400 with the same seed and settings: no threshold for 1 curve',
    ]);
  });

  test('axes zipped with n, such as a width and a rate, do not divide groups', () => {
    const zipped = minimalWith(
      'thresholds=[{metric: subnet_test_accuracy, published: true}]',
      'axes={pretrainIterations: [0, 10], subnetSize: 20, inputs.scaling: [raw, unit], ' +
        'zip: [{datasetSize: [100, 400, 400], width: [50, 90, 90], ' +
        'train.learningRate: [0.1, 0.2, 0.2], seed: [0, 0, 1]}]}',
    );
    const [moving] = zipped.thresholds;
    expect(moving!.movesWithSize).toEqual(['width', 'train.learningRate']);
    const train = { ...small.train, learningRate: 0.2 };
    const wide = config({ datasetSize: 400, width: 90, train });
    const unit = { inputs: { scaling: 'unit' } } as const;
    const rows = [
      ...curve(small, T, rising(0.97, 20)),
      // Another seed and another scaling are other groups: they are not zipped with n.
      ...curve({ ...small, seed: 2 }, T, rising(0.97, 20)),
      ...curve({ ...small, ...unit, width: 51 }, T, rising(0.8, 20)),
      ...curve(wide, T, rising(0.9, 100)),
      ...curve({ ...wide, ...unit, width: 91 }, T, rising(0.95, 100)),
    ];
    const result = computeThresholds([moving!], rows);
    expect(result.rows.map(row => [row.trajectoryId, row.lower, row.upper])).toEqual([
      ['n100-N50-r0-e0.1', 20, 40],
      ['n100-N51-r0-e0.1', T.at(-1), null],
      ['n400-N90-r0-e0.2', 640, 1280],
      ['n400-N91-r0-e0.2', 640, 1280],
    ]);
    expect(result.notes).toEqual([
      'subnet_test_accuracy published: no finished curve at n = 400 with the same seed and settings ' +
        '(width, train.learningRate aside): no threshold for 1 curve',
    ]);
    // An unfinished crossed sweep could have these rows; it must not be taken for a zip.
    expect(computeThresholds([goal], rows).rows.map(row => row.trajectoryId)).toEqual([
      'n400-N90-r0-e0.2',
      'n400-N91-r0-e0.2',
    ]);
  });

  test('where the largest n of the sweep is not finished, there is no target', () => {
    const result = computeThresholds([goal], curve(small, T, rising(0.9, 20)), { largestSize: 400 });
    expect(result.rows).toEqual([]);
    expect(result.notes[0]).toContain('no finished curve at n = 400');
  });
});

test('takes 20,000 streamed curves of 40 checkpoints', () => {
  const t = Array.from({ length: 40 }, (_, i) => i * 10);
  const rows = function* (): Generator<CurveRow> {
    for (let seed = 0; seed < 20_000; seed++) {
      yield* curve(config({ seed }), t, { subnet_train_loss: falling(50 + (seed % 100)) });
    }
  };
  const specs = [0.2, 0.15, 0.12].map(value => spec('subnet_train_loss', 'atMost', value));
  expect(computeThresholds(specs, rows()).rows).toHaveLength(60_000);
});
