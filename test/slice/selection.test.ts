import { describe, expect, it } from 'vitest';
import { select } from '../../src/slice/selection.js';
import type { LiveCurve, LiveSweep } from '../../src/store/read/live-rows.js';

const AXES = { 'prune.objective': ['brier', 'squared'], 'prune.sampleSize': [128, 64, null] };
const SWEEP: LiveSweep = {
  key: 1,
  name: 's',
  thresholds: [],
  axes: AXES,
  sets: ['train'],
  stamp: '1',
  thresholdStamp: null,
};

const member = (changes: Partial<LiveCurve>, variant: number): LiveCurve => {
  const { objective = 'squared', sampleSize = null } = changes;
  return {
    trajectory: 1,
    variant,
    datasetSize: 1000,
    width: 50,
    seed: 0,
    method: 'greedy',
    objective,
    sampleSize,
    subnetSize: 20,
    retrainIterations: 0,
    axes: JSON.stringify({ 'prune.objective': objective, 'prune.sampleSize': sampleSize }),
    ...changes,
  };
};
const MEMBERS = [
  member({ objective: 'brier', sampleSize: 64 }, 1),
  member({ objective: 'brier', sampleSize: 128 }, 2),
  member({}, 3),
  member({ sampleSize: 64 }, 4),
  member({ method: 'random', objective: null }, 5),
];

const chosen = (params: Record<string, string>) => {
  const { members, choices, axes } = select([SWEEP], SWEEP, MEMBERS, params);
  return {
    variants: members.map(({ variant }) => variant),
    choices: choices.map(({ name, options, chosen: one }) => [name, options, one]),
    axes,
  };
};

describe('a selection of curves', () => {
  it('has one objective and one sample size, with the controls', () => {
    expect(chosen({})).toEqual({
      variants: [1, 5],
      choices: [
        ['prune.objective', ['brier', 'squared'], 'brier'],
        ['prune.sampleSize', ['64', '128'], '64'],
      ],
      axes: {},
    });
    expect(chosen({ 'prune.sampleSize': '128' }).variants).toEqual([2, 5]);
  });

  it('prefers all n samples', () => {
    const { variants, choices } = chosen({ 'prune.objective': 'squared' });
    expect(variants).toEqual([3, 5]);
    expect(choices[1]).toEqual(['prune.sampleSize', ['64', 'all'], 'all']);
    expect(chosen({ 'prune.objective': 'squared', 'prune.sampleSize': '64' }).variants).toEqual([4, 5]);
  });
});
