import { describe, expect, it } from 'vitest';
import { describeChanges } from '../../src/cli/changes.js';
import type { SweepChanges } from '../../src/store/read/sweep-changes.js';

const NONE: SweepChanges = {
  trajectories: { new: 0, kept: 0, dropped: 0 },
  cells: { new: 0, newHeld: 0, kept: 0, dropped: 0, droppedFinished: 0, measuredAgain: 0 },
  furtherSets: { dense: [], subnet: [] },
  newlyCertified: false,
  settings: [],
};
const text = (cells: Partial<SweepChanges['cells']>, rest: Partial<SweepChanges> = {}, db = 'a b.sqlite') =>
  describeChanges({ ...NONE, ...rest, cells: { ...NONE.cells, ...cells } }, db);

describe('the sentence about an edit', () => {
  it('says what is new, kept and dropped, that it stays, and how to delete it', () => {
    expect(
      text(
        { new: 32, newHeld: 8, kept: 1, dropped: 70, droppedFinished: 64 },
        { settings: [{ path: 'seed', removed: [3, 4], added: [] }] },
      ),
    ).toBe(
      'without seed 3, 4: 32 cells new (8 of them finished already), 1 kept; out of results: 64 finished cells ' +
        "(they stay in the file; `espalier forget 'a b.sqlite' --unused` deletes what no sweep asks for); " +
        'no longer asked for: 6 unfinished cells',
    );
  });

  it('says what is measured again, and on what', () => {
    expect(
      text({ kept: 4, measuredAgain: 1 }, { furtherSets: { dense: ['pool'], subnet: ['pool', 'test'] } }),
    ).toBe(
      '0 cells new, 4 kept; to be measured on more sets (dense: pool; subnet: pool, test), until then out of ' +
        'results: 1 finished cell',
    );
  });

  it('names few settings, few values and short ones', () => {
    const settings = [
      { path: 'seed', removed: [0], added: [1, 2] },
      { path: 'subnetSize', removed: [1, 2, 3, 4, 5, 6], added: [7] },
      { path: 'dataset.dir', removed: [], added: ['\u001b[31m'.padEnd(50, 'x')] },
      { path: 'dataset.positive', removed: [[5, 6]], added: [[1]] },
      { path: 'width', removed: [1], added: [] },
    ];
    expect(text({ new: 1 }, { settings })).toBe(
      `seed 0 -> 1, 2, subnetSize (6 values) -> 7, with dataset.dir  [31m${'x'.repeat(34)}…, ` +
        'dataset.positive [5,6] -> [1], 1 further setting: 1 cell new, 0 kept',
    );
  });
});
