import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkpointValues,
  refinedCheckpoints,
  refinedGridOf,
  seedValues,
} from '../../../src/domain/sweep-file/axes.js';

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

describe('refined checkpoints', () => {
  it('by ratio: the fine sequence is that ratio alone, the coarse ones are members of it', () => {
    const { coarse, fine } = refinedCheckpoints({ from: 5, to: 40, ratio: 2, refine: 1.12 })!;
    expect(fine).toEqual(checkpointValues({ from: 5, to: 40, ratio: 1.12 }));
    // The values of the rule are 5, 10, 20, 40; the fine sequence has 19 and 21.
    expect(coarse).toEqual([0, 5, 10, 21, 40]);
  });

  it('by step or list: start anew at each coarse one, and never before the first', () => {
    expect(refinedCheckpoints({ from: 0, to: 30, step: 10, refine: 1.3 })).toEqual({
      coarse: [0, 10, 20, 30],
      fine: [0, 10, 13, 17, 20, 26, 30],
    });
    expect(refinedCheckpoints({ at: [3, 1, 100, 0, 50], refine: 2 })).toEqual({
      coarse: [0, 1, 3, 50, 100],
      fine: [0, 1, 2, 3, 6, 12, 24, 48, 50, 100],
    });
  });

  it('hold the coarse rule, whatever the form', () => {
    const from = fc.integer({ min: 0, max: 300 });
    const length = fc.integer({ min: 0, max: 3000 });
    const ratio = fc.double({ min: 1.01, max: 10, noNaN: true });
    const step = fc.integer({ min: 1, max: 300 });
    const listed = fc.uniqueArray(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(from, length, ratio, ratio, step, listed, (start, more, a, b, s, at) => {
        const [refine, r] = [Math.min(a, b), Math.max(a, b)];
        const range = { from: start, to: start + more };
        for (const form of [{ ...range, ratio: r }, { ...range, step: s }, { at }]) {
          const { coarse, fine } = refinedCheckpoints({ ...form, refine })!;
          expect(coarse[0]).toBe(0);
          for (const list of [coarse, fine]) expect(list).toEqual([...new Set(list)].sort((x, y) => x - y));
          for (const t of coarse) expect(fine).toContain(t);
          const rule = checkpointValues('at' in form ? form.at : form)!;
          expect(coarse.at(-1)).toBe(rule.at(-1));
          // One coarse checkpoint at each value of the rule, or the first fine one after it.
          for (const value of rule) expect(coarse).toContain(fine.find(t => t >= value));
          expect(fine[1]).toBe(coarse[1]);
          expect(refinedGridOf({ pretrainIterations: { ...form, refine } })).toEqual({ coarse, fine });
        }
      }),
      { numRuns: 100 },
    );
  });

  it('are refused where there would be too many', () => {
    expect(refinedCheckpoints({ at: [1, 1000], refine: 1.0001 }, 500)).toBeNull();
    expect(refinedCheckpoints({ from: 1, to: 1000, ratio: 2, refine: 1.0001 }, 500)).toBeNull();
  });
});
