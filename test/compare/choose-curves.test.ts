import { describe, expect, it } from 'vitest';
import { type CurveChoice, chooseCurves, commonSettings } from '../../src/compare/choose-curves.js';
import type { MeasuredNetwork } from '../../src/domain/metrics.js';
import type { Variant } from '../../src/domain/types.js';
import type { SweepCurveInfo } from '../../src/store/read/sweep-curves.js';
import { config, greedy, random, sampled } from '../store/fixtures.js';

function curve(variant: Variant, n: number, width = 10, axes: Record<string, unknown> = {}, seed = 0) {
  const trajectoryId = JSON.stringify([n, width, axes, seed]);
  return {
    ...variant,
    trajectoryId,
    config: config(n, seed, width),
    axes: { ...axes, 'prune.objective': variant.objective, 'prune.sampleSize': variant.sampleSize },
    checkpoints: [0],
    deadNeurons: 0,
    etaLambdaMax: 1,
  } satisfies SweepCurveInfo;
}

const TABLE = [
  { width: 10, n: 20, t: 0 },
  { width: 20, n: 20, t: 0 },
];
const choose = (
  curves: readonly SweepCurveInfo[],
  choice: CurveChoice = {},
  network: MeasuredNetwork = 'subnet',
) => chooseCurves(curves, 's', network, TABLE, choice);

describe('the curves that are compared', () => {
  const VARIANTS = [greedy(3), greedy(5), sampled(3, 8), random(3)];
  const all = VARIANTS.flatMap(variant => [curve(variant, 20), curve(variant, 20, 10, {}, 1)]);

  it('are all of them where there is nothing to choose, zipped settings included', () => {
    const zipped = [
      curve(greedy(3), 20, 10, { 'train.learningRate': 0.1 }),
      curve(greedy(3), 20, 20, { 'train.learningRate': 0.2 }),
    ];
    expect(choose(zipped)).toEqual(zipped);
    expect(commonSettings(zipped, 'subnet')).toEqual({
      'prune.method': 'greedy',
      subnetSize: 3,
      'prune.objective': 'squared',
      'prune.sampleSize': null,
    });
    expect(commonSettings(zipped.slice(0, 1), 'dense')).toEqual({ 'train.learningRate': 0.1 });
  });

  it.each<[CurveChoice, Variant]>([
    [{ method: 'random' }, random(3)],
    [{ subnetSize: 5 }, greedy(5)],
    [{ where: ['prune.objective=brier'] }, sampled(3, 8)],
    [{ where: ['prune.sampleSize=8'] }, sampled(3, 8)],
    [{ method: 'greedy', subnetSize: 3, where: ['prune.sampleSize=null'] }, greedy(3)],
  ])('are those of %j', (choice, variant) => {
    const chosen = choose(all, choice);
    expect(chosen).toHaveLength(2);
    for (const one of chosen) expect(one).toMatchObject(variant);
  });

  it.each<[CurveChoice, string]>([
    [
      {},
      'sweep s: has several curves at one width, n and seed, expected --method with one of greedy, random; ' +
        '--subnet-size with one of 3, 5; --where prune.objective with one of brier, null, squared; ' +
        '--where prune.sampleSize with one of 8, null',
    ],
    [
      { method: 'greedy', subnetSize: 3 },
      'expected --where prune.objective with one of brier, squared; --where prune.sampleSize with one of 8, null',
    ],
    [{ method: 'best' }, '--method: found best, expected one of greedy, random'],
    [{ subnetSize: 4 }, '--subnet-size: found 4, expected one of 3, 5'],
    [
      { subnetSize: 5, where: ['prune.objective=brier'] },
      '--where prune.objective: found brier, expected squared',
    ],
    [{ where: ['prune.objective'] }, '--where: found "prune.objective", expected path=value'],
    [
      { where: ['prune.objectiv=brier'] },
      '--where: found "prune.objectiv" (did you mean prune.objective?), expected one of prune.objective, ' +
        'prune.sampleSize, retrain.iterations',
    ],
    [
      { where: ['prune.sampleSize=8', 'prune.sampleSize=null'] },
      '--where prune.sampleSize: is given twice, expected one value',
    ],
  ])('are refused in one line where %j leaves a choice, or nothing', (choice, message) => {
    expect(() => choose(all, choice)).toThrow(message);
  });

  it('may differ by an axis of trajectories, and a number may be written in any way', () => {
    const rates = [0.1, 0.2].map(rate => curve(greedy(3), 20, 10, { 'train.learningRate': rate }));
    expect(() => choose(rates)).toThrow('expected --where train.learningRate with one of 0.1, 0.2');
    expect(choose(rates, { where: ['train.learningRate=0.20'] })).toEqual([rates[1]]);
    // One value for each seed is no choice.
    const seeds = [curve(greedy(3), 20, 10, { a: 1 }, 0), curve(greedy(3), 20, 10, { a: 2 }, 1)];
    expect(choose(seeds)).toHaveLength(2);
  });

  it('count as one where the metric is that of the dense network', () => {
    expect(choose(all, {}, 'dense').map(({ config: { seed } }) => seed)).toEqual([0, 1]);
  });

  it('of a re-trained metric are those that are re-trained', () => {
    const both = [curve(greedy(3), 20), curve(greedy(3, 200), 20)];
    expect(choose(both, {}, 'retrained')).toEqual([both[1]]);
    expect(choose(both)).toHaveLength(1);
    expect(() => choose(both.slice(0, 1), {}, 'retrained')).toThrow('has no finished re-trained curve at');
  });

  it('outside the table are kept where they are alone, and left out where they are not', () => {
    const alone = curve(greedy(3), 40);
    const several = [curve(greedy(3), 80), curve(greedy(5), 80)];
    const inside = curve(greedy(3), 20);
    expect(choose([inside, alone, ...several])).toEqual([inside, alone]);
    expect(() => choose([alone])).toThrow(
      'sweep s: has no finished trajectory at a width and dataset_size of the table, expected at least one',
    );
  });
});
