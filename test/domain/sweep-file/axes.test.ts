import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkpointValues, seedValues } from '../../../src/domain/sweep-file/axes.js';

describe('seeds', () => {
  it('are counted from 0, or listed', () => {
    expect(seedValues({ count: 3 })).toEqual([0, 1, 2]);
    expect(seedValues([7, 3])).toEqual([7, 3]);
  });
});

describe('checkpoints', () => {
  it('are listed in any order, with 0 added', () => {
    expect(checkpointValues([100, 10])).toEqual([0, 10, 100]);
    expect(checkpointValues([5, 0])).toEqual([0, 5]);
  });

  it('advance in equal steps, with `to`', () => {
    expect(checkpointValues({ from: 0, to: 40, step: 10 })).toEqual([0, 10, 20, 30, 40]);
    expect(checkpointValues({ from: 20, to: 45, step: 10 })).toEqual([0, 20, 30, 40, 45]);
    expect(checkpointValues({ from: 7, to: 7, step: 10 })).toEqual([0, 7]);
    expect(checkpointValues({ from: 0, to: 0, step: 1 })).toEqual([0]);
  });

  it('advance in equal ratios, at least one apart, with `to`', () => {
    expect(checkpointValues({ from: 5, to: 20, ratio: 1.12 })).toEqual([
      0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 17, 19, 20,
    ]);
    expect(checkpointValues({ from: 1, to: 100, ratio: 2 })).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 100]);
    expect(checkpointValues({ from: 0, to: 10, ratio: 2 })).toEqual([0, 1, 2, 4, 8, 10]);
  });

  it('are refused where there would be too many', () => {
    expect(checkpointValues({ from: 0, to: 10, step: 1 }, 10)).toHaveLength(11);
    expect(checkpointValues({ from: 0, to: 11, step: 1 }, 10)).toBeNull();
    expect(checkpointValues({ from: 1, to: 2_000_000_000, ratio: 1.000000001 })).toBeNull();
  });

  it('ascend from 0 to `to` without repeats, whatever the range', () => {
    const from = fc.integer({ min: 0, max: 500 });
    const length = fc.integer({ min: 0, max: 3000 });
    const ratio = fc.double({ min: 1.001, max: 10, noNaN: true });
    const step = fc.integer({ min: 1, max: 100 });
    fc.assert(
      fc.property(from, length, ratio, step, (start, more, r, s) => {
        for (const form of [
          { from: start, to: start + more, ratio: r },
          { from: start, to: start + more, step: s },
        ]) {
          const values = checkpointValues(form)!;
          expect(values[0]).toBe(0);
          expect(values).toContain(start);
          expect(values.at(-1)).toBe(form.to);
          for (let i = 1; i < values.length; i++) expect(values[i]).toBeGreaterThan(values[i - 1]!);
        }
      }),
      { numRuns: 100 },
    );
  });
});
