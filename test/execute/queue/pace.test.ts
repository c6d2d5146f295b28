import { describe, expect, it } from 'vitest';
import { Pace } from '../../../src/execute/queue/pace.js';

describe('what is handed out ahead', () => {
  it('is a little before anything has ended', () => {
    const pace = new Pace();
    expect(pace.ahead(0)).toBeGreaterThan(0);
    expect(pace.ahead(0)).toBeLessThan(10);
  });

  it('grows with the pace, to a bound: Redis holds a few thousand trajectories, however large the sweep', () => {
    const pace = new Pace();
    for (let i = 0; i < 100; i++) pace.add();
    const some = pace.ahead(0);
    expect(some).toBeGreaterThan(10);
    for (let i = 0; i < 100_000; i++) pace.add();
    expect(pace.ahead(0)).toBeGreaterThan(some);
    expect(pace.ahead(0)).toBeLessThanOrEqual(2_000);
    expect(pace.ahead(1_000_000)).toBeLessThanOrEqual(2_000);
  });
});
