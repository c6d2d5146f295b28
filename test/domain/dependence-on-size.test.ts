import { describe, expect, it } from 'vitest';
import { dependenceOnSize } from '../../src/domain/dependence-on-size.js';

const of = (...rows: [size: number, value: unknown][]) =>
  dependenceOnSize(
    rows,
    ([size]) => size,
    ([, value]) => value,
  );

describe('dependence on the data set size', () => {
  it('is none for a single value', () => {
    expect(of()).toBe('constant');
    expect(of([10, 'a'], [20, 'a'], [10, 'a'])).toBe('constant');
  });
  it('moves where each size has its own value', () => {
    expect(of([10, 'a'], [20, 'b'], [10, 'a'])).toBe('moves');
    expect(of([10, undefined], [20, 'b'])).toBe('moves');
  });
  it('divides where a size has several values', () => {
    expect(of([10, 'a'], [20, 'a'], [20, 'b'])).toBe('divides');
    expect(of([10, undefined], [10, 'a'])).toBe('divides');
  });
  it('skips rows without a value', () => {
    expect(of([10, null], [10, 'a'], [20, 'a'])).toBe('constant');
  });
});
