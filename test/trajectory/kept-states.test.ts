import { describe, expect, it } from 'vitest';
import { KeptStates } from '../../src/trajectory/kept-states.js';

const state = (weight: number) => ({
  weights: Float32Array.of(weight),
  signs: Float32Array.of(1),
  weightVelocity: null,
  signVelocity: null,
});

describe('kept states', () => {
  it('gives the last one at or before an iteration, and none before the first', () => {
    const states = new KeptStates(4);
    for (const t of [5, 20, 10]) states.keep(t, state(t));
    expect([4, 5, 9, 10, 25].map(t => states.nearest(t)?.t ?? null)).toEqual([null, 5, 5, 10, 20]);
    expect(states.nearest(25)!.state).toEqual(state(20));
  });

  it('drops the one that saves the least training', () => {
    const states = new KeptStates(2);
    for (const t of [100, 110, 300]) states.keep(t, state(t));
    expect([110, 300].map(t => states.nearest(t)!.t)).toEqual([100, 300]);
  });

  it('hands out each state that is of no use once', () => {
    const states = new KeptStates(2);
    const [first, second, third, again] = [state(1), state(2), state(3), state(1)];
    states.keep(100, first);
    states.keep(110, second);
    expect(states.spare()).toBeNull();
    states.keep(300, third);
    expect(states.spare()).toBe(second);
    expect(states.spare()).toBeNull();
    states.keep(100, again);
    expect(states.spare()).toBe(again);
    expect(states.nearest(120)!.state).toBe(first);
  });

  it('tells whether a state is reached again with other bits, be the first one kept or dropped', () => {
    const states = new KeptStates(1);
    states.keep(5, state(5));
    states.keep(9, state(9));
    expect(states.nearest(20)!.t).toBe(5);
    for (const t of [5, 9]) {
      expect(states.differs(t, state(t))).toBe(false);
      expect(states.differs(t, state(t + 1))).toBe(true);
    }
    expect(states.differs(7, state(7))).toBe(false);
    // The first bits count, also after others were offered.
    states.keep(9, state(10));
    expect(states.differs(9, state(9))).toBe(false);
  });
});
