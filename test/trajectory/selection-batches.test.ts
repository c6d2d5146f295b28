import { describe, expect, it } from 'vitest';
import { selectionBatches } from '../../src/trajectory/selection-batches.js';

const DEFAULTS = { seed: 0, t: 100, n: 50, sampleSize: 8, picks: 20 };

const draw = (changes: Partial<typeof DEFAULTS> = {}): number[][] => {
  const options = { ...DEFAULTS, ...changes };
  const samples = selectionBatches(options)!;
  return Array.from({ length: options.picks }, (_, pick) => [
    ...samples.slice(pick * options.sampleSize, (pick + 1) * options.sampleSize),
  ]);
};

describe('the samples of each pick', () => {
  it('are distinct positions, ascending, as many as asked for', () => {
    for (const sampleSize of [1, 8, 49]) {
      for (const samples of draw({ sampleSize })) {
        expect(samples).toHaveLength(sampleSize);
        expect(samples).toEqual([...new Set(samples)].sort((a, b) => a - b));
        expect(Math.min(...samples)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...samples)).toBeLessThan(50);
      }
    }
  });

  it('are fresh for every pick, and each sample is as likely as any other', () => {
    const all = draw({ picks: 5000 });
    expect(new Set(all.slice(0, 50).map(String)).size).toBe(50);
    const counts = new Array<number>(50).fill(0);
    for (const sample of all.flat()) counts[sample]!++;
    // 800 expected, with a standard deviation of 26.
    for (const count of counts) expect(Math.abs(count - 800)).toBeLessThan(130);
  });

  it('depend on no later pick', () => {
    expect(draw({ picks: 7 })).toEqual(draw().slice(0, 7));
  });

  it('depend on seed, checkpoint, n and their number', () => {
    const others = [{ seed: 1 }, { t: 101 }, { n: 51 }, { sampleSize: 9 }];
    for (const other of others) expect(draw(other)).not.toEqual(draw());
    expect(draw()).toEqual(draw());
  });

  it('are none where a pick looks at all n', () => {
    for (const sampleSize of [null, 50, 51])
      expect(selectionBatches({ seed: 0, t: 0, n: 50, sampleSize, picks: 3 })).toBeNull();
  });
});
