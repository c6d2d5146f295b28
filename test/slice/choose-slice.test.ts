import { describe, expect, it } from 'vitest';
import { chooseSlice } from '../../src/slice/choose-slice.js';
import type { SweepCurve } from '../../src/store/read/figure-rows.js';

const member = (changes: Partial<SweepCurve> = {}): SweepCurve => {
  const { datasetSize = 100, width = 10, seed = 0, axes = '{}' } = changes;
  return {
    trajectoryId: `${datasetSize}/${width}/${seed}/${axes}`,
    datasetSize,
    width,
    seed,
    axes,
    method: 'greedy',
    objective: 'squared',
    sampleSize: null,
    subnetSize: 5,
    retrainIterations: 0,
    ...changes,
  };
};
const rate = (value: number): string => JSON.stringify({ 'train.learningRate': value });

describe('chooseSlice', () => {
  it('takes the widest network and the largest subnetwork unless the choice names others', () => {
    const members = [10, 20].flatMap(width => [5, 7].map(subnetSize => member({ width, subnetSize })));
    expect(chooseSlice('s', members, {})!.slice).toMatchObject({ width: 20, subnetSize: 7 });
    expect(chooseSlice('s', members, {}, { width: 10, subnetSize: 5 })).toMatchObject({
      slice: { width: 10, subnetSize: 5 },
      trajectories: ['100/10/0/{}'],
    });
  });

  it('takes the first value of another axis, in the order of the sweep file', () => {
    const members = [0.1, 0.05].map(value => member({ axes: rate(value) }));
    const chosen = chooseSlice('s', members, { 'train.learningRate': [0.05, 0.1] })!;
    expect(chosen.slice.axes).toEqual({ 'train.learningRate': 0.05 });
    expect(chosen.trajectories).toEqual([`100/10/0/${rate(0.05)}`]);
  });

  it('takes one objective with its sample size', () => {
    const members = [
      member({
        objective: 'brier',
        sampleSize: 128,
        axes: '{"prune.objective":"brier","prune.sampleSize":128}',
      }),
      member({ axes: '{"prune.objective":"squared","prune.sampleSize":null}' }),
    ];
    expect(chooseSlice('s', members, {})!.slice).toMatchObject({
      axes: {},
      objective: 'brier',
      sampleSize: 128,
    });
    expect(chooseSlice('s', members.toReversed(), {})!.slice).toMatchObject({
      objective: 'squared',
      sampleSize: null,
    });
  });

  it('leaves settings open that move with n', () => {
    const members = [
      member({ datasetSize: 100, width: 10, axes: rate(0.1) }),
      member({ datasetSize: 400, width: 20, axes: rate(0.05) }),
    ];
    const { slice, trajectories } = chooseSlice('s', members, {})!;
    expect(slice).toMatchObject({ width: null, axes: {} });
    expect(trajectories).toHaveLength(2);
  });

  it('is null for a sweep without members', () => {
    expect(chooseSlice('s', [], {})).toBeNull();
  });
});
