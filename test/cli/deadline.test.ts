import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { formatDeadline, parseDeadline, secondsUntil, startDeadline } from '../../src/cli/deadline.js';
import { runInside } from '../support/inside.js';
import { Workplace } from '../support/program.js';
import { plainSweep } from '../support/small-sweeps.js';

const NOW = new Date(2026, 10, 29, 22, 15, 30);
const until = (text: string, now = NOW) => parseDeadline({ until: text }, now);

describe('--until', () => {
  it('is the next such time of day, in local time', () => {
    expect(until('07:00')).toEqual(new Date(2026, 10, 30, 7, 0));
    expect(until('7:05')).toEqual(new Date(2026, 10, 30, 7, 5));
    expect(until('22:16')).toEqual(new Date(2026, 10, 29, 22, 16));
    expect(until('22:15')).toEqual(new Date(2026, 10, 30, 22, 15));
    expect(until('00:00', new Date(2026, 11, 31, 23, 59))).toEqual(new Date(2027, 0, 1));
  });

  it('is a date with a time, local or with its offset', () => {
    expect(until('2026-12-24T07:00')).toEqual(new Date(2026, 11, 24, 7, 0));
    expect(until('2026-12-24 07:00:30')).toEqual(new Date(2026, 11, 24, 7, 0, 30));
    expect(until('2026-12-24T07:00Z')).toEqual(new Date(Date.UTC(2026, 11, 24, 7, 0)));
    expect(until('2026-12-24T07:00+02:00')).toEqual(new Date(Date.UTC(2026, 11, 24, 5, 0)));
  });

  it.each([
    '',
    '7',
    '25:00',
    '12:60',
    '7am',
    'tomorrow',
    '2026-02-30T07:00',
    '2026-13-01T07:00',
    '07:00:00x',
  ])('refuses %j', text => {
    expect(() => until(text)).toThrow(`--until: found "${text}", expected a local time such as 07:00 or `);
  });

  it('refuses what is past', () => {
    expect(() => until('2026-11-29T22:00')).toThrow(
      '--until: 2026-11-29T22:00 is past, expected a time to come',
    );
  });
});

it('--for counts from now; with --until it is refused; without both there is no deadline', () => {
  expect(parseDeadline({ for: '1h30m' }, NOW)).toEqual(new Date(2026, 10, 29, 23, 45, 30));
  expect(() => parseDeadline({ for: '8' }, NOW)).toThrow('--for: found "8", expected a duration such as 8h');
  expect(() => parseDeadline({ for: '8h', until: '07:00' }, NOW)).toThrow(/^--until and --for: /);
  expect(parseDeadline({}, NOW)).toBeNull();
  expect(formatDeadline(new Date(2026, 10, 30, 7, 5), 31_800)).toBe('Mon 07:05 (in 8 h 50 min)');
  expect(formatDeadline(new Date(2026, 11, 24, 7, 5), 2_105_400)).toMatch(/^Dec 24, 2026 07:05 \(in 584 h/);
});

describe('a deadline', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('comes when the clock says so, also after the machine was suspended', () => {
    let clock = 0;
    const told = vi.fn();
    const at = new Date(8 * 3600e3);
    const { signal } = startDeadline(at, told, () => clock);
    vi.advanceTimersByTime(60_000);
    expect([signal.aborted, secondsUntil(at, clock)]).toEqual([false, 8 * 3600]);
    // A suspended machine: timers stand still, the clock goes on.
    clock = 8 * 3600e3 + 1;
    expect(signal.aborted).toBe(false);
    vi.advanceTimersByTime(1_000);
    expect([signal.aborted, secondsUntil(at, clock)]).toEqual([true, 0]);
    vi.advanceTimersByTime(10_000);
    expect(told).toHaveBeenCalledTimes(1);
  });

  it('does not come once the run has ended', () => {
    const { signal, dispose } = startDeadline(
      new Date(1_000),
      () => {},
      () => 2_000,
    );
    dispose();
    vi.advanceTimersByTime(5_000);
    expect(signal.aborted).toBe(false);
  });
});

it.each(['run', 'plan'])('%s refuses a bad time before it does anything', async command => {
  const work = new Workplace();
  try {
    const sweep = work.sweep(plainSweep());
    const { code, stderr } = await runInside(work, command, sweep, '--until', 'noon');
    expect([code, stderr]).toEqual([
      2,
      'espalier: --until: found "noon", expected a local time such as 07:00 or 2026-12-24T07:00\n',
    ]);
    expect(work.files()).toEqual([sweep]);
  } finally {
    work.remove();
  }
});
