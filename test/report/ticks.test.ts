import { describe, expect, it } from 'vitest';
import { count, significant } from '../../src/report/style/text.js';
import {
  logSpan,
  logTicks,
  sizeTicks,
  symlogSpan,
  tickAxis,
  timeTicks,
} from '../../src/report/style/ticks.js';

describe('ticks', () => {
  it('are 1, 2, 5 times powers of ten where they have room, else powers of ten', () => {
    const ticks = (length: number) => logTicks(logSpan(1, 10_000, length, 'across'));
    expect(ticks(600)).toEqual([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]);
    expect(ticks(150)).toEqual([1, 10, 100, 1000, 10_000]);
    expect(ticks(80)).toEqual([1, 100, 10_000]);
  });

  it('are finer on axes of a decade or less', () => {
    expect(logTicks(logSpan(40, 160, 250, 'down'))).toEqual([40, 50, 60, 70, 80, 90, 100, 150]);
  });

  it('are the sizes themselves where they have room', () => {
    const sizes = [250, 1000, 4000];
    expect(sizeTicks(sizes, logSpan(250, 4000, 300, 'across'))).toEqual(sizes);
    expect(sizeTicks(sizes, logSpan(250, 4000, 60, 'across'))).not.toEqual(sizes);
  });

  it('start at 0 for checkpoints', () => {
    const ticks = timeTicks(symlogSpan(5, 4000, 300), 5);
    expect(ticks.slice(0, 3)).toEqual([0, 10, 50]);
    expect(ticks.at(-1)).toBe(1000);
  });

  it('are labelled with separated thousands, and powers where numbers are long', () => {
    expect([0, 0.05, 20_000, 1e6, 5e-5, 2.5e7].map(count)).toEqual([
      '0',
      '0.05',
      '20,000',
      '10⁶',
      '5 × 10⁻⁵',
      '2.5 × 10⁷',
    ]);
    expect(tickAxis([1000, 1e6]).labelExpr).toContain('"1000":"1,000","1000000":"10⁶"');
    expect(significant(-0.30812)).toBe('−0.308');
  });
});
