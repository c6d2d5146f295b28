import { describe, expect, it } from 'vitest';
import { Batches } from '../../src/trajectory/batches.js';

describe('batches', () => {
  it('cuts epochs that are permutations, joined end to end', () => {
    const positions = [...new Batches(10, 4, 1).take(15)];
    for (let epoch = 0; epoch < 6; epoch++) {
      const part = positions.slice(epoch * 10, epoch * 10 + 10).sort((a, b) => a - b);
      expect(part).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    expect(positions.slice(0, 10)).not.toEqual(positions.slice(10, 20));
  });

  it('gives the same stream for any sequence of takes and skips', () => {
    const whole = new Batches(37, 8, 5).take(40);
    const cut = new Batches(37, 8, 5);
    expect([...cut.take(3), ...cut.take(11)]).toEqual([...whole.subarray(0, 14 * 8)]);
    for (const skipped of [0, 1, 4, 5, 17]) {
      const batches = new Batches(37, 8, 5);
      batches.skip(skipped);
      expect(batches.take(2)).toEqual(whole.slice(skipped * 8, (skipped + 2) * 8));
    }
  });

  it('caps the batch at n, where every batch is an epoch', () => {
    const batches = new Batches(5, 128, 0);
    expect(batches.size).toBe(5);
    expect([...batches.take(1)].sort()).toEqual([0, 1, 2, 3, 4]);
  });

  it('takes all samples in index order with `full`', () => {
    const batches = new Batches(4, 'full', 0);
    batches.skip(3);
    expect([...batches.take(2)]).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
  });

  it('depends on the seed and on the name of its stream', () => {
    const first = new Batches(50, 10, 0).take(5);
    expect(new Batches(50, 10, 1).take(5)).not.toEqual(first);
    expect(new Batches(50, 10, 0, 'retrain-batches').take(5)).not.toEqual(first);
  });
});
