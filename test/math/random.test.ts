import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillNormals, integerBelow, normals, permutation, stream } from '../../src/math/random.js';

const take = (next: () => number, count: number): number[] => Array.from({ length: count }, next);

describe('stream', () => {
  it('is determined by seed and name, and pinned', () => {
    expect(take(stream(3, 'weights'), 5)).toEqual(take(stream(3, 'weights'), 5));
    expect(take(stream(3, 'weights'), 3)).toEqual([
      0.7821975194383413, 0.6083468601573259, 0.5714354300871491,
    ]);
  });

  it('differs by seed and by each part of the name', () => {
    const firsts = [
      stream(3, 'weights'),
      stream(4, 'weights'),
      stream(3, 'signs'),
      stream(3, 'weights', 0),
      stream(3, 'weights', 1),
    ].map(next => next());
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  it('draws multiples of 2^-32 from [0, 1)', () => {
    for (const u of take(stream(0, 'range'), 10_000)) {
      expect(u >= 0 && u < 1).toBe(true);
      expect(Number.isInteger(u * 4294967296)).toBe(true);
    }
  });
});

describe('integerBelow', () => {
  it('covers 0..bound-1 evenly', () => {
    const next = stream(1, 'integers');
    const counts = new Array(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[integerBelow(next, 7)]++;
    // Binomial with standard deviation 93: 5 of them.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(465);
  });
});

describe('permutation', () => {
  it('is a permutation', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(300), (seed, n) => {
        const order = permutation(stream(seed, 'p'), n);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  it('reaches all orders equally often', () => {
    const counts = new Map<string, number>();
    const next = stream(5, 'orders');
    for (let i = 0; i < 24_000; i++) {
      const key = permutation(next, 4).join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chiSquared = [...counts.values()].reduce((sum, c) => sum + (c - 1000) ** 2 / 1000, 0);
    // The 99.99% point of chi-squared with 23 degrees of freedom is 56.
    expect(chiSquared).toBeLessThan(56);
  });
});

describe('normals', () => {
  it('have the moments of a standard normal', () => {
    const draws = take(normals(stream(2, 'normals')), 200_000);
    const mean = (power: number) => draws.reduce((sum, x) => sum + x ** power, 0) / draws.length;
    expect(Math.abs(mean(1))).toBeLessThan(0.012);
    expect(Math.abs(mean(2) - 1)).toBeLessThan(0.016);
    expect(Math.abs(mean(3))).toBeLessThan(0.05);
    expect(Math.abs(mean(4) - 3)).toBeLessThan(0.12);
    const successive = draws.slice(1).reduce((sum, x, i) => sum + x * draws[i]!, 0) / draws.length;
    expect(Math.abs(successive)).toBeLessThan(0.012);
  });

  it.each([0, 1, 2, 3, 1023, 1024, 1025, 5000])(
    'fillNormals gives the same %i values as normals one by one',
    count => {
      for (const seed of [0, 1, 2]) {
        const filled = new Float32Array(count);
        fillNormals(stream(seed, 'fill'), filled, 0.3);
        const normal = normals(stream(seed, 'fill'));
        expect(filled).toEqual(Float32Array.from({ length: count }, () => 0.3 * normal()));
      }
    },
  );

  it('are pinned', () => {
    expect(take(normals(stream(3, 'weights')), 4)).toEqual([
      1.3245289797531838, 0.5085393961976324, 0.25226567507274383, 1.1919117118290319,
    ]);
  });
});
