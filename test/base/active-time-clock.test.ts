import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ActiveTimeClock } from '../../src/base/active-time-clock.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('counts the time between ticks, and a gap as one tick', () => {
  let now = 5_000;
  let ticks = 0;
  const clock = new ActiveTimeClock(
    () => ticks++,
    () => now,
  );
  const pass = (ms: number) => {
    now += ms;
    vi.advanceTimersByTime(250);
  };
  for (let i = 0; i < 4; i++) pass(260);
  expect(clock.ms()).toBe(1040);
  // Eight hours of sleep.
  pass(8 * 3600 * 1000);
  expect(clock.ms()).toBe(1290);
  now += 10;
  expect(clock.ms()).toBe(1300);
  expect(ticks).toBe(5);
  clock.stop();
  vi.advanceTimersByTime(10_000);
  expect(ticks).toBe(5);
});
