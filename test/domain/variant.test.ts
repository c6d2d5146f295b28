import { describe, expect, it } from 'vitest';
import type { Variant } from '../../src/domain/types.js';
import { pathKey, samplesPerPick, selectionText, variantKey, variantOf } from '../../src/domain/variant.js';

const GREEDY: Variant = {
  method: 'greedy',
  objective: 'squared',
  sampleSize: null,
  subnetSize: 5,
  retrainIterations: 0,
};

describe('a variant', () => {
  it('has a key of its own for every field', () => {
    const others: Partial<Variant>[] = [
      {},
      { method: 'random', objective: null },
      { objective: 'brier' },
      { sampleSize: 8 },
      { sampleSize: 80 },
      { subnetSize: 6 },
      { retrainIterations: 1 },
    ];
    const variants = others.map(changes => ({ ...GREEDY, ...changes }));
    expect(new Set(variants.map(variantKey)).size).toBe(variants.length);
    expect(new Set(variants.map(pathKey)).size).toBe(variants.length - 2);
  });

  it('is what its row says, and nothing more', () => {
    expect(variantOf({ ...GREEDY, sampleSize: 8, t: 5 } as Variant)).toEqual({ ...GREEDY, sampleSize: 8 });
  });

  it('looks at n samples at most', () => {
    expect([null, 7, 8, 9].map(size => samplesPerPick(size, 8))).toEqual([null, 7, null, null]);
  });

  it('says what it is selected by', () => {
    expect(selectionText(GREEDY)).toBe('greedy on squared loss');
    expect(selectionText({ ...GREEDY, objective: 'logistic', sampleSize: 1 })).toBe(
      'greedy on logistic loss of 1 sample',
    );
    expect(selectionText({ ...GREEDY, objective: 'brier', sampleSize: 128 })).toBe(
      'greedy on Brier score of 128 samples',
    );
    expect(selectionText({ method: 'magnitude', objective: null, sampleSize: null })).toBe('magnitude');
  });
});
