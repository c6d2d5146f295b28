/** Options that limit the time of a command: until when, and in which order a run uses that time. */
import type { Argv } from 'yargs';
import { InputError, UsageError } from '../base/errors.js';
import { formatDuration, parseDuration } from '../base/units.js';
import { ORDERS, type Order } from '../run/order.js';

export interface DeadlineArguments {
  readonly until?: string | undefined;
  readonly for?: string | undefined;
}

export interface OrderArguments {
  readonly order?: Order | undefined;
}

export function deadlineOptions<T>(yargs: Argv<T>): Argv<T & DeadlineArguments> {
  return yargs
    .option('until', {
      type: 'string',
      nargs: 1,
      describe: 'Stop at this local time, e.g. 07:00 (the next one) or 2026-12-24T07:00',
    })
    .option('for', { type: 'string', nargs: 1, describe: 'Stop after this time, e.g. 8h, 90min' }) as never;
}

export function orderOption<T>(yargs: Argv<T>): Argv<T & OrderArguments> {
  return yargs.option('order', {
    choices: ORDERS,
    describe:
      'Longest trajectories first, or all of one seed before the next ' +
      '[default: longest; seeds where the time is limited and not enough]',
  }) as never;
}

/** `HH:MM`, or a date with a time, local unless it names its offset. */
const TIME = /^(\d{1,2}):(\d{2})$/;
const DATE = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(Z|[+-]\d{2}:\d{2})?$/;

/**
 * The moment at which the run must stop; null for none.
 *
 * @throws InputError for what is no time, or is past. UsageError for both options.
 */
export function parseDeadline(args: DeadlineArguments, now = new Date()): Date | null {
  if (args.until !== undefined && args.for !== undefined)
    throw new UsageError('--until and --for: both say when to stop, expected one');
  if (args.for !== undefined) return new Date(now.getTime() + 1000 * parseDuration('--for', args.for));
  if (args.until === undefined) return null;
  const value = args.until;
  const at = nextTime(value, now) ?? dateOf(value);
  if (!at)
    throw new InputError({
      path: '--until',
      value,
      expected: 'a local time such as 07:00 or 2026-12-24T07:00',
    });
  if (at <= now)
    throw new InputError({ path: '--until', value, what: `${value} is past`, expected: 'a time to come' });
  return at;
}

/** The next moment with this local time of day. A time that a change of the clock skips is as much later. */
function nextTime(text: string, now: Date): Date | null {
  const [, hours, minutes] = TIME.exec(text)?.map(Number) ?? [];
  if (hours === undefined || minutes === undefined || hours > 23 || minutes > 59) return null;
  const at = new Date(now);
  at.setHours(hours, minutes, 0, 0);
  if (at <= now) at.setDate(at.getDate() + 1);
  // `setDate` keeps the time of day, but for one that the new day skips.
  at.setHours(hours, minutes, 0, 0);
  return at;
}

function dateOf(text: string): Date | null {
  const [, day, time, zone = ''] = DATE.exec(text) ?? [];
  if (day === undefined) return null;
  const at = new Date(`${day}T${time}${zone}`);
  const midnight = new Date(`${day}T00:00Z`);
  if (Number.isNaN(at.getTime()) || Number.isNaN(midnight.getTime())) return null;
  // `Date` turns February 30 into March 2.
  return midnight.toISOString().startsWith(day) ? at : null;
}

/** How often the clock is read. A timer alone would be late by every suspension of the machine. */
const LOOK_MS = 1_000;

export interface Deadline {
  /** Aborted at that moment. */
  readonly signal: AbortSignal;
  dispose(): void;
}

/** @param now milliseconds since 1970. */
export function startDeadline(at: Date, onTime: () => void, now: () => number = Date.now): Deadline {
  const controller = new AbortController();
  const timer = setInterval(() => {
    if (now() < at.getTime()) return;
    clearInterval(timer);
    onTime();
    controller.abort();
  }, LOOK_MS).unref();
  return { signal: controller.signal, dispose: () => clearInterval(timer) };
}

/** Not below 0. @param now milliseconds since 1970. */
export const secondsUntil = (at: Date, now: number): number => Math.max(0, (at.getTime() - now) / 1000);

/** E.g. `Sat 07:00 (in 8 h 12 min)`, in local time; with the date where it is a week off or more. */
export function formatDeadline(at: Date, secondsLeft: number): string {
  const isFar = secondsLeft > 6 * 86_400;
  const day = at.toLocaleDateString('en', isFar ? { dateStyle: 'medium' } : { weekday: 'short' });
  const time = [at.getHours(), at.getMinutes()].map(part => String(part).padStart(2, '0')).join(':');
  return `${day} ${time} (in ${formatDuration(secondsLeft)})`;
}
